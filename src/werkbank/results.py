"""The one store that everything printed comes from: estimates, facts and claims.

results.json is ``{schema_version, study, estimates, facts, claims}``. A report prints no number that is not here.
"""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

SCHEMA_VERSION = 1
MIME = "application/vnd.werkbank.section+json"  # under which a notebook's output carries a part of a report
OWN_MIME = "application/vnd.werkbank.own+json"  # what a user added, as blocks (`reporting.own`)
PRIVATE_MIME = "application/vnd.werkbank.private+json"  # a mark: rows of pupils, kept in no notebook and no report
Role = Literal["confirmatory", "exploratory"]


@dataclass(frozen=True)
class Estimate:
    """One estimated quantity with everything a reader needs to judge it.

    Signs are treatment minus control and post minus pre. `method` is a key of ``verification/registry.yaml``; `family`
    groups the tests that are corrected together; `estimand` says in words what is estimated; `standardiser` names the
    SD in the denominator of an effect size, or is empty for raw units; `n` is the number of rows that were used and
    `n_clusters` the number of classes or schools when those are the unit of analysis. A quantity that does not apply
    is None; one that could not be computed is None with the reason in `note` (a catalogue key or plain words).
    """

    id: str
    outcome: str
    method: str
    estimate: float | None
    family: str = ""
    informant: str = ""
    contrast: str = ""
    wave_from: str = ""
    wave_to: str = ""
    estimand: str = ""
    se: float | None = None
    df: float | None = None
    statistic: float | None = None
    p: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    ci_level: float = 0.95
    standardiser: str = ""
    n: int | None = None
    n_clusters: int | None = None
    role: Role = "confirmatory"
    note: str = ""


@dataclass(frozen=True)
class Fact:
    """One described quantity: a count, a mean, a reliability. `what` is a key of ``verification/registry.yaml``.

    `note` says why a value is None, where that is known: a catalogue key or plain words.
    """

    id: str
    what: str
    value: float | int | str | None
    outcome: str = ""
    informant: str = ""
    arm: str = ""
    wave: str = ""
    n: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Claim:
    """One sentence that this design allows: `about` names the ids it rests on, `sentence` is a catalogue key."""

    id: str
    about: tuple[str, ...]
    grade: str
    sentence: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Results:
    """Estimates, facts and claims of one study. Immutable: `with_more` returns a new store."""

    study: dict[str, Any]
    estimates: tuple[Estimate, ...] = ()
    facts: tuple[Fact, ...] = ()
    claims: tuple[Claim, ...] = ()

    def __post_init__(self) -> None:
        ids = [*(e.id for e in self.estimates), *(f.id for f in self.facts), *(c.id for c in self.claims)]
        if len(ids) != len(set(ids)):
            doubled = sorted({i for i in ids if ids.count(i) > 1})
            raise ValueError(f"these ids stand for more than one result: {', '.join(doubled[:5])}")

    def with_more(
        self,
        *,
        estimates: list[Estimate] | tuple[Estimate, ...] = (),
        facts: list[Fact] | tuple[Fact, ...] = (),
        claims: list[Claim] | tuple[Claim, ...] = (),
    ) -> Results:
        """Return a store that also holds these."""
        return replace(
            self, estimates=(*self.estimates, *estimates), facts=(*self.facts, *facts), claims=(*self.claims, *claims)
        )

    def joined(self, other: Results) -> Results:
        """Return a store that holds what either holds: reports of one study write one store.

        Raises
        ------
        ValueError
            When an id stands for different results in the two.
        """
        known = self._by_id()
        if differing := [key for key, item in other._by_id().items() if known.get(key, item) != item]:
            raise ValueError(f"two reports differ on {differing[0]}")
        return self.with_more(
            estimates=[e for e in other.estimates if e.id not in known],
            facts=[f for f in other.facts if f.id not in known],
            claims=[c for c in other.claims if c.id not in known],
        )

    def _by_id(self) -> dict[str, Estimate | Fact | Claim]:
        return {**{e.id: e for e in self.estimates}, **{f.id: f for f in self.facts}, **{c.id: c for c in self.claims}}

    def where(self, **wanted: object) -> tuple[Estimate, ...]:
        """Return the estimates whose fields equal all of `wanted`."""
        return tuple(e for e in self.estimates if all(getattr(e, k) == v for k, v in wanted.items()))

    def facts_where(self, **wanted: object) -> tuple[Fact, ...]:
        """Return the facts whose fields equal all of `wanted`."""
        return tuple(f for f in self.facts if all(getattr(f, k) == v for k, v in wanted.items()))

    def to_json(self, notice: str = "") -> str:
        """Return the store as JSON, one result a line, in a fixed form, so that equal results are equal bytes.

        `notice` says on the file itself for whom it is meant; nothing reads it back.
        """
        told = {"schema_version": SCHEMA_VERSION, **({"notice": notice} if notice else {}), "study": self.study}
        parts = [f"{_json(name)}: {_json(value)}" for name, value in told.items()]
        for name in ("estimates", "facts", "claims"):
            lines = ",\n".join(_json(_clean(vars(item))) for item in getattr(self, name))
            parts.append(f"{_json(name)}: [\n{lines}\n]")
        return "{\n" + ",\n".join(parts) + "\n}\n"

    def to_csv(self, notice: str = "") -> str:
        """Return estimates and facts as one flat table (`kind` tells them apart), with `notice` in each row."""
        names = ["what", "value", "arm", "wave", *[f.name for f in fields(Estimate)]]
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        told = [notice] * bool(notice)
        writer.writerow(["kind", *names, *["notice"] * bool(notice)])
        for kind, items in (("estimate", self.estimates), ("fact", self.facts)):
            writer.writerows([kind, *(_cell(vars(item).get(name)) for name in names), *told] for item in items)
        return out.getvalue()

    @classmethod
    def from_json(cls, text: str) -> Results:
        """Read a store back.

        Raises
        ------
        ValueError
            When the file was written by another schema version.
        """
        content = json.loads(text)
        if content.get("schema_version") != SCHEMA_VERSION:
            raise ValueError(f"results of schema version {content.get('schema_version')}; this reads {SCHEMA_VERSION}")
        return cls(
            study=content["study"],
            estimates=tuple(Estimate(**e) for e in content["estimates"]),
            facts=tuple(Fact(**f) for f in content["facts"]),
            claims=tuple(Claim(**{**c, "about": tuple(c["about"])}) for c in content["claims"]),
        )


def _json(value: Any) -> str:  # noqa: ANN401 - JSON values
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _clean(item: dict[str, Any]) -> dict[str, Any]:
    """Turn what JSON cannot say (NaN, numpy numbers, tuples) into what it can."""
    return {k: plain(v) for k, v in item.items()}


def plain(value: Any) -> Any:  # noqa: ANN401 - JSON values
    """Return a value as JSON knows it: Python's own numbers, and None for what could not be computed."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _cell(value: Any) -> str:  # noqa: ANN401 - JSON values
    # a cell that starts with a formula sign would be run by a spreadsheet: text is neutralised, numbers stay numbers
    value = plain(value)
    if isinstance(value, str):
        return f"'{value}" if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)
