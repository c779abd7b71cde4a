"""A study's block `underachievement` worked out: every method at every moment, kinds, gates, agreement, fairness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank.errors import Problem, UnfitError
from werkbank.measurement.study_scores import scale_key
from werkbank.study.parts import WAVES
from werkbank.underachievement.criteria import Criteria, Measure, Norm, same_method
from werkbank.underachievement.durations import breadth, durations
from werkbank.underachievement.kinds import Gates, gates, selective
from werkbank.underachievement.methods import Finding, find
from werkbank.underachievement.standardising import cut_score, units_of
from werkbank.underachievement.varying import Variation, variations

if TYPE_CHECKING:
    from werkbank.study import Study
    from werkbank.study.underachievement import Cutoff, Measured, Underachievement

GROUPINGS = ("class", "school")
YES_NO = {"1": True, "1.0": True, "0": False, "0.0": False, "ja": True, "nee": False, "yes": True, "no": False}


@dataclass(frozen=True)
class Examined:
    """Everything that one study's block asked for.

    Attributes
    ----------
    block : Underachievement
    methods : tuple of str
        The method whose flags count first; a nomination is ``nomination_<source>``.
    findings : dict
        (what was achieved, wave, method) -> Finding. The wave is "" for a measure that is a column.
    last : dict
        What was achieved -> the last wave at which it was judged.
    cuts : dict
        (what was achieved, ``able`` or ``low``) -> the cut score at the last moment, NaN where it differs by class or
        school.
    lasting : DataFrame
        From `durations`, by pupil and subject, main method; empty without two dated moments.
    broad : DataFrame
        From `breadth` over the subjects at the last moment: in how many subjects a pupil was flagged.
    gates : dict
        What was achieved -> the three gates.
    patterns : dict
        ``producing`` and ``consuming`` -> `selective`, where the block says what was at stake or liked.
    pupils : DataFrame
        What intake knows of the pupils, columns that hold nothing left out.
    varied : dict
        What was achieved -> what the main method finds with one choice changed at a time, at the last moment.
    units : Series or None
        The school (or class) of every pupil, by which intervals are made; None where there is but one.
    """

    block: Underachievement
    methods: tuple[str, ...]
    findings: dict[tuple[str, str, str], Finding]
    last: dict[str, str]
    cuts: dict[tuple[str, str], float]
    lasting: pd.DataFrame
    broad: pd.DataFrame
    gates: dict[str, Gates]
    patterns: dict[str, pd.DataFrame]
    pupils: pd.DataFrame
    varied: dict[str, list[Variation]]
    units: pd.Series | None

    def finding(self, actual: str, method: str = "") -> Finding:
        """Return what a method (the main one when left out) found at the last moment."""
        return self.findings[actual, self.last[actual], method or self.methods[0]]

    def flags(self, actual: str) -> dict[str, pd.Series]:
        """Return each method's flags at the last moment, of the able pupils only; index pupil."""
        found = {method: self.finding(actual, method).table for method in self.methods}
        return {method: table.loc[table["able"], "flag"] for method, table in found.items()}

    def flagged(self, actual: str) -> pd.DataFrame:
        """Return the pupils whom the main method flags at the last moment, the largest difference first.

        Returns
        -------
        DataFrame
            Indexed by pupil: class (None where there are none), expected, actual and gap (z), probability, methods
            (how many of them flag the pupil) and duration (chronic, situational or unknown).
        """
        table = self.finding(actual).table
        table = table[table["flag"].fillna(value=False).astype(bool)].sort_values("gap", ascending=False)
        lasting = self.lasting[self.lasting["subject"] == actual].set_index("pupil")["kind"].reindex(table.index)
        classes = self.pupils.get("class", pd.Series(dtype=object)).reindex(table.index).astype(object)
        by = pd.DataFrame({method: flags.reindex(table.index) for method, flags in self.flags(actual).items()})
        return table.assign(
            **{"class": classes.where(classes.notna(), None)},
            expected=table["z_expected"],
            actual=table["z_actual"],
            methods=(by == 1).sum(axis=1),
            duration=lasting.where(lasting.isin(["chronic", "situational"]), "unknown"),
        )


