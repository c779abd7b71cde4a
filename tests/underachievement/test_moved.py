"""Who fell or rose beside the own expected band: against statsmodels, and right for pupils who are stable."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from tests.underachievement.test_alerts import stable

from werkbank.underachievement.alerts import Rule, moved, watch


@pytest.mark.parametrize("known", [True, False])
def test_of_stable_pupils_one_in_forty_falls_and_one_in_forty_rises(known):
    scores = stable(np.random.default_rng(11), 4000, 0.85, subjects=("taal", "rekenen"))
    sem = dict.fromkeys(("taal", "rekenen"), float(np.sqrt(0.15) * 15)) if known else None
    went = moved(watch(scores, Rule(sem=sem)))
    assert len(went) == 8000
    for side in ("fell", "rose"):  # standard error of the share: .0017
        assert (went == side).mean() == pytest.approx(0.025, abs=0.006)


def one_pupil(last):
    day = np.array([0, 190, 340, 560, 700, 950])
    score = np.array([100.0, 108.0, 110.0, 121.0, 125.0, last])
    date = pd.Timestamp("2020-01-01") + pd.to_timedelta(day, unit="D")
    return pd.DataFrame({"pupil": "a", "subject": "taal", "date": date, "ability": score}), day / 365.25, score


def test_band_is_the_prediction_interval_of_statsmodels():
    _, years, score = one_pupil(0.0)
    model = sm.OLS(score[:-1], sm.add_constant(years[:-1])).fit()
    low, high = model.get_prediction([[1.0, years[-1]]]).conf_int(obs=True, alpha=0.05)[0]
    for last, wanted in ((low - 1e-6, "fell"), (low + 1e-6, "stayed"), (high - 1e-6, "stayed"), (high + 1e-6, "rose")):
        table, *_ = one_pupil(last)
        assert moved(watch(table, Rule(confirm=1))).tolist() == [wanted]


def test_series_that_were_not_judged_are_left_out():
    table, *_ = one_pupil(130.0)
    few = table.iloc[:2].assign(pupil="b")
    watched = watch(pd.concat([table, few]), Rule(confirm=1))
    assert watched.n_series == 2
    assert watched.table.loc[moved(watched).index, "pupil"].tolist() == ["a"]
