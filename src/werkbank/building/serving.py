"""What ``werkbank new --form`` does and prints: the form in a browser, until its page is closed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.building.page import serve
from werkbank.building.session import Session
from werkbank.catalogue import say
from werkbank.errors import UsageError
from werkbank.running.beginning import files_named

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def serve_form(asked: argparse.Namespace, tell: Callable[..., None]) -> dict[str, Any]:
    """Show the form, with the files that were named, and say what was made with it.

    Parameters
    ----------
    asked : Namespace
        `name`, `files`, `answers`, `example`, `log`, `no_browser`, `speech`, `json`.
    tell : callable
        Prints lines.

    Returns
    -------
    dict
        ``folder`` of the study (None when nothing was saved) and ``report`` (None when none was made).

    Raises
    ------
    UsageError
        The folder is there already, a file is not, or the form is asked together with what leaves nothing to ask.
    """
    speech = asked.speech
    if asked.json:  # the answer is for a program; where the form is, is for whoever fills it in
        tell = _aside
    if asked.log or asked.answers or asked.example:
        raise UsageError(say("building.problem.together", speech))
    named = Path(asked.name or "")
    root = Path.cwd() / named.parent
    if asked.name and named.exists():
        raise UsageError(say("cli.problem.folder_exists", speech, path=named.as_posix()))
    files = files_named(asked.files or [])
    for file in files:
        if not file.is_file():
            raise UsageError(say("drafting.problem.no_file", speech, path=file.as_posix()))
    with Session(root, speech, named.name, files) as session:
        try:
            serve(session, speech, tell, browser=not asked.no_browser)
        finally:
            tell(say("building.served.closed", speech))
            folder, page = session.made, session.page()
            shown = "" if folder is None else _shown(folder)
            tell(say(f"building.served.{'made' if shown else 'nothing'}", speech, folder=shown))
    return {"ok": True, "folder": shown or None, "report": None if page is None else page.as_posix()}


def _aside(*lines: str) -> None:
    sys.stderr.write("".join(f"{line}\n" for line in lines))


def _shown(folder: Path) -> str:
    here = Path.cwd()
    return (folder.relative_to(here) if folder.is_relative_to(here) else folder).as_posix()
