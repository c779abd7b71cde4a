"""werkbank: find out whether an intervention in school did anything.

A study file says what was measured; answers become scores, scores become estimates, estimates become claims, claims
become reports::

    bench = werkbank.open("study.yaml")
    bench.scores, bench.wide(bench.primary), bench.estimates, bench.claims

or, as a report, ``werkbank.run_report("study.yaml")``. The steps have names of their own (`load_study`, `read_answers`,
`score_study`, `estimate`, `describe`, `appraise`). Names are imported when they are first used, so that
``werkbank --help`` answers at once.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_HOME = {
    "Bench": "bench",
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
    "example_path": "study.finding",
    "finish": "running.finishing",
    "load_study": "study",
    "open": "bench:open_study",
    "peek": "bench",
    "read_answers": "intake",
    "run_report": "running",
    "score_study": "measurement.study_scores",
    "show": "reporting.showing",
}

__all__ = [
    "Bench",
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
    "finish",
    "load_study",
    "open",
    "peek",
    "read_answers",
    "run_report",
    "score_study",
    "show",
]

if TYPE_CHECKING:
    from werkbank.appraisal import appraise
    from werkbank.bench import Bench, peek
    from werkbank.bench import open_study as open  # noqa: A004 - a user writes werkbank.open
    from werkbank.effects import describe, estimate
    from werkbank.errors import MissingPieceError, Problem, ReportError, UnfitError, UsageError, WerkbankError
    from werkbank.intake import Intake, read_answers
    from werkbank.measurement.study_scores import Scores, score_study
    from werkbank.reporting.showing import show
    from werkbank.results import Claim, Estimate, Fact, Results
    from werkbank.running import run_report
    from werkbank.running.finishing import finish
    from werkbank.study import Study, load_study
    from werkbank.study.finding import example_path


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'werkbank' has no attribute {name!r}")
    module, _, there = _HOME[name].partition(":")
    value = getattr(importlib.import_module(f"werkbank.{module}"), there or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
