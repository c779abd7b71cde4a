"""Units within pairs and strata: paired t, R's pairs, fixed blocks, what leaves and which answer leads."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats
from tests.statistics.unit_designs import pupils

from werkbank.errors import UsageError
from werkbank.statistics.blocks import compare_in_blocks, lead_in_blocks, may_reassign
from werkbank.statistics.multilevel import cluster_robust, cr2_test, randomisation_test
from werkbank.statistics.unit_means import adjust, choose_slope, compare
from werkbank.statistics.units import units_of

R = json.loads((Path(__file__).parents[1] / "oracles" / "designs.json").read_text())
TWO = {"t": 1.0, "c": -1.0}


def in_pairs(n, seed=1, each=1):
    """Units of n blocks with `each` units an arm, in the order of the labels, and their blocks."""
    rows = pupils({"c": n * each, "t": n * each}, seed=seed)
    units = units_of(rows)
    blocks = np.array([f"b{int(label[1:]) % n:02d}" for label in units.labels])
    level = dict(
        zip(units.labels, np.random.default_rng(seed).normal(size=n)[[int(b[1:]) for b in blocks]], strict=True)
    )
    return units_of(rows.assign(post=rows.post + 10 * rows.unit.map(level))), blocks


def test_pairs_are_a_paired_t_test_and_so_are_fixed_blocks():
    units, blocks = in_pairs(9)
    found = compare_in_blocks(units, blocks, TWO, "within")
    r = units.y - units.within_slopes[0] * units.x[:, 0]
    paired = stats.ttest_rel(r[units.arm == 1], r[units.arm == 0])
    for test in (found.differences, found.fixed.test, found.headline):
        assert (test.statistic, test.df, test.p) == pytest.approx((paired.statistic, 8, paired.pvalue), rel=1e-7)
    assert (found.kind, found.lead, found.equal, len(found.effects)) == ("pairs", "block_differences", True, 9)


def test_electric_company_is_rs_model_with_a_column_per_pair(shared):
    rows = pd.read_csv(shared / "data" / "electric_company.csv")
    rows = rows.assign(unit=[f"{i:03d}" for i in range(len(rows))], arm=rows.treatment.astype(str))
    units = units_of(rows, "post_test", pre="pre_test")
    found = compare_in_blocks(units, rows.pair_id.astype(str), {"1": 1.0, "0": -1.0}, "between")
    fitted = smf.ols("post_test ~ treatment + pre_test + C(pair_id)", rows).fit()
    got = (found.differences.value, found.differences.se, found.differences.df)
    assert got == pytest.approx((fitted.params["treatment"], fitted.bse["treatment"], 94), rel=1e-8)
    assert got[:2] == pytest.approx((R["electric_company"]["b"], R["electric_company"]["se"]), abs=5e-4)


def test_pairs_with_a_slope_between_are_the_regression_of_differences_on_differences():
    units, blocks = in_pairs(10, seed=4)
    found = compare_in_blocks(units, blocks, TWO, "between")
    order = [np.argsort(blocks[units.arm == k]) for k in (0, 1)]
    y, x = ([v[units.arm == k][order[k]] for k in (0, 1)] for v in (units.y, units.x[:, 0]))
    slope = stats.linregress(x[1] - x[0], y[1] - y[0])
    got = (found.differences.value, found.differences.se, found.differences.df)
    assert got == pytest.approx((slope.intercept, slope.intercept_stderr, 8), rel=1e-8)
    assert found.effects.mean() == pytest.approx(slope.intercept, rel=1e-8)


def test_strata_are_fixed_blocks_on_class_means_with_hc2():
    units, blocks = in_pairs(3, each=2, seed=6)
    found = compare_in_blocks(units, blocks, TWO, "within")
    r = units.y - units.within_slopes[0] * units.x[:, 0]
    X = np.column_stack([units.arm == 0, units.arm == 1, blocks == "b01", blocks == "b02"]).astype(float)
    cr2 = cr2_test(cluster_robust(r, X, np.arange(12)), np.array([-1.0, 1, 0, 0]))
    got = (found.fixed.test.value, found.fixed.test.se, found.fixed.test.df)
    assert got == pytest.approx((cr2.estimate, cr2.se, cr2.df), rel=1e-8)
    assert (found.lead, found.headline) == ("fixed_blocks", found.fixed.test)
    table = pd.DataFrame({"r": r, "arm": units.arm, "b": blocks}).pivot_table("r", "b", "arm")
    mean = stats.ttest_1samp(table[1] - table[0], 0)
    assert (found.differences.statistic, found.differences.df) == pytest.approx((mean.statistic, 2), rel=1e-8)


@pytest.mark.parametrize(
    ("kind", "n", "equal", "lead"),
    [
        ("pairs", 3, True, "block_differences"),
        ("strata", 7, True, "fixed_blocks"),
        ("strata", 8, True, "block_differences"),
        ("strata", 4, False, "fixed_blocks"),
        ("strata", 5, False, "block_differences"),
    ],
)
def test_which_answer_leads(kind, n, equal, lead):
    assert lead_in_blocks(kind, n, equal=equal) == lead


def test_a_pair_that_lost_a_class_leaves_whole_and_is_counted():
    units, blocks = in_pairs(8)
    lost = np.array([label != "c03" for label in units.labels])
    found = compare_in_blocks(units.only(lost), blocks[lost], TWO, "within")
    assert (found.dropped, found.n_units_dropped, found.kind, found.differences.df) == (("b03",), 1, "pairs", 6)
    both = lost & (blocks != "b03")
    assert found.differences == compare_in_blocks(units.only(both), blocks[both], TWO, "within").differences
    assert "b03" not in found.blocks


def test_too_few_blocks_and_an_unsafe_design_give_no_test():
    units, blocks = in_pairs(3)
    assert compare_in_blocks(units, blocks, TWO, "between").differences.note == "too_few_for_slope"
    one = blocks == "b00"
    alone = compare_in_blocks(units.only(one), blocks[one], TWO, "within")
    assert (alone.differences.p, alone.fixed.refusal) == (None, "too_few_units")
    few = compare_in_blocks(units, blocks, TWO, choose_slope((2, 4), drawn=False, assigned=6))
    assert few.headline.note == "not_drawn_too_few_units"
    apart = np.array([f"b{i}" for i in range(6)])
    assert compare_in_blocks(units, apart, TWO, "within").differences.note == "no_blocks"
    flat = units_of(pupils({"c": 3, "t": 3}).assign(post=0.3), pre=None)
    assert compare_in_blocks(flat, blocks, TWO, "within").headline.note == "no_residual_variation"
    with pytest.raises(UsageError, match="sum to 0"):
        compare_in_blocks(units, blocks, {"t": 1.0}, "within")
    with pytest.raises(UsageError, match="5 blocks for 6"):
        compare_in_blocks(units, blocks[:5], TWO, "within")


def test_leaving_the_pairs_out_hides_what_they_show():
    units, blocks = in_pairs(12, seed=2)
    assert (
        compare_in_blocks(units, blocks, TWO, "within").differences.se < compare(adjust(units, "within"), TWO).test.se
    )


def test_reassignment_is_within_blocks_and_only_where_it_keeps_its_level():
    units, blocks = in_pairs(8)
    drawn = {"drawn": True}
    assert may_reassign(units, blocks, ["c", "t"], **drawn)
    assert not may_reassign(units, blocks, ["c", "t"], drawn=False)
    assert not may_reassign(units.only(np.arange(16) > 0), blocks[1:], ["c", "t"], **drawn)
    assert not may_reassign(units.only(np.arange(16) > 0), None, ["c", "t"], **drawn)
    assert may_reassign(units, None, ["c", "t"], **drawn)
    test = randomisation_test(units.y + 1e3 * units.arm, units.arm, list(units.labels), strata=blocks)
    assert (test.p, test.smallest_p, test.n_assignments) == (2 / 2**8, 2 / 2**8, 2**8)
