"""Make the documentation site, in both languages, without asking the network for anything (``make site``).

Usage: ``python scripts/site.py [FOLDER]``; the folder is ``build/site`` when none is named. Its ``index.html`` is the
door, ``nl/`` and ``en/`` are the sites. A warning of Sphinx is an error.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sphinx.cmd.build import main as sphinx

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("en", "nl")
DOOR = """<!doctype html>
<html lang="nl"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>werkbank</title>
<style>body{font:1.25rem/1.6 system-ui,sans-serif;margin:15vh auto;max-width:26rem;padding:0 1rem}</style></head>
<body><h1>werkbank</h1>
<p><a href="nl/index.html" lang="nl">Nederlands: heeft een aanpak op school iets gedaan?</a></p>
<p><a href="en/index.html" lang="en">English: did an intervention in school do anything?</a></p></body></html>
"""


def made(out: Path) -> None:
    """Make both sites and the door to them; a warning ends it."""
    for language in LANGUAGES:
        source = ROOT / "docs" if language == "en" else ROOT / "docs" / language
        os.environ["WERKBANK_SITE"] = language  # docs/conf.py asks for it
        words = ["-W", "--keep-going", "-q", "-b", "html", "-c", str(ROOT / "docs"), "-d", str(out / f".{language}")]
        if sphinx([*words, str(source), str(out / language)]):
            raise SystemExit(1)
    (out / "index.html").write_text(DOOR, encoding="utf-8")


def main() -> None:
    """Make the site in the folder that was named, and say where its door is."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "site"
    out.mkdir(parents=True, exist_ok=True)
    made(out.resolve())
    print(out / "index.html")


if __name__ == "__main__":
    main()
