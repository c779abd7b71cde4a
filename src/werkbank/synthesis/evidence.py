"""What is known of programmes like these: pooled values and single results, each with its source and its certainty."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import shipped
from werkbank.errors import Problem, UnfitError, nearest

if TYPE_CHECKING:
    from werkbank.study.model import Study


@dataclass(frozen=True)
class Known:
    """One entry of the evidence base; a number that was not found is None, and `open` says what is missing.

    Attributes
    ----------
    label : dict
        By language, as a reader knows it.
    g, se, ci, prediction : float, tuple or None
        The standardised effect (above 0 is in favour of the programme), its standard error, its 95 % interval, and
        where the true effect of a next study may lie.
    certainty : str
        primary, computed (from a public table), abstract (from a summary only), unknown.
    rater, school, measure, design : str
        Who rated, PO or VO, whether the measure is independent of who made the programme, and how it was found out.
    age : dict or None
        By language, the ages or grades; None where they were not found.
    licence : str
        publication (numbers from a publication), public (public domain), or the licence's name.
    """

    id: str
    label: dict[str, str]
    outcome: str
    programme: str
    design: str
    studies: int
    rater: str
    school: str
    measure: str
    certainty: str
    source: str
    licence: str
    g: float | None = None
    se: float | None = None
    ci: tuple[float, float] | None = None
    prediction: tuple[float, float] | None = None
    age: dict[str, str] | None = None
    open: str = ""


@cache
def evidence() -> tuple[Known, ...]:
    """Return the evidence base as it is shipped."""
    names = {field.name for field in fields(Known)}
    rows: list[dict[str, Any]] = shipped(Path(__file__).parent / "evidence.yaml")
    return tuple(_entry({name: value for name, value in row.items() if name in names}) for row in rows)


def _entry(row: dict[str, Any]) -> Known:
    pairs = {name: tuple(row[name]) for name in ("ci", "prediction") if row.get(name)}
    return Known(**(row | pairs))


def outcomes() -> list[str]:
    """Return the outcomes on which there is anything."""
    return list(dict.fromkeys(known.outcome for known in evidence()))


def named(key: str) -> Known:
    """Return the entry called `key`.

    Raises
    ------
    KeyError
        When there is none.
    """
    found = {known.id: known for known in evidence()}
    return found[key]


def check_named(study: Study) -> None:
    """Refuse entries of the evidence base that a study file names and that are not there, or have no number to show.

    Raises
    ------
    UnfitError
        ``evidence_unknown``, ``evidence_without_number``.
    """
    usable = [known.id for known in evidence() if known.g is not None and (known.ci or known.se)]
    problems = []
    for key in (each for each in study.evidence if isinstance(each, str)):
        if key not in usable:
            there = key in {known.id for known in evidence()}
            code = "evidence_without_number" if there else "evidence_unknown"
            problems.append(Problem(code, study.file, column="evidence", value=key, details=nearest(key, usable)))
    if problems:
        raise UnfitError(problems, study.language)
