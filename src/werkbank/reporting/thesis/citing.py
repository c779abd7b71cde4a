"""In-text citations and the list of references: what a sentence cites (``[@holm1979]``) is listed, no more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkbank.reporting.report import Report

_MARK = re.compile(r"\[(@@|-@|@)([a-z0-9]+(?:; ?@?[a-z0-9]+)*)\]")
_PERSON = re.compile(r"(?:^|, |& )(?:& )?((?:[^,&]+?)), (?:[A-Z][a-z]?\.[ -]?)+")
_YEAR = re.compile(r" \((\d{4}[a-z]?|z\.d\.|n\.d\.|in druk|in press)(?:, [^)]*)?\)")


@cache
def sources() -> tuple[dict[str, Any], ...]:
    """Return the sources: `text` in APA style, `for` the methods and topics, `instruments`."""
    return tuple(shipped(Path(__file__).parents[1] / "references.yaml"))


@cache
def _known() -> dict[str, str]:
    return {source["id"]: source["text"] for source in sources()}


@dataclass(frozen=True)
class Reference:
    """One entry of a list of references: who, when, and the whole of it."""

    text: str

    @property
    def authors(self) -> str:
        """As a citation names them: one, two, or the first and et al."""
        before = _YEAR.split(self.text)[0].rstrip()
        names = _PERSON.findall(f"{before} ")
        if not names:
            return before.rstrip(".")
        return names[0] if len(names) == 1 else " & ".join(names) if len(names) == 2 else f"{names[0]} et al."

    @property
    def cited(self) -> str:
        """As it stands between brackets."""
        return f"{self.authors}, {self.year}" if self.year else self.authors

    @property
    def year(self) -> str:
        """When it appeared."""
        found = _YEAR.search(self.text)
        return found.group(1) if found else ""

    @property
    def order(self) -> str:
        """By which the list is sorted."""
        return self.text.replace("*", "").casefold()


def between_brackets(found: Iterable[Reference]) -> str:
    """Return sources as one citation, in the order of the list."""
    made = sorted(set(found), key=lambda reference: reference.order)
    return f"({'; '.join(reference.cited for reference in made)})" if made else ""


def resolved(text: str, language: str) -> str:
    """Return a sentence with its citations written out.

    ``[@x]`` stands between brackets, ``[-@x]`` within those of the sentence, and ``[@@x]`` is part of it.

    Raises
    ------
    KeyError
        For a source that ``references.yaml`` does not have: no citation without its entry.
    """

    def written(found: re.Match[str]) -> str:
        named = [Reference(_known()[key]) for key in re.split(r"; ?@?", found.group(2))]
        if found.group(1) == "@@":
            both = " en " if language == "nl" else " and "
            return f"{named[0].authors.replace(' & ', both)} ({named[0].year})"
        cited = between_brackets(named)
        return cited if found.group(1) == "@" else cited[1:-1]

    return _MARK.sub(written, text)


def of_instrument(report: Report, key: str) -> list[Reference]:
    """Return what describes an instrument; what its key names when nothing here does."""
    found = [Reference(s["text"]) for s in sources() if key in s.get("instruments", ())]
    if found:
        return found
    instrument = next((report.scores.instruments.get(o.id) for o in report.study.outcomes if o.instrument == key), None)
    named = instrument.source.split(",")[0].split(";")[0] if instrument is not None and instrument.source else ""
    own = [Reference(text) for text in report.study.thesis.instrument_sources]
    return [r for r in own if named and r.text.split(",")[0] in named]


def of_programme(report: Report) -> list[Reference]:
    """Return what the study file gives on the programme."""
    return [Reference(text) for text in report.study.thesis.sources]


def _spellings(reference: Reference) -> tuple[str, ...]:
    return tuple(reference.authors.replace(" & ", both) for both in (" en ", " and ", " & "))


def listed(report: Report, texts: Iterable[str]) -> list[Reference]:
    """Return those sources that `texts` cite, each once, in order."""
    said = " ".join(texts)
    own = [*of_programme(report), *(Reference(text) for text in report.study.thesis.instrument_sources)]
    every = {Reference(source["text"]) for source in sources()} | set(own)
    return sorted(
        (r for r in every if r.cited in said or any(f"{a} ({r.year})" in said for a in _spellings(r))),
        key=lambda reference: reference.order,
    )
