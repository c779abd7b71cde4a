"""Factor models fitted to the same data as lavaan 0.6-14 give the same fit and parameters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.statistics.factor_models import (
    BFI,
    EQUAL,
    HS,
    A,
    B,
    assert_same_fit,
    assert_same_parameters,
    simulated,
    waves,
)

from werkbank.statistics.cfa import FactorModel, fit_cfa

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

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
