"""Estimates that respect the classes and schools that were assigned, also when there are few of them."""

from werkbank.statistics.multilevel.clusters import identifiable
from werkbank.statistics.multilevel.contrast import ContrastTest
from werkbank.statistics.multilevel.cr2 import RobustFit, cluster_robust, cr2_test
from werkbank.statistics.multilevel.inference import test
from werkbank.statistics.multilevel.intraclass import IntraclassCorrelation, icc
from werkbank.statistics.multilevel.means import class_means
from werkbank.statistics.multilevel.mixed import MixedFit, fit
from werkbank.statistics.multilevel.randomisation import RandomisationTest, randomisation_test
from werkbank.statistics.multilevel.several import fit_several
from werkbank.statistics.multilevel.slopes import fit_slopes

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
    "fit_slopes",
    "icc",
    "identifiable",
    "randomisation_test",
    "test",
]
