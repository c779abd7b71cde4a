"""``werkbank pool``: copies to share of several schools, put together in a study of their own and reported."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from werkbank.catalogue import say
from werkbank.errors import UsageError
from werkbank.results import Results
from werkbank.running.checking import check_study
from werkbank.running.runner import RunOutcome, run_report
from werkbank.study import load_study

if TYPE_CHECKING:
    from collections.abc import Sequence


def pool_files(
    files: Sequence[str], *, out: Path, outcome: str | None, better: str, language: str, formats: tuple[str, ...]
) -> RunOutcome:
    """Write ``out/study.yaml``, which names the files and what is pooled, and make its report in ``out/report``.

    Raises
    ------
    UsageError
        No outcome was chosen and the files have more than one; ``out`` holds another study already.
    UnfitError
        A file that is no copy to share, or results that should not be pooled (`werkbank.synthesis.reading`).
    """
    chosen = outcome or _only(files, language)
    place = out / "study.yaml"
    told = {
        "title": {"nl": f"Scholen samen: {chosen}", "en": f"Schools together: {chosen}"},
        "language": language,
        "synthesis": {
            "results": [os.path.relpath(file, out).replace(os.sep, "/") for file in files],
            "outcome": chosen,
            "better": better,
        },
        "reports": ["synthesis"],
    }
    text = yaml.safe_dump(told, allow_unicode=True, sort_keys=False)
    if place.exists() and place.read_text(encoding="utf-8") != text:
        raise UsageError(say("cli.problem.pool_other", language, path=place.as_posix()))
    made = not out.exists()
    out.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")
    try:
        check_study(load_study(out))
    except BaseException:
        place.unlink()
        if made:
            out.rmdir()
        raise
    return run_report(str(out), "synthesis", language=language, out=str(out / "report"), formats=formats)


def _only(files: Sequence[str], language: str) -> str:
    """Return the one outcome that the files have; when there are more, ask."""
    found: dict[str, None] = {}
    for file in files:
        try:
            results = Results.from_json(Path(file).read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # the check of the whole names it, with its reason
        found |= dict.fromkeys(e.outcome for e in results.where(kind="size", metric="sd"))
    if len(found) == 1:
        return next(iter(found))
    raise UsageError(say("cli.problem.pool_outcome", language, valid=", ".join(found) or "–"))
