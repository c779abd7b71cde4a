"""Scores -> estimates: named effect sizes, change, comparison, multilevel models. Nothing here formats a number."""

from werkbank.effects.describing import describe
from werkbank.effects.diagnosing import diagnose
from werkbank.effects.estimating import estimate, headline
from werkbank.effects.individual import by_own_alpha, reliable_changes
from werkbank.effects.multiverse import ManyWays, of_headline
from werkbank.effects.own_units import unit_means

__all__ = [
    "ManyWays",
    "by_own_alpha",
    "describe",
    "diagnose",
    "estimate",
    "headline",
    "of_headline",
    "reliable_changes",
    "unit_means",
]
