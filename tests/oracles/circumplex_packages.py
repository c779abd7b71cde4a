"""Write circumplex.json: what two packages say about published circumplex profiles.

Run in an environment of its own with circumplex 0.3.0 (GPL-3; its data set jz2017 is that of Zimmermann & Wright 2017)
and rthor, neither of which is a dependency; standard output is circumplex.json.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

import circumplex
import numpy as np
import rthor
from circumplex.core.parameters import ssm_parameters

if TYPE_CHECKING:
    import pandas as pd

SCALES = ["PA", "BC", "DE", "FG", "HI", "JK", "LM", "NO"]
ANGLES = [90, 135, 180, 225, 270, 315, 360, 45]
data = circumplex.load_dataset("jz2017")


def summary(scores: list[float]) -> dict[str, object]:
    """Return a profile and its structural summary, by the package's own names."""
    found = ssm_parameters(np.asarray(scores, float), np.deg2rad(ANGLES))
    return {"scores": scores} | {name: float(value) for name, value in found.items()}


def order(correlations: pd.DataFrame, scales: list[str]) -> dict[str, object]:
    """Return the correspondence of a matrix with the circle in the order of `scales`."""
    matrix = correlations.loc[scales, scales].to_numpy()
    row = rthor.test(matrix, order=f"circular{len(scales)}").iloc[0]
    wanted = ("predictions", "agreements", "ties", "ci", "p_value", "n_permutations")
    return {"scales": scales} | {name: float(row[name]) for name in wanted}


correlations = data[SCALES].corr()
coarse = correlations.round(1)  # with ties
orders = [SCALES, ["PA", "DE", "BC", "FG", "HI", "LM", "JK", "NO"], ["PA", "HI", "BC", "LM", "DE", "NO", "FG", "JK"]]
json.dump(
    {
        "source": f"circumplex {version('circumplex')}, rthor {version('rthor')}; data jz2017, n = {len(data)}",
        "angles": ANGLES,
        "scales": SCALES,
        "correlations": correlations.to_numpy().tolist(),
        "correlation_profiles": {
            name: summary([float(data[s].corr(data[name])) for s in SCALES]) for name in ("NARPD", "ASPD", "AVPD")
        },
        "mean_profile": summary(data[SCALES].mean().tolist()),
        "orders": [order(correlations, names) for names in orders] + [order(correlations, SCALES[:6])],
        "coarse_orders": [order(coarse, names) for names in orders],
    },
    sys.stdout,
    indent=1,
)
