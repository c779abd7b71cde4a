"""Running notebooks: one at a time or a batch, whole or not at all, with provenance that can be checked."""

from werkbank.running.runner import RunOutcome, run_report

__all__ = ["RunOutcome", "run_report"]
