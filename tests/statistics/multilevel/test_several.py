"""Data sets side by side give what each gives alone."""

from __future__ import annotations

import numpy as np
import pytest

from werkbank.errors import UsageError
from werkbank.statistics import multilevel as ml
from werkbank.statistics.multilevel import several


def studies(seed, k=12, classes=9):
    """Return k outcomes and designs of the same pupils in classes in schools; in some the classes do not differ."""
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(classes), rng.integers(1, 14, classes))
    school = unit // 3
    n = len(unit)
    spread = rng.choice([0.0, 0.1, 1.0, 6.0], k)
    ys = rng.normal(size=(k, n)) + spread[:, None] * rng.normal(size=(k, classes))[:, unit]
    Xs = np.stack([np.column_stack([np.ones(n), unit % 2, rng.normal(size=n)]) for _ in range(k)])
    return ys, Xs, {"school": school, "unit": unit}


@pytest.mark.parametrize("seed", range(6))
def test_each_fit_is_the_one_it_has_alone(seed):
    ys, Xs, groups = studies(seed)
    for fitted, y, X in zip(ml.fit_several(ys, Xs, groups), ys, Xs, strict=True):
        alone = ml.fit(y, X, groups)
        assert fitted.converged == alone.converged
        assert fitted.loglik == pytest.approx(alone.loglik, abs=1e-8)
        assert fitted.variances == pytest.approx(alone.variances, rel=1e-4, abs=1e-6)
        one, other = ml.test(fitted, "x2"), ml.test(alone, "x2")
        assert (one.estimate, one.se, one.df) == pytest.approx((other.estimate, other.se, other.df), rel=1e-5)


def test_a_term_per_wave_is_searched_for_alike():
    rng = np.random.default_rng(4)
    unit, wave = np.repeat(np.arange(8), 12), np.tile([0, 1, 2], 32)
    ys = rng.normal(size=(5, 96)) + rng.normal(size=(5, 24))[:, unit * 3 + wave]
    X = np.column_stack([np.ones(96), wave == 1, wave == 2])
    groups, terms = {"class": unit, "pupil": np.arange(96) // 3}, {"waves": wave, "waves_of": ["class"]}
    for fitted, y in zip(ml.fit_several(ys, [X] * 5, groups, **terms), ys, strict=True):
        assert fitted.loglik == pytest.approx(ml.fit(y, X, groups, **terms).loglik, abs=1e-8)


def test_a_search_that_does_not_end_is_done_again_alone(monkeypatch):
    ys, Xs, groups = studies(1, k=3)
    monkeypatch.setattr(several, "STEPS", 1)
    for fitted, y, X in zip(ml.fit_several(ys, Xs, groups), ys, Xs, strict=True):
        assert fitted.loglik == pytest.approx(ml.fit(y, X, groups).loglik, abs=1e-8)


def test_a_missing_outcome_is_refused():
    ys, Xs, groups = studies(2, k=2)
    ys[1, 3] = np.nan
    with pytest.raises(UsageError, match="1 values of y"):
        ml.fit_several(ys, Xs, groups)
