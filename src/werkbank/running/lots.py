"""What ``werkbank lot`` does: it announces a lot or draws one, once, and writes its file, its page and its list."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from werkbank.catalogue import say
from werkbank.errors import UsageError
from werkbank.intake.lists import read_list
from werkbank.planning.lots import Asked, announce, draw, seed_of
from werkbank.running.manifest import notice, put
from werkbank.study.lot import read_lot
from werkbank.study.sealed import written

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from werkbank.intake.lists import Rows
    from werkbank.study.lot import Drawing, Lot

FIXED = ("unit", "within", "sheet", "arms", "starts", "scheme", "source", "phrase", "sha256", "on", "out", "level")


def lot_command(asked: argparse.Namespace, tell: Callable[..., None]) -> dict[str, object]:
    """Announce a lot from a list, draw one that was announced, or both at once where the seed is public.

    Returns
    -------
    dict
        What was done, as `--json` prints it: state (announced or drawn) and files.

    Raises
    ------
    UsageError
        What cannot be drawn; a lot that exists already, or was drawn already.
    UnfitError
        A list or a lot that cannot be read, or was altered.
    """
    source, now = Path(asked.list), datetime.now(UTC).replace(microsecond=0)
    if source.suffix in {".yaml", ".yml"}:
        lot, rows, place = _drawn_later(asked, source, now)
    else:
        lot, rows, place = _from_list(asked, source, now)
    pages = _write(lot, rows, place, asked.speech)
    state = "drawn" if lot.is_drawn else "announced"
    tell(say(f"planning.lot.next.{state}", asked.speech, path=place.as_posix(), file=place.name, page=pages[0].name))
    files = [path.as_posix() for path in [place, *pages]]
    tell(*(f"  {path}" for path in files))
    return {"ok": True, "state": state, "files": files}


def _drawn_later(asked: argparse.Namespace, place: Path, now: datetime) -> tuple[Lot, Rows, Path]:
    speech = asked.speech
    if any(getattr(asked, name) is not None for name in FIXED) or asked.seed is None:
        raise UsageError(say("planning.lot.problem.options", speech, path=place.as_posix()))
    lot = read_lot(place, place.as_posix(), speech)
    of = lot.drawn_from
    rows = read_list(place.parent, of.file, of.unit, of.within, speech, sheet=of.sheet)
    return draw(lot, rows, asked.seed, now, speech), rows, place


def _from_list(asked: argparse.Namespace, source: Path, now: datetime) -> tuple[Lot, Rows, Path]:
    speech = asked.speech
    if not source.is_file():
        raise UsageError(say("planning.lot.problem.no_list", speech, path=source.as_posix()))
    place = Path(asked.out) if asked.out else source.with_name("lot.yaml")
    if place.exists():
        raise UsageError(say("planning.lot.problem.exists", speech, path=place.as_posix()))
    if not source.resolve().is_relative_to(place.resolve().parent):
        raise UsageError(say("planning.lot.problem.outside", speech, path=place.as_posix()))
    if not asked.unit:
        raise UsageError(say("planning.lot.problem.unit", speech))
    seed = seed_of(speech, source=asked.source, on=_day(asked.on, speech), phrase=asked.phrase, sha256=asked.sha256)
    file = source.resolve().relative_to(place.resolve().parent).as_posix()
    lot, rows = announce(place.resolve().parent, file, _asked(asked), seed, now, speech)
    if asked.seed is not None:
        lot = draw(lot, rows, asked.seed, now, speech, announced=False)
    return lot, rows, place


def _asked(asked: argparse.Namespace) -> Asked:
    arms = _arms(asked.arms, asked.speech) if asked.arms else None
    days = _days(asked.starts, asked.speech) if asked.starts else None
    scheme: Drawing = asked.scheme or ("start" if days else "arms")
    return Asked(
        level=asked.level or ("case" if days else "class"), unit=asked.unit.split(","), within=asked.within,
        sheet=asked.sheet, arms=arms, scheme=scheme, days=days,
    )  # fmt: skip


def _arms(text: str, language: str) -> dict[str, int]:
    pairs = [part.partition("=") for part in text.split(",")]
    try:
        found = {name.strip(): int(weight) if sign else 1 for name, sign, weight in pairs}
    except ValueError:
        found = {}
    if len(found) < len(pairs) or "" in found:
        raise UsageError(say("planning.lot.problem.arms", language))
    return found


def _days(text: str, language: str) -> list[int]:
    found: list[int] = []
    try:
        for part in text.split(","):
            first, sign, last = part.partition("-")
            found += range(int(first), int(last if sign else first) + 1)
    except ValueError:
        raise UsageError(say("planning.lot.problem.numbers", language, value=text)) from None
    return found


def _day(text: str | None, language: str) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise UsageError(say("planning.lot.problem.day", language, value=text)) from None


def _write(lot: Lot, rows: Rows, place: Path, language: str) -> list[Path]:
    """Write the lot, its page, and once it is drawn the list with what was drawn, which stays inside."""
    from werkbank.reporting.lot_page import lot_page

    page = place.with_suffix(f".{language}.html")
    put(page, lot_page(lot, language).encode())
    made = [page]
    if lot.is_drawn:
        out = io.StringIO()
        writer = csv.writer(out, delimiter=";" if language == "nl" else ",", lineterminator="\n")
        what = "arm" if lot.arms else "start"
        writer.writerow(["code", "unit", *["block"] * lot.in_blocks, what, "notice"])
        for unit, name, block in zip(lot.units, rows.units, rows.blocks, strict=True):
            drawn = unit.arm if lot.arms else unit.start
            writer.writerow([unit.code, name, *[block] * lot.in_blocks, drawn, notice("row")])
        made.append(place.with_suffix(".list.csv"))
        put(made[-1], out.getvalue().encode("utf-8-sig"))
    put(place, written(lot, say("planning.lot.notice", language)).encode())  # last: a lot is there when this is
    return made
