"""What a command line says of itself: argparse's own words in the reader's language, colours where they are seen."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from werkbank.catalogue import LANGUAGES, topic_sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COLOURS = {"red": "31", "green": "32", "yellow": "33", "bold": "1"}
DUTCH = 0x13  # the primary language of a Windows language number
VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set decides, as POSIX has it


def spoken_here(words: Sequence[str] = ()) -> str:
    """Return the language of this machine's user; a language that stands among the words of a command wins."""
    for at, word in enumerate(words):
        said = word.partition("=")[2] if word.startswith("--language=") else "".join(words[at + 1 : at + 2])
        if word.startswith("--language") and said in LANGUAGES:
            return said
    chosen = next((os.environ[name] for name in VARIABLES if os.environ.get(name)), "")
    if not chosen and sys.platform == "win32":
        import ctypes

        return "nl" if ctypes.windll.kernel32.GetUserDefaultUILanguage() & 0x3FF == DUTCH else "en"
    return "nl" if chosen.lower().startswith("nl") else "en"


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Have argparse speak: it looks its words up by a name of its own module, which is given back afterwards."""
    own, english = vars(argparse), topic_sentences("usage", "en")
    known = {english[name]: text for name, text in topic_sentences("usage", language).items()}

    def said(text: str | None) -> str | None:  # argparse asks for nothing, too
        bare = text.strip() if text else ""
        return text.replace(bare, known.get(bare, bare)) if text and bare else text

    def counted(one: str, many: str, n: int) -> str | None:
        return said(one if n == 1 else many)

    before = {name: own[name] for name in ("_", "ngettext")}
    own.update(_=said, ngettext=counted)
    try:
        yield
    finally:
        own.update(before)


def coloured(stream: TextIO) -> bool:
    """Whether colours are seen on a stream: on a terminal, unless NO_COLOR (no-color.org) or a dumb one forbids it."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def painted(text: str, colour: str, stream: TextIO) -> str:
    """Return a text in a colour, where the stream shows it."""
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if coloured(stream) else text
