"""The page that JupyterLab begins with, and what makes it run its one cell by itself when it opens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from werkbank.catalogue import LANGUAGES, say
from werkbank.warm.kernel import KERNEL_NAME

START = "start.ipynb"
EXTENSION = "werkbank-start"  # as start_page.js calls itself
SCRIPT = Path(__file__).with_suffix(".js")


def start_page(language: str) -> str:
    """Return the notebook that Lab begins with: what to do, one cell whose code is folded away, and where things go."""
    said: list[dict[str, Any]] = [
        {"cell_type": "markdown", "id": name, "metadata": {}, "source": say(f"building.start.{name}", language)}
        for name in ("heading", "foot")
    ]
    form: dict[str, Any] = {"cell_type": "code", "id": "builder", "metadata": {"jupyter": {"source_hidden": True}}}
    cells = [said[0], {**form, "source": start_cell(language), "execution_count": None, "outputs": []}, said[1]]
    kernel = {"kernelspec": {"display_name": "werkbank", "language": "python", "name": KERNEL_NAME}}
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False)


def start_cell(language: str) -> str:
    """Return the code of the start page's one cell."""
    return f'from werkbank.building.widget import builder\n\nbuilder("{language}", doors=True)'


def add_extension(folder: Path) -> None:
    """Write the extension of JupyterLab that runs the start page's cell when the page opens.

    JupyterLab itself has no setting for it, and rightly: a notebook of somebody else would run as well. The extension
    runs only a cell that is to the letter what `start_cell` writes. It is there for as long as ``werkbank lab`` is.

    Parameters
    ----------
    folder : path
        Of Jupyter's data, on ``JUPYTER_PATH``.
    """
    own = folder / "labextensions" / EXTENSION
    (own / "static").mkdir(parents=True)
    text = SCRIPT.read_text(encoding="utf-8")
    for name, value in {"__PAGE__": START, "__CELLS__": [start_cell(language) for language in LANGUAGES]}.items():
        text = text.replace(f'"{name}"', json.dumps(value))
    (own / "static" / SCRIPT.name).write_text(text, encoding="utf-8")
    build = {"load": f"static/{SCRIPT.name}", "extension": "./extension"}
    about = {"name": EXTENSION, "version": "1.0.0", "jupyterlab": {"_build": build}}
    (own / "package.json").write_text(json.dumps(about), encoding="utf-8")
