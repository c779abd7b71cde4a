"""Simulate `overzicht`: a review of 22 invented studies, each printing its result as papers do, one way or another.

True effects are normal about .25 for outcomes that the teacher rated and .10 for those a test measured, with a spread
of .12 between studies. Papers print means, changes, a t, an F, a p, an interval, an odds ratio or two shares.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

SEED = 20261130
ROADS = ("means", "change", "t", "means", "f", "p", "interval", "means", "odds_ratio", "proportions", "change")
NAMES = (
    "Aalbers", "Bakker", "Claes", "Dekker", "Evers", "Faber", "Goossens", "Hoekstra", "Ibrahim", "Jansen", "Kuipers",
    "Lambrechts", "Mulder", "Nijhof", "Ozturk", "Peeters", "Quist", "Roelofs", "Smits", "Tak", "Verhulst", "Wouters",
)  # fmt: skip


def simulate(seed: int = SEED) -> pd.DataFrame:
    """Return the table: a row a study, with only the cells that its paper prints."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame([_study(rng, i, name) for i, name in enumerate(NAMES)])


def _study(rng: np.random.Generator, i: int, name: str) -> dict[str, object]:
    rater = "teacher" if i % 2 == 0 else "test"
    truth = rng.normal(0.25 if rater == "teacher" else 0.10, 0.12)
    n, m = (int(k) for k in rng.integers(18, 95, 2))
    row: dict[str, object] = {"study": f"{name} ({2004 + i})", "n_treated": n, "n_control": m, "rater": rater}
    treated, control = rng.normal(20 + 4 * truth, 4, n), rng.normal(20, 4, m)
    return row | {key: _rounded(value) for key, value in _printed(rng, ROADS[i % len(ROADS)], treated, control).items()}


def _printed(rng: np.random.Generator, road: str, a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    n, m = len(a), len(b)
    s = math.sqrt(((n - 1) * a.var(ddof=1) + (m - 1) * b.var(ddof=1)) / (n + m - 2))
    se = s * math.sqrt(1 / n + 1 / m)
    difference = float(a.mean() - b.mean())
    t = difference / se
    if road in {"means", "change"}:
        return _of_groups("", a, b) | (
            _of_groups("pre_", rng.normal(19, 4, n), rng.normal(19, 4, m)) if road == "change" else {}
        )
    if road in {"t", "f", "p"}:
        told = {"t": t, "f": t * t, "p": 2 * stats.t.sf(abs(t), n + m - 2)}[road]
        return {road: told} | ({} if road == "t" else {"sign": math.copysign(1, t)})
    if road == "interval":
        return {"ci_low": difference - 1.98 * se, "ci_high": difference + 1.98 * se, "sd": s}
    return _of_shares(road, a, b)


def _of_groups(when: str, a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    return {f"{when}mean_treated": a.mean(), f"{when}sd_treated": a.std(ddof=1), f"{when}mean_control": b.mean(),
            f"{when}sd_control": b.std(ddof=1)}  # fmt: skip


def _of_shares(road: str, a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    n, m = len(a), len(b)
    shares = ((a > 20).mean(), (b > 20).mean())
    if road == "proportions":
        return {"share_treated": shares[0], "share_control": shares[1]}
    odds = shares[0] * (1 - shares[1]) / (shares[1] * (1 - shares[0]))
    spread = math.sqrt(sum(1 / (k * share * (1 - share)) for k, share in ((n, shares[0]), (m, shares[1]))))
    return {"odds_ratio": odds, "or_low": odds * math.exp(-1.96 * spread), "or_high": odds * math.exp(1.96 * spread)}


def _rounded(value: float) -> str:
    return f"{value:.3f}".replace(".", ",")


def main() -> None:
    """Write the file of the example."""
    folder = Path(__file__).resolve().parents[1] / "data" / "examples" / "overzicht" / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    simulate().to_csv(folder / "studies.csv", sep=";", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
