"""What a template process has done before its first child: imports, and the slow first steps of libraries.

A child must print what a fresh kernel prints, so nothing may be imported here whose import looks at the shell:
``matplotlib_inline`` wires its figures to the shell that is there, and is left to the child.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import os
import pkgutil
import sys
from types import SimpleNamespace

LIBRARIES = (
    "IPython.core.completer", "IPython.core.historyapp", "IPython.core.profiledir", "IPython.core.ultratb",
    "asyncio", "babel.numbers", "comm", "ipykernel.compiler", "ipykernel.kernelapp",
    "ipykernel.zmqshell", "jinja2", "jupyter_client.session", "matplotlib.backends.backend_agg", "matplotlib.pyplot",
    "numpy", "openpyxl", "pandas", "pandas.plotting", "pingouin", "pyreadstat", "scipy.integrate", "scipy.interpolate",
    "scipy.linalg", "scipy.optimize", "scipy.sparse", "scipy.special", "scipy.stats", "seaborn", "yaml",
)  # fmt: skip
NOT_OURS = ("werkbank.__main__", "werkbank.cli", "werkbank.running")  # a notebook has no use for these


def preload() -> None:
    """Import what reports use and take the first steps that libraries put off; a missing library is left out."""
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")  # as a kernel does
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type] # see running.kernel.quick_import
    # pandas looks once, when it is imported, whether a kernel shows its tables: 20 columns, or as wide as a terminal
    builtins.get_ipython = lambda: SimpleNamespace(kernel=True, config={})  # type: ignore[attr-defined]
    try:
        for name in (*LIBRARIES, *_own_modules()):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    finally:
        del builtins.get_ipython  # type: ignore[attr-defined]
        if sys.modules.get("rfc3987_syntax", 0) is None:
            del sys.modules["rfc3987_syntax"]
    _touch()


def _own_modules() -> list[str]:
    import werkbank

    found = pkgutil.walk_packages(werkbank.__path__, "werkbank.", onerror=lambda _: None)
    return [module.name for module in found if not module.name.startswith(NOT_OURS)]


def _touch() -> None:
    """Take each slow first step once: fonts are looked up, sentences read, a solver loaded, templates compiled."""
    for step in (_drawing, _wording, _solving):
        with contextlib.suppress(Exception):  # what cannot be warmed is merely slower
            step()


def _drawing() -> None:
    from werkbank.reporting.style import canvas, drawn

    with canvas(100, 80) as (figure, axes):
        axes[0, 0].set_title("warm", fontsize=9)
        axes[0, 0].annotate("warm $x^2$", (0.5, 0.5), parse_math=True, bbox={"boxstyle": "round"})
        axes[0, 0].violinplot([1, 2, 3])
        drawn(figure)


def _wording() -> None:
    import pandas as pd

    from werkbank.catalogue import LANGUAGES, LOCALE, topic_sentences
    from werkbank.instruments import registry
    from werkbank.reporting import numbers
    from werkbank.reporting.disclosure.flow import kind
    from werkbank.reporting.page.page import _template
    from werkbank.reporting.thesis import sources

    for language in LANGUAGES:
        numbers.decimal(1234.5, language)
        for path in (LOCALE / language).glob("*.yaml"):
            topic_sentences(path.stem, language)
    for name in registry.names():
        registry.variants(name)
    kind("mean")
    sources()
    _template()
    pd.DataFrame({"a": [1.5]}).to_html()


def _solving() -> None:
    from werkbank.reporting.disclosure.protecting import Counts, interval

    counts = Counts({"a": 1.0, "b": 1.0, "c": 1.0}, [{"a": 1.0, "b": -1.0}, {"b": 1.0, "c": -1.0}])
    interval(counts, set(), "a")
