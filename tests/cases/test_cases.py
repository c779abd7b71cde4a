"""Cases day by day: the public studies through the same command, and every bad cell with its row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml

import werkbank
from werkbank.cases import designs
from werkbank.cases.reading import read_cases
from werkbank.errors import UnfitError
from werkbank.reporting import single_case
from werkbank.study import load_study
from werkbank.study.finding import example_path

PARTS = ("answer", "figures", "separately", "together", "quality", "teacher")


def study(folder, table, outcomes, *, language="nl", **block):
    """Write a study of these days and return its folder."""
    folder.mkdir(exist_ok=True)
    table.to_csv(folder / "dagen.csv", sep=";", index=False)
    columns = {"case": "case", "session": "day", "phase": "phase"}
    told = {"title": "Gevallen", "language": language, "reports": ["single_case"], "single_case": {
        "file": {"path": "dagen.csv"}, "columns": columns, "outcomes": outcomes, **block}}  # fmt: skip
    (folder / "study.yaml").write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
    return folder


def days(cases=("P1", "P2", "P3"), starts=(5, 7, 9), last=14, effect=3.0, seed=1):
    rng = np.random.default_rng(seed)
    rows = []
    for case, start in zip(cases, starts, strict=True):
        for day in range(1, last + 1):
            phase = "B" if day >= start else "A"
            rows.append(
                {
                    "case": case,
                    "day": day,
                    "phase": phase,
                    "score": round(3 + effect * (phase == "B") + rng.normal(), 2),
                }
            )
    return pd.DataFrame(rows)


SCORE = {"column": "score", "better": "higher", "range": [-5, 15], "role": "primary"}


def refused(folder):
    with pytest.raises(UnfitError) as error:
        read_cases(load_study(folder))
    return [(problem.code, problem.row) for problem in error.value.problems]


def test_the_good_behaviour_game_gives_what_r_gives():
    bench = werkbank.open(example_path("klassenspel"))
    found = bench.results.estimate
    for outcome, alone, mean in (
        ("academic_engagement", (0.891, 0.111), 0.759),
        ("disruptive_behavior", (-1.185, 0.133), 0.827),
    ):
        pupils = found(method="phase_effect", outcome=outcome, level="without_classes")
        assert (pupils.estimate, pupils.se) == pytest.approx(alone, abs=2e-3)
        naps = [e.estimate for e in bench.results.where(method="nap", outcome=outcome)]
        assert found(method="nap_mean", outcome=outcome).estimate == pytest.approx(mean, abs=5e-4)
        assert np.mean(naps) == pytest.approx(mean, abs=5e-4)
        assert len(naps) == 35
    classes = found(method="phase_effect", outcome="academic_engagement", level="")
    assert (classes.estimate, classes.df) == pytest.approx((0.8999, 6.0), abs=0.02)
    assert bench.results.fact(what="case_design").value == "multiple_baseline"


def test_every_part_is_written_in_both_languages_and_nobody_is_in_a_shared_one():
    bench = werkbank.open(example_path("klassenspel"), language="nl+en")
    for name in PARTS:
        part = getattr(single_case, name)
        assert not part.shared
        assert [bool(one.blocks) for one in part(bench).parts] == [True, True]
    assert all(len(one.blocks) > 35 for one in single_case.teacher(bench, shown=True).parts)


@pytest.mark.parametrize(
    ("file", "names", "outcome", "better", "design"),
    [
        ("sc_huber2014", ("case", "mt", "phase"), "compliance", "higher", "ab"),
        ("sc_gruenkewilbert2014", ("case", "mt", "phase"), "score", "higher", "multiple_baseline"),
        ("sc_mckissick", ("Case_pseudonym", "Session_number", "Condition"), "Outcome", "lower", "multiple_baseline"),
    ],
)
def test_public_studies_go_by_the_same_command(shared, tmp_path, file, names, outcome, better, design):
    table = pd.read_csv(shared / "data" / f"{file}.csv")
    table = table[[*names, outcome]].set_axis(["case", "day", "phase", "score"], axis=1)
    limits = [float(table["score"].min()), float(table["score"].max())]
    folder = study(tmp_path / file, table, [{**SCORE, "better": better, "range": limits}])
    bench = werkbank.open(folder)
    assert bench.results.fact(what="case_design").value == design
    assert len(bench.results.where(method="nap")) == table["case"].nunique()
    assert all(getattr(single_case, name)(bench) is not None for name in PARTS)
    if file == "sc_huber2014":  # two of four got worse, which a mean hides
        naps = [e.estimate for e in bench.results.where(method="nap")]
        assert naps == pytest.approx([0.281, 0.171, 0.870, 0.917], abs=1e-3)
        assert bench.results.claim(kind="single_case").verdict == "mixed_seen"


def test_a_reversal_is_compared_pair_by_pair(shared, tmp_path):
    table = pd.read_csv(shared / "data" / "sc_schmidt2007.csv")
    table = table[table["Behavior_type"] == "Disruptive Behavior"]
    table = table[["Case_pseudonym", "Session_number", "Condition", "Outcome"]].set_axis(
        ["case", "day", "phase", "score"], axis=1
    )
    bench = werkbank.open(
        study(tmp_path / "a", table, [{**SCORE, "better": "lower", "range": [0, 100], "scale": "count"}])
    )
    assert bench.results.fact(what="case_design").value == "reversal"
    faith = [e.estimate for e in bench.results.where(method="nap", group="Faith")]
    assert np.mean(faith) == pytest.approx(0.979, abs=2e-3)
    assert bench.results.where(method="log_response_ratio")


def test_only_what_was_drawn_is_tested(tmp_path):
    bare = werkbank.open(study(tmp_path / "a", days(), [SCORE]))
    assert bare.results.estimate(kind="draw").note == "cases.not_drawn"
    assert bare.results.claim(kind="single_case").verdict == "better_seen"
    lot = {"scheme": "independent", "starts": [[4, 5, 6, 7, 8, 9, 10]]}
    drawn = werkbank.open(study(tmp_path / "b", days(), [SCORE], drawn=lot))
    test = drawn.results.estimate(kind="draw")
    assert test.n == 7**3
    assert test.p < 0.05
    claim = drawn.results.claim(kind="single_case")
    assert (claim.verdict, claim.grade) == ("better_drawn", "effect")
    outside = werkbank.open(study(tmp_path / "c", days(), [SCORE], drawn={**lot, "starts": [[4, 6, 8, 10]]}))
    assert outside.results.estimate(kind="draw").note == "cases.assignment_outside_the_set"


def test_one_pupil_is_no_proof_that_a_programme_works(tmp_path):
    one = days(cases=("P1",), starts=(6,), last=20, effect=6)
    lot = {"scheme": "start", "starts": [list(range(4, 17))]}
    bench = werkbank.open(study(tmp_path / "a", one, [SCORE], drawn=lot))
    assert bench.results.fact(what="case_design").value == "ab"
    assert bench.results.estimate(kind="draw").method == "phase_start_test"
    assert bench.results.claim(kind="single_case").grade == "change"
    assert not bench.results.where(method="phase_effect")


def test_missing_days_keep_their_number(tmp_path):
    table = days()
    table.loc[[2, 20], "score"] = np.nan
    series = read_cases(load_study(study(tmp_path / "a", table, [SCORE])))
    assert int(series.days["score"].isna().sum()) == 2
    assert series.days["session"].tolist() == table["day"].tolist()


def test_every_bad_cell_is_named(tmp_path):
    table = days().astype({"score": object, "day": object})
    table.loc[0, "score"], table.loc[1, "score"], table.loc[3, "day"] = "goed", 99, "2,5"
    table.loc[5, "phase"] = "C"
    found = refused(study(tmp_path / "a", table, [SCORE]))
    assert set(found) == {("case_number", 2), ("case_range", 3), ("case_number", 5), ("case_phase", 7)}


def test_days_twice_and_cases_without_a_phase(tmp_path):
    twice = days()
    twice.loc[1, "day"] = 1
    assert ("case_day_twice", 3) in refused(study(tmp_path / "a", twice, [SCORE]))
    late = days()
    late.loc[late["case"] == "P2", "phase"] = "B"
    assert ("case_without_baseline", 16) in refused(study(tmp_path / "b", late, [SCORE]))
    never = days()
    never.loc[never["case"] == "P3", "phase"] = "A"
    assert ("case_without_programme", 30) in refused(study(tmp_path / "c", never, [SCORE]))


def test_a_study_without_the_block_says_so():
    nabijheid = load_study(example_path("nabijheid"))
    with pytest.raises(UnfitError) as error:
        read_cases(nabijheid)
    assert [problem.code for problem in error.value.problems] == ["single_case_not_declared"]


def test_the_standards_are_held_per_criterion(tmp_path):
    series = read_cases(load_study(study(tmp_path / "a", days(), [SCORE])))
    made = designs.checked(series, "score")
    assert designs.starts(series) == {"P1": 5.0, "P2": 7.0, "P3": 9.0}
    assert {c.name for c in made.criteria} >= {"demonstrations", "points_in_first_baseline", "points_per_phase"}


def test_a_trend_of_the_baseline_is_taken_off_where_it_was_an_improvement(tmp_path):
    """Higher is better: the one who got better in A has the corrected Tau, the one who got worse has not."""
    up, down = [1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]
    rows = [
        {"case": case, "day": day, "phase": "A" if day <= 6 else "B", "y": (a + [7] * 14)[day - 1]}
        for case, a in (("up", up), ("down", down))
        for day in range(1, 21)
    ]
    outcomes = [{"column": "y", "range": [0, 10], "better": "higher"}]
    results = werkbank.open(study(tmp_path / "s", pd.DataFrame(rows), outcomes)).results
    assert {e.group for e in results.where(method="baseline_corrected_tau")} == {"up"}
    leaves = results.facts_where(what="case_caution", category="trend_leaves_scale")
    # the line of A is 10 on day 10 and beyond the scale on the ten days after it
    assert [(f.arm, f.value, f.n) for f in leaves] == [("up", 10, 14)]


def test_an_account_of_a_case_begins_a_page(tmp_path):
    from werkbank.reporting.blocks import Heading

    bench = werkbank.open(study(tmp_path / "s", days(), [SCORE]))
    headings = [one for one in single_case.teacher(bench, shown=True).blocks if isinstance(one, Heading)]
    assert [one.text for one in headings if one.fresh] == ["P1", "P2", "P3"]
