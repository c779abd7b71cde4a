"""A list -> a lot: first announced (the list and where the seed will come from), then drawn, once."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import say
from werkbank.errors import UsageError
from werkbank.intake.lists import Rows, read_list, same_list
from werkbank.statistics.lots import commitment, tidy_seed
from werkbank.study.lot import Drawn, Listed, Lot, Seed, codes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from werkbank.study.lot import Drawing, Level

SHORTEST = 8  # signs of a phrase: a shorter one is guessed from its hash at once


@dataclass(frozen=True)
class Asked:
    """What is to be drawn.

    `unit` are the columns that together name a unit, `within` the column of pairs, strata or classes. `arms` maps arms
    to weights; `days` are the starting days of cases: one of the two.
    """

    level: Level
    unit: Sequence[str]
    within: str | None = None
    sheet: str | None = None
    arms: Mapping[str, int] | None = None
    scheme: Drawing = "arms"
    days: Sequence[int] | None = None


def seed_of(
    language: str, *, source: str | None, on: date | None = None, phrase: str | None = None, sha256: str | None = None
) -> Seed:
    """Return where chance will come from.

    Raises
    ------
    UsageError
        No source; neither a phrase (or its hash) nor the day of something public, or both; a phrase so short that its
        hash gives it away.
    """
    if not source or len(source.strip()) < 3 or (on is None) == (phrase is None and sha256 is None):
        raise UsageError(say("planning.lot.problem.seed", language))
    if on is not None:
        return Seed(kind="public", source=source.strip(), on=on)
    if phrase is not None and len(tidy_seed(phrase)) < SHORTEST:
        raise UsageError(say("planning.lot.problem.short", language, n=SHORTEST))
    digest = commitment(phrase) if phrase is not None else str(sha256).strip().lower()
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise UsageError(say("planning.lot.problem.no_hash", language))
    return Seed(kind="committed", source=source.strip(), sha256=digest)


def announce(folder: Path, file: str, asked: Asked, seed: Seed, now: datetime, language: str) -> tuple[Lot, Rows]:
    """Return a lot that is still to be drawn from a list, and the list as it was read.

    Parameters
    ----------
    folder : path
        Where lot.yaml will lie; `file`, the list, is relative to it.

    Raises
    ------
    UnfitError
        A list that cannot be read, or names a unit twice.
    UsageError
        Arms, days or blocks from which nothing can be drawn.
    """
    rows = read_list(folder, file, asked.unit, asked.within, language, sheet=asked.sheet)
    _drawable(rows, asked, language)
    called = {block: f"b{code}" if block else "" for block, code in _numbered(rows.blocks).items()}
    units = tuple(
        Drawn(code=code, block=called[block]) for code, block in zip(codes(len(rows.units)), rows.blocks, strict=True)
    )
    listed = Listed(file=file, sha256=rows.sha256, sheet=asked.sheet, unit=list(asked.unit), within=asked.within)
    made: dict[str, Any] = {"werkbank": version("werkbank"), "python": platform.python_version()}
    lot = Lot(
        lot=1, level=asked.level, scheme=asked.scheme, drawn_from=listed, arms=dict(asked.arms) if asked.arms else None,
        days=sorted(set(asked.days)) if asked.days else None, seed=seed, announced=now, made_with=made, units=units,
    )  # fmt: skip
    return lot, rows


def draw(lot: Lot, rows: Rows, text: str, now: datetime, language: str, *, announced: bool = True) -> Lot:
    """Draw an announced lot by its seed.

    Parameters
    ----------
    rows : Rows
        The list as it lies there now: it must be the one that was announced.
    announced : bool
        False where list and seed are given in one go: then nobody could know beforehand, and lot.yaml says so.

    Raises
    ------
    UsageError
        It was drawn before; the phrase is not the one that was promised, or nothing was; what is public is not yet.
    UnfitError
        ``lot_list_altered``.
    """
    if lot.is_drawn:
        raise UsageError(say("planning.lot.problem.twice", language))
    same_list(rows, lot.drawn_from.sha256, lot.drawn_from.file, language)
    if not tidy_seed(text):
        raise UsageError(say("planning.lot.problem.empty", language))
    if lot.seed.kind == "committed" and (not announced or commitment(text) != lot.seed.sha256):
        raise UsageError(say(f"planning.lot.problem.{'other_phrase' if announced else 'not_promised'}", language))
    # a day has begun somewhere on earth up to fourteen hours before it has in UTC
    if lot.seed.on is not None and lot.seed.on > (now + timedelta(hours=14)).date():
        raise UsageError(say("planning.lot.problem.too_soon", language, on=lot.seed.on.isoformat()))
    seed = lot.seed.model_copy(update={"text": tidy_seed(text)})
    ready = lot.model_copy(update={"seed": seed, "drawn": now, "announced": lot.announced if announced else None})
    return ready.model_copy(update={"units": ready.again()})


def _drawable(rows: Rows, asked: Asked, language: str) -> None:
    n = len(rows.units)
    if (asked.arms is None) == (asked.days is None) or (asked.arms is None) == (asked.scheme == "arms"):
        raise UsageError(say("planning.lot.problem.arms_or_days", language))
    if asked.arms is not None:
        if len(asked.arms) < 2 or any(w < 1 for w in asked.arms.values()):
            raise UsageError(say("planning.lot.problem.arms", language))
        small = [block for block in dict.fromkeys(rows.blocks) if rows.blocks.count(block) < len(asked.arms)]
        if small and asked.within:
            raise UsageError(say("planning.lot.problem.small_block", language, block=small[0], n=len(asked.arms)))
        if n < len(asked.arms):
            raise UsageError(say("planning.lot.problem.few", language, n=n))
        return
    days = set(asked.days or ())
    wrong = {
        "start": n != 1 or len(days) < 2, "independent": len(days) < 2, "different": len(days) < max(n, 2),
        "order": len(days) != n or n < 2,
    }  # fmt: skip
    if wrong[asked.scheme] or min(days) < 2:
        raise UsageError(say(f"planning.lot.problem.days.{asked.scheme}", language, n=n, n_days=len(days)))


def _numbered(names: Sequence[str]) -> dict[str, str]:
    different = list(dict.fromkeys(names))
    return dict(zip(different, codes(len(different)), strict=True))
