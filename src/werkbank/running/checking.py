"""What `check` knows: all that a report of the study will read, read; and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from werkbank.intake import FileReading, Intake, Note
    from werkbank.study import Study


@dataclass(frozen=True)
class Checked:
    """A study that is fit: its answers (pupils by their own numbers), and every file that was read."""

    intake: Intake
    files: tuple[FileReading, ...]

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was decided, converted or counted."""
        return self.intake.notes

    def as_row(self, language: str) -> dict[str, Any]:
        """Return what was found as plain values, for a program that reads them."""
        files = [{"path": f.path, "rows": f.n_rows, "kind": f.kind, "sha256": f.sha256} for f in self.files]
        notes = [{"key": note.key, "sentence": note.sentence(language)} for note in self.notes]
        return {"fit": True, "pupils": len(self.intake.pupils), "files": files, "notes": notes, "problems": []}


def check_study(study: Study) -> Checked:
    """Read all that a study names: its answers, and its pupil-monitoring export.

    Raises
    ------
    UnfitError
        With every problem of the first of these that is not fit.
    """
    from werkbank.intake.reading import read_answers

    intake = read_answers(study)
    files = intake.files
    if study.monitoring is not None:
        from werkbank.underachievement.following import follow

        files = (*files, *follow(study).files)
    if study.synthesis is not None:
        from werkbank.synthesis.reading import review_of

        reviewed = review_of(study)
        files = (*files, *reviewed.files)
        intake = replace(intake, notes=(*intake.notes, *reviewed.notes))
    return Checked(intake, files)
