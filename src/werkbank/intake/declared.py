"""What a study file leaves open: texts of an example, who filled something in; and items on which nobody differs."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from werkbank.intake.ledger import nearest
from werkbank.intake.moments import overlapping, windows
from werkbank.study.model import WAVES
from werkbank.study.parts import text_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from werkbank.intake.ledger import Ledger
    from werkbank.intake.model import Table
    from werkbank.study.model import Study

# of the templates, and what people write to come back to
PLACEHOLDER = re.compile(
    r"(de )?titel( van (het|uw|mijn) onderzoek)?|(the )?title( of (the|your|my) study)?|(mijn|uw) onderzoek"
    r"|(my|your) study|naam van .*|name of .*|todo\b.*|tbd|n\.?t\.?b\.?|\.{2,}|…+|\?+|-+|_+|x{3,}"
    r"|<[^>]*>|\[[^]]*\]|\{[^}]*\}"
    r"|(nog |hier )*(in te vullen|invullen|vul\b.*\bin)( .*)?|fill .*in|to be (filled in|decided).*|lorem ipsum.*",
    re.IGNORECASE,
)
MANY, WIDE = 20, 0.15  # scores; the part of a range that they fill
FEWEST = 10  # answers; fewer may well be the same


def note_declared(study: Study, ledger: Ledger) -> None:
    """Report texts that were left from an example, and note outcomes of which nobody said who filled them in."""
    texts = {"title": study.title, **{f"outcomes.{n}.label": o.label for n, o in enumerate(study.outcomes)}}
    texts |= {"programme": study.programme_in("nl") or None, "school.name": study.school.name if study.school else None}
    for column, text in texts.items():
        if column == "title" and not text_in(text, "nl").strip():
            ledger.problem("study_title_empty", study.file, column=column)
        for spoken in {text_in(text, "nl"), text_in(text, "en")} - {""}:
            if PLACEHOLDER.fullmatch(spoken.strip()):
                ledger.problem("study_placeholder", study.file, column=column, value=spoken)
    if both := overlapping(windows(study.waves)):
        details = {"one": both[0].code, "other": both[1].code}
        ledger.problem("waves_overlap", study.file, column="waves", details=details)
    note_languages(study, ledger)
    for outcome in study.outcomes:
        if outcome.informant == "unknown":
            ledger.note("informant_not_said", outcome=outcome.id)


def check_rules(study: Study, tables: list[Table], ledger: Ledger) -> None:
    """Report a rule, and note rows to skip, that no file has: what was meant to hold there holds nowhere."""
    names = [name for table in tables for name in table.names]
    if study.monitoring is None:  # its export may have the column
        for column in study.rules:
            if column not in names:
                ledger.problem(
                    "rule_names_no_column", study.file, column="rules", value=column, details=nearest(column, names)
                )
    for table in tables:
        last = int(table.rows.max(initial=0))
        if beyond := [row for row in table.spec.skip if row > last and row - 1 > last]:
            ledger.note("skip_beyond", file=table.path, rows=", ".join(map(str, beyond)), last=last)


def note_absent(study: Study, answers: pd.DataFrame, pupils: pd.DataFrame, ledger: Ledger) -> None:
    """Note arms and waves that were declared and do not occur, and how many units each arm has."""
    _note_unused(study, pupils, ledger)
    seen = set(pupils["arm"].dropna())
    for arm in study.arms if study.columns.arm is not None else ():
        if arm not in seen:
            ledger.note("arm_absent", value=arm)
    there = {str(wave) for wave in answers["wave"].unique()}
    for code, wave in study.waves.items():
        if wave not in there:
            ledger.note("wave_absent", value=code)
    unit = study.design.assigned_by
    if unit == "pupil" or study.columns.arm is None or unit not in pupils:
        return
    units = pupils[[unit, "arm"]].dropna().astype(str).drop_duplicates()["arm"].value_counts()
    counts = {arm: int(units.get(arm, 0)) for arm in study.arms}
    name = "units_per_arm" if min(counts.values()) > 1 else "units_too_few"
    column = study.columns.named().get(unit, unit)
    ledger.note(name, unit=column, counts=", ".join(f"{arm} {n}" for arm, n in counts.items()))


def _note_unused(study: Study, pupils: pd.DataFrame, ledger: Ledger) -> None:
    """Note codes of roles, and schools that files were said to be of, that no pupil has."""
    if study.roles and "role" in pupils:
        there = set(pupils["role"].dropna())
        for code, role in study.roles.items():
            if role not in there:
                ledger.note("role_absent", value=code)
    declared = {spec.school for spec in study.files if spec.school}
    for school in sorted(declared - set(pupils["school"].dropna().astype(str))):
        ledger.note("school_absent", value=school)


def note_languages(study: Study, ledger: Ledger) -> None:
    """Note texts that were given in one of the two languages: a report in the other shows the one there is."""
    texts: dict[str, object] = {"title": study.title, "source": study.source}
    texts |= {f"outcomes.{n}.label": o.label for n, o in enumerate(study.outcomes)}
    texts |= {f"contrasts.{n}.label": c.label for n, c in enumerate(study.contrasts)}
    texts |= {f"moderators.{n}.label": m.label for n, m in enumerate(study.moderators)}
    texts |= {f"evidence.{n}.label": e.label for n, e in enumerate(study.evidence) if not isinstance(e, str)}
    for lacking, other in (("nl", "en"), ("en", "nl")):
        names = [name for name, text in texts.items() if isinstance(text, dict) and text and lacking not in text]
        if names:
            ledger.note(f"text_lacks_{lacking}", names=", ".join(names), n=len(names), other=other)


def note_constant(parts: Iterable[tuple[str, str, Sequence[str], np.ndarray]], ledger: Ledger) -> None:
    """Name items on which everyone gave the same answer at a wave, and those that nobody answered then.

    `parts` are answers as they were read: outcome, wave, items and one row a pupil; several may be of the same.
    """
    found: dict[tuple[str, str, str], np.ndarray] = {}  # asked, given, lowest and highest
    for outcome, wave, items, matrix in parts:
        given = len(matrix) - np.isnan(matrix).sum(axis=0)
        ends = [end.reduce(matrix, axis=0, initial=np.nan) for end in (np.fmin, np.fmax)]
        for item, n, low, high in zip(items, given, *ends, strict=True):
            one = found.setdefault((outcome, wave, item), np.array([0, 0, np.nan, np.nan]))
            one[:] = one[0] + len(matrix), one[1] + n, np.fmin(one[2], low), np.fmax(one[3], high)
    orders = [list(dict.fromkeys(names)) for names in zip(*found, strict=True)]
    ranks = [{name: n for n, name in enumerate(WAVES if at == 1 else order)} for at, order in enumerate(orders)]
    keys = sorted(found, key=lambda key: [rank[name] for rank, name in zip(ranks, key, strict=True)])
    answered = {(outcome, item) for (outcome, _, item), one in found.items() if one[1]}
    several = Counter(outcome for outcome, _ in answered)
    for outcome, wave, item in keys:
        asked, given, *_ = found[outcome, wave, item]
        if asked and not given:
            ledger.note("item_empty", outcome=outcome, wave=wave, item=item, n=int(asked))
    for outcome, wave, item in keys:
        _, given, low, high = found[outcome, wave, item]
        if given < FEWEST or low != high:
            continue
        same = {"outcome": outcome, "wave": wave, "value": f"{low:g}"}
        if several[outcome] > 1:
            ledger.note("item_constant", item=item, **same)
        else:
            ledger.note("score_constant", n=int(given), **same)


def note_range(study: Study, answers: pd.DataFrame, ledger: Ledger) -> None:
    """Note a ready score whose declared range is many times as wide as what occurs: it may be that of an example."""
    for outcome in study.outcomes:
        if outcome.column is None or outcome.range is None:
            continue
        values = answers.loc[answers["outcome"] == outcome.id, "value"].dropna()
        low, high = outcome.range
        if len(values) >= MANY and values.max() > values.min() and values.max() - values.min() < WIDE * (high - low):
            seen = {
                "lowest": f"{values.min():g}",
                "highest": f"{values.max():g}",
                "low": f"{low:g}",
                "high": f"{high:g}",
            }
            ledger.note("range_wide", outcome=outcome.id, **seen)
