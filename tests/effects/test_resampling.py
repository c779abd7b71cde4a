"""Joint resampling: the same as drawing row by row, and intervals that cover."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from werkbank.effects.resampling import bootstrapped_g, drawn

WEIGHTS = {"T": 1.0, "C": -1.0}


def test_members_are_drawn_within_their_group():
    counts = drawn(np.array([0, 0, 0, 1, 1]), 50, seed=1)
    assert (counts[:, :3].sum(axis=1) == 3).all()
    assert (counts[:, 3:].sum(axis=1) == 2).all()
    assert np.array_equal(counts, drawn(np.array([0, 0, 0, 1, 1]), 50, seed=1))


def of_rows(y, arm):
    x, z = y[arm], y[~arm]
    return (x.mean() - z.mean()) / np.sqrt(((len(x) - 1) * x.var(ddof=1) + (len(z) - 1) * z.var(ddof=1)) / (len(y) - 2))


def test_g_is_pingouin_s_and_its_draws_are_those_of_repeated_rows():
    import pingouin as pg

    rng = np.random.default_rng(2)
    y, arm = rng.normal(5, 2, (60, 3)), np.arange(60) % 3 == 0
    y[arm] += 1.0
    made = bootstrapped_g(y, arm, seed=3, draws=400)
    counts = drawn(arm.astype(float), 400, seed=3).astype(int)
    for k, g in enumerate(made):
        assert g.value == pytest.approx(pg.compute_effsize(y[arm, k], y[~arm, k], eftype="hedges"), rel=1e-3)
        rows = [np.repeat(np.arange(60), count) for count in counts]
        by_row = np.std([of_rows(y[again, k], arm[again]) for again in rows], ddof=1)
        factor = g.value / of_rows(y[:, k], arm)
        assert g.se == pytest.approx(factor * by_row * np.sqrt(20 / 19), rel=1e-9)
        assert (g.df, g.p) == (58, None)
        assert g.ci_high - g.value == pytest.approx(stats.t.ppf(0.975, 58) * g.se)


def test_whole_classes_are_drawn_and_missing_scores_do_not_count():
    rng = np.random.default_rng(4)
    unit = np.repeat(np.arange(10), 8)
    arm, y = unit < 4, rng.normal(size=(80, 2)) + rng.normal(size=10)[unit][:, None]
    y[rng.random(80) < 0.2, 1] = np.nan
    made = bootstrapped_g(y, arm, 5, unit, draws=300)
    counts = drawn((np.arange(10) < 4).astype(float), 300, seed=5).astype(int)
    for k, g in enumerate(made):
        kept = np.isfinite(y[:, k])
        rows = [np.concatenate([np.flatnonzero((unit == u) & kept) for u in np.repeat(range(10), c)]) for c in counts]
        by_row = np.std([of_rows(y[again, k], arm[again]) for again in rows], ddof=1)
        factor = g.value / of_rows(y[kept, k], arm[kept])
        assert g.se == pytest.approx(factor * by_row * np.sqrt(4 / 3), rel=1e-9)
        assert g.df == 8


def test_the_interval_of_few_classes_covers():
    rng = np.random.default_rng(6)
    unit = np.repeat(np.arange(8), 15)
    y = rng.normal(size=(120, 800)) + 0.4 * rng.normal(size=(8, 800))[unit]
    made = bootstrapped_g(y, unit % 2 == 0, 1, unit)
    covered = np.mean([g.ci_low <= 0 <= g.ci_high for g in made])
    assert covered == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 800))


def test_what_does_not_vary_or_has_one_class_has_no_interval():
    (made,) = bootstrapped_g(np.ones((10, 1)), np.arange(10) < 5, seed=1, draws=20)
    assert made.note == "no_variation"
    unit = np.repeat([0, 1, 2], 4)
    (made,) = bootstrapped_g(np.arange(12.0)[:, None], unit < 1, 1, unit, draws=20)
    assert (made.note, made.se) == ("refused_too_few_units", None)


@pytest.mark.parametrize("by", ["pupil", "class"])
def test_every_comparison_has_its_bootstrap_beside_it(make_study, classroom, long_scores, by):
    from werkbank.effects import estimate

    pupils, pre, post = classroom(classes=10, size=8)
    pupils = pupils if by == "class" else pupils.assign(arm=np.resize(["T", "C"], 80))
    outcomes = [{"name": k, "column": k, "better": "higher"} for k in ("y", "z")]
    scores = pd.concat([long_scores({"pre": pre, "post": post}), long_scores({"pre": pre, "post": post[5:] ** 2}, "z")])
    made = estimate(make_study(by=by, outcomes=outcomes), scores, pupils, 1)
    found = {e.outcome: e for e in made if e.method == "g_bootstrap"}
    assert {k: (e.n, e.n_clusters) for k, e in found.items()} == {
        "y": (80, 10 if by == "class" else None),
        "z": (75, 10 if by == "class" else None),
    }
    if by == "pupil":
        plain = next(e for e in made if (e.outcome, e.method) == ("z", "hedges_g"))
        assert found["z"].estimate == pytest.approx(plain.estimate)
        assert (found["z"].ci_low, found["z"].ci_high) == pytest.approx((plain.ci_low, plain.ci_high), abs=0.08)


def test_what_units_are_called_changes_no_draw():
    def named(units, salt):
        return [f"{hash((salt, str(u))) % 10_000}-{u}" for u in units]

    rng = np.random.default_rng(4)
    unit = np.repeat(np.arange(10), 8)
    y = rng.normal(size=(80, 2))
    assert bootstrapped_g(y, unit < 4, 5, named(unit, "a")) == bootstrapped_g(y, unit < 4, 5, named(unit, "b"))
