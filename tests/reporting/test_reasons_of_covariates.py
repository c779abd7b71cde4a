"""Why a covariate was left out is told: a reason without a sentence stopped a report of two classes an arm."""

from __future__ import annotations

import inspect
import re

import pytest

from werkbank.catalogue import say
from werkbank.effects import cautions
from werkbank.statistics import unit_means


def reasons():
    """Return every reason that the docstring of the cautions promises, and that the adjustment gives."""
    promised = re.search(r"used, or why not: (.*?)\. ``random", inspect.getdoc(cautions.cautions), flags=re.DOTALL)
    given = re.findall(r'"([a-z]+(?:_[a-z]+)+)"', inspect.getsource(unit_means._sorted_covariates))
    return sorted({*re.split(r",\s+", promised[1]), *given})


@pytest.mark.parametrize("reason", reasons())
@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_reason_has_a_sentence(reason, language):
    assert say(f"report.covariates.{reason}", language)
