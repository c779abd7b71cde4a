"""What may leave the school: suppressed results, shared copies of a report, and the inspection of finished files."""

from werkbank.reporting.disclosure.sharing import read_shared, shared_report, shared_sections, write_shared
from werkbank.reporting.disclosure.suppressing import HIDDEN, MIN_CELL, suppress
from werkbank.reporting.disclosure.together import suppress_together

__all__ = [
    "HIDDEN", "MIN_CELL", "read_shared", "shared_report", "shared_sections", "suppress", "suppress_together",
    "write_shared",
]  # fmt: skip
