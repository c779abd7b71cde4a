"""What intake hands on: the answers, who gave them, and every decision that was taken on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd

    from werkbank.intake.columns import Column
    from werkbank.study.model import FileSpec, Study

ROLES = ("teacher", "class", "school", "arm")  # what is known of a pupil besides the answers
DECLARED = ("block", "role")  # as well, where the study file has them


# what only `check` says: questions for whoever knows the files, which name values and people
ASKED = frozenset(
    f"intake.{name}"
    for name in (
        "near_names", "value_far", "usual_near", "waves_share_few", "files_share_few", "informants_share_few",
        "same_answers", "headings_alike", "item_constant", "units_per_arm", "units_too_few",
        "informant_not_said", "blocks_question", "wave_absent", "arm_absent", "alias_unused", "skip_beyond",
        "role_absent", "school_absent", "text_lacks_nl", "text_lacks_en", "score_constant", "item_empty",
        "marked_filter", "marked_unfinished", "marked_preview", "marked_excluded", "covariate_constant",
        "covariate_empty", "covariate_is_arm", "covariate_all_different", "range_wide", "covariate_alike",
        "labels_turned",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Note:
    """One thing that was decided, converted or counted; `key` is a catalogue key under ``intake``."""

    key: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def asks(self) -> bool:
        """Whether this is a question of `check`, and no part of a report."""
        return self.key in ASKED

    def sentence(self, language: str = "nl", *, names_pupils: bool = True) -> str:
        """Return the note as one line in `language`; a report is written without the pupils' numbers."""
        from werkbank.catalogue import say

        values = dict(self.values)
        if "pupils" in values and not names_pupils:
            values["pupils"] = say("intake.see_check", language)
        return say(self.key, language, **values)


@dataclass(frozen=True)
class FileReading:
    """How one file was read.

    Attributes
    ----------
    path : str
        As the user wrote it.
    sha256 : str
        Of the bytes that were read.
    n_rows : int
        Rows with anything in them, header rows not counted.
    kind : str
        csv, qualtrics, xlsx, xls, ods or sav.
    delimiter, decimal, encoding, sheet : str or None
        What was declared or decided; None where it does not apply, or (decimal) where no number has decimals.
    labels : mapping
        SPSS value labels: column -> code -> label.
    user_missing : mapping
        SPSS user-missing codes: column -> (low, high) pairs, equal for a single code.
    """

    path: str
    sha256: str
    n_rows: int
    kind: str
    delimiter: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    labels: Mapping[str, Mapping[Any, str]] = field(default_factory=dict)
    user_missing: Mapping[str, tuple[tuple[Any, Any], ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """One file as it lies there: untouched cells by column, and each row's number in the spreadsheet.

    Cells are text (csv), or text, numbers, dates and None (xlsx, sav). Nothing has been interpreted yet.
    """

    spec: FileSpec
    names: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: np.ndarray
    reading: FileReading

    @property
    def path(self) -> str:
        """The file's path as the user wrote it, and its sheet if that was given: one workbook may hold two waves."""
        return f"{self.spec.path} ({self.spec.sheet})" if self.spec.sheet else self.spec.path

    def cells(self, name: str) -> np.ndarray:
        """Return the cells of column `name` (of the first one, where the name stands twice), one a row."""
        return self.column(name).cells()

    def column(self, name: str) -> Column:
        """Return column `name` by its different cells: what is asked of a cell is asked once of each."""
        return self.columns[self.names.index(name)]

    def is_user_missing(self, name: str, cell: Any) -> bool:  # noqa: ANN401 - SPSS codes are numbers or text
        """Whether SPSS was told that this value of column `name` means: not answered."""
        ranges = self.reading.user_missing.get(name, ())
        return any(isinstance(cell, str) == isinstance(low, str) and low <= cell <= high for low, high in ranges)


@dataclass(frozen=True)
class Intake:
    """A study's answers, read and checked.

    Attributes
    ----------
    study : Study
    answers : DataFrame
        One row an answer that could have been given: pupil, teacher, class, school, arm, wave (canonical), informant,
        outcome, item (all categorical) and value (float; NaN: this item was not answered). A pupil who answered no
        item of an outcome at a wave has no rows for it. Class, teacher, school and arm are those at assignment.
    pupils : DataFrame
        Indexed by pupil, in the order of the files: teacher, class, school, arm at assignment (the first wave seen),
        block (where `design.blocks` names one), role (target or transfer; where `columns.role` is there) and the
        covariates. Pupils without any answer are here too. An unknown value is NaN.
    notes : tuple of Note
    files : tuple of FileReading
    """

    study: Study
    answers: pd.DataFrame
    pupils: pd.DataFrame
    notes: tuple[Note, ...]
    files: tuple[FileReading, ...]