def examine(study: Study, scores: pd.DataFrame, pupils: pd.DataFrame, among: pd.Index | None = None) -> Examined:
    """Look for pupils who achieve less than expected, as the study file asks.

    Parameters
    ----------
    study : Study
        With a block `underachievement`.
    scores : DataFrame
        ``Scores.table``: pupil, wave, outcome, scale, score.
    pupils : DataFrame
        ``Intake.pupils``: indexed by pupil, with class, school and the columns that the block names.
    among : Index, optional
        The pupils to tell of, a part of `pupils` (one school). What can be expected, and where cuts lie, is then still
        found from all of `pupils`: a school of its own has too few to say it, and some always fall short of themselves.

    Returns
    -------
    Examined
        One method with one set of choices for all moments (`same_method`). A pupil without a measure is not judged
        and is counted.

    Raises
    ------
    UnfitError
        No such block; an outcome without scores at the wave asked for; a score that is not numeric; a yes-no column
        that holds something else.
    """
    block = study.underachievement
    if block is None:
        raise UnfitError([Problem("underachievement_not_declared", file=study.file)], study.language)
    known = pupils.drop(columns=[c for c in GROUPINGS if c in pupils and pupils[c].isna().all()])
    moments = _moments(study, block, _wide(scores))
    answers: dict[str, pd.Series] = {name: _yes_no(known, column) for name, column in block.excluded.items()}
    methods = tuple(_methods(block))
    findings, last, cuts, varied = {}, {}, {}, {}
    others = [_measure(block, m, study.language, m.basis) for m in block.alternatives]
    for actual in block.actual:
        for wave, table in moments[actual.id].items():
            frame = _frame(table, known, block, actual)
            for method in methods:
                findings[actual.id, wave, method] = find(
                    frame, criteria(block, actual, method, wave, study.language), among
                )
            last[actual.id] = wave
        varied[actual.id] = variations(frame, findings[actual.id, last[actual.id], methods[0]], others, among)
        same_method({w: findings[actual.id, w, methods[0]].criteria for w in moments[actual.id]})
        counted = findings[actual.id, last[actual.id], methods[0]]
        everyone = counted if among is None else find(frame, counted.criteria)
        for which, cut in (("able", block.able), ("low", block.low)):
            cuts[actual.id, which] = _cut(everyone, frame, which, cut)
    lasting = _lasting(block, findings, methods[0])
    now = {a.id: findings[a.id, last[a.id], methods[0]].table for a in block.actual}
    through = {a.id: _gates(now[a.id], lasting[lasting["subject"] == a.id], answers) for a in block.actual}
    broad, patterns = _broad(now), _patterns(block, findings, known, methods[0])
    known = known if among is None else known.loc[known.index.isin(among)]
    level, of_pupil = units_of(known)
    units = of_pupil if level else None
    return Examined(block, methods, findings, last, cuts, lasting, broad, through, patterns, known, varied, units)


def criteria(block: Underachievement, actual: Measured, method: str, wave: str, language: str) -> Criteria:
    """Return the complete criteria of one method at one moment."""
    source = {name: source for source, name in _nominations(block).items()}.get(method)
    regression = method in {"regression", "random_intercept"}
    moment = {str(w): day for w, day in block.moments.items()}.get(wave)
    return Criteria(
        method="regression" if regression else "nomination" if source else method,  # type: ignore[arg-type]  # one of the four
        expected=_measure(block, block.expected, language, block.expected.basis),
        actual=_measure(block, actual, language, "achievement", moment),
        able=block.able,
        low=block.low,
        threshold=block.threshold,
        tie=block.tie,
        predictors=tuple(_measure(block, p, language) for p in block.predictors) if regression else (),
        random_intercept=block.random_intercept if method == "random_intercept" else None,
        nominated_by=block.nominations[source] if source else "",
        min_group=block.min_group,
    )


def _measure(
    block: Underachievement, said: Measured, language: str, basis: str = "achievement", moment: object = None
) -> Measure:
    from werkbank.study import text_in

    norm = said.norm
    reference = block.reference if norm is None else Norm(norm.mean, norm.sd, text_in(norm.group, language))
    return Measure(said.id, reference, said.reliability, basis, said.measured or moment)  # type: ignore[arg-type]  # checked by the study's model


def _nominations(block: Underachievement) -> dict[Any, str]:
    """Source of nominations -> what its method is called."""
    return {source: f"nomination_{source}" for source in block.nominations}


def _methods(block: Underachievement) -> list[str]:
    """Each source of nominations is a method of its own."""
    sources = list(_nominations(block).values())
    return [name for method in block.used for name in (sources if method == "nomination" else [method])]


def _wide(scores: pd.DataFrame) -> pd.DataFrame:
    """Pupils x (outcome as results call it, wave)."""
    keys = [scale_key(o, s) for o, s in zip(scores["outcome"].astype(str), scores["scale"].astype(str), strict=True)]
    named = pd.DataFrame({"pupil": scores["pupil"].astype(str), "key": keys, "wave": scores["wave"].astype(str)})
    return named.assign(score=scores["score"].to_numpy()).pivot_table("score", "pupil", ["key", "wave"], "first")


def _moments(study: Study, block: Underachievement, wide: pd.DataFrame) -> dict[str, dict[str, pd.DataFrame]]:
    """For each thing achieved, the waves at which it is judged, each with every measured outcome as a column."""
    problems: list[Problem] = []
    there = {key: [w for w in WAVES if (key, w) in wide] for key in block.outcomes}

    def score(measure: Measured, wave: str) -> pd.Series:
        if (measure.outcome, wave) not in wide:
            at, name = {"wave": wave}, str(measure.outcome)
            problems.append(Problem("underachievement_no_scores", study.file, value=name, details=at))
            return pd.Series(dtype=float)
        return pd.Series(wide[measure.outcome, wave])

    before: dict[str, pd.Series] = {}
    for m in (block.expected, *block.predictors, *block.alternatives):
        if m.outcome:
            before[m.id] = score(m, m.wave or next(iter(there[m.outcome]), "pre"))
    found: dict[str, dict[str, pd.DataFrame]] = {}
    for actual in block.actual:
        if actual.outcome is None:
            found[actual.id] = {"": pd.DataFrame(before)}
            continue
        measured = there[actual.outcome]
        waves: list[str] = [w for w in measured if w in {str(moment) for moment in block.moments}]
        waves = [actual.wave] if actual.wave else waves or measured[-1:] or ["post"]
        found[actual.id] = {w: pd.DataFrame({**before, actual.id: score(actual, w)}) for w in waves}
    if problems:
        raise UnfitError(problems, study.language)
    return found


