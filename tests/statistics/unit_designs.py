"""Small studies with classes, made the same way for several test files."""

from __future__ import annotations

import numpy as np
import pandas as pd


def pupils(arms, seed=1, sizes=(5, 30), spread=1.0, covariates=(), unit_level=()):
    """Pupils in classes; `arms` gives the number of classes per arm, the first arm's vary `spread` times as much."""
    rng = np.random.default_rng(seed)
    names = list(arms)
    of = np.repeat(np.arange(len(names)), list(arms.values()))
    n = rng.integers(sizes[0], sizes[1] + 1, len(of))
    unit = np.repeat(np.arange(len(of)), n)
    u = rng.normal(size=(2, len(of))) * 0.4
    u[1] *= np.where(of == 0, spread, 1.0)
    pre = 50 + 10 * (u[0][unit] + rng.normal(size=len(unit)))
    made = {"unit": [f"c{i:02d}" for i in unit], "arm": np.array(names)[of][unit], "pre": pre}
    made["post"] = 0.6 * pre + 10 * u[1][unit] + 8 * rng.normal(size=len(unit))
    made |= {name: rng.normal(size=len(unit)) for name in covariates}
    made |= {name: rng.normal(size=len(of))[unit] for name in unit_level}
    return pd.DataFrame(made)
