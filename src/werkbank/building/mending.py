"""What of a problem can be mended in the form itself, with one press: an answer that only its user can give."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import say

if TYPE_CHECKING:
    from werkbank.building.form import Drafted
    from werkbank.errors import Problem

ROWS = ("id_summary", "id_missing")  # a row that holds no answers of a pupil
NO_ANSWER = ("not_a_number", "value_usual", "missing_word", "label_says_missing")
ALIKE = ("lookalikes", "lookalikes_unseen")


def way_out(problem: Problem, place: str, made: Drafted) -> dict[str, Any] | None:
    """Return the answer that would mend a problem, as a place, its value and what to call it; None where none would.

    Nothing is mended by itself: whether two spellings are one, a row is a pupil or a word is an answer, only a user
    knows.

    Parameters
    ----------
    problem : Problem
    place : str
        The field at which it stands.
    made : Drafted
    """
    language = made.form.language
    if problem.code in ALIKE and f"aliases.{problem.details.get('kind')}" in made.settling.offered:
        named = say("building.mend.one", language)
        return {"place": f"aliases.{problem.details['kind']}", "value": "all", "label": named}
    if problem.code == "unknown_arm" and problem.details.get("told_as") == "code_alike":
        return {"place": "aliases.arm", "value": "all", "label": say("building.mend.one", language)}
    if problem.code in ROWS and problem.row is not None:
        skip = f"skip.{PurePosixPath(problem.file).name}"
        named = say("building.mend.skip", language, row=problem.row)
        return {"place": skip, "value": _added(made, skip, str(problem.row)), "label": named}
    if problem.code in NO_ANSWER and place.endswith(".missing") and problem.value and "," not in problem.value:
        named = say("building.mend.missing", language, value=problem.value)
        return {"place": place, "value": _added(made, place, problem.value), "label": named}
    return None


def _added(made: Drafted, place: str, value: str) -> str:
    """Return what holds at a place with one more."""
    known = [part.strip() for part in made.settling.settled.get(place, "").split(",")]
    return ", ".join(dict.fromkeys([*(part for part in known if part and part != "none"), value]))
