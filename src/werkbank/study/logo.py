"""A school's logo: checked like any input, and drawn again before a page holds it.

A picture from elsewhere can carry a place and a person (EXIF), or scripts and addresses (SVG); only its pixels go on.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from werkbank.errors import Problem

MAX_BYTES = 2_000_000
SUFFIXES = (".png", ".jpg", ".jpeg", ".svg")
DRAWER = Path(__file__).with_name("drawing.py")
PATIENCE = 60  # seconds: on a busy machine the few that drawing may compute take longer


def draw_logo(folder: Path, path: str) -> bytes | Problem:
    """Return the logo at `path` (in the study's `folder`) as a PNG without metadata, or what is wrong with it."""

    def wrong(code: str) -> Problem:
        return Problem(f"study_logo_{code}", path, details={"valid": ", ".join(SUFFIXES)})

    file = (folder / path).resolve()
    if Path(path).is_absolute() or not file.is_relative_to(folder.resolve()):
        return wrong("outside")
    if not file.is_file():
        return wrong("absent")
    if file.stat().st_size > MAX_BYTES:
        return wrong("too_large")
    if file.suffix.lower() not in SUFFIXES:
        return wrong("no_picture")
    try:
        content = file.read_bytes()
    except OSError:
        return wrong("no_picture")
    return _drawn(content, file.suffix.lower()) or wrong("no_picture")


@lru_cache(maxsize=4)
def _drawn(content: bytes, kind: str) -> bytes:
    """Return the picture as a PNG; nothing when it was not drawn, however the process that tried ended."""
    command = [sys.executable, "-P", "-X", "utf8", str(DRAWER), kind]
    with TemporaryDirectory() as folder:  # which goes when the process that works in it is ended
        own = {**os.environ, "TMPDIR": folder, "RAYON_NUM_THREADS": "1"}  # every thread would claim memory of its own
        try:
            done = subprocess.run(  # noqa: S603 - our own words
                command, input=content, capture_output=True, timeout=PATIENCE, env=own, check=False
            )
        except subprocess.TimeoutExpired:
            return b""
    return done.stdout if done.returncode == 0 else b""
