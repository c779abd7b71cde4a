"""The one store that everything printed comes from: estimates, facts and claims.

results.json is ``{schema_version, study, estimates, facts, claims}``. A report prints no number that is not here.

What a result is about stands in its columns. Its id is a key that stays the same, and nothing may be read out of it:
what a reader needs to know of a result and cannot find in a column is a column that is missing here (decision 019).
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections import defaultdict
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

SCHEMA_VERSION = 2
MIME = "application/vnd.werkbank.section+json"  # under which a notebook's output carries a part of a report
OWN_MIME = "application/vnd.werkbank.own+json"  # what a user added, as blocks (`reporting.own`)
PRIVATE_MIME = "application/vnd.werkbank.private+json"  # a mark: rows of pupils, kept in no notebook and no report
Role = Literal["confirmatory", "exploratory"]


class OlderResultsError(ValueError):
    """Results that an older version of werkbank wrote, in columns that this version does not read."""


@dataclass(frozen=True)
class Estimate:
    """One estimated quantity with everything a reader needs to judge it.

    Signs are treatment minus control and post minus pre. A text that does not apply is "", a number that does not apply
    is None; one that could not be computed is None with the reason in `note`.

    Attributes
    ----------
    id : str
        A key that stays the same from run to run. Nothing may be read out of it.
    outcome : str
        What was measured, as results call a scale: ``strs-sf.closeness``. Of underachievement: what was achieved.
    method : str
        The formula: a key of ``verification/registry.yaml``.
    estimate : float or None
    family : str
        Tests of one family are corrected together; "" for what is no headline test.
    informant : str
        Who answered: teacher, pupil, test.
    contrast : str
        What is compared, by name; "" for a single group. Of underachievement: the method, two methods, or the group.
    wave_from, wave_to : str
        The moments compared; `wave_from` is "" for an outcome without a measurement before.
    estimand : str
        In words what is estimated; of underachievement its short name (share, chance, kappa …).
    se, df, statistic, p, ci_low, ci_high : float or None
    ci_level : float
        Of the interval (0-1).
    standardiser : str
        The SD in the denominator of an effect size; "" in raw units.
    n : int or None
        The number of rows that were used.
    n_clusters : int or None
        Classes, teachers or schools, when those are the unit of analysis.
    role : str
        confirmatory or exploratory.
    note : str
        A catalogue key or plain words.
    kind : str
        Which question it answers: headline (the one test of a question, refused ones included), size (the headline as
        an effect size), check (the same question by another way), equivalence, evidence (a Bayes factor), context,
        moderation, mediation, dose, cace (among those who took part), lagged, waves (three or more in one model),
        repeated (analysis of variance), sites (in schools like these, and how effects vary), role (between pupils with
        different roles), arms (three or more at once), correction (a p for the number of tests), association (what goes
        together without a programme: slopes), association_further (its products and squares), underachievement.
    metric : str
        In what `estimate` is expressed: points (of the scale), sd, percentiles, ratio, kept (a share of the first
        effect), share, p, moderator (a value of the moderator itself); "" for what has a scale of its own.
    arms : tuple of str
        The arms that `contrast` compares, treated ones first; empty for a single group.
    moderator : str
        The moderator by which a difference was asked for, as the study file calls it; pre is the score before.
    level : str
        Where along the moderator: low, mean, high, or border_low and border_high of the region of significance; "" for
        the interaction as a whole.
    other : str
        The second of two: the mediator, the scale that may run ahead, the method with which another one is compared or
        whose p is corrected.
    criterion : str
        The method by which pupils were flagged.
    grouped_by, group : str
        Of a group of pupils: the column that groups them, and its value.
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
    kind: str = ""
    metric: str = ""
    arms: tuple[str, ...] = ()
    moderator: str = ""
    level: str = ""
    other: str = ""
    criterion: str = ""
    grouped_by: str = ""
    group: str = ""


