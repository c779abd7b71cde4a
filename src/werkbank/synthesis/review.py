"""What a review pools: effects, a row each, with the traits by which they may differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from werkbank.intake.model import FileReading, Note
    from werkbank.study.synthesis import Synthesis

# traits that are never pooled over in silence: effects that differ by them are of different questions
APART = ("school_type", "rater", "outcome", "instrument", "age")
# pre-post correlations at which the answer is given as well where papers print none and one was assumed
OTHER_R = (0.3, 0.5, 0.7, 0.9)
USUAL_R = 0.5  # with which such effects are pooled where the study file assumes nothing: said, and varied as `OTHER_R`


@dataclass(frozen=True)
class Review:
    """Effects that were read.

    Attributes
    ----------
    block : Synthesis
    effects : DataFrame
        A row an effect: ``study``, ``effect`` (its name within the study), ``g`` (above 0 is better), ``variance``,
        ``n`` (pupils; NaN where not known), ``how`` (the road from print to g), ``remarks`` (a tuple of pairs), a
        column for each trait, and of printed numbers ``at_other_r`` (variances at `OTHER_R` where r was assumed).
    files : tuple of FileReading
    notes : tuple of Note
        What was decided on the way, and whose results were held back.
    """

    block: Synthesis
    effects: pd.DataFrame
    files: tuple[FileReading, ...] = ()
    notes: tuple[Note, ...] = field(default=())

    @property
    def n_studies(self) -> int:
        """Number of studies."""
        return int(self.effects["study"].nunique())

    @property
    def held_back(self) -> dict[str, int]:
        """How many studies have no row: their result was hidden to protect pupils, or they did not measure it."""
        keys = [note.key.removeprefix("intake.synthesis.") for note in self.notes]
        return {kind: keys.count(kind) for kind in ("held_back", "not_measured") if kind in keys}

    @property
    def is_nested(self) -> bool:
        """Whether a study has more than one effect."""
        return self.n_studies < len(self.effects)
