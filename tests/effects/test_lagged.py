"""Regressions on earlier waves against R, and what they must not do: ignore classes, or claim a cause."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from werkbank.effects import estimate
from werkbank.effects.lagged import slope

PINNED = json.loads((Path(__file__).parents[1] / "oracles" / "repeated.json").read_text())["lagged"]


@pytest.fixture
def rows():
    data = pd.DataFrame(PINNED["data"])
    return data.assign(y=data["followup"], unit=pd.NA)


@pytest.mark.parametrize("name", ["post", "pre"])
def test_slopes_are_r_s_for_pupils_and_clubsandwich_s_for_classes(rows, name):
    columns = ["post", "pre"] if name == "post" else ["pre", "post"]
    b, se, _, p = PINNED[name]["pupils"]
    made = slope(rows, columns)
    assert (made.value, made.se, made.p) == pytest.approx((b, se, p), rel=1e-8)
    b, se, df, p = PINNED[name]["classes"]
    made = slope(rows.assign(unit=rows["class"]), columns)
    assert (made.value, made.se, made.df, made.p) == pytest.approx((b, se, df, p), rel=1e-7)


def test_what_cannot_be_told_apart_is_refused(rows):
    assert slope(rows.assign(pre=rows["post"] * 2), ["post", "pre"]).note == "not_estimable"
    assert slope(rows.assign(post=1.0), ["post"]).note == "not_estimable"
    assert slope(rows.iloc[:0], ["post"]).note == "not_estimable"
    assert slope(rows.assign(unit="only"), ["post"]).note == "refused_too_few_units"


@pytest.fixture
def crossed(make_study, classroom, long_scores):
    """Estimates of a study in which m runs ahead of y, by pupil or by class."""

    def ask(by):
        pupils, pre, _ = classroom(classes=12, size=15)
        rng, n = np.random.default_rng(6), 180
        noise = lambda: pd.Series(rng.normal(0, 0.5, n), pupils.index)  # noqa: E731
        if by == "pupil":
            pupils = pupils.assign(arm=np.resize(["T", "C"], n))
        m0, y0 = pre + noise(), pre
        m1, y1 = 0.7 * m0 + noise(), 0.4 * y0 + 0.5 * m0 + noise()
        m2, y2 = 0.7 * m1 + noise(), 0.4 * y1 + 0.5 * m1 + noise()
        outcomes = [
            {"name": "y", "column": "y", "better": "higher", "role": "primary"},
            {"name": "m", "column": "m", "better": "higher"},
        ]
        study = make_study(by=by, outcomes=outcomes, mediators=["m"])
        waves = {"y": (y0, y1, y2), "m": (m0, m1, m2)}
        tables = [long_scores(dict(zip(("pre", "post", "followup"), of, strict=True)), k) for k, of in waves.items()]
        scores = pd.concat(tables).drop(index=0)
        return {(e.wave_to, e.id.split("/", 3)[3]): e for e in estimate(study, scores, pupils, 1)}

    return ask


@pytest.mark.parametrize("by", ["pupil", "class"])
def test_the_scale_that_runs_ahead_is_found(crossed, by):
    made = {k: e for k, e in crossed(by).items() if k[1].startswith("lagged")}
    assert set(made) == {
        ("post", "lagged_previous"), ("followup", "lagged_previous"), ("followup", "lagged_earlier"),
        ("post", "lagged_cross/m"), ("post", "lagged_cross_back/m"),
        ("followup", "lagged_cross/m"), ("followup", "lagged_cross_back/m"),
    }  # fmt: skip
    for wave in ("post", "followup"):
        ahead, back = made[wave, "lagged_cross/m"], made[wave, "lagged_cross_back/m"]
        assert abs(ahead.estimate - 0.5) < 3 * ahead.se
        assert ahead.ci_low > 0.2
        assert back.ci_low < 0.0 < back.ci_high
        assert ahead.n_clusters == (12 if by == "class" else None)
    assert made["post", "lagged_cross/m"].n == 179
    assert {(e.role, e.family, e.note) for e in made.values()} == {("exploratory", "", "lagged_association")}


def test_slopes_within_blocks_are_least_squares_with_a_column_for_every_block(rows):
    import statsmodels.formula.api as smf

    blocked = rows.assign(block=np.arange(len(rows)) % 5)
    made = slope(blocked, ["post", "pre"], ["block"])
    known = smf.ols("y ~ post + pre + C(arm) + C(block)", blocked).fit()
    assert (made.value, made.se, made.p) == pytest.approx(
        (known.params["post"], known.bse["post"], known.pvalues["post"]), rel=1e-8
    )
