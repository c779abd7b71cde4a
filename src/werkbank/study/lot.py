"""lot.yaml: what was drawn by lot, from which list, by which seed; and whether it is still what was drawn.

It knows units by the place they have in the list (``01``, ``02`` …) and no names: whoever has the file alone can draw
again and see that nothing was changed, and only whoever has the list as well knows who is meant.
"""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003 - pydantic reads them
from typing import TYPE_CHECKING, Literal

from pydantic import Field, ValidationError

from werkbank.errors import Problem, UnfitError
from werkbank.instruments.written import NotYamlError
from werkbank.statistics.lots import commitment, draw_arms, draw_starts
from werkbank.study.parts import Part
from werkbank.study.sealed import opened, seal_of

if TYPE_CHECKING:
    from pathlib import Path

Level = Literal["pupil", "class", "teacher", "school", "case"]
Drawing = Literal["arms", "start", "order", "independent", "different"]


class Listed(Part):
    """The list from which lots are drawn: a file beside lot.yaml, known by its hash."""

    file: str = Field(description="relative to the folder of lot.yaml")
    sha256: str
    sheet: str | None = None
    unit: list[str] = Field(min_length=1, description="the columns that together name a unit")
    within: str | None = Field(default=None, description="the column with pairs, strata or classes")


class Seed(Part):
    """Where chance came from: a phrase whose SHA-256 was written down before, or something public with its date."""

    kind: Literal["committed", "public"]
    source: str = Field(min_length=3, description="who chose the phrase; or what was published")
    on: date | None = Field(default=None, description="public: the day on which it was (or will be) published")
    sha256: str | None = Field(default=None, description="committed: of the phrase")
    text: str | None = Field(default=None, description="the seed itself, once it is known")


class Drawn(Part):
    """One unit: its place in the list, its block there, and what was drawn for it."""

    code: str
    block: str = ""
    arm: str | None = None
    start: int | None = None


class Lot(Part):
    """A lot: announced (a list and where the seed will come from), or drawn as well."""

    lot: Literal[1] = Field(description="the form of this file")
    algorithm: Literal["sha256-order-1"] = "sha256-order-1"
    level: Level
    scheme: Drawing
    drawn_from: Listed
    arms: dict[str, int] | None = None
    days: list[int] | None = None
    seed: Seed
    announced: datetime | None = None
    drawn: datetime | None = None
    made_with: dict[str, str]
    units: tuple[Drawn, ...] = Field(min_length=1)

    @property
    def is_drawn(self) -> bool:
        """Whether the seed is known, and lots were drawn by it."""
        return self.drawn is not None and self.seed.text is not None

    @property
    def per_arm(self) -> dict[str, int]:
        """How many units were drawn for each arm."""
        drawn = [unit.arm for unit in self.units]
        return {arm: drawn.count(arm) for arm in self.arms or {}}

    @property
    def in_blocks(self) -> bool:
        """Whether lots were drawn within pairs, strata or classes."""
        return any(unit.block for unit in self.units)

    @property
    def foretold(self) -> Literal["before", "same_day", "not"]:
        """How sure it is that list and seed were fixed before the seed was known.

        ``before``: of a phrase this holds of whoever did not choose it; ``same_day``: announced on the day on which a
        public seed came out; ``not``: nothing shows it.
        """
        if self.announced is None:
            return "not"
        if self.seed.on is None or self.announced.date() < self.seed.on:
            return "before"
        return "same_day" if self.announced.date() == self.seed.on else "not"

    def again(self) -> tuple[Drawn, ...]:
        """Return the units as the algorithm draws them from this file's own seed and codes."""
        text = self.seed.text or ""
        bare = [unit.model_copy(update={"arm": None, "start": None}) for unit in self.units]
        if self.scheme == "arms":
            arms = draw_arms(text, [(unit.block, unit.code) for unit in bare], self.arms or {})
            return tuple(u.model_copy(update={"arm": arm}) for u, arm in zip(bare, arms, strict=True))
        days = draw_starts(text, [unit.code for unit in bare], self.days or [], self.scheme)
        return tuple(u.model_copy(update={"start": day}) for u, day in zip(bare, days, strict=True))

    def altered(self) -> str:
        """Return what no longer fits: ``commitment`` (another phrase), ``draw`` (not what the seed gives), or ""."""
        if not self.is_drawn:
            return ""
        if self.seed.kind == "committed" and commitment(self.seed.text or "") != self.seed.sha256:
            return "commitment"
        return "" if self.again() == self.units else "draw"


def codes(n: int) -> list[str]:
    """Return the codes of `n` units of a list: their places in it, all as long as the last."""
    return [f"{i:0{max(2, len(str(n)))}d}" for i in range(1, n + 1)]


def read_lot(path: Path, shown: str, language: str = "nl") -> Lot:
    """Read a lot and see whether it is what was drawn.

    Raises
    ------
    UnfitError
        ``lot_not_found``, ``lot_unreadable``, ``lot_altered`` (with what no longer fits: the seal, the phrase that was
        promised, or the draw itself).
    """
    if not path.is_file():
        raise UnfitError([Problem("lot_not_found", shown)], language)
    try:
        raw, seal = opened(path)
        lot = Lot.model_validate(raw)
    except NotYamlError as error:
        raise UnfitError([Problem("lot_unreadable", shown, row=error.row)], language) from None
    except ValidationError as error:
        at = ".".join(map(str, error.errors()[0]["loc"]))
        raise UnfitError([Problem("lot_unreadable", shown, column=at or None)], language) from None
    what = lot.altered() or ("" if seal == seal_of(lot) else "seal")
    if what:
        raise UnfitError([Problem("lot_altered", shown, details={"reason_key": f"lot_{what}"})], language)
    return lot
