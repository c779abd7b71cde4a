"""Effect sizes from what papers print: means and SDs, a t or F, a p, an interval, an odds ratio, two proportions.

All give Hedges' g (a difference in SDs, corrected for small samples) with its large-sample variance, so that effects of
one review are of one kind. Signs are treatment minus control; which way is better is for whoever pools them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from scipy import stats

from werkbank.statistics.sizes import Paired, Sample, d_ppc2, pooled_sd, small_sample_factor

NOT_SIGNIFICANT = 0.05
ROUNDING = 1e-12


@dataclass(frozen=True)
class Effect:
    """One effect: g, its variance, the sizes of both groups, and by which road it came (`how`)."""

    g: float
    variance: float
    n_treated: float
    n_control: float
    how: str

    @property
    def se(self) -> float:
        """Standard error."""
        return math.sqrt(self.variance)

    @property
    def df(self) -> float:
        """Pupils less two."""
        return self.n_treated + self.n_control - 2


def _sized(d: float, n_treated: float, n_control: float, how: str) -> Effect:
    """Return d as g, with 1/n + 1/n + g² / 2N (Hedges 1981; what metafor calls SMD with vtype LS)."""
    if min(n_treated, n_control) < 1 or n_treated + n_control < 4:
        raise ValueError("too few pupils for an effect size")
    g = small_sample_factor(n_treated + n_control - 2) * d
    variance = 1 / n_treated + 1 / n_control + g**2 / (2 * (n_treated + n_control))
    return Effect(g, variance, n_treated, n_control, how)


def from_means(treated: Sample, control: Sample) -> Effect:
    """Return g of two groups from their means and SDs. Source: Hedges (1981). Checked against R's escalc(SMD)."""
    s = pooled_sd([treated, control])
    if not s > 0:
        raise ValueError("the groups do not vary")
    return _sized((treated.mean - control.mean) / s, treated.n, control.n, "means")


def from_change(treated: Paired, control: Paired, r: float) -> Effect:
    """Return Morris' d_ppc2 from means and SDs before and after, with the pre-post correlation `r` within groups.

    The correlation does not move the effect but its variance. Source: Morris (2008). Checked against his Table 5.
    """
    found = d_ppc2([treated, control], rho=r)
    if found.se is None:
        raise ValueError("the groups do not vary")
    return Effect(found.value, found.se**2, treated.n, control.n, "change")


def from_t(t: float, n_treated: float, n_control: float, *, how: str = "t") -> Effect:
    """Return g from an independent t: d = t √(1/n + 1/n). Not for a paired t, nor for one with covariates."""
    return _sized(t * math.sqrt(1 / n_treated + 1 / n_control), n_treated, n_control, how)


def from_f(f: float, n_treated: float, n_control: float, sign: float) -> Effect:
    """Return g from an F of two groups on 1 df, whose sign must be told. Not for an F on more df."""
    if f < 0:
        raise ValueError("an F is not below 0")
    return from_t(math.copysign(math.sqrt(f), sign), n_treated, n_control, how="f")


def from_p(p: float, n_treated: float, n_control: float, sign: float) -> Effect:
    """Return g from a two-sided p of an independent t test, whose sign must be told. Of "p < .05" only a bound."""
    if not 0 < p <= 1:
        raise ValueError("a p lies between 0 and 1")
    t = float(stats.t.isf(p / 2, n_treated + n_control - 2))
    return from_t(math.copysign(t, sign), n_treated, n_control, how="p")


def from_interval(
    low: float, high: float, n_treated: float, n_control: float, sd: float, *, ci_level: float = 0.95
) -> Effect:
    """Return g from an interval of a difference in raw points and the SD of pupils; its variance is the interval's own.

    The interval may be of a model with covariates, then its variance is smaller than that of means, as it should.
    """
    if not low < high or not sd > 0:
        raise ValueError("an interval runs from low to high, and an SD is above 0")
    df = n_treated + n_control - 2
    j = small_sample_factor(df)
    se = (high - low) / 2 / float(stats.t.ppf((1 + ci_level) / 2, df))
    return Effect(j * (low + high) / 2 / sd, (j * se / sd) ** 2, n_treated, n_control, "interval")


