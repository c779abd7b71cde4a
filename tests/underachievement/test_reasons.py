"""Causes by flagged or not: pupils and not lines are counted, and in a copy to share no small count is left."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml
from tests.underachievement.test_study import BASE, EVERYTHING, pupils

import werkbank
from werkbank.disclosure import suppress
from werkbank.underachievement.reasons import crossed

CAUSES = ("home", "peers", "supply")
FLAGS = pd.Series({"a": True, "b": True, "c": False, "d": False, "e": False, "f": None}, dtype="boolean")


def lines(*pairs):
    return pd.DataFrame(pairs, columns=["pupil", "cause"])


def test_pupils_are_counted_and_not_lines():
    told = lines(
        ("a", "home"), ("a", "home"), ("a", "peers"), ("c", "home"), ("d", "peers"), ("f", "home"), ("g", "home")
    )
    flagged, others = crossed(FLAGS, told, CAUSES)
    assert (flagged.n, flagged.unknown, flagged.counts) == (1, 1, {"home": 1, "peers": 1, "supply": 0})
    assert (others.n, others.unknown, others.counts) == (2, 1, {"home": 1, "peers": 1, "supply": 0})


@pytest.mark.parametrize("seed", range(5))
def test_it_is_a_crosstable_of_pupils(seed):
    rng = np.random.default_rng(seed)
    names = [f"p{n}" for n in range(80)]
    flags = pd.Series(rng.choice([True, False], 80), index=names, dtype="boolean")
    told = pd.DataFrame({"pupil": rng.choice(names, 150), "cause": rng.choice(CAUSES, 150)})
    has = pd.crosstab(told["pupil"], told["cause"]).gt(0)
    for side, holds in zip(crossed(flags, told, CAUSES), (True, False), strict=True):
        mine = has[flags.reindex(has.index).to_numpy(bool) == holds]
        assert (side.n, side.counts) == (len(mine), mine.sum().to_dict())
        assert side.unknown == (flags == holds).sum() - len(mine)


def test_nobody_flagged_is_nobody_counted():
    (flagged, _) = crossed(FLAGS & False, lines(("a", "home")), CAUSES)
    assert (flagged.n, flagged.unknown, sum(flagged.counts.values())) == (0, 0, 0)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("reasons"), np.random.default_rng(1)
    table = pupils(400, 1)
    table.to_csv(folder / "raw.csv", index=False)
    rows = [(p, c) for p in table["pupil"] for c in ("home", "peers", "supply") if rng.random() < 0.4]
    rows += [(table["pupil"][n], "group_pressure") for n in range(3)]
    log = pd.DataFrame(rows, columns=["pupil", "cause"]).assign(source="teacher")
    log.to_csv(folder / "causes.csv", index=False)
    told = {**BASE, "underachievement": EVERYTHING, "language": "en", "logs": [{"log": "causes", "path": "causes.csv"}]}
    (folder / "study.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    return werkbank.open(folder), log


def test_a_report_has_the_counts_of_the_log(bench):
    from werkbank.reporting.underachievement import kinds

    made, log = bench
    facts = made.part("underachievement").facts_where(table="reasons", outcome="taal", category="home")
    assert [f.criterion for f in facts] == ["flagged", "not_flagged"]
    able = made.examined.flags("taal")["difference"].dropna()
    assert sum(f.value for f in facts) <= log.loc[log["cause"] == "home", "pupil"].nunique()
    known = made.logs.books[0].rows
    flagged = set(able.index[able.astype(bool)])
    assert facts[0].value == len(flagged & set(known.loc[known["cause"] == "home", "pupil"]))
    page = str(kinds(made))
    assert "group pressure" in page.casefold()


def test_moves_between_kinds_are_a_crosstable_and_stay_at_school(bench):
    from werkbank.reporting.underachievement import kinds
    from werkbank.underachievement.kinds import relative_or_absolute

    made, _ = bench
    facts = made.part("underachievement").facts_where(table="moves", outcome="taal")
    method = made.examined.methods[0]
    before, after = (relative_or_absolute(made.examined.findings["taal", wave, method]) for wave in ("pre", "post"))
    counts = pd.crosstab(before.dropna(), after.dropna())
    for fact in facts:
        row, column = (name.replace("_", " ") for name in fact.parts)
        assert fact.value == (counts.loc[row, column] if row in counts.index and column in counts.columns else 0)
    assert sum(f.value for f in facts) == facts[0].n == (before.notna() & after.notna()).sum()
    assert "tab-moves-taal" in str(kinds(made))
    assert all(f.value is None for f in suppress(made.part("underachievement"), 6).facts_where(table="moves"))


def test_no_small_count_of_causes_is_shared(bench):
    made, _ = bench
    shared = suppress(made.part("underachievement"), 6)
    facts = [*shared.facts_where(table="reasons"), *shared.facts_where(table="unwritten")]
    whole = {f.id: f for f in made.part("underachievement").facts}
    assert not any(f.value is not None for f in facts if f.what == "underachievement_unwritten")
    shown = [f for f in facts if f.value is not None]
    assert shown
    for f in shown:
        assert f.value >= 6
        assert whole[f.id].n - f.value >= 6
    rare = [f for f in facts if f.category == "group_pressure"]
    assert rare
    assert all(f.value is None for f in rare)
