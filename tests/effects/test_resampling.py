"""Joint resampling: the same as drawing row by row, and intervals that cover."""

import numpy as np
import pandas as pd
import pytest

from werkbank.effects.resampling import bootstrapped_g, drawn, mediated

WEIGHTS = {"T": 1.0, "C": -1.0}


@pytest.fixture
def path():
    """120 pupils in 12 classes: programme -> mediator (.8) -> post (.5)."""
    rng = np.random.default_rng(7)
    unit = np.repeat(np.arange(12), 10)
    t = (unit % 2 == 0).astype(float)
    pre = rng.normal(size=120)
    m = 0.8 * t + 0.3 * pre + rng.normal(size=120) + rng.normal(0, 0.3, 12)[unit]
    post = 0.5 * m + 0.2 * t + 0.4 * pre + rng.normal(size=120)
    return pd.DataFrame({"arm": np.where(t > 0, "T", "C"), "unit": unit, "pre": pre, "m": m, "post": post})


def test_members_are_drawn_within_their_group():
    counts = drawn(np.array([0, 0, 0, 1, 1]), 50, seed=1)
    assert (counts[:, :3].sum(axis=1) == 3).all()
    assert (counts[:, 3:].sum(axis=1) == 2).all()
    assert np.array_equal(counts, drawn(np.array([0, 0, 0, 1, 1]), 50, seed=1))


def test_g_is_pingouin_s_and_its_draws_are_those_of_repeated_rows():
    import pingouin as pg

    rng = np.random.default_rng(2)
    y, arm = rng.normal(5, 2, (60, 3)), np.arange(60) % 3 == 0
    y[arm] += 1.0
    made = bootstrapped_g(y, arm, seed=3, draws=400)
    counts = drawn(arm.astype(float), 400, seed=3).astype(int)
    for k, g in enumerate(made):
        assert g.value == pytest.approx(pg.compute_effsize(y[arm, k], y[~arm, k], eftype="hedges"), rel=1e-3)
        by_row = []
        for count in counts:
            again = np.repeat(np.arange(60), count)
            x, z = y[again[arm[again]], k], y[again[~arm[again]], k]
            pooled = np.sqrt(((len(x) - 1) * x.var(ddof=1) + (len(z) - 1) * z.var(ddof=1)) / 58)
            by_row.append((x.mean() - z.mean()) / pooled)
        whole = y[arm, k], y[~arm, k]
        pooled = np.sqrt((19 * whole[0].var(ddof=1) + 39 * whole[1].var(ddof=1)) / 58)
        factor = g.value / ((whole[0].mean() - whole[1].mean()) / pooled)
        assert (g.ci_low, g.ci_high) == pytest.approx(tuple(factor * np.quantile(by_row, [0.025, 0.975])), rel=1e-9)


def test_scores_that_do_not_vary_have_no_g():
    (made,) = bootstrapped_g(np.ones((10, 1)), np.arange(10) < 5, seed=1, draws=20)
    assert made.note == "no_variation"


def test_the_indirect_effect_is_statsmodels_a_times_b(path):
    import statsmodels.formula.api as smf

    made = mediated(path, WEIGHTS, "m", seed=1)
    path = path.assign(t=(path["arm"] == "T").astype(float))
    a = smf.ols("m ~ t + pre", path).fit().params["t"]
    b = smf.ols("post ~ m + t + pre", path).fit().params["m"]
    assert made.value == pytest.approx(a * b, rel=1e-9)
    assert made.ci_low < made.value < made.ci_high
    assert made.p is None


def test_whole_classes_are_drawn(path):
    made = mediated(path, WEIGHTS, "m", seed=5, draws=100)
    arm = np.array([float(u % 2 == 0) for u in sorted(range(12), key=str)])
    names = sorted(map(str, range(12)))
    found = []
    for count in drawn(arm, 100, seed=5).astype(int):
        parts = [path[path["unit"].astype(str) == names[i]] for i, k in enumerate(count) for _ in range(k)]
        rows = pd.concat(parts)
        t = (rows["arm"] == "T").to_numpy(float)
        X = np.column_stack([np.ones(len(rows)), t, rows["pre"]])
        a = np.linalg.lstsq(X, rows["m"], rcond=None)[0][1]
        b = np.linalg.lstsq(np.column_stack([X, rows["m"]]), rows["post"], rcond=None)[0][3]
        found.append(a * b)
    assert (made.ci_low, made.ci_high) == pytest.approx(tuple(np.quantile(found, [0.025, 0.975])), rel=1e-8)
    alone = mediated(path.drop(columns="unit"), WEIGHTS, "m", seed=5)
    assert alone.value == pytest.approx(made.value)


def test_what_cannot_be_told_is_refused(path):
    same = path.assign(m=(path["arm"] == "T").astype(float))
    assert mediated(same, WEIGHTS, "m", seed=1).note == "not_estimable"
    two = path[path["unit"] < 2]
    assert mediated(two, WEIGHTS, "m", seed=1).note == "refused_too_few_units"
