"""What a template process has done before its first child: imports, and the slow first steps of libraries.

A child must print what a fresh kernel prints, so nothing may be imported here whose import looks at the shell:
``matplotlib_inline`` wires its figures to the shell that is there, and is left to the child.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import os
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LIBRARIES = (
    "IPython.core.completer", "IPython.core.historyapp", "IPython.core.profiledir", "IPython.core.ultratb",
    "asyncio", "babel.numbers", "comm", "ipykernel.compiler", "ipykernel.kernelapp",
    "ipykernel.zmqshell", "jinja2", "jupyter_client.session", "matplotlib.backends.backend_agg", "matplotlib.pyplot",
    "numpy", "openpyxl", "pandas", "pandas.plotting", "pingouin", "pyreadstat", "scipy.integrate", "scipy.interpolate",
    "scipy.linalg", "scipy.optimize", "scipy.sparse", "scipy.special", "scipy.stats", "seaborn", "yaml",
)  # fmt: skip


def preload(further: str = "") -> None:
    """Import the libraries that notebooks use, then have the module named `further` do what it calls ``preload``."""
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")  # as a kernel does
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type] # see warm.kernel.quick_import
    try:
        with as_in_a_kernel():
            for name in LIBRARIES:
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)
            if further:
                with contextlib.suppress(ImportError):
                    importlib.import_module(further).preload()
    finally:
        if sys.modules.get("rfc3987_syntax", 0) is None:
            del sys.modules["rfc3987_syntax"]


@contextlib.contextmanager
def as_in_a_kernel() -> Iterator[None]:
    """Have libraries that are imported meanwhile find a kernel's shell.

    pandas looks once, when it is imported, whether a kernel shows its tables: 20 columns, or as wide as a terminal.
    """
    builtins.get_ipython = lambda: SimpleNamespace(kernel=True, config={})  # type: ignore[attr-defined]
    try:
        yield
    finally:
        del builtins.get_ipython  # type: ignore[attr-defined]
