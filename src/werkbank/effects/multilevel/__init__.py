"""Estimates that respect the classes and schools that were assigned, also when there are few of them."""

from werkbank.effects.multilevel.clusters import identifiable
from werkbank.effects.multilevel.inference import ContrastTest, test
from werkbank.effects.multilevel.mixed import MixedFit, fit

__all__ = ["ContrastTest", "MixedFit", "fit", "identifiable", "test"]
