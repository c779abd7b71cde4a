"""What ``werkbank new --from`` does and prints: the folder, what was guessed of the design, and what `check` says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import say
from werkbank.drafting.asking import on_terminal
from werkbank.drafting.making import new_from
from werkbank.errors import UnfitError, UsageError
from werkbank.intake.opening import KINDS
from werkbank.running.checking import check_study
from werkbank.study import load_study

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from werkbank.drafting.model import Made
    from werkbank.drafting.settling import Guess

# what a file cannot say and an answer hangs on: told at once, and not only in the study file
TOLD = ("design", "arms", "primary", "version", "order", "informant", "better")


def begin(asked: argparse.Namespace, tell: Callable[..., None], *, live: bool) -> dict[str, Any]:
    """Make a study's folder from files, and say what `check` says of it.

    Parameters
    ----------
    asked : Namespace
        `name`, `files`, `answers` (place=answer), `speech`, `json`.
    tell : callable
        Prints lines.
    live : bool
        Whether somebody can be asked.

    Returns
    -------
    dict
        ``folder``, ``study``, ``guesses`` (place, value, open, sentence), ``fit`` and ``problems``: what ``--json``
        prints.
    """
    speech, quiet = asked.speech, asked.json
    ask = on_terminal(speech, tell, input) if live and not quiet else None
    made = new_from(Path(asked.name), files_named(asked.files), speech, _given(asked), ask)
    problems = _problems(made.folder)
    if not quiet:
        _told(made, problems, speech, tell)
    return {
        "ok": True,
        "folder": made.folder.as_posix(),
        "study": (made.folder / "study.yaml").as_posix(),
        "guesses": [{"place": g.place, "value": g.value, "open": g.open, "sentence": g.line(speech)}
                    for g in made.guesses],
        "fit": not problems,
        "problems": [problem.as_row(speech) for problem in problems],
    }  # fmt: skip


def files_named(named: list[str]) -> list[Path]:
    """Return the files that are named; of a folder, all in it that can be read."""
    found: list[Path] = []
    for path in map(Path, named):
        readable = [file for file in sorted(path.iterdir()) if file.suffix.lower() in KINDS] if path.is_dir() else []
        found += [file for file in readable if not file.name.startswith((".", "~"))] or [path]
    return found


def _given(asked: argparse.Namespace) -> dict[str, str]:
    given = {}
    for answer in asked.answers or ():
        place, sign, value = answer.partition("=")
        if not (sign and place.strip() and value.strip()):
            raise UsageError(say("drafting.problem.set", asked.speech, name=answer))
        given[place.strip()] = value.strip()
    return given


def _problems(folder: Path) -> list[Any]:
    try:
        check_study(load_study(folder))
    except UnfitError as unfit:
        return unfit.problems
    return []


def _told(made: Made, problems: list[Any], speech: str, tell: Callable[..., None]) -> None:
    shown = made.folder.as_posix()
    where = {"path": shown, "raw": f"{shown}/raw", "study": f"{shown}/study.yaml"}
    tell(say("drafting.done.made", speech, **where))
    if lines := dict.fromkeys(_line(g, speech) for g in made.guesses if g.open or set(g.place.split(".")) & set(TOLD)):
        tell(say("drafting.done.guessed", speech, **where), *(f"  {line}" for line in lines))
    if not problems:
        tell(say("drafting.done.fit", speech, **where))
        return
    tell(say("drafting.done.unfit", speech), *(f"  {problem.sentence(speech)}" for problem in problems))
    tell(say("drafting.done.then", speech, **where))


def _line(guess: Guess, speech: str) -> str:
    return f"{guess.place}: {guess.line(speech)}"
