"""Small studies that the tests of this room share."""

import numpy as np
import pandas as pd
import pytest

from werkbank.study.model import Study


@pytest.fixture
def make_study():
    """Return a maker of studies: keywords of the design, arms, outcomes and columns."""

    def make(*, kind="randomised", by="pupil", arms=None, outcomes=None, blocks=None, **more):
        arms = {"T": "intervention", "C": "control"} if arms is None and kind != "single_group" else arms or {}
        columns = {"pupil": "id", "class": "class", "school": "school", "teacher": "teacher"}
        raw = {
            "title": "test",
            # pupils assigned one by one across their classes, unless a test is about blocks
            "design": {"kind": kind, "assigned_by": by, "blocks": False if blocks is None else blocks or None},
            "files": [{"path": "x.csv"}],
            "columns": {**columns, **({"arm": "arm"} if arms else {})},
            "arms": arms,
            "outcomes": outcomes or [{"name": "y", "column": "y", "better": "higher", "role": "primary"}],
            **more,
        }
        return Study.model_validate(raw)

    return make


def scores_of(wide, outcome="y", scale=None):
    """Turn {wave: Series by pupil} into the long scores table."""
    parts = [
        pd.DataFrame(
            {"pupil": s.index, "wave": wave, "outcome": outcome, "scale": scale or outcome, "score": s.to_numpy()}
        )
        for wave, s in wide.items()
    ]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def long_scores():
    """Return `scores_of`."""
    return scores_of


@pytest.fixture
def classroom():
    """Return a maker of pupils in classes with a true effect: (pupils, pre, post)."""

    def make(classes=8, size=12, effect=0.5, seed=1, arms=("T", "C")):
        rng = np.random.default_rng(seed)
        n = classes * size
        where = np.repeat(np.arange(classes), size)
        arm = np.array([arms[c % len(arms)] for c in range(classes)])[where]
        index = pd.Index([f"p{i:04d}" for i in range(n)], name="pupil")
        pupils = pd.DataFrame({"class": [f"k{c:02d}" for c in where], "arm": arm}, index=index)
        pupils["teacher"], pupils["school"] = "t" + pupils["class"], "s"
        pre = pd.Series(rng.normal(size=n) + rng.normal(0, 0.4, classes)[where], index)
        post = 0.6 * pre + effect * (arm == "T") + rng.normal(0, 0.7, n) + rng.normal(0, 0.3, classes)[where]
        return pupils, pre, post

    return make
