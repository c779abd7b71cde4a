"""A review from its study file: what is pooled, refused and said."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

import werkbank
from werkbank.errors import UnfitError
from werkbank.statistics.pooling.model import knapp_hartung, pool
from werkbank.study import load_study
from werkbank.study.finding import example_path
from werkbank.synthesis.reading import review_of


def review(folder, rows, header="study;g;se", **block):
    """Write a review of these rows and return its folder."""
    folder.mkdir(exist_ok=True)
    (folder / "studies.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    told = {"title": "Overzicht", "language": "nl", "reports": ["synthesis"],
            "synthesis": {"file": {"path": "studies.csv"}, "outcome": "closeness", **block}}  # fmt: skip
    (folder / "study.yaml").write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
    return folder


def rows_of(n, seed=1, spread=0.2):
    rng = np.random.default_rng(seed)
    se = rng.uniform(0.1, 0.3, n)
    g = rng.normal(0.3, np.sqrt(spread**2 + se**2))
    return [f"S{i};{a:.4f};{b:.4f}" for i, (a, b) in enumerate(zip(g, se, strict=True))]


def refused(folder):
    with pytest.raises(UnfitError) as error:
        review_of(load_study(folder))
    return [problem.code for problem in error.value.problems]


def test_the_mean_is_that_of_the_model(tmp_path):
    bench = werkbank.open(review(tmp_path / "a", rows_of(12)))
    table = bench.reviewed.effects
    expected = knapp_hartung(pool(table["g"].to_numpy(), table["variance"].to_numpy()))
    made = bench.results.estimate(kind="pooled")
    assert [made.estimate, made.se, made.p] == pytest.approx([expected.estimate[0], expected.se[0], expected.p[0]])
    assert (made.method, made.n, made.n_clusters) == ("pooled_mean", 12, 12)
    assert len(bench.results.where(kind="shrunken")) == len(bench.results.where(kind="without")) == 12


def test_two_studies_stand_side_by_side(tmp_path):
    bench = werkbank.open(review(tmp_path / "a", rows_of(2)))
    assert not bench.results.where(kind="pooled")
    assert [claim.verdict for claim in bench.results.claims] == ["side_by_side"]
    assert len(bench.results.where(kind="study")) == 2


def test_effects_of_one_study_are_nested_and_tested_by_study(tmp_path):
    rows = [f"S{i // 3};{0.2 + 0.05 * (i % 5):.2f};0.15" for i in range(24)]
    bench = werkbank.open(review(tmp_path / "a", rows))
    made = bench.results.estimate(kind="pooled")
    assert (made.method, made.n, made.n_clusters) == ("pooled_levels", 24, 8)
    assert bench.results.estimate(kind="small_studies").note == "synthesis.egger_nested"
    assert not bench.results.where(kind="shrunken")


def test_lower_is_better_turns_every_sign(tmp_path):
    one = werkbank.open(review(tmp_path / "a", rows_of(6))).results.estimate(kind="pooled")
    other = werkbank.open(review(tmp_path / "b", rows_of(6), better="lower")).results.estimate(kind="pooled")
    assert other.estimate == pytest.approx(-one.estimate)


@pytest.mark.parametrize("trait", ["school_type", "rater", "age", "instrument"])
def test_kinds_that_nobody_should_mix_need_a_moderator(tmp_path, trait):
    kinds = ["PO", "VO"]
    rows = [f"{row};{kinds[i % 2]}" for i, row in enumerate(rows_of(12))]
    header = f"study;g;se;{trait}"
    assert refused(review(tmp_path / "a", rows, header)) == ["synthesis_mixture"]
    bench = werkbank.open(review(tmp_path / "b", rows, header, moderators=[trait]))
    assert {e.group for e in bench.results.where(kind="subgroup")} == {"PO", "VO"}
    apart = bench.results.estimate(kind="moderation")
    means = {e.group: e.estimate for e in bench.results.where(kind="subgroup")}
    assert means[apart.group] - means[({"PO", "VO"} - {apart.group}).pop()] == pytest.approx(apart.estimate)


def test_a_trait_of_few_studies_is_refused(tmp_path):
    rows = [f"{row};{i}" for i, row in enumerate(rows_of(6))]
    bench = werkbank.open(review(tmp_path / "a", rows, "study;g;se;weeks", moderators=["weeks"]))
    made = bench.results.estimate(kind="moderation")
    assert (made.estimate, made.note) == (None, "synthesis.few_for_moderator")


def test_bad_cells_are_named_with_their_rows(tmp_path):
    folder = review(tmp_path / "a", ["A;0.2;0.1", "B;veel;0.1", ";0.3;0.1", "C;0.3;"])
    with pytest.raises(UnfitError) as error:
        review_of(load_study(folder))
    found = {(p.code, p.row) for p in error.value.problems}
    assert found == {("effect_not_a_number", 3), ("synthesis_row_without_study", 4), ("effect_without_road", 5)}
    assert all("studies.csv" in p.sentence("nl") for p in error.value.problems)


def test_a_table_without_studies_or_with_a_column_that_is_not_there(tmp_path):
    assert refused(review(tmp_path / "a", ["0.2;0.1"], "g;se")) == ["synthesis_without_study"]
    assert "column_missing" in refused(review(tmp_path / "b", rows_of(4), moderators=["weken"]))


def test_a_flow_that_does_not_add_up_is_refused(tmp_path):
    folder = review(tmp_path / "a", rows_of(4), flow={"identified": 10, "excluded": 20, "included": 4})
    with pytest.raises(UnfitError) as error:
        load_study(folder)
    assert [problem.code for problem in error.value.problems] == ["study_flow_negative"]


def test_a_study_without_the_block_says_so():
    study = load_study(example_path("nabijheid"))
    with pytest.raises(UnfitError) as error:
        review_of(study)
    assert [problem.code for problem in error.value.problems] == ["synthesis_not_declared"]


def test_claims_follow_the_numbers(tmp_path):
    clear = werkbank.open(review(tmp_path / "a", [f"S{i};0.5;0.1" for i in range(8)]))
    verdicts = {claim.verdict: claim for claim in clear.results.claims}
    assert verdicts["clear"].side == "higher"
    assert {"next_alike", "rests_on_none"} <= set(verdicts)
    none = werkbank.open(review(tmp_path / "b", [f"S{i};{0.3 * (-1) ** i};0.2" for i in range(8)]))
    assert "unclear" in {claim.verdict for claim in none.results.claims}
    one = werkbank.open(
        review(tmp_path / "c", [f"S{i};{g};0.05" for i, g in enumerate((0.02, 0.0, 0.03, 0.01))] + ["Z;0.9;0.02"])
    )
    assert one.results.estimate(kind="pooled").p > 0.05
    assert all(claim.grade == "association" for claim in clear.results.claims)


def test_where_a_correlation_was_assumed_the_answer_is_given_at_others_too(tmp_path):
    cells = ("study", "n_treated", "n_control", "mean_treated", "sd_treated", "mean_control", "sd_control",
             "pre_mean_treated", "pre_sd_treated", "pre_mean_control", "pre_sd_control", "r")  # fmt: skip
    header = ";".join(cells)
    rows = [f"S{i};{30 + i};30;{20 + i};4;19;4;18;4;18;4;{'0.6' if i == 0 else ''}" for i in range(5)]
    bench = werkbank.open(review(tmp_path / "a", rows, header, pre_post_r=0.7))
    found = {e.level: e for e in bench.results.where(kind="at_r")}
    lead = bench.results.estimate(kind="pooled")
    assert list(found) == ["0.3", "0.5", "0.7", "0.9"]
    assert found["0.7"].estimate == pytest.approx(lead.estimate)
    assert found["0.7"].se == pytest.approx(lead.se)
    for r in (0.3, 0.9):
        again = werkbank.open(review(tmp_path / f"b{r}", rows, header, pre_post_r=r)).results.estimate(kind="pooled")
        assert [found[f"{r}"].estimate, found[f"{r}"].se] == pytest.approx([again.estimate, again.se])
    printed = [f"{row}0.6" if row.endswith(";") else row for row in rows]
    assert not werkbank.open(review(tmp_path / "c", printed, header)).results.where(kind="at_r")


def test_each_effect_has_a_row_for_every_correlation_that_is_not_printed(tmp_path):
    from werkbank.reporting import synthesis
    from werkbank.statistics.printed import from_change
    from werkbank.statistics.sizes import Paired

    cells = ("study", "n_treated", "n_control", "mean_treated", "sd_treated", "mean_control", "sd_control",
             "pre_mean_treated", "pre_sd_treated", "pre_mean_control", "pre_sd_control", "r")  # fmt: skip
    rows = [f"S{i};{30 + i};30;{20 + i};4;19;4;18;4;18;4;{'0.6' if i == 0 else ''}" for i in range(5)]
    bench = werkbank.open(review(tmp_path, rows, ";".join(cells)), language="en")
    found = {(e.group, e.level): e for e in bench.results.where(kind="study_at_r")}
    assert set(found) == {(f"S{i}", r) for i in range(1, 5) for r in ("0.3", "0.5", "0.7", "0.9")}
    for (name, level), e in found.items():
        n, r = 30 + int(name[1:]), float(level)
        by_hand = from_change(
            Paired.published(n, (18, n - 10), (4, 4), r), Paired.published(30, (18, 19), (4, 4), r), r
        )
        assert (e.estimate, e.se) == pytest.approx((by_hand.g, by_hand.variance**0.5))
    own = {e.group: e for e in bench.results.where(kind="study")}
    assert own["S1"].se == found["S1", "0.5"].se  # nothing was assumed in the study file, and that is said
    told = str(synthesis.effects(bench)) + str(synthesis.method(bench))
    assert told.count("a choice without a source") == 2
    assert "tab-each-r" in told


def test_own_and_drawn_results_are_drawn_by_name_and_never_ranked(tmp_path):
    from werkbank.reporting import synthesis
    from werkbank.reporting.blocks import Figure

    rows = [f"{name};{g};0.2" for name, g in zip("dbca", (0.9, 0.1, 0.5, 0.2), strict=True)]
    bench = werkbank.open(review(tmp_path, rows), language="en")
    (picture,) = (b for b in synthesis.each(bench).blocks if isinstance(b, Figure))
    drawn = {e.group: e for e in bench.results.where(kind="shrunken")}
    places = [picture.alt.index(f"{name}: itself") for name in "abcd"]
    assert places == sorted(places)
    assert "no ranking" in picture.caption
    assert f"d: itself 0.90, drawn {drawn['d'].estimate:.2f}" in picture.alt
    few = werkbank.open(review(tmp_path / "few", rows[:3]), language="en")
    assert not [b for b in synthesis.each(few).blocks if isinstance(b, Figure)]
