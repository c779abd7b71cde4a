"""A study's block underachievement, from its YAML to estimates and facts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml

import werkbank
from werkbank.underachievement import stating
from werkbank.underachievement.study import examine

BASE = {
    "title": "t",
    "design": {"kind": "single_group"},
    "files": [{"path": "raw.csv"}],
    "columns": {"pupil": "pupil", "class": "klas"},
    "outcomes": [
        {"name": name, "column": {"pre": f"{name}1", "post": f"{name}2"}, "better": "higher"}
        for name in ("taal", "rekenen")
    ],
}
EVERYTHING = {
    "expected": {"column": "iq", "reliability": 0.9},
    "actual": [
        {"outcome": "taal", "at_stake": True, "liked": "leuk", "reliability": 0.85},
        {"outcome": "rekenen", "at_stake": False, "liked": "saai", "reliability": 0.85},
    ],
    "moments": {"pre": "2024-01-20", "post": "2024-10-01"},
    "able": {"rule": "quantile", "value": 0.5},
    "compare": ["absolute", "regression", "nomination"],
    "nominations": {"teacher": "leraar"},
    "excluded": {"disorder": "stoornis", "bullying": "pesten"},
    "profiles": "profiel",
    "fairness": [{"column": "sekse", "values": {0: "jongens", 1: "meisjes"}}],
}


def pupils(n=120, seed=3):
    rng = np.random.default_rng(seed)
    iq = rng.normal(100, 15, n).round(1)
    table = pd.DataFrame({"pupil": [f"p{i:03}" for i in range(n)], "klas": [f"k{i % 4}" for i in range(n)], "iq": iq})
    for name in ("taal", "rekenen"):
        lag = rng.normal(0, 0.9, n)
        for wave in (1, 2):
            table[f"{name}{wave}"] = (50 + 6 * ((iq - 100) / 15 * 0.6 + lag + rng.normal(0, 0.3, n))).round(1)
    table["leraar"] = np.where(rng.random(n) < 0.2, "1", "0")
    table["leuk"], table["saai"] = "1", "0"
    table["stoornis"] = rng.choice(["0", "1", ""], n, p=[0.7, 0.1, 0.2])
    table["pesten"] = rng.choice(["0", ""], n)
    table["profiel"] = rng.choice(["creative", "at_risk", ""], n)
    table["sekse"] = rng.choice(["0", "1", ""], n, p=[0.45, 0.45, 0.1])
    return table


def examined(folder, block, table=None):
    (pupils() if table is None else table).to_csv(folder / "raw.csv", index=False)
    (folder / "study.yaml").write_text(yaml.safe_dump({**BASE, "underachievement": block}), encoding="utf-8")
    study = werkbank.load_study(folder)
    intake = werkbank.read_answers(study)
    return examine(study, werkbank.score_study(intake).table, intake.pupils)


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    return examined(tmp_path_factory.mktemp("alles"), EVERYTHING)


@pytest.fixture(scope="module")
def bdf_example():
    study = werkbank.load_study(werkbank.example_path("bdf"))
    intake = werkbank.read_answers(study)
    return examine(study, werkbank.score_study(intake).table, intake.pupils)


def of(results):
    return {r.id.removeprefix("underachievement/"): r for r in results}


def test_bdf_gives_what_r_gives(bdf_example, reference):
    facts, oracle = of(stating.facts(bdf_example)), reference["bdf_lang"]
    flagged = {m: facts[f"taal/post/{m}/flagged"].value for m in bdf_example.methods}
    assert flagged == {"difference": 87, "absolute": 20, "regression": 36, "random_intercept": 31}
    assert facts["taal/post/difference/able"].value == 257
    assert facts["taal/post/difference/relative"].value == 67
    assert facts["taal/post/cut_able"].value == 14.5
    assert facts["taal/post/cut_low"].value == pytest.approx(oracle["mean_ach"], abs=1e-9)
    assert facts["taal/post/difference/correlation"].value == pytest.approx(oracle["r"], abs=1e-9)
    assert facts["taal/post/regression/see"].value == pytest.approx(oracle["regression"]["see_nm2"], abs=1e-9)


def test_without_dates_no_gate_after_the_first_is_counted(bdf_example):
    facts = of(stating.facts(bdf_example))
    assert facts["taal/post/gates/discrepancy"].value == 87
    assert facts["taal/post/gates/duration"].value is None
    assert facts["taal/post/gates/signal"].value is None


def test_counts_add_up(bdf_example, everything):
    for made in (bdf_example, everything):
        facts = of(stating.facts(made))
        for actual, wave in made.last.items():
            place = f"{actual}/{wave}"
            overlap = [f for i, f in facts.items() if i.startswith(f"{place}/overlap/")]
            assert sum(f.value for f in overlap) == overlap[0].n
            main = f"{place}/{made.methods[0]}"
            assert facts[f"{main}/relative"].value + facts[f"{main}/absolute"].value == facts[f"{main}/flagged"].value
        assert sum(facts[f"breadth/{k}"].value for k in ("all", "some", "none")) == facts["breadth/all"].n


def test_a_study_with_everything_in_it(everything):
    facts = of(stating.facts(everything))
    assert everything.methods == ("difference", "absolute", "regression", "nomination_teacher")
    kinds = everything.lasting[everything.lasting["subject"] == "taal"]["kind"]
    assert facts["taal/post/duration/chronic"].value == (kinds == "chronic").sum() > 0
    gates = everything.gates["taal"]
    assert facts["taal/post/gates/duration"].value == gates.n_duration
    assert facts["taal/post/gates/signal"].value == gates.table["signal"].sum() < gates.n_duration
    producing = everything.patterns["producing"]["pattern"]
    assert facts["selective/producing"].value == producing.sum()
    assert facts["selective/producing"].n == 120
    assert facts["profiles/creative"].value == (pupils()["profiel"] == "creative").sum()


def test_the_correlation_is_that_of_complete_pairs(everything):
    table = pupils()
    r = np.corrcoef(table["iq"], table["taal2"])[0, 1]
    assert of(stating.facts(everything))["taal/post/difference/correlation"].value == pytest.approx(r, abs=1e-12)


def test_pupils_without_a_measure_are_counted_and_not_judged(tmp_path):
    table = pupils()
    table.loc[:9, "iq"] = np.nan
    facts = of(stating.facts(examined(tmp_path, EVERYTHING, table)))
    assert facts["taal/post/difference/pupils"].value == 120
    assert facts["taal/post/difference/both"].value == 110
    assert facts["taal/post/difference/judged"].value == 110
    assert facts["taal/post/gates/share_both"].value == pytest.approx(110 / 120)


def test_no_pupil_is_in_the_results(everything):
    results = werkbank.Results({}, tuple(stating.estimates(everything, 6)), tuple(stating.facts(everything))).to_json()
    assert not any(pupil in results for pupil in pupils()["pupil"])


def test_who_is_flagged_is_listed_as_it_was_counted(everything):
    for actual in everything.last:
        table = everything.flagged(actual)
        assert len(table) == everything.finding(actual).n_flagged > 0
        assert table["gap"].is_monotonic_decreasing
        flags = everything.flags(actual)
        for pupil, row in table.iterrows():
            assert row["methods"] == sum(bool(f.get(pupil, default=False)) for f in flags.values()) >= 1
            assert row["class"] == everything.pupils["class"][pupil]
        lasting = everything.lasting[everything.lasting["subject"] == actual].set_index("pupil")["kind"]
        for kind in ("chronic", "situational"):
            named = set(lasting.index[lasting == kind])
            assert set(table.index[table["duration"] == kind]) == named & set(table.index)


def test_small_groups_have_no_numbers(everything):
    hidden = [e for e in stating.estimates(everything, 40) if e.note == "hidden"]
    assert hidden
    assert all(e.estimate is None and e.ci_low is None and e.n is None for e in hidden)


def test_everything_that_is_stated_is_registered(everything, bdf_example):
    from pathlib import Path

    rows = yaml.safe_load((Path(__file__).parents[2] / "verification/rows/underachievement.yaml").read_text())
    known = {row["id"] for row in rows}
    for made in (everything, bdf_example):
        assert {e.method for e in stating.estimates(made, 6)} <= known
        assert {f.what for f in stating.facts(made)} <= known


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"expected": {}}, "study_measure_one"),
        ({"actual": [{"outcome": "lezen"}]}, "study_underachievement_outcome_unknown"),
        ({"able": {"rule": "quantile", "value": 90}}, "study_cutoff_share"),
        ({"able": {"rule": "able_mean"}}, "study_able_by_able"),
        ({"compare": ["random_intercept"]}, "study_random_intercept_of_what"),
        ({"compare": ["nomination"], "nominations": {}}, "study_nominations_missing"),
        ({"actual": [{"outcome": "taal"}, {"outcome": "taal"}]}, "study_actual_double"),
        ({"actual": [{"outcome": "taal", "wave": "followup"}]}, "underachievement_no_scores"),
        ({"nominations": {"teacher": "profiel"}}, "underachievement_not_yes_or_no"),
        ({"expected": {"column": "profiel"}}, "underachievement_not_numeric"),
        ({"method": {"pre": "difference", "post": "regression"}}, "study_unknown_value"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(tmp_path, change, code):
    with pytest.raises(werkbank.UnfitError) as refused:
        examined(tmp_path, {**EVERYTHING, **change})
    assert code in {p.code for p in refused.value.problems}
    for language in ("nl", "en"):
        assert all(p.sentence(language) for p in refused.value.problems)


def test_a_study_without_the_block_is_told_so():
    study = werkbank.load_study(werkbank.example_path("nabijheid"))
    with pytest.raises(werkbank.UnfitError, match="underachievement"):
        examine(study, pd.DataFrame(), pd.DataFrame())


def test_intervals_rest_on_the_schools_or_classes_that_there_are(tmp_path, everything, bdf_example):
    (units,) = {(f.category, f.value) for f in stating.facts(everything) if f.what == "underachievement_units"}
    assert units == ("class", 4)
    able = bdf_example.finding("taal").table["able"]
    schools = bdf_example.pupils["school"][able & bdf_example.finding("taal").table["flag"].notna()].nunique()
    found = of(stating.facts(bdf_example))["taal/post/difference/school"]
    assert (found.category, found.value) == ("school", schools)
    share = of(stating.estimates(bdf_example, 6))["taal/post/difference/share"]
    assert (share.n_clusters, share.df) == (schools, schools - 1)
    one = examined(tmp_path, EVERYTHING, pupils().assign(klas="k1"))
    assert not [f for f in stating.facts(one) if f.what == "underachievement_units"]


def test_n_is_that_of_the_model_where_a_predictor_is_missing(tmp_path):
    table = pupils()
    table["extra"] = np.random.default_rng(1).normal(size=120).round(2)
    table.loc[table.index[:30], "extra"] = np.nan
    block = EVERYTHING | {"method": "regression", "compare": [], "predictors": [{"column": "iq"}, {"column": "extra"}]}
    made = examined(tmp_path, {k: v for k, v in block.items() if k != "nominations"}, table)
    facts, estimates = of(stating.facts(made)), of(stating.estimates(made, 6))
    place = "taal/post/regression"
    assert facts[f"{place}/both"].value == 120
    assert {facts[f"{place}/judged"].value, facts[f"{place}/see"].n, estimates[f"{place}/chance"].n} == {90}
    assert estimates[f"{place}/share"].n == facts[f"{place}/able"].value <= 90


def test_an_alternative_is_another_measure(tmp_path):
    from werkbank.errors import UnfitError

    twice = EVERYTHING | {"alternatives": [{"column": "iq"}]}
    with pytest.raises(UnfitError) as caught:
        examined(tmp_path, twice)
    assert {p.code for p in caught.value.problems} == {"study_alternative_double"}
    made = examined(
        tmp_path, EVERYTHING | {"alternatives": [{"outcome": "rekenen", "wave": "pre", "basis": "earlier achievement"}]}
    )
    kept = {e.group for e in stating.estimates(made, 6) if e.estimand == "kept" and e.grouped_by == "expected"}
    assert kept == {"rekenen"}
