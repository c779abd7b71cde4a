"""Modules of pingouin's, without the others: its package imports xarray, seaborn and every plot there is, for a second.

Functions are pingouin's own, at its own defaults: options that somebody sets in ``pingouin`` do not reach them.
"""

from __future__ import annotations

import importlib
import sys
from functools import cache
from importlib.util import find_spec
from types import ModuleType

PACKAGE = "pingouin"


@cache
def part(name: str) -> ModuleType:
    """Return pingouin's module `name` (``multicomp``, ``distribution``, ``nonparametric``).

    It is loaded apart from the package, which stays unimported; where that cannot be, the package is imported.

    Raises
    ------
    ImportError
        When there is no pingouin, or none with such a module.
    """
    spec = None if PACKAGE in sys.modules else find_spec(PACKAGE)
    if spec is None or spec.submodule_search_locations is None:
        return importlib.import_module(f"{PACKAGE}.{name}")
    alone = ModuleType(PACKAGE)
    alone.__path__ = list(spec.submodule_search_locations)
    sys.modules[PACKAGE] = alone
    try:
        importlib.import_module(f"{PACKAGE}.config").set_default_options()
        return importlib.import_module(f"{PACKAGE}.{name}")
    finally:
        for loaded in [key for key in sys.modules if key.partition(".")[0] == PACKAGE]:
            del sys.modules[loaded]
