"""Estimates that respect the classes and schools that were assigned, also when there are few of them."""

from werkbank.effects.multilevel.clusters import identifiable
from werkbank.effects.multilevel.contrast import ContrastTest
from werkbank.effects.multilevel.cr2 import RobustFit, cluster_robust, cr2_test
from werkbank.effects.multilevel.inference import test
from werkbank.effects.multilevel.intraclass import IntraclassCorrelation, icc
from werkbank.effects.multilevel.means import class_means, headline_method
from werkbank.effects.multilevel.mixed import MixedFit, fit
from werkbank.effects.multilevel.randomisation import RandomisationTest, randomisation_test
from werkbank.effects.multilevel.several import fit_several

__all__ = [
    "ContrastTest",
    "IntraclassCorrelation",
    "MixedFit",
    "RandomisationTest",
    "RobustFit",
    "class_means",
    "cluster_robust",
    "cr2_test",
    "fit",
    "fit_several",
    "headline_method",
    "icc",
    "identifiable",
    "randomisation_test",
    "test",
]
