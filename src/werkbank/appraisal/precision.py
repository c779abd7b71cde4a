"""What a study could have seen, and whether those who dropped out may have changed the picture."""

from __future__ import annotations

import math

# What Works Clearinghouse Standards 4.1, table II.1, cautious boundary: the largest difference in attrition between
# two arms (percentage points) that is acceptable at an overall attrition of 0, 1, 2 … 57 per cent
BOUNDARY = (
    5.7, 5.8, 5.9, 5.9, 6.0, 6.1, 6.2, 6.3, 6.3, 6.3, 6.3, 6.2, 6.2, 6.1, 6.0, 5.9, 5.9, 5.8, 5.7, 5.5,
    5.4, 5.3, 5.2, 5.1, 4.9, 4.8, 4.7, 4.5, 4.4, 4.3, 4.1, 4.0, 3.8, 3.6, 3.5, 3.3, 3.2, 3.1, 2.9, 2.8,
    2.6, 2.5, 2.3, 2.1, 2.0, 1.8, 1.6, 1.5, 1.3, 1.2, 1.0, 0.9, 0.7, 0.6, 0.4, 0.3, 0.2, 0.0,
)  # fmt: skip


def minimum_detectable(se: float | None, df: float | None, power: float = 0.80, alpha: float = 0.05) -> float | None:
    """The smallest true effect that this design would detect with the given power: M·SE, M from the df.

    Parameters
    ----------
    se, df : float or None
        Standard error and degrees of freedom of the test; the result has the units of `se`.

    Returns
    -------
    float or None
        (t[1 - alpha/2; df] + t[power; df])·se; None where there is no test. A property of design and spread, not of
        what was found: never to be compared with the estimate as if it were a test.

    Notes
    -----
    Bloom (1995); Dong & Maynard (2013). The multiplier 2.8 of the rule of thumb is M for many degrees of freedom.
    Checked against the two-level illustrations in Dong & Maynard's formula (20 classes of 20: .581).
    """
    from scipy import special

    if se is None or df is None or not (se > 0 and df > 0 and math.isfinite(se)):
        return None
    return float(special.stdtrit(df, 1 - alpha / 2) + special.stdtrit(df, power)) * se


def attrition(enrolled: dict[str, int], analysed: dict[str, int]) -> tuple[float, float] | None:
    """Overall attrition and the largest difference between arms, as proportions; None when an arm was empty.

    overall = 1 - analysed/enrolled over all arms; differential = the highest minus the lowest arm's own rate (WWC).
    """
    if not enrolled or any(n <= 0 for n in enrolled.values()):
        return None
    rates = [1 - analysed.get(arm, 0) / n for arm, n in enrolled.items()]
    overall = 1 - sum(analysed.get(arm, 0) for arm in enrolled) / sum(enrolled.values())
    return overall, max(rates) - min(rates)


def acceptable(overall: float, differential: float) -> bool:
    """Whether attrition is low by the cautious WWC boundary; between whole per cents the stricter neighbour counts."""
    percent = 100 * overall
    low, high = math.floor(percent + 1e-9), math.ceil(percent - 1e-9)
    if high >= len(BOUNDARY):
        return False
    return 100 * differential <= min(BOUNDARY[low], BOUNDARY[high]) + 1e-9
