"""Scores: worked by hand, equal to the SDQ's published rule, and steady at the edges."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from werkbank.errors import UnfitError
from werkbank.instruments import Instrument, load
from werkbank.measurement.scoring import SCORES, gas_t, item_matrix, score

ORACLE = json.loads((Path(__file__).parents[1] / "oracles" / "reliability.json").read_text(encoding="utf-8"))
NAN = float("nan")


def answers(matrix, items, outcome="x", wave="pre", informant="teacher"):
    """Long answers of pupils p0, p1 … in classes of two; a None in `matrix` is an item that was not asked."""
    rows = [
        {"pupil": f"p{p}", "teacher": f"t{p // 2}", "class": f"c{p // 2}", "school": "s", "arm": "a", "wave": wave,
         "informant": informant, "outcome": outcome, "item": item, "value": value}
        for p, row in enumerate(matrix)
        for item, value in zip(items, row, strict=True)
        if value is not None
    ]  # fmt: skip
    return pd.DataFrame(rows).astype({"value": float})


def scored(matrix, key, scale=None):
    table = score(answers(matrix, key.items), "x", key)
    wide = table.pivot_table(index="pupil", columns="scale", values="score", dropna=False)
    return wide[scale].to_numpy() if scale else wide


@pytest.mark.parametrize("answer", [1, 2, 3, 4, 5])
def test_strs_when_every_answer_is_the_same(answer):
    # by hand: closeness has 10 items one way and 1 the other, conflict 11 and 1, dependency 5
    row = scored([[answer] * 28], load("strs")).loc["p0"]
    assert row["closeness"] == 10 * answer + (6 - answer)
    assert row["conflict"] == 11 * answer + (6 - answer)
    assert row["dependency"] == 5 * answer
    assert row["total"] == (72 - row["conflict"]) + row["closeness"] + (30 - row["dependency"])


def test_strs_worked_by_hand():
    given = [5, 1, 4, 2, 5, 2, 4, 1, 5, 3, 1, 4, 2, 1, 5, 1, 2, 1, 5, 1, 4, 2, 1, 1, 2, 1, 5, 4]
    row = scored([given], load("strs")).loc["p0"]
    # closeness 1 3 4R 5 7 9 12 15 21 27 28 -> 5 4 4 5 4 5 4 5 4 5 4; conflict 2 11 13 16 18 19R 20 22-26 ->
    # 1 1 2 1 1 1 1 2 1 1 2 1; dependency 6 8 10 14 17 -> 2 1 3 1 2
    assert (row["closeness"], row["conflict"], row["dependency"]) == (49, 15, 9)
    assert row["total"] == 102 + 49 - 15 - 9


def test_short_form_versions_differ_by_item_four():
    given = [[4, 2, 4, 1, 4, 4, 4, 2, 4, 2, 2, 2, 2, 2, 4]]
    a, b = (scored(given, load("strs-sf", v)).loc["p0"] for v in "AB")
    assert (a["closeness"], a["conflict"], a["total"]) == (7 * 4 + 5, 7 * 2, 42 + 33 - 14)
    assert (b["closeness"], b["conflict"], b["total"]) == (7 * 4, 7 * 2 + 1, 48 + 28 - 15)


def test_rosenberg_orders_reverse_other_items():
    given = [[3, 0, 3, 3, 0, 0, 3, 0, 0, 3]]  # the most self-esteem in the order that begins with being satisfied
    assert scored(given, load("rosenberg", "0-3", "satisfied-first"), "self_esteem") == [30]
    assert scored(given, load("rosenberg", "0-3", "worth-first"), "self_esteem") == [18]


def test_relative_autonomy_index_runs_from_minus_nine_to_nine():
    key = load("srq-a")
    of = {item: name for name, scale in key.scales.items() for item in scale.items}
    most = [[4 if of[i] in {"intrinsic", "identified"} else 1 for i in key.items]]
    least = [[1 if of[i] in {"intrinsic", "identified"} else 4 for i in key.items]]
    assert scored(most, key, "rai") == pytest.approx([9])
    assert scored(least, key, "rai") == pytest.approx([-9])


def test_sdq_equals_the_published_rule_on_random_answers_with_gaps():
    given = np.array([[NAN if v is None else v for v in row] for row in ORACLE["sdq"]["answers"]])
    table = score(answers(given, load("sdq").items), "x", load("sdq"))
    order = [f"p{n}" for n in range(len(given))]
    for scale, published in ORACLE["sdq"]["scores"].items():
        mine = table[table["scale"] == scale].set_index("pupil")["score"].reindex(order)
        assert mine.to_numpy() == pytest.approx(np.array(published, float), nan_ok=True), scale
        assert mine.isna().any(), "the example must reach the missing rule"


def test_sdq_prorated_halves_round_up():
    # four answers 1 0 1 0 -> mean .5, times 5 is 2.5, which the syntax makes 3
    row = [NAN] * 25
    for item, value in zip((3, 8, 13, 16), (1, 0, 1, 0), strict=True):
        row[item - 1] = value
    assert scored([row, [0] * 25], load("sdq"), "emotional").tolist() == [3, 0]


@pytest.mark.parametrize("level", ["agree", "conscientious", "extraversion", "neuroticism", "openness"])
def test_scores_of_real_answers_match_r(shared, level):
    reference = json.loads((shared / "oracles" / "reference.json").read_text())["reliability"]["bfi"][level]
    data = pd.read_csv(shared / "oracles" / "data" / "bfi.csv")
    items = list(reference["complete"]["item"])
    key = Instrument.own(
        level, items, (1, 6), reversed=(reference["reversed_items"] or "").split(",") * (level != "neuroticism")
    )
    mean = score(answers(data[items].to_numpy(), items), "x", key)["score"].dropna()
    assert len(mean) == reference["score_mean80"]["n"]
    assert mean.mean() == pytest.approx(reference["score_mean80"]["mean"], rel=1e-12)
    assert mean.std() == pytest.approx(reference["score_mean80"]["sd"], rel=1e-12)


def test_the_number_of_answers_behind_a_score_is_told_and_decides():
    key = Instrument.own("joy", ["1", "2", "3", "4", "5"], (1, 5), reversed=["2"], score="sum")
    table = score(answers([[5, 1, 5, 5, NAN], [5, 1, 5, NAN, NAN], [NAN] * 5], key.items), "x", key)
    assert table["n_items_answered"].tolist() == [4, 3, 0]
    assert table["n_items"].tolist() == [5, 5, 5]
    assert table["score"].tolist() == pytest.approx([25, NAN, NAN], nan_ok=True)


def test_an_item_that_was_not_asked_gives_no_row():
    key = load("seq-c")
    asked = [[3 if item in key.scales["academic"].items else None for item in key.items]]
    table = score(answers(asked, key.items), "x", key, ["academic", "social"])
    assert table["scale"].tolist() == ["academic"]


def test_a_composite_needs_all_its_scales():
    row = [1.0] * 25
    for item in (6, 11, 14):
        row[item - 1] = NAN
    found = scored([row, [1] * 25], load("sdq")).loc["p0"]
    assert np.isnan(found[["peer", "total", "internalising"]].to_numpy(float)).all()
    assert found["externalising"] == 10


def test_raw_answers_are_kept_and_can_be_had_keyed():
    key = load("sdq")
    long = answers([[2] * 25], key.items)
    before = long.copy()
    assert item_matrix(long, "x", key, "conduct", "pre", "teacher")["7"].tolist() == [0]
    assert item_matrix(long, "x", key, "conduct", "pre", "teacher", keyed=False)["7"].tolist() == [2]
    pd.testing.assert_frame_equal(long, before)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_scoring_turned_answers_by_a_turned_key_changes_nothing(data):
    k = data.draw(st.integers(2, 8))
    turned = data.draw(st.lists(st.booleans(), min_size=k, max_size=k))
    cells = st.one_of(st.just(NAN), st.integers(1, 5).map(float))
    rows = np.array(data.draw(st.lists(st.lists(cells, min_size=k, max_size=k), min_size=1, max_size=5)))
    items = [str(n) for n in range(k)]
    plain = Instrument.own("s", items, (1, 5))
    key = Instrument.own("s", items, (1, 5), reversed=[i for i, t in zip(items, turned, strict=True) if t])
    other = np.where(turned, 6 - rows, rows)
    mine, same = (score(answers(m, items), "x", kk)["score"] for m, kk in ((rows, plain), (other, key)))
    assert mine.to_numpy() == pytest.approx(same.to_numpy(), nan_ok=True)


def test_categoricals_and_strings_score_alike_and_two_waves_stay_apart():
    key = load("strs-sf", "B")
    rng = np.random.default_rng(4)
    long = pd.concat([answers(rng.integers(1, 6, (6, 15)), key.items, wave=w) for w in ("pre", "post")])
    as_category = long.astype({c: "category" for c in long.columns if c != "value"})
    columns = [*SCORES[:9], *SCORES[10:]]
    plain, quick = (score(t, "x", key)[columns].astype(str) for t in (long, as_category))
    pd.testing.assert_frame_equal(plain, quick)
    assert len(quick) == 6 * 2 * 3


def test_answers_of_teachers_about_themselves_need_no_pupil():
    key = load("tses-12", order="original")
    long = answers([[9] * 12, [1] * 12, [5] * 12], key.items).assign(pupil=None, teacher=lambda t: "t" + t["item"])
    long["teacher"] = np.repeat(["t1", "t2", "t3"], 12)
    assert score(long, "x", key, ["total"])["score"].tolist() == pytest.approx([9, 1, 5])
    assert list(item_matrix(long, "x", key, "management", "pre", "teacher").index) == ["t1", "t2", "t3"]


def test_what_intake_must_have_refused_is_refused_here_too():
    key = Instrument.own("joy", ["1", "2"], (1, 5))
    long = answers([[1, 2]], key.items)
    with pytest.raises(ValueError, match="twice"):
        score(pd.concat([long, long]), "x", key)
    with pytest.raises(ValueError, match="outside 1-5"):
        score(answers([[1, 9]], key.items), "x", key)
    with pytest.raises(UnfitError):
        score(long, "x", key, ["sadness"])


def test_no_answers_at_all_is_an_empty_table():
    key = load("strs")
    empty = score(answers([[1] * 28], key.items), "another outcome", key)
    assert list(empty.columns) == SCORES
    assert empty.empty
    assert item_matrix(answers([[1] * 28], key.items), "x", key, "conflict", "post", "teacher").shape == (0, 12)


def test_goal_attainment_equals_the_worked_example():
    assert gas_t(np.array([1, 0, 2])) == pytest.approx([63.693], abs=5e-4)  # domain 2.20
    assert gas_t(np.array([[0, 0, NAN], [NAN, NAN, NAN]])) == pytest.approx([50, NAN], nan_ok=True)
    heavy = gas_t(np.array([[2.0, -2.0]]), weights=np.array([3.0, 1.0]))
    assert heavy == pytest.approx([50 + 10 * 4 / np.sqrt(0.7 * 10 + 0.3 * 16)])
    assert scored([[1, 0, 2, NAN, NAN]], load("gas"), "attainment") == pytest.approx([63.693], abs=5e-4)


def test_impact_answers_count_as_the_source_says():
    teacher, self_report = load("sdq-impact", "teacher"), load("sdq-impact", "self-parent")
    assert scored([[0, 1, 2], [3, 3, 3]], teacher, "impact").tolist() == [1, 6]
    assert scored([[3, 3, 1, NAN, NAN], [0, 1, 1, 1, 0]], self_report, "impact").tolist() == [7, 0]  # 4/3 x 5 = 6.67
    assert teacher.score_range("impact") == (0, 6)
    assert self_report.score_range("impact") == (0, 10)


@pytest.mark.long
def test_four_million_answers():
    key, n = load("strs"), 50_000
    rng = np.random.default_rng(1)
    long = pd.DataFrame(
        {"pupil": np.repeat(np.arange(n), 28 * 3), "wave": np.tile(np.repeat(["pre", "post", "followup"], 28), n)}
    )
    for column in ("teacher", "class", "school", "arm"):
        long[column] = long["pupil"] // 25
    long = long.assign(
        informant="teacher", outcome="x", item=np.tile(key.items, n * 3), value=rng.integers(1, 6, n * 84)
    )
    table = score(long.astype(dict.fromkeys([c for c in long.columns if c != "value"], "category")), "x", key)
    assert len(table) == n * 3 * 4
    assert table["score"].notna().all()
