"""Associations within groups and between them, held against lme4, statsmodels and their own other forms."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from werkbank.statistics import multilevel
from werkbank.statistics.associations import associations
from werkbank.statistics.within_between import Asked, Term, columns_of, level_sd, split

WITHIN, BETWEEN = (Term("slope", "x", part) for part in ("within", "between"))


@pytest.fixture
def table():
    rng = np.random.default_rng(20260917)
    groups, each = 14, 17
    group = np.repeat(np.arange(groups), each)
    x = rng.normal(size=group.size) + rng.normal(size=groups)[group]
    z = rng.normal(size=group.size) + 0.3 * x
    style = rng.normal(size=groups)[group]
    y = 0.4 * x - 0.2 * z + 0.5 * rng.normal(size=groups)[group] + rng.normal(size=group.size)
    made = pd.DataFrame({"y": y + 0.3 * x * style, "x": x, "z": z, "style": style, "g": group.astype(str)})
    means = made.groupby("g")[["x", "z", "y"]].transform("mean")
    return made.assign(
        xm=means["x"], xw=made["x"] - means["x"], zm=means["z"], zw=made["z"] - means["z"], ym=means["y"]
    )


def test_within_and_between_are_lme4s_with_kenward_rogers_test(shared):
    of = json.loads((shared / "oracles" / "reference.json").read_text())["multilevel"]["nlschools"]
    known = of["iq_within_between"]["reml"]["fixed"]
    data = pd.read_csv(shared / "oracles" / "data" / "nlschools.csv")
    found = associations(data, "lang", ["IQ"], group="class")
    for part, name in (("within", "IQw"), ("between", "IQm")):
        test = found.tests[Term("slope", "IQ", part)]
        assert test.value == pytest.approx(known[name]["b"], rel=1e-6)
        assert test.se == pytest.approx(known[name]["se_kr"], rel=1e-5)
        assert test.df == pytest.approx(known[name]["df_kr"], rel=1e-3)
    assert (found.n, found.n_groups) == (2287, 133)


def test_slopes_of_two_predictors_are_those_of_statsmodels(table):
    found = associations(table, "y", ["x", "z"], group="g")
    fit = smf.mixedlm("y ~ xw + xm + zw + zm", table, groups="g").fit(reml=True)
    for term, name in zip(found.tests, ("xw", "xm", "zw", "zm"), strict=True):
        assert found.tests[term].value == pytest.approx(fit.params[name], abs=1e-4)


def test_between_minus_within_is_the_slope_of_the_group_mean_beside_the_own_score(table):
    found = associations(table, "y", ["x"], group="g")
    X = np.column_stack([np.ones(len(table)), table["x"], table["xm"]])
    fit = multilevel.fit(table["y"], X, {"g": table["g"]})
    within, context = (multilevel.test(fit, row) for row in ([0.0, 1.0, 0.0], [0.0, 0.0, 1.0]))
    for mine, other in ((found.tests[WITHIN], within), (found.context["x"], context)):
        expected = (other.estimate, other.se, other.df, other.p)
        assert (mine.value, mine.se, mine.df, mine.p) == pytest.approx(expected, rel=1e-5)
    fit = smf.mixedlm("y ~ x + xm", table, groups="g").fit(reml=True)
    assert found.context["x"].value == pytest.approx(fit.params["xm"], abs=1e-4)


def test_the_check_is_least_squares_with_cr2(table):
    found = associations(table, "y", ["x"], group="g")
    X = np.column_stack([np.ones(len(table)), table["xw"], table["xm"]])
    fit = multilevel.cluster_robust(table["y"], X, table["g"])
    other = multilevel.cr2_test(fit, [0.0, 1.0, 0.0])
    assert (found.robust[WITHIN].value, found.robust[WITHIN].p) == pytest.approx((other.estimate, other.p), rel=1e-9)
    assert found.robust[WITHIN].value == pytest.approx(sm.OLS(table["y"], X).fit().params.iloc[1], rel=1e-9)


def test_without_groups_it_is_least_squares_with_hc2(table):
    found = associations(table, "y", ["x", "z"])
    fit = sm.OLS(table["y"], sm.add_constant(table[["x", "z"]])).fit(cov_type="HC2")
    for name in ("x", "z"):
        test = found.tests[Term("slope", name, "overall")]
        assert (test.value, test.se) == pytest.approx((fit.params[name], fit.bse[name]), rel=1e-8)
        assert test.df < len(table) - 3
    assert (found.n_groups, found.robust, found.context) == (0, {}, {})


def test_few_groups_are_held_constant_and_say_nothing_between(table):
    few = table.loc[table["g"].isin(["0", "1", "2", "3"])]
    found = associations(few, "y", ["x"], group="g")
    assert found.held
    assert set(found.tests) == {WITHIN}
    dummies = pd.get_dummies(few["g"], dtype=float)
    fit = sm.OLS(few["y"], pd.concat([dummies, few["x"]], axis=1)).fit(cov_type="HC2")
    test = found.tests[WITHIN]
    assert (test.value, test.se) == pytest.approx((fit.params["x"], fit.bse["x"]), rel=1e-8)


def test_one_group_is_none(table):
    one = table.loc[table["g"] == "3"]
    assert associations(one, "y", ["x"], group="g").n_groups == 0


def test_what_belongs_to_whole_groups_has_no_slope_within(table):
    found = associations(table, "y", ["style", "xw"], group="g")
    assert set(found.tests) == {Term("slope", "style", "between"), Term("slope", "xw", "within")}
    assert found.context == {}


def test_an_outcome_of_whole_groups_has_groups_as_rows(table):
    found = associations(table, "ym", ["x"], group="g")
    means = table.groupby("g")[["ym", "x"]].mean()
    fit = sm.OLS(means["ym"], sm.add_constant(means["x"])).fit(cov_type="HC2")
    test = found.tests[BETWEEN]
    assert (test.value, test.se) == pytest.approx((fit.params["x"], fit.bse["x"]), rel=1e-8)
    assert (set(found.tests), found.n_groups, found.n) == ({BETWEEN}, 14, len(table))
    assert found.standardised[BETWEEN].standardiser == "sd_between"
    r = np.corrcoef(means["ym"], means["x"])[0, 1]
    assert found.standardised[BETWEEN].value == pytest.approx(r, rel=1e-9)


def test_slopes_in_sds_are_those_of_variables_in_sds(table):
    found = associations(table, "y", ["x"], group="g")
    for term in (WITHIN, BETWEEN):
        x, y = (level_sd(table[name].to_numpy(), table["g"], term.part) for name in ("x", "y"))
        other = associations(table.assign(x=table["x"] / x, y=table["y"] / y), "y", ["x"], group="g")
        assert found.standardised[term].value == pytest.approx(other.tests[term].value, rel=1e-6)
        assert found.standardised[term].p == pytest.approx(found.tests[term].p, rel=1e-12)


def test_slopes_in_sds_do_not_depend_on_units(table):
    found = associations(table, "y", ["x"], group="g")
    other = associations(table.assign(x=7 * table["x"] - 3, y=100 + 0.2 * table["y"]), "y", ["x"], group="g")
    for term in (WITHIN, BETWEEN):
        assert other.standardised[term].value == pytest.approx(found.standardised[term].value, rel=1e-5)


def test_without_groups_one_slope_in_sds_is_the_correlation(table):
    found = associations(table, "y", ["x"])
    r = table["y"].corr(table["x"])
    assert found.standardised[Term("slope", "x", "overall")].value == pytest.approx(r, rel=1e-9)


def test_products_are_those_of_statsmodels(table):
    found = associations(table, "y", ["x"], group="g", asked=Asked("x", "z"))
    both = table["xw"] * table["zw"]
    made = table.assign(pw=both - both.groupby(table["g"]).transform("mean"),
                        pb=(table["xm"] - table["xm"].mean()) * (table["zm"] - table["zm"].mean()))  # fmt: skip
    fit = smf.mixedlm("y ~ xw + xm + zw + zm + pw + pb", made, groups="g").fit(reml=True)
    for part, name in (("within", "pw"), ("between", "pb")):
        assert found.tests[Term("product", "x", part, "z")].value == pytest.approx(fit.params[name], abs=1e-4)


def test_a_product_is_the_same_whichever_of_the_two_moderates(table):
    one = associations(table, "y", ["x"], group="g", asked=Asked("x", "z"))
    other = associations(table, "y", ["z"], group="g", asked=Asked("z", "x"))
    for part in ("within", "between"):
        a, b = one.tests[Term("product", "x", part, "z")], other.tests[Term("product", "z", part, "x")]
        assert (a.value, a.se, a.p) == pytest.approx((b.value, b.se, b.p), rel=1e-5)


def test_a_product_across_levels_has_a_random_slope(table):
    found = associations(table, "y", ["x"], group="g", asked=Asked("x", "style"))
    test = found.tests[Term("product", "x", "cross", "style")]
    made = table.assign(s=table["style"] - table["style"].mean(), m=table["xm"] - table["xm"].mean())
    made = made.assign(c=made["xw"] * made["s"], b=made["m"] * made["s"])
    fit = smf.mixedlm("y ~ xw + m + s + c + b", made, groups="g", re_formula="~xw").fit(reml=True, method="lbfgs")
    assert test.value == pytest.approx(fit.params["c"], abs=1e-3)
    other = associations(table.assign(x=2 * table["x"]), "y", ["x"], group="g", asked=Asked("x", "style"))
    again = other.tests[Term("product", "x", "cross", "style")]
    assert (again.value * 2, again.p) == pytest.approx((test.value, test.p), rel=1e-4)
    assert test.df < 20  # groups, not people


def test_squares_are_those_of_statsmodels(table):
    found = associations(table, "y", ["x"], group="g", asked=Asked("x"))
    square = table["xw"] ** 2
    m = table["xm"] - table["xm"].mean()
    made = table.assign(qw=square - square.groupby(table["g"]).transform("mean"), qb=m**2 - (m**2).mean(), m=m)
    fit = smf.mixedlm("y ~ xw + m + qw + qb", made, groups="g").fit(reml=True)
    for part, name in (("within", "qw"), ("between", "qb")):
        assert found.tests[Term("square", "x", part)].value == pytest.approx(fit.params[name], abs=1e-4)


def test_without_groups_a_square_is_that_of_least_squares(table):
    found = associations(table, "y", ["x"], asked=Asked("x"))
    x = table["x"] - table["x"].mean()
    fit = sm.OLS(table["y"], np.column_stack([np.ones(len(x)), x, x**2])).fit(cov_type="HC2")
    test = found.tests[Term("square", "x", "overall")]
    assert (test.value, test.se) == pytest.approx((fit.params.iloc[2], fit.bse.iloc[2]), rel=1e-7)


def test_without_groups_a_product_is_that_of_least_squares(table):
    found = associations(table, "y", ["x"], asked=Asked("x", "z"))
    x, z = (table[name] - table[name].mean() for name in ("x", "z"))
    fit = sm.OLS(table["y"], np.column_stack([np.ones(len(x)), x, z, x * z])).fit(cov_type="HC2")
    test = found.tests[Term("product", "x", "overall", "z")]
    assert (test.value, test.se) == pytest.approx((fit.params.iloc[3], fit.bse.iloc[3]), rel=1e-7)


@pytest.mark.parametrize("asked", [Asked("x", "z"), Asked("x")])
def test_a_slope_at_a_value_is_that_of_a_model_moved_there(table, asked):
    found = associations(table, "y", ["x"], asked=asked)
    by = asked.moderator or "x"
    moved = table[by] - table[by].mean() - level_sd(table[by].to_numpy(), None, "overall")
    x = moved if by == "x" else table["x"]
    columns = [np.ones(len(x)), x, x**2] if by == "x" else [np.ones(len(x)), x, moved, x * moved]
    fit = sm.OLS(table["y"], np.column_stack(columns)).fit(cov_type="HC2")
    term = next(t for t in found.tests if t.kind != "slope")
    test = found.simple[term, "high"]
    assert (test.value, test.se) == pytest.approx((fit.params.iloc[1], fit.bse.iloc[1]), rel=1e-7)


def test_covariates_are_held_constant_and_what_follows_from_others_is_left_out(table):
    beside = np.column_stack([table["z"], 2 * table["x"] + 1])
    found = associations(table, "y", ["x"], covariates=beside)
    fit = sm.OLS(table["y"], sm.add_constant(table[["x", "z"]])).fit()
    assert found.tests[Term("slope", "x", "overall")].value == pytest.approx(fit.params["x"], rel=1e-8)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t: t.assign(y=3.0), "no_variation"),
        (lambda t: t.assign(z=2 * t["x"]), "not_estimable"),
        (lambda t: t.head(5), "not_estimable"),
        (lambda t: t.assign(x=1.0, z=1.0), "not_estimable"),
        (lambda t: t.assign(x=t["xm"], z=t["zm"]).loc[t["g"].isin(["0", "1", "2"])], "too_few_groups"),
    ],
)
def test_what_cannot_be_answered_says_why(table, change, reason):
    assert associations(change(table), "y", ["x", "z"], group="g") == reason


def test_a_person_a_group_is_no_group(table):
    alone = table.assign(g=[str(i) for i in range(len(table))])
    found = associations(alone, "y", ["x"], group="g")
    fit = sm.OLS(table["y"], sm.add_constant(table["x"])).fit(cov_type="HC2")
    assert next(iter(found.tests.values())).value == pytest.approx(fit.params["x"], rel=1e-8)


def test_the_order_of_rows_does_not_matter(table):
    one = associations(table, "y", ["x"], group="g", asked=Asked("x", "style"))
    other = associations(table.sample(frac=1, random_state=1), "y", ["x"], group="g", asked=Asked("x", "style"))
    for term, test in one.tests.items():
        assert (test.value, test.se) == pytest.approx((other.tests[term].value, other.tests[term].se), rel=1e-5)


def test_intervals_have_the_level_asked_for(table):
    one, other = (associations(table, "y", ["x"], group="g", level=level) for level in (0.95, 0.80))
    assert other.tests[WITHIN].ci_low > one.tests[WITHIN].ci_low
    assert other.tests[WITHIN].p == one.tests[WITHIN].p


def test_parts_add_up_to_the_score(table):
    parts = split(table["x"], table["g"])
    assert parts["within"] + parts["between"] + table["x"].groupby(table["g"]).transform(
        "mean"
    ).mean() == pytest.approx(table["x"].to_numpy())
    assert set(columns_of(table, ["x", "style"], table["g"])) == {WITHIN, BETWEEN, Term("slope", "style", "between")}
