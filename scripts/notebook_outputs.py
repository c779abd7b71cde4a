"""Run the cells of notebooks/ whose outputs are committed, and keep what they print; run after a change of these.

Marked ``nbval-check-output``: texts that stand in a notebook when it is opened, and that a test compares with what the
cell says today. Rows of pupils and pictures are never among them.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

from werkbank.running.notebooks import notebook_folder

MARK = "nbval-check-output"


def main() -> None:
    """Write every notebook again, with the outputs of its marked cells and of no other."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"WERKBANK_ROOT": folder, "WERKBANK_KEYS": folder}
        for path in sorted(notebook_folder().glob("*.ipynb")):
            notebook = nbformat.read(path, as_version=4)
            _run(notebook, Path(folder))
            path.write_text(nbformat.writes(notebook).rstrip("\n") + "\n", encoding="utf-8")
            sys.stdout.write(f"{path.name}\n")


def _run(notebook: Any, folder: Path) -> None:  # noqa: ANN401 - nbformat's node
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    marked = [i for i, cell in enumerate(code) if MARK in cell.metadata.get("tags", [])]
    needed = nbformat.v4.new_notebook(cells=code[: max(marked, default=-1) + 1])
    where = {"metadata": {"path": str(folder)}}
    config = Config({"KernelManager": {"transport_encryption": "auto"}})
    NotebookClient(needed, kernel_name="python3", resources=where, config=config).execute()
    notebook.metadata.language_info = {"name": "python"}
    for i, cell in enumerate(code):
        if i not in marked:
            cell.outputs, cell.execution_count = [], None
        cell.metadata.pop("execution", None)  # when it ran


if __name__ == "__main__":
    main()