@dataclass(frozen=True)
class Fact:
    """One described quantity: a count, a mean, a reliability.

    A text that does not apply is "", a number that does not apply is None.

    Attributes
    ----------
    id : str
        A key that stays the same from run to run. Nothing may be read out of it.
    what : str
        The quantity: a key of ``verification/registry.yaml``.
    value : float, int, str or None
        None where it could not be computed, with the reason in `note` where that is known.
    outcome : str
        What was measured; of monitoring the subject; "" for the study as a whole.
    informant : str
        Who answered.
    arm : str
        The arm; "" for everybody. Of a comparison: its name, as in `contrast`. Of monitoring: the number of the school.
    wave : str
        The moment. Of a pair of moments the later one, or ``baseline-post`` where the first is the baseline: see
        `wave_from` and `wave_to`.
    n : int or None
        How many people (or classes) it rests on.
    note : str
        A catalogue key or plain words.
    kind : str
        What it is about: file, flow, described, change, regression (to the mean), dropout, missing, icc, baseline,
        attrition, caution (what weighs on an answer), covariate (whether it is adjusted for), reliability, scale,
        classes, item, retest, distinct (two scales of one informant), perspectives, typology, circle, complementarity,
        invariance, reliable_change, multiverse, association, underachievement, monitoring.
    table : str
        Within underachievement and monitoring the table of counts to which it belongs: found, coefficients, cuts,
        gates, causes (of what was not established), duration, overlap, varied (one choice changed at a time), breadth,
        selective, profiles, reasons (causes that were written down, by flagged or not), unwritten, moves;
        followed, bands, schools.
        Of invariance what was compared: waves or arms.
    category : str
        Which of its kind: improved, flagged, chi2, median, the name of a band, profile, sector or coefficient …
    contrast : str
        The comparison that it is of, by name.
    arms : tuple of str
        The arms that `contrast` compares, treated ones first.
    wave_from, wave_to : str
        Of a pair of moments: the earlier and the later one. `wave_from` is "" for an outcome without a measurement
        before.
    item : str
        The item, by its number or column.
    step : str
        The model of the invariance ladder: configural, metric, scalar, strict.
    criterion : str
        The method by which a pupil was flagged, or a change called reliable.
    parts : tuple of str
        What it is made up of: the two scales of a pair, the methods that flagged the same pupils, the moments at which
        there is a score, the items that were released, the types from and to which pupils moved.
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
    kind: str = ""
    table: str = ""
    category: str = ""
    contrast: str = ""
    arms: tuple[str, ...] = ()
    wave_from: str = ""
    wave_to: str = ""
    item: str = ""
    step: str = ""
    criterion: str = ""
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claim:
    """One sentence that this design allows.

    Attributes
    ----------
    id : str
        A key that stays the same from run to run. Nothing may be read out of it.
    about : tuple of str
        The ids of the results that it rests on.
    grade : str
        What the design carries: description, change, association, effect.
    sentence : str
        A catalogue key.
    values : dict
        What is filled in there, by name.
    kind : str
        quality (of the study), grade (of the design), reason (why that is no higher), answer (to a question).
    topic : str
        Of quality: what was judged (attrition, baseline, raters …).
    verdict : str
        What was found. Of an answer: clear, rare, fragile, unclear, equivalent or untested, or why there is none
        (refused_too_few_units, not_comparable …). Of quality and reasons: which of the topic's findings (low, high,
        by_lot …). ``hidden`` in a copy to share that may not tell.
    side : str
        Of a clear, rare or fragile answer: higher or lower.
    status : str
        Of quality: met, attention, information, unknown.
    outcome, contrast, wave_from, wave_to : str
        Of which question; "" for the study as a whole.
    role : str
        Of an answer, that of its outcome: primary, secondary, exploratory.
    test : str
        Of an answer: the id of the headline test that it puts into words.
    """

    id: str
    about: tuple[str, ...]
    grade: str
    sentence: str
    values: dict[str, Any] = field(default_factory=dict)
    kind: str = ""
    topic: str = ""
    verdict: str = ""
    side: str = ""
    status: str = ""
    outcome: str = ""
    contrast: str = ""
    wave_from: str = ""
    wave_to: str = ""
    role: str = ""
    test: str = ""


Item = TypeVar("Item", Estimate, Fact, Claim)
Table = Literal["estimates", "facts", "claims"]
TUPLES = frozenset({"about", "arms", "parts"})  # JSON knows lists only
COUNTS = frozenset({"n", "n_clusters"})
NUMBERS = frozenset({"estimate", "value", "se", "df", "statistic", "p", "ci_low", "ci_high", "ci_level"})


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
        known = self._ids
        if differing := [key for key, item in other._ids.items() if known.get(key, item) != item]:
            raise ValueError(f"two reports differ on {differing[0]}")
        return self.with_more(
            estimates=[e for e in other.estimates if e.id not in known],
            facts=[f for f in other.facts if f.id not in known],
            claims=[c for c in other.claims if c.id not in known],
        )

    @cached_property
    def _ids(self) -> dict[str, Estimate | Fact | Claim]:
        return {**{e.id: e for e in self.estimates}, **{f.id: f for f in self.facts}, **{c.id: c for c in self.claims}}

    @cached_property
    def _indices(self) -> dict[tuple[str, ...], dict[tuple[object, ...], list[Any]]]:  # columns -> values -> results
        return {}

    def _found(self, table: Table, items: tuple[Item, ...], wanted: Mapping[str, object]) -> tuple[Item, ...]:
        """Look up what has these values in its columns; each set of columns is indexed when first asked for."""
        names: tuple[str, ...] = tuple(sorted(wanted))
        key: tuple[str, ...] = (table, *names)
        if key not in self._indices:
            if unknown := [name for name in names if name not in COLUMNS[table]]:
                raise TypeError(f"{table} have no column {', '.join(unknown)}")
            made: dict[tuple[object, ...], list[Any]] = defaultdict(list)
            for item in items:
                made[tuple([getattr(item, name) for name in names])].append(item)
            self._indices[key] = dict(made)
        return tuple(self._indices[key].get(tuple([wanted[name] for name in names]), ()))

    def item(self, key: str) -> Estimate | Fact | Claim | None:
        """Return the result with this id, or None."""
        return self._ids.get(key)

    def where(self, **wanted: object) -> tuple[Estimate, ...]:
        """Return the estimates whose columns equal all of `wanted`, in the order of the store."""
        return self._found("estimates", self.estimates, wanted)

    def facts_where(self, **wanted: object) -> tuple[Fact, ...]:
        """Return the facts whose columns equal all of `wanted`, in the order of the store."""
        return self._found("facts", self.facts, wanted)

    def claims_where(self, **wanted: object) -> tuple[Claim, ...]:
        """Return the claims whose columns equal all of `wanted`, in the order of the store."""
        return self._found("claims", self.claims, wanted)

    def estimate(self, **wanted: object) -> Estimate | None:
        """Return the one estimate whose columns equal all of `wanted`, or None.

        Raises
        ------
        ValueError
            When there are more: which of them is meant must be said. So do `fact` and `claim`.
        """
        return _only(self.where(**wanted), wanted)

    def fact(self, **wanted: object) -> Fact | None:
        """Return the one fact whose columns equal all of `wanted`, or None."""
        return _only(self.facts_where(**wanted), wanted)

    def claim(self, **wanted: object) -> Claim | None:
        """Return the one claim whose columns equal all of `wanted`, or None."""
        return _only(self.claims_where(**wanted), wanted)

    def number(self, **wanted: object) -> float | None:
        """Return the value of the one fact whose columns equal all of `wanted`; None for none, words, or not known."""
        found = self.fact(**wanted)
        return None if found is None or isinstance(found.value, str) else found.value

    def count(self, **wanted: object) -> int | None:
        """Return `number` as the count that it is."""
        n = self.number(**wanted)
        return None if n is None else int(n)

    def frame(self, table: Table) -> pd.DataFrame:
        """Return all estimates, facts or claims as a tidy table, to work with in pandas.

        Returns
        -------
        DataFrame
            One row per result in the order of the store, one column per attribute of `Estimate`, `Fact` or `Claim`, in
            their order. Texts are ``string`` ("" where nothing applies), numbers ``float64`` (NaN where not known),
            `n` and `n_clusters` ``Int64``. A fact's `value` is its number; a value in words stands in `text`, right of
            it. `about`, `arms` and `parts` hold tuples, and a claim's `values` a dict of its own.
        """
        import pandas as pd

        items: tuple[Estimate | Fact | Claim, ...] = getattr(self, table)
        columns: dict[str, pd.Series] = {}
        for name in COLUMNS[table]:
            cells = [getattr(item, name) for item in items]
            if table == "facts" and name == "value":
                words = ["" if not isinstance(cell, str) else cell for cell in cells]
                cells = [None if isinstance(cell, str) else cell for cell in cells]
                columns |= {"value": pd.Series(cells, dtype="float64"), "text": pd.Series(words, dtype="string")}
            else:
                cells = [dict(cell) if name == "values" else cell for cell in cells]
                columns[name] = pd.Series(cells, dtype=_dtype(name))
        return pd.DataFrame(columns)

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
        """Return estimates and facts as one flat table (`result` tells them apart), with `notice` in each row.

        Several values in one cell (arms, parts) are joined by " + ".
        """
        columns = ["what", "value", "arm", "wave", *COLUMNS["estimates"], *COLUMNS["facts"]]
        names: list[str] = list(dict.fromkeys(columns))
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        told = [notice] * bool(notice)
        writer.writerow(["result", *names, *["notice"] * bool(notice)])
        for result, items in (("estimate", self.estimates), ("fact", self.facts)):
            writer.writerows([result, *(_cell(getattr(item, name, None)) for name in names), *told] for item in items)
        return out.getvalue()

    @classmethod
    def from_json(cls, text: str) -> Results:
        """Read a store back.

        Raises
        ------
        OlderResultsError
            When an older version of werkbank wrote the file.
        ValueError
            When it is of a schema version that is not known here.
        """
        content = json.loads(text)
        version = content.get("schema_version")
        if isinstance(version, int) and 0 < version < SCHEMA_VERSION:
            raise OlderResultsError(
                f"an older version of werkbank made these results (schema {version}; this version reads "
                f"{SCHEMA_VERSION}): make the report again"
            )
        if version != SCHEMA_VERSION:
            raise ValueError(f"results of schema version {version}; this reads {SCHEMA_VERSION}")
        return cls(
            study=content["study"],
            estimates=tuple(Estimate(**_tupled(e)) for e in content["estimates"]),
            facts=tuple(Fact(**_tupled(f)) for f in content["facts"]),
            claims=tuple(Claim(**_tupled(c)) for c in content["claims"]),
        )


COLUMNS: Mapping[Table, tuple[str, ...]] = {
    "estimates": tuple(f.name for f in fields(Estimate)),
    "facts": tuple(f.name for f in fields(Fact)),
    "claims": tuple(f.name for f in fields(Claim)),
}


def _only(found: tuple[Item, ...], wanted: Mapping[str, object]) -> Item | None:
    if len(found) > 1:
        asked = ", ".join(f"{name}={value!r}" for name, value in wanted.items())
        raise ValueError(f"{len(found)} results have {asked}: {', '.join(item.id for item in found[:3])} …")
    return found[0] if found else None


def _tupled(item: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if name in TUPLES else value for name, value in item.items()}


def _dtype(name: str) -> str:
    if name in TUPLES or name == "values":
        return "object"
    return "Int64" if name in COUNTS else "float64" if name in NUMBERS else "string"


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
    value = " + ".join(value) if isinstance(value, tuple) else plain(value)
    if isinstance(value, str):
        return f"'{value}" if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)
