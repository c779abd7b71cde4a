"""Confirmatory factor analysis by maximum likelihood: several factors, groups and waves, and missing answers."""

from werkbank.measurement.cfa.congeneric import Omega, omega
from werkbank.measurement.cfa.fitting import Cfa, Counts, Parameter, fit_cfa
from werkbank.measurement.cfa.indices import Fit
from werkbank.measurement.cfa.structure import FactorModel

__all__ = ["Cfa", "Counts", "FactorModel", "Fit", "Omega", "Parameter", "fit_cfa", "omega"]
