"""What a study could have seen, and whether those who dropped out may have changed the picture."""

from __future__ import annotations

import math

from werkbank.statistics.standards import attrition_risk


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
    """Whether attrition is low by the cautious boundary of the What Works Clearinghouse."""
    return attrition_risk(overall, differential, "cautious") == "low"
