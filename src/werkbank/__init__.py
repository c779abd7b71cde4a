"""werkbank: find out whether an intervention in school did anything.

A study file says what was measured; answers become scores, scores become estimates, estimates become claims, claims
become reports::

    study = werkbank.load_study("study.yaml")
    intake = werkbank.read_answers(study)
    scores = werkbank.score_study(intake)
    facts = werkbank.describe(study, scores.table, intake.pupils)
    estimates = werkbank.estimate(study, scores.table, intake.pupils, seed=1)

or, all at once, ``werkbank.run_report("study.yaml")``. Names are imported when they are first used, so that
``werkbank --help`` answers at once.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_HOME = {
    "Claim": "results",
    "Estimate": "results",
    "Fact": "results",
    "Intake": "intake",
    "MissingPieceError": "errors",
    "Problem": "errors",
    "ReportError": "errors",
    "Results": "results",
    "Scores": "measurement.study_scores",
    "Study": "study",
    "UnfitError": "errors",
    "UsageError": "errors",
    "WerkbankError": "errors",
    "appraise": "appraisal",
    "describe": "effects",
    "estimate": "effects",
    "example_path": "study.examples",
    "load_study": "study",
    "read_answers": "intake",
    "run_report": "running",
    "score_study": "measurement.study_scores",
    "show": "reporting.showing",
}

__all__ = [
    "Claim",
    "Estimate",
    "Fact",
    "Intake",
    "MissingPieceError",
    "Problem",
    "ReportError",
    "Results",
    "Scores",
    "Study",
    "UnfitError",
    "UsageError",
    "WerkbankError",
    "appraise",
    "describe",
    "estimate",
    "example_path",
    "load_study",
    "read_answers",
    "run_report",
    "score_study",
    "show",
]

if TYPE_CHECKING:
    from werkbank.appraisal import appraise
    from werkbank.effects import describe, estimate
    from werkbank.errors import MissingPieceError, Problem, ReportError, UnfitError, UsageError, WerkbankError
    from werkbank.intake import Intake, read_answers
    from werkbank.measurement.study_scores import Scores, score_study
    from werkbank.reporting.showing import show
    from werkbank.results import Claim, Estimate, Fact, Results
    from werkbank.running import run_report
    from werkbank.study import Study, load_study
    from werkbank.study.examples import example_path


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'werkbank' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"werkbank.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