def _frame(scores: pd.DataFrame, known: pd.DataFrame, block: Underachievement, actual: Measured) -> pd.DataFrame:
    """One row per pupil with every measure, group and nomination that the criteria name."""
    frame = scores.reindex(known.index)
    measures = (block.expected, *block.alternatives, *block.predictors, actual)
    named = [m.column for m in measures if m.column]
    for column in [*named, *(g for g in GROUPINGS if g in known)]:
        if column in known:
            frame[column] = known[column]
    for column in block.nominations.values():
        frame[column] = _yes_no(known, column).astype("Float64").to_numpy(float, na_value=np.nan)
    return frame


def _yes_no(known: pd.DataFrame, column: str) -> pd.Series:
    """Return a column of 1 and 0 as booleans, empty cells missing."""
    text = known[column].map(lambda cell: None if pd.isna(cell) else str(cell).strip().lower())
    strange = sorted({str(cell) for cell in text.dropna() if cell not in YES_NO})
    if strange:
        raise UnfitError([Problem("underachievement_not_yes_or_no", column=column, value=value) for value in strange])
    return text.map(YES_NO).astype("boolean")


def _cut(finding: Finding, frame: pd.DataFrame, which: str, cut: Cutoff | None) -> float:
    """The cut score when it is one and the same for all pupils."""
    if cut is None:
        return float("nan")
    c, able = finding.criteria, finding.table["able"].to_numpy(bool)
    measure = c.expected if which == "able" else c.actual
    each = cut_score(frame, measure, cut, c.min_group, able)
    one = np.unique(each[np.isfinite(each)])
    return float(one[0]) if len(one) == 1 else float("nan")


def _lasting(block: Underachievement, findings: dict[tuple[str, str, str], Finding], main: str) -> pd.DataFrame:
    """How long pupils were flagged by the main method, where moments have dates."""
    dates = {str(wave): day for wave, day in block.moments.items()}
    parts = [
        pd.DataFrame({"flag": f.table["flag"]}).assign(subject=actual, date=pd.Timestamp(dates[wave])).reset_index()
        for (actual, wave, method), f in findings.items()
        if method == main and wave in dates
    ]
    twice = [actual for actual, _, method in findings if method == main]
    seen = [part for part in parts if twice.count(part["subject"].iloc[0]) > 1]
    if not seen:
        return pd.DataFrame({"pupil": [], "subject": [], "kind": []})
    return durations(pd.concat(seen, ignore_index=True))


def _gates(now: pd.DataFrame, lasting: pd.DataFrame, answers: dict[str, pd.Series]) -> Gates:
    causes = pd.DataFrame(answers, index=now.index) if answers else pd.DataFrame({"any": pd.NA}, index=now.index)
    kind = lasting.set_index("pupil")["kind"]
    return gates(now["flag"], kind, causes, now[["expected", "actual"]].notna().all(axis=1))


def _broad(now: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """In how many subjects a pupil was flagged at the last moment."""
    flags = pd.DataFrame({actual: table["flag"] for actual, table in now.items()})
    long = flags.rename_axis("pupil").reset_index().melt("pupil", var_name="subject", value_name="flag")
    kind = long["flag"].map({True: "situational", False: "not flagged"}, na_action="ignore").astype(object)
    return breadth(long.assign(kind=kind.where(long["flag"].notna())))


def _patterns(
    block: Underachievement, findings: dict[tuple[str, str, str], Finding], known: pd.DataFrame, main: str
) -> dict[str, pd.DataFrame]:
    """Look for selective producing and consuming over all subjects and moments, where the block tells what it needs."""
    tables: dict[str, list[pd.DataFrame]] = {"producing": [], "consuming": []}
    declared = {said.id: said for said in block.actual}
    for (actual, _, method), finding in findings.items():
        if method != main:
            continue
        said, z = declared[actual], finding.table["z_actual"]
        rows = pd.DataFrame({"pupil": z.index, "z": z.to_numpy()})
        if said.at_stake is not None:
            tables["producing"].append(rows.assign(at_stake=said.at_stake))
        if said.liked is not None:
            liked = _yes_no(known, said.liked).reindex(z.index).to_numpy(dtype=object)
            tables["consuming"].append(rows.assign(liked=liked))
    return {
        name: selective(pd.concat(parts, ignore_index=True), name)  # type: ignore[arg-type]  # one of the two
        for name, parts in tables.items()
        if parts
    }
