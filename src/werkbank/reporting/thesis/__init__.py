"""A chapter to be handed in, as APA (7th edition) has it; and what is for its writer alone."""

from werkbank.reporting.thesis.citing import sources
from werkbank.reporting.thesis.closing import limitations, references
from werkbank.reporting.thesis.defending import defence
from werkbank.reporting.thesis.found import results
from werkbank.reporting.thesis.method import instruments, participants, procedure
from werkbank.reporting.thesis.missing import todo
from werkbank.reporting.thesis.modelling import analysis

__all__ = [
    "analysis", "defence", "instruments", "limitations", "participants", "procedure", "references", "results",
    "sources", "todo",
]  # fmt: skip
