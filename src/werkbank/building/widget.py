"""The form in JupyterLab: the same file of JavaScript, which talks to the kernel in place of a server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from werkbank.building.session import Session
from werkbank.study.finding import ROOT
from werkbank.usage import spoken_here

STATIC = Path(__file__).with_name("static")


class BuilderWidget(anywidget.AnyWidget):
    """The form in a notebook."""

    _esm = STATIC / "form.js"
    _css = STATIC / "form.css"
    doors = traitlets.Bool(default_value=False).tag(sync=True)

    def __init__(self, session: Session, *, doors: bool) -> None:
        super().__init__(doors=doors)
        self.session = session
        self.on_msg(self.hear)

    def hear(self, _widget: object, content: dict[str, Any], buffers: list[Any]) -> None:
        """Answer one message of the form; a report goes back as its bytes."""
        message = content.get("message", {})
        page = self.session.page()
        if message.get("do") == "report" and page is not None:
            self.send({"id": content.get("id"), "answer": {}}, [page.read_bytes()])
            return
        told = self.session.answer(message, bytes(buffers[0]) if buffers else None)
        self.send({"id": content.get("id"), "answer": told})


def builder(language: str | None = None, *, doors: bool = False) -> BuilderWidget:
    """Show the study builder in a notebook.

    Parameters
    ----------
    language : {"nl", "en"}, optional
        That of this system when left out; the form has a switch.
    doors : bool
        Whether to begin with the three doors: data, an example, a plan.
    """
    root = Path(os.environ.get(ROOT) or Path.cwd())
    return BuilderWidget(Session(root, language or spoken_here()), doors=doors)
