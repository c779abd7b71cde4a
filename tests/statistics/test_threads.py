"""What is computed in one thread, and the session that has as many as it had."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from werkbank.statistics.cfa.fitting import fit_cfa
from werkbank.statistics.multilevel.mixed import fit
from werkbank.statistics.threads import one_thread


def threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_one_thread_inside_and_as_many_as_before_outside():
    with threadpool_limits(2, user_api="blas"):
        before = threads()
        assert one_thread(threads)() == {1}
        assert threads() == before
        with pytest.raises(ZeroDivisionError):
            one_thread(lambda: 1 / 0)()
        assert threads() == before


def test_fits_say_what_they_are_and_keep_their_documentation():
    assert fit.__name__ == "fit"
    assert "restricted" in fit.__doc__
    assert "factor model" in fit_cfa.__doc__


def test_the_number_of_threads_changes_no_digit():
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(20), 15)
    x = rng.normal(size=300)
    y = x + rng.normal(size=20)[group] + rng.normal(size=300)
    X = pd.DataFrame({"intercept": 1.0, "x": x})
    made = []
    for n in (1, 2):
        with threadpool_limits(n, user_api="blas"):
            made.append(fit(y, X, {"group": group}).beta)
    assert np.array_equal(*made)
