"""What of werkbank itself a warm template has done before its first report: imports, and each slow first step once."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from pathlib import Path

MODULE = __name__  # what a template is told to preload
NOT_OURS = ("werkbank.__main__", "werkbank.cli", "werkbank.running", "werkbank.warm")  # a notebook has no use for these


def preload() -> None:
    """Import what reports use and take the first steps that libraries put off; what is missing is merely slower."""
    for name in _own_modules():
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    _touch()


def _own_modules() -> list[str]:
    found = pkgutil.walk_packages([str(Path(__file__).parents[1])], "werkbank.", onerror=lambda _: None)
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
    from werkbank.disclosure.flow import kind
    from werkbank.instruments import registry
    from werkbank.reporting import numbers
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
    from werkbank.disclosure.protecting import Counts, interval

    counts = Counts({"a": 1.0, "b": 1.0, "c": 1.0}, [{"a": 1.0, "b": -1.0}, {"b": 1.0, "c": -1.0}])
    interval(counts, set(), "a")
