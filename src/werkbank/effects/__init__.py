"""Scores -> estimates: named effect sizes, change, comparison, multilevel models. Nothing here formats a number."""

from werkbank.effects.describing import describe
from werkbank.effects.estimating import estimate, headline
from werkbank.effects.individual import reliable_changes

__all__ = ["describe", "estimate", "headline", "reliable_changes"]
