"""Confirmatory factor analysis by maximum likelihood: several factors, groups and waves, and missing answers."""

from werkbank.statistics.cfa.congeneric import Omega, omega
from werkbank.statistics.cfa.fitting import Cfa, Counts, Parameter, fit_cfa
from werkbank.statistics.cfa.indices import Fit
from werkbank.statistics.cfa.structure import FactorModel

__all__ = ["Cfa", "Counts", "FactorModel", "Fit", "Omega", "Parameter", "fit_cfa", "omega"]