def from_odds_ratio(
    odds_ratio: float, n_treated: float, n_control: float, *, low: float | None = None, high: float | None = None,
    log_variance: float | None = None, ci_level: float = 0.95,
) -> Effect:  # fmt: skip
    """Return d from an odds ratio and its interval: ln(OR) √3 / π, as if a logistic variable were cut.

    Source: Hasselblad and Hedges (1995); Chinn (2000). The variance is that of ln(OR) times 3 / π².
    """
    if not odds_ratio > 0:
        raise ValueError("an odds ratio is above 0")
    if log_variance is None:
        if low is None or high is None or not 0 < low < high:
            raise ValueError("an odds ratio needs its interval")
        z = float(stats.norm.ppf((1 + ci_level) / 2))
        log_variance = ((math.log(high) - math.log(low)) / 2 / z) ** 2
    per = math.sqrt(3) / math.pi
    return Effect(math.log(odds_ratio) * per, log_variance * per**2, n_treated, n_control, "odds_ratio")


def from_proportions(p_treated: float, n_treated: float, p_control: float, n_control: float) -> Effect:
    """Return d from the shares that succeeded, through their odds ratio; an empty cell gets half a pupil."""
    a, c = p_treated * n_treated, p_control * n_control
    cells = [a, n_treated - a, c, n_control - c]
    if min(cells) < 0:
        raise ValueError("a proportion lies from 0 to 1")
    if min(cells) == 0:
        cells = [cell + 0.5 for cell in cells]
    odds = cells[0] * cells[3] / (cells[1] * cells[2])
    made = from_odds_ratio(odds, n_treated, n_control, log_variance=sum(1 / cell for cell in cells))
    return replace(made, how="proportions")


def clustered(effect: Effect, size: float, icc: float) -> Effect:
    """Return an effect of a study that took pupils of whole classes as independent, corrected for it.

    g √(1 - 2(n-1)ρ / (N-2)), and the variance of Hedges (2007) for classes of one size n: his eq. 15 and 17. The ICC ρ
    is stated, not known: say which was taken. Not for an effect whose standard error already knows classes.
    """
    if size < 1 or not 0 <= icc < 1:
        raise ValueError("classes have 1 pupil or more and an ICC lies from 0 to below 1")
    n = effect.n_treated + effect.n_control
    shrink = 1 - 2 * (size - 1) * icc / (n - 2)
    if shrink <= 0:
        raise ValueError("classes as large as these leave no effect")
    g = effect.g * math.sqrt(shrink)
    spread = (n - 2) * (1 - icc) ** 2 + size * (n - 2 * size) * icc**2 + 2 * (n - 2 * size) * icc * (1 - icc)
    of_g = spread * g**2 / (2 * (n - 2) * ((n - 2) - 2 * (size - 1) * icc))
    design = n / (effect.n_treated * effect.n_control) * (1 + (size - 1) * icc)
    return replace(effect, g=g, variance=design + of_g, how=f"{effect.how}+clusters")


def p_of(effect: Effect) -> float:
    """Return the two-sided p of the independent t test to which an effect of means, t, F or p belongs."""
    t = effect.g / small_sample_factor(effect.df) / math.sqrt(1 / effect.n_treated + 1 / effect.n_control)
    return float(2 * stats.t.sf(abs(t), effect.df))


def agrees(printed: str, recomputed: float) -> bool:
    """Whether a printed p (".032", "< .05", "n.s.") can be the rounding of a recomputed one.

    ".03" stands for all that rounds to it; "< .05" for what is below, "> .05" and "n.s." for what is above.
    """
    text = printed.strip().lower().replace(",", ".").removeprefix("p").strip().lstrip("=").strip()
    if text in {"ns", "n.s.", "n.s"}:
        return recomputed > NOT_SIGNIFICANT
    sign, number = (text[0], text[1:].strip()) if text[:1] in {"<", ">", "≤", "≥"} else ("", text)
    value, half = float(number), 0.5 * 10.0 ** -len(number.partition(".")[2])
    low = -math.inf if sign in {"<", "≤"} else value - half
    high = math.inf if sign in {">", "≥"} else value + half if sign != "<" else value
    return bool(low - ROUNDING <= recomputed <= high + ROUNDING)
