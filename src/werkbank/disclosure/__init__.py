"""What may leave the school: the rules on results, and the inspection of finished files."""

from werkbank.disclosure.suppressing import HIDDEN, MIN_CELL, suppress
from werkbank.disclosure.together import suppress_together

__all__ = ["HIDDEN", "MIN_CELL", "suppress", "suppress_together"]
