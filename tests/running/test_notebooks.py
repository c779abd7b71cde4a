"""Notebooks and examples are found in the project and in an installed package alike."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from werkbank.running.notebooks import notebook_folder, notebook_path, report_names

ROOT = Path(__file__).parents[2]


def test_in_the_project_they_are_the_projects():
    assert notebook_folder() == ROOT / "notebooks"
    assert notebook_path("evaluation") == ROOT / "notebooks" / "evaluation.ipynb"
    assert "evaluation" in report_names()


def test_in_an_installed_package_they_are_inside_it(tmp_path):
    shutil.copytree(ROOT / "src" / "werkbank", tmp_path / "werkbank", ignore=shutil.ignore_patterns("__pycache__"))
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    for source, target in wheel["wheel"]["force-include"].items():
        (shutil.copytree if (ROOT / source).is_dir() else shutil.copy)(ROOT / source, tmp_path / target)
    code = (
        "import werkbank\n"
        "from werkbank.running.notebooks import notebook_path\n"
        "print(notebook_path('evaluation'), werkbank.example_path('nabijheid'), sep='\\n')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    notebook, example = map(Path, done.stdout.splitlines())
    assert notebook == tmp_path / "werkbank" / "_notebooks" / "evaluation.ipynb"
    assert example.is_relative_to(tmp_path / "werkbank" / "_examples")
