"""Raw files -> answers: read what is there, repair nothing in silence, and say every doubt at once."""

from werkbank.intake.model import FileReading, Intake, Note
from werkbank.intake.once import read_answers

__all__ = ["FileReading", "Intake", "Note", "read_answers"]
