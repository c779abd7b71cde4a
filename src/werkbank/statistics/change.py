"""Change of one group, pupil by pupil or class by class. It says that something changed, never why."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from werkbank.statistics.quantity import Quantity, t_test
from werkbank.statistics.sizes import Paired, d_av, d_rm, d_z, smcc, smcr

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

SIZES = {"d_z": d_z, "d_av": d_av, "d_rm": d_rm, "smcr": smcr, "smcc": smcc}


def mean_change(pre: ArrayLike, post: ArrayLike) -> Quantity:
    """Mean change with its paired t test.

    Parameters
    ----------
    pre, post : array of n values
        The same pupils (or class means) in the same order, in the scale's units, no missing values.

    Returns
    -------
    Quantity
        mean(post - pre), SE s/√n, df n - 1. Without variation in the changes there is no test. Not for pupils who sit
        in classes: give class means. Checked against R's t.test(paired = TRUE).
    """
    group = Paired.of(pre, post)
    return t_test(group.change, group.sd_change / math.sqrt(max(group.n, 1)), group.n - 1)


def change_sizes(pre: ArrayLike, post: ArrayLike, level: float = 0.95) -> dict[str, Quantity]:
    """Return the five standardised changes of one group, by name (`SIZES`), for n independent pupils."""
    group = Paired.of(pre, post)
    return {name: size(group, level) for name, size in SIZES.items()}
