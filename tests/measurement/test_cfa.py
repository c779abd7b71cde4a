"""Factor models against lavaan 0.6-14, against the likelihood itself, and on data that no model survives."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

from werkbank.errors import UsageError
from werkbank.measurement.cfa import Cfa, FactorModel, fit_cfa
from werkbank.measurement.cfa.estimation import evaluate, information, score
from werkbank.measurement.cfa.moments import Likelihood, independence, patterns, saturated
from werkbank.measurement.cfa.structure import Model

ORACLES = Path(__file__).resolve().parents[1] / "oracles"
LAVAAN = json.loads((ORACLES / "cfa_models.json").read_text())["models"]
EQUAL = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "intercepts"),
    "strict": ("loadings", "intercepts", "residuals"),
}
A, B = {"a": ["a1", "a2", "a3", "a4"]}, {"b": ["b1", "b2", "b3", "b4"]}
BFI = {f"{scale}f": [f"{scale}{i}" for i in range(1, 6)] for scale in "ACENO"}
HS = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}
LADDERS = {
    "waves2/a": (A, 2, False, False),
    "waves2_fiml/a": (A, 2, False, True),
    "waves3/b": (B, 3, False, False),
    "waves3_fiml/a": (A, 3, False, True),
    "waves2_fiml/ab": (A | B, 2, False, True),
    "waves3_fiml/ab": (A | B, 3, False, True),
    "waves2/three_items": ({"b": ["b1", "b2", "b3"]}, 2, False, False),
    "waves2_groups_fiml/a": (A, 2, True, True),
}


def waves(how_many: int) -> dict[str, dict[str, str]]:
    """Columns of the first waves of the simulated data."""
    items = [*A["a"], *B["b"]]
    return {wave: {item: f"{item}_{wave}" for item in items} for wave in ("pre", "post", "fu")[:how_many]}


@cache
def simulated(name: str = "cfa_waves") -> pd.DataFrame:
    return pd.read_csv(ORACLES / f"{name}.csv")


@pytest.fixture(scope="session")
def bfi(shared: Path) -> pd.DataFrame:
    data = pd.read_csv(shared / "oracles" / "data" / "bfi.csv")
    reverse = ["A1", "C4", "C5", "E1", "E2", "O2", "O5"]
    data[reverse] = 7 - data[reverse]
    return data


@pytest.fixture(scope="session")
def hs(shared: Path) -> pd.DataFrame:
    return pd.read_csv(shared / "oracles" / "data" / "hs1939.csv")


def assert_same_fit(found: Cfa, name: str) -> None:
    """chi2 within 1e-5 relative and indices within 1e-5 is asked; what is had is far closer."""
    expected = LAVAAN[name]["fit"]
    fit = found.fit
    assert found.converged
    assert (fit.df, fit.n_parameters, fit.baseline_df) == tuple(expected[k] for k in ("df", "npar", "baseline.df"))
    assert fit.chi2 == pytest.approx(expected["chisq"], rel=1e-7, abs=1e-7)
    assert fit.baseline_chi2 == pytest.approx(expected["baseline.chisq"], rel=1e-7)
    for ours, theirs in {"loglik": "logl", "aic": "aic", "bic": "bic"}.items():
        assert getattr(fit, ours) == pytest.approx(expected[theirs], rel=1e-9)
    indices = {"cfi": "cfi", "srmr": "srmr"}
    if fit.df:
        indices |= {"p": "pvalue", "tli": "tli", "rmsea": "rmsea", "rmsea_low": "rmsea.ci.lower"}
        indices |= {"rmsea_high": "rmsea.ci.upper"}
    for ours, theirs in indices.items():
        assert getattr(fit, ours) == pytest.approx(expected[theirs], abs=1e-6), ours


def assert_same_parameters(found: Cfa, name: str, *, tolerance: float = 2e-4) -> None:
    rows = [row if len(row) == 6 else [*row[:3], 1, *row[3:]] for row in LAVAAN[name]["par"]]
    theirs = {tuple(row[:4]): row[4:] for row in rows}
    groups = list(found.counts.by_group)
    compared = 0
    for q in found.parameters:
        lhs, op, rhs = {
            "loading": (q.column, "=~", q.row),
            "intercept": (q.row, "~1", ""),
            "factor_mean": (q.row, "~1", ""),
        }.get(q.kind, (q.row, "~~", q.column))
        number = groups.index(q.group) + 1
        row = theirs.get((lhs, op, rhs, number)) or theirs.get((rhs, op, lhs, number))
        if row is None:  # lavaan does not print saturated means
            continue
        compared += 1
        assert q.estimate == pytest.approx(row[0], abs=tolerance), q
        if not q.fixed:
            assert q.se == pytest.approx(row[1], abs=tolerance), q
    assert compared >= len(rows) - 1  # lavaan's table also holds the defined omega


@pytest.mark.parametrize("level", EQUAL)
@pytest.mark.parametrize("name", LADDERS)
def test_longitudinal_models_match_lavaan(name: str, level: str) -> None:
    factors, how_many, groups, fiml = LADDERS[name]
    data = simulated("cfa_waves_missing" if fiml else "cfa_waves")
    model = FactorModel(factors, waves(how_many), EQUAL[level])
    found = fit_cfa(data, model, group=data.group if groups else None, missing="fiml" if fiml else "complete")
    assert found.admissible
    assert_same_fit(found, f"{name}/{level}")
    assert_same_parameters(found, f"{name}/{level}")


def test_partial_models_match_lavaan() -> None:
    free = {"loadings": ["a1"], "intercepts": ["a1", "a2"], "residuals": ["a1", "a2"]}
    strict = fit_cfa(simulated(), FactorModel(A, waves(2), EQUAL["strict"], free), missing="complete")
    assert_same_fit(strict, "waves2/a/partial_strict_a1_a2")
    assert_same_parameters(strict, "waves2/a/partial_strict_a1_a2")
    scalar = FactorModel(A, waves(3), EQUAL["scalar"], {"intercepts": ["a2"]})
    assert_same_fit(fit_cfa(simulated("cfa_waves_missing"), scalar), "waves3_fiml/a/partial_scalar_a2")


@pytest.mark.parametrize("scale", "ACENO")
@pytest.mark.parametrize("missing", ["complete", "fiml"])
def test_one_factor_models_match_lavaan(bfi: pd.DataFrame, scale: str, missing: str) -> None:
    name = f"bfi/{scale}/{'ml' if missing == 'complete' else 'fiml'}"
    found = fit_cfa(bfi, FactorModel({"f": BFI[f"{scale}f"]}), missing=missing)
    assert_same_fit(found, name)
    assert_same_parameters(found, name)


@pytest.mark.parametrize("missing", ["complete", "fiml"])
def test_five_factors_match_lavaan(bfi: pd.DataFrame, missing: str) -> None:
    found = fit_cfa(bfi, FactorModel(BFI, identification="marker"), missing=missing)
    assert_same_fit(found, f"bfi_five_factors/{'ml' if missing == 'complete' else 'fiml'}")


@pytest.mark.parametrize("level", EQUAL)
def test_groups_match_lavaan(bfi: pd.DataFrame, level: str) -> None:
    agree = FactorModel({"f": BFI["Af"]}, equal=EQUAL[level], identification="marker")
    found = fit_cfa(bfi, agree, group=bfi.gender, missing="complete")
    assert_same_fit(found, f"bfi_gender/A/{level}")
    assert_same_parameters(found, f"bfi_gender/A/{level}")
    neurotic = FactorModel({"f": BFI["Nf"]}, equal=EQUAL[level])  # another identification, the same fit
    assert_same_fit(fit_cfa(bfi, neurotic, group=bfi.gender), f"bfi_gender_fiml/N/{level}")


def test_partial_scalar_over_groups_matches_lavaan(bfi: pd.DataFrame) -> None:
    model = FactorModel({"f": BFI["Af"]}, equal=EQUAL["scalar"], free={"intercepts": ["A1", "A4"]})
    found = fit_cfa(bfi, model, group=bfi.gender, missing="complete")
    assert_same_fit(found, "bfi_gender/A/partial_scalar_A1_A4")


def test_holzinger_swineford_as_published(hs: pd.DataFrame) -> None:
    """Rosseel (2012), Journal of Statistical Software 48(2): the first example."""
    fit = fit_cfa(hs, FactorModel(HS), missing="complete").fit
    assert (round(fit.chi2, 3), fit.df, fit.n_parameters) == (85.306, 24, 21)
    assert (round(fit.baseline_chi2, 3), fit.baseline_df) == (918.852, 36)
    assert (round(fit.cfi, 3), round(fit.tli, 3), round(fit.srmr, 3)) == (0.931, 0.896, 0.065)
    assert (round(fit.rmsea, 3), round(fit.rmsea_low, 3), round(fit.rmsea_high, 3)) == (0.092, 0.071, 0.114)
    assert (round(fit.loglik, 3), round(fit.aic, 2), round(fit.bic, 3)) == (-3737.745, 7517.49, 7595.339)


@pytest.mark.parametrize("identification", ["marker", "variance"])
@pytest.mark.parametrize("level", [*EQUAL, "partial_scalar_free_x3_x7"])
def test_holzinger_swineford_by_school(hs: pd.DataFrame, shared: Path, level: str, identification: str) -> None:
    partial = level.startswith("partial")
    equal, free = EQUAL["scalar" if partial else level], {"intercepts": ["x3", "x7"]} if partial else {}
    model = FactorModel(HS, equal=equal, free=free, identification=identification)
    fit = fit_cfa(hs, model, group=hs.school, missing="complete").fit
    reference = json.loads((shared / "oracles" / "reference.json").read_text())
    expected = reference["cfa"]["hs1939_invariance_school"][level]["fit"]
    assert fit.chi2 == pytest.approx(expected["chisq"], rel=1e-7)
    assert (fit.df, fit.n_parameters) == (expected["df"], expected["npar"])
    for index in ("cfi", "tli", "rmsea", "srmr"):
        assert getattr(fit, index) == pytest.approx(expected[index], abs=1e-6)


# -- the likelihood itself ---------------------------------------------------------------------------------------------


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


# -- where there is no model -------------------------------------------------------------------------------------------


def test_lavaan_does_not_converge_and_neither_do_we(hs: pd.DataFrame) -> None:
    small = hs[hs.school == "Pasteur"][:25]
    for name, rows, factors in (
        ("hs1939_first25/three_factors", small, HS),
        ("hs1939_first12/two_factors", small[:12], {k: HS[k] for k in ("visual", "speed")}),
    ):
        assert LAVAAN[name]["converged"] is False
        found = fit_cfa(rows, FactorModel(factors), missing="complete")
        assert (found.converged, found.reason) == (False, "not_converged")
        assert np.isnan(found.fit.chi2)
        assert found.parameters == ()


def test_heywood_is_named(hs: pd.DataFrame) -> None:
    small = hs[hs.school == "Pasteur"][:25]
    found = fit_cfa(small, FactorModel({"f": ["x1", "x2", "x3", "x7", "x8"]}), missing="complete")
    assert_same_fit(found, "hs1939_first25/heywood")
    assert LAVAAN["hs1939_first25/heywood"]["admissible"] is False
    assert (found.converged, found.admissible, found.reason) == (True, False, "heywood")
    assert len(found.concerned) == 1


def test_three_items_fit_by_construction(hs: pd.DataFrame) -> None:
    found = fit_cfa(hs, FactorModel({"f": HS["visual"]}), missing="complete")
    assert_same_fit(found, "hs1939/three_items")
    assert found.fit.df == 0
    assert np.isnan([found.fit.p, found.fit.tli, found.fit.rmsea]).all()


def test_two_items_at_two_waves() -> None:
    """Not identified until means differ; lavaan prints a fit at metric, and warns that there is none."""
    for level, reason in (("configural", "under_identified"), ("metric", "under_identified"), ("scalar", "")):
        model = FactorModel({"b": ["b1", "b2"]}, waves(2), EQUAL[level])
        assert fit_cfa(simulated(), model, missing="complete").reason == reason
    assert "may be a symptom that the model is not identified" in LAVAAN["waves2/two_items/metric"]["warnings"][0]
    for level in ("scalar", "strict"):
        model = FactorModel({"b": ["b1", "b2"]}, waves(2), EQUAL[level])
        assert_same_fit(fit_cfa(simulated(), model, missing="complete"), f"waves2/two_items/{level}")


def test_a_count_of_parameters_is_no_identification() -> None:
    """Two uncorrelated-looking pairs share a factor each: df would do, the information matrix would not."""
    rng = np.random.default_rng(2)
    data = pd.DataFrame(rng.normal(size=(200, 6)), columns=list("abcdef"))
    model = FactorModel({"f": list("abcdef"), "g": list("abcdef")[:1]})
    assert fit_cfa(data, model, missing="complete").reason == "under_identified"


def broken(change: str) -> pd.DataFrame:
    data = simulated()[list(waves(1)["pre"].values())[:4]].astype(float)
    if change == "constant":
        data["a2_pre"] = 3.1
    elif change == "copied":
        data["a2_pre"] = data["a1_pre"]
    elif change == "apart":
        data.loc[::2, "a1_pre"] = np.nan
        data.loc[1::2, "a2_pre"] = np.nan
    elif change == "all missing":
        data[:] = np.nan
    elif change == "one column missing":
        data["a3_pre"] = np.nan
    elif change == "one pupil":
        data = data[:1]
    elif change == "no pupil":
        data = data[:0]
    return data


@pytest.mark.parametrize(
    ("change", "reason", "concerned"),
    [
        ("constant", "constant_item", ("a2_pre",)),
        ("copied", "singular_covariance", ()),
        ("apart", "never_together", ("a1_pre × a2_pre",)),
        ("all missing", "too_few_rows", ()),
        ("one column missing", "too_few_rows", ("a3_pre",)),
        ("one pupil", "too_few_rows", ()),
        ("no pupil", "too_few_rows", ()),
    ],
)
def test_unusable_data_are_named(change: str, reason: str, concerned: tuple[str, ...]) -> None:
    data = broken(change)
    found = fit_cfa(data, FactorModel({"a": list(data.columns)}))
    assert (found.converged, found.reason, found.concerned) == (False, reason, concerned)
    assert found.iterations == 0
    assert np.isnan(found.fit.chi2)
    assert found.table().empty


def test_a_constant_item_in_one_group_is_named() -> None:
    data = simulated().copy()
    data.loc[data.group == "control", "a2_pre"] = 3
    found = fit_cfa(data, FactorModel(A, waves(1)), group=data.group)
    assert (found.reason, found.concerned) == ("constant_item", ("a2_pre",))


def test_unbalanced_groups() -> None:
    data = simulated()
    group = ["small"] * 40 + ["large"] * 260
    found = fit_cfa(data, FactorModel(A, waves(1), EQUAL["scalar"]), group=group)
    assert dict(found.counts.by_group) == {"small": 40, "large": 260}
    assert found.admissible


def test_rows_without_an_answer_are_counted() -> None:
    data = simulated("cfa_waves_missing")
    found = fit_cfa(data, FactorModel(A, {"fu": waves(3)["fu"]}))
    empty = data[[f"a{i}_fu" for i in range(1, 5)]].isna().all(axis=1).sum()
    assert found.counts.left_out == empty > 0
    assert found.counts.used + empty == len(data)


def test_wrong_calls_are_refused() -> None:
    with pytest.raises(UsageError, match="not in the data: nope"):
        fit_cfa(simulated(), FactorModel({"a": ["a1_pre", "a2_pre", "nope"]}))
    with pytest.raises(UsageError, match="every row needs a group"):
        fit_cfa(simulated(), FactorModel(A, waves(1)), group=["x"])
    with pytest.raises(UsageError, match="at least one factor"):
        FactorModel({})
    with pytest.raises(UsageError, match="no column is named for post: a4"):
        FactorModel(A, {"pre": waves(1)["pre"], "post": {"a1": "q1", "a2": "q2", "a3": "q3"}})
    with pytest.raises(UsageError, match="more than one item or wave: q1"):
        FactorModel({"a": ["a1"]}, {"pre": {"a1": "q1"}, "post": {"a1": "q1"}})
    with pytest.raises(UsageError, match="not in this factor model: thresholds"):
        FactorModel(A, equal=("thresholds",))


def test_nullable_integers_are_numbers() -> None:
    data = simulated("cfa_waves_missing")
    model = FactorModel(A, {"pre": waves(1)["pre"]})
    nullable = data[list(model.columns)].astype("Int64")
    assert fit_cfa(nullable, model).fit == fit_cfa(data, model).fit


def test_parameters_as_a_table() -> None:
    table = fit_cfa(simulated(), FactorModel(A, waves(2), EQUAL["metric"])).table()
    loadings = table[table.kind == "loading"]
    assert len(loadings) == 8
    assert loadings.label.nunique() == 4  # held equal over two waves
    assert table.loc[table.label == "", "se"].isna().all()
