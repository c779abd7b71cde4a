"""The model of one review, and how its estimates are called."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from werkbank.results import Estimate
from werkbank.statistics.pooling.model import Coefficients, Pooled, knapp_hartung, pool
from werkbank.statistics.pooling.robust import cr2

if TYPE_CHECKING:
    from werkbank.statistics.pooling.covariance import Array
    from werkbank.synthesis.review import Review

POOLED = 3  # studies: fewer stand side by side


@dataclass(frozen=True)
class Pool:
    """Effects with the model that the review asks for."""

    review: Review
    ci_level: float = 0.95

    @property
    def y(self) -> Array:
        """Effects; above 0 is better."""
        return np.asarray(self.review.effects["g"], dtype=np.float64)

    @property
    def v(self) -> Array:
        """Their sampling variances."""
        return np.asarray(self.review.effects["variance"], dtype=np.float64)

    @property
    def is_pooled(self) -> bool:
        """Whether there are studies enough to speak of a mean."""
        return self.review.n_studies >= POOLED

    @property
    def method(self) -> str:
        """The registry's name of the mean."""
        if self.review.block.method == "common":
            return "pooled_common"
        return "pooled_levels" if self.review.is_nested else "pooled_mean"

    def fitted(self, moderators: Array | None = None) -> Pooled:
        """Fit the review's model, with effects in studies where a study has more than one.

        Moments (DL, PM) know no levels: there the likelihood is used, which `method` then says.
        """
        block = self.review.block
        if not self.review.is_nested or block.method == "common":
            return pool(self.y, self.v, moderators=moderators, method=block.method)
        studies = self.review.effects["study"].to_numpy()
        return pool(self.y, self.v, studies=studies, moderators=moderators, rho=block.correlation)

    def tested(self, fit: Pooled) -> Coefficients:
        """Return the model's coefficients with the standard errors that fit it: Knapp-Hartung, or CR2 by study."""
        test = cr2 if self.review.is_nested else knapp_hartung
        return test(fit, ci_level=self.ci_level)

    @cached_property
    def fit(self) -> Pooled:
        """The model without moderators."""
        return self.fitted()

    @cached_property
    def mean(self) -> Coefficients:
        """The pooled mean."""
        return self.tested(self.fit)

    def key(self, *parts: str) -> str:
        """Return the id of a result of this review."""
        return "/".join(["synthesis", self.review.block.outcome, *parts])

    def estimate(self, *parts: str, method: str, value: float | None, **more: Any) -> Estimate:  # noqa: ANN401 - Estimate's
        """Return an estimate of this review: of all its effects and studies, unless `more` says else."""
        common = {
            "n": len(self.y),
            "n_clusters": self.review.n_studies,
            "role": "exploratory",
            "ci_level": self.ci_level,
        }
        return Estimate(self.key(*parts), self.review.block.outcome, method, value, **{**common, **more})

    @staticmethod
    def numbers(m: Coefficients, at: int = 0) -> dict[str, float]:
        """Return what a coefficient has besides its value, as an estimate calls it."""
        named = {"se": m.se, "df": m.df, "statistic": m.statistic, "p": m.p, "ci_low": m.low, "ci_high": m.high}
        return {name: float(values[at]) for name, values in named.items()}
