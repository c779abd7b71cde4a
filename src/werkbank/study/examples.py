"""Where the example studies are: in the project when it is checked out, inside the package when it is installed."""

from __future__ import annotations

from pathlib import Path

from werkbank.errors import UsageError

EXAMPLES = ("baumann", "bdf", "nabijheid", "volgsysteem")


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
