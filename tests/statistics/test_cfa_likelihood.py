"""The likelihood of a factor model: a sum over pupils, with the derivatives it should have, and a known truth found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal
from tests.statistics.factor_models import EQUAL, A, simulated, waves

from werkbank.statistics.cfa import FactorModel, fit_cfa
from werkbank.statistics.cfa.estimation import evaluate, information, score
from werkbank.statistics.cfa.moments import Likelihood, independence, patterns, saturated
from werkbank.statistics.cfa.structure import Model


def gappy(n: int = 60, p: int = 4, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, p)) + rng.normal(size=(n, 1))
    rows[rng.random(rows.shape) < 0.15] = np.nan
    return rows[np.isfinite(rows).any(axis=1)]


def by_row(rows: np.ndarray, sigma: np.ndarray, mu: np.ndarray) -> float:
    total = 0.0
    for row in rows:
        seen = np.isfinite(row)
        total += multivariate_normal(mu[seen], sigma[np.ix_(seen, seen)]).logpdf(row[seen])
    return total


def test_loglik_is_the_sum_over_pupils() -> None:
    rows = gappy()
    sigma, mu = np.eye(4) + 0.5, np.array([0.1, -0.2, 0.3, 0.0])
    assert Likelihood.at(patterns(rows), sigma, mu).value == pytest.approx(by_row(rows, sigma, mu), rel=1e-12)


def test_baseline_is_one_normal_an_item() -> None:
    rows = gappy()
    mu, variances = np.nanmean(rows, axis=0), np.nanvar(rows, axis=0)
    assert independence(patterns(rows)) == pytest.approx(by_row(rows, np.diag(variances), mu), rel=1e-12)


def test_em_ends_where_the_score_is_nil() -> None:
    summary = patterns(gappy())
    free = saturated(summary)
    by_sigma, by_mu = Likelihood.at(summary, free.sigma, free.mu).score()
    assert free.converged
    assert np.abs(by_sigma).max() < 1e-3
    assert np.abs(by_mu).max() < 1e-3
    assert saturated(summary, most=2).converged is False


def test_derivatives_are_those_of_the_likelihood() -> None:
    """Score and observed information against central differences, in a model that uses every kind of parameter."""
    data = simulated("cfa_waves_missing")
    spec = FactorModel(A, waves(2), EQUAL["scalar"], {"loadings": ["a3"]})
    model = Model.of(spec.entries())
    rows = data[list(spec.columns)].to_numpy(float)
    summaries = {"": patterns(rows[np.isfinite(rows).any(axis=1)])}
    x = np.array([value_near(label) for label in model.labels])
    x += np.random.default_rng(1).uniform(-0.05, 0.05, len(x))
    at = evaluate(model, summaries, x)
    step = 1e-5

    def moved(k: int, size: float) -> np.ndarray:
        return x + size * np.eye(len(x))[k]

    def value(y: np.ndarray) -> float:
        return evaluate(model, summaries, y)[""].value

    def slope(y: np.ndarray) -> np.ndarray:
        return score(model, evaluate(model, summaries, y), y)

    numeric = [(value(moved(k, step)) - value(moved(k, -step))) / (2 * step) for k in range(len(x))]
    assert score(model, at, x) == pytest.approx(np.array(numeric), rel=1e-6, abs=1e-4)
    hessian = np.array([(slope(moved(k, -step)) - slope(moved(k, step))) / (2 * step) for k in range(len(x))])
    assert information(model, at, x, observed=True) == pytest.approx(hessian, rel=1e-6, abs=1e-3)


def value_near(label: str) -> float:
    if "~~" in label:
        return 0.1 if label.count("a_") < 2 else 0.8
    if "loadings" in label:
        return 0.7
    return 3.0 if "intercepts" in label else 0.6 if "residuals" in label else 0.2


def test_observed_information_tends_to_the_expected() -> None:
    """Simulation: per pupil, in 200,000 pupils drawn from the model."""
    n = 200_000
    model = Model.of(FactorModel({"f": ["0", "1", "2"]}).entries())
    x = np.array([{"l": 0.8, "i": 0.0, "r": 0.5}[label.split("|:")[1][0]] for label in model.labels])
    data = {"": patterns(np.random.default_rng(5).multivariate_normal(*model.groups[""].moments(x)[::-1], n))}
    at = evaluate(model, data, x)
    observed, expected = (information(model, at, x, observed=which) / n for which in (True, False))
    assert observed == pytest.approx(expected, abs=0.015)


def test_units_and_order_of_items_do_not_matter() -> None:
    data = simulated("cfa_waves_missing")
    columns = list(waves(1)["pre"].values())
    plain = fit_cfa(data, FactorModel({"a": columns[:4]}))
    scaled = data[columns[:4]] * [1, 100, 0.01, -3] + [0, 5, 1000, 2]
    turned = fit_cfa(scaled.sample(frac=1, random_state=1), FactorModel({"a": columns[3::-1]}))
    assert turned.fit.chi2 == pytest.approx(plain.fit.chi2, rel=1e-8)
    assert turned.fit.srmr == pytest.approx(plain.fit.srmr, rel=1e-6)


def test_known_parameters_are_recovered() -> None:
    """Simulation: 4000 pupils, answers lost at random given the first wave; the change of .5 is within 3 se."""
    rng = np.random.default_rng(8)
    n, loadings = 4000, np.array([0.9, 0.8, 0.7, 0.6, 0.8])
    pre = rng.normal(size=n)
    post = 0.5 + 0.6 * pre + rng.normal(scale=0.8, size=n)
    answers = [eta[:, None] * loadings + rng.normal(scale=0.6, size=(n, 5)) for eta in (pre, post)]
    answers[1][(answers[0].mean(axis=1) < 0) & (rng.random(n) < 0.6)] = np.nan
    names = {wave: {f"i{k}": f"i{k}_{wave}" for k in range(5)} for wave in ("pre", "post")}
    data = pd.DataFrame(np.hstack(answers), columns=[c for wave in names.values() for c in wave.values()])
    found = fit_cfa(data, FactorModel({"f": list(names["pre"])}, names, EQUAL["scalar"]))
    change = next(q for q in found.of("factor_mean") if not q.fixed)
    assert abs(change.estimate - 0.5) < 3 * change.se
    assert change.se < 0.03
    listwise = fit_cfa(data, found.model, missing="complete")
    assert listwise.counts.left_out == data.isna().any(axis=1).sum()
    assert found.counts.used == n
