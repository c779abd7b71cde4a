"""Copies to share of several schools -> a review: what each found, from files that hold no pupil."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from scipy import stats

from werkbank.intake.ledger import Ledger
from werkbank.results import Results
from werkbank.synthesis.review import Review

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkbank.results import Estimate
    from werkbank.study.model import Study
    from werkbank.study.synthesis import Synthesis

# the size of a headline, best first: adjusted for what the study adjusted for, then for its pre-test, then neither
SIZES = ("g_adjusted", "d_total", "d_ppc2", "hedges_g")


def gathered(study: Study, block: Synthesis) -> Review:
    """Read copies to share (their json) and take each one's own standardised difference on the outcome.

    A study whose result was held back, or that did not measure the outcome, is named in a note and counted: nothing is
    filled in for it. The same file twice, or two copies of one report, are one.

    Raises
    ------
    UnfitError
        No file found, a file that is no copy to share, or two studies of one name.
    """
    ledger = Ledger()
    rows: list[dict[str, Any]] = []
    seen: dict[str, str] = {}
    for path in _files(study, block, ledger):
        name = _name(path)
        results = _read(study, path, ledger)
        if results is None:
            continue
        content = results.to_json()
        if seen.setdefault(name, content) != content:
            ledger.problem("synthesis_name_twice", _shown(study, path), value=name)
            continue
        row = _row(results, block, name)
        if isinstance(row, str):
            ledger.note(f"synthesis.{row}", study=name, outcome=block.outcome)
        elif name not in {made["study"] for made in rows}:
            rows.append(row)
    if not rows and not ledger.unfit:
        known = ", ".join(block.results)
        ledger.problem("synthesis_nothing", study.file, value=block.outcome, files=known)
    ledger.stop_if_unfit(study.language)
    return Review(block, pd.DataFrame(rows), (), tuple(ledger.notes))


def _files(study: Study, block: Synthesis, ledger: Ledger) -> Iterable[Path]:
    for pattern in block.results:
        found = sorted(study.folder.glob(pattern)) if not Path(pattern).is_absolute() else [Path(pattern)]
        if not [path for path in found if path.is_file()]:
            ledger.problem("synthesis_no_file", study.file, value=pattern)
        yield from (path for path in found if path.is_file() and path.suffix == ".json")


def _name(path: Path) -> str:
    """Return how a study is called here: its report's folder, which is above ``share``."""
    return path.parent.parent.name if path.parent.name == "share" else path.stem


def _shown(study: Study, path: Path) -> str:
    inside = path.is_relative_to(study.folder)
    return path.relative_to(study.folder).as_posix() if inside else path.name


def _read(study: Study, path: Path, ledger: Ledger) -> Results | None:
    try:
        text = path.read_text(encoding="utf-8")
        if "notice" in json.loads(text):  # which only files have that stay inside
            ledger.problem("synthesis_private", _shown(study, path))
            return None
        return Results.from_json(text)
    except (OSError, ValueError, KeyError, TypeError):
        ledger.problem("synthesis_no_results", _shown(study, path))
        return None


def _row(results: Results, block: Synthesis, name: str) -> dict[str, Any] | str:
    """Return a study's row, or why there is none: held_back or not_measured."""
    found = [e for e in results.where(outcome=block.outcome, kind="size", metric="sd") if e.wave_to == block.wave]
    if not found:
        return "not_measured"
    known = [e for e in found if _variance(e) is not None]
    ranked = [e for size in SIZES for e in known if e.method.startswith(size)]
    if not ranked:
        return "held_back"
    best, turn = ranked[0], -1.0 if block.better == "lower" else 1.0
    outcomes: list[dict[str, Any]] = results.study.get("outcomes", [])
    declared: dict[str, Any] = next((o for o in outcomes if _is(o, block.outcome)), {})
    return {
        "study": name, "effect": best.contrast, "g": turn * float(best.estimate or 0.0), "variance": _variance(best),
        "n": float(best.n) if best.n is not None else math.nan, "how": best.method, "remarks": (),
        "rater": best.informant, "instrument": _instrument(declared), "design": results.study["design"]["kind"],
        "school_type": results.study.get("school_type", ""), "age": _ages(results.study),
        "made_by": declared.get("made_by") or ("independent" if declared.get("instrument") else ""),
    }  # fmt: skip


def _ages(told: dict[str, Any]) -> str:
    """Return the ages of a study's pupils as a table of published numbers would have them: 8-12."""
    return "-".join(str(year) for year in told.get("ages") or ())


def _variance(e: Estimate) -> float | None:
    if e.estimate is None:
        return None
    if e.se:
        return e.se**2
    if e.ci_low is None or e.ci_high is None or e.ci_high <= e.ci_low:
        return None
    reach = float(stats.t.ppf((1 + e.ci_level) / 2, e.df or math.inf))
    return ((e.ci_high - e.ci_low) / 2 / reach) ** 2


def _is(outcome: dict[str, Any], key: str) -> bool:
    return key.partition(".")[0] in {outcome.get("instrument"), outcome.get("name"), outcome.get("id")}


def _instrument(outcome: dict[str, Any]) -> str:
    parts = [outcome.get("instrument") or outcome.get("name"), outcome.get("version")]
    return " ".join(str(part) for part in parts if part)
