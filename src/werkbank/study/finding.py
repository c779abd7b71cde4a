"""Where a study is: a user's own near the notebook, an example in the project or inside the installed package."""

from __future__ import annotations

import os
from pathlib import Path

from werkbank.catalogue import say
from werkbank.errors import UsageError

ROOT = "WERKBANK_ROOT"  # of the environment: the folder in which JupyterLab was started
EXAMPLES = (
    "baumann", "bdf", "klassenspel", "leerlingen", "nabijheid", "overzicht", "samenhang", "volgsysteem", "voornemen",
)  # fmt: skip


def example_path(name: str) -> Path:
    """Return the study.yaml of an example.

    Raises
    ------
    UsageError
        When there is no such example; the message names those there are.
    """
    if name not in EXAMPLES:
        raise UsageError(f"there is no example {name}; there are {', '.join(EXAMPLES)}")
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "_examples", package.parents[1] / "data" / "examples"):
        study = folder / name / "study.yaml"
        if study.is_file():
            return study
    raise UsageError(f"the example {name} is not part of this installation")


def find_study(name: str | Path, language: str = "en") -> Path:
    """Return the study file that a notebook means.

    Parameters
    ----------
    name : str or path
        A study file, the folder that holds one, or the name of an example. A relative path is looked for in the present
        folder, in the one where JupyterLab was started, and in those above the present one; a user's own study comes
        before an example of that name.
    language : {"nl", "en"}
        Of the message when there is none.

    Raises
    ------
    UsageError
        When there is none; the message says where was looked, and which examples there are.
    """
    here = Path.cwd()
    bases = list(dict.fromkeys([here, *([Path(os.environ[ROOT])] if os.environ.get(ROOT) else []), *here.parents[:2]]))
    for base in bases:
        place = base / name  # an absolute path stays what it is
        if place.is_dir() and (place / "study.yaml").is_file():
            return place / "study.yaml"
        if place.is_file():
            return place
    if str(name) in EXAMPLES:
        return example_path(str(name))
    looked = ", ".join(base.as_posix() for base in bases)
    raise UsageError(say("problems.no_study", language, name=name, places=looked, examples=", ".join(EXAMPLES)))
