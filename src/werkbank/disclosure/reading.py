"""What is read of one finished file, or of one thing inside it, before anything is judged."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

Cells = list[list[str]]
SHORTEST = 5  # signs in a row that are words, in what is no text
UNSEEN = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)


@dataclass(frozen=True)
class Read:
    """One file: all its text, what of that is said in words, its tables, and what else a stranger finds in it.

    `inside` holds what has a format of its own, by name; `makers` are people whom it names as having made it, by where;
    `stray` counts outputs of a notebook that are no section of a report; `sizes` are those of pictures made of pixels
    that werkbank did not draw, and `cropped` counts pictures of which a part was cut off for the eye only.
    """

    text: str = ""
    said: str = ""
    tables: list[Cells] = field(default_factory=list)
    makers: dict[str, str] = field(default_factory=dict)
    inside: list[tuple[str, bytes]] = field(default_factory=list)
    stray: int = 0
    sizes: list[tuple[int, int]] = field(default_factory=list)
    cropped: int = 0

    def beside(self, other: Read) -> Read:
        """Return both as one, as if they stood in one file."""
        return Read(
            f"{self.text}\n{other.text}",
            f"{self.said}\n{other.said}",
            [*self.tables, *other.tables],
            {**other.makers, **self.makers},
            [],
            self.stray + other.stray,
            [*self.sizes, *other.sizes],
            self.cropped + other.cropped,
        )


def plain(text: str) -> str:
    """Return a text as it is read: compatible signs as one, and without those that nobody sees."""
    return UNSEEN.sub("", unicodedata.normalize("NFKC", text))


def strings(content: bytes) -> str:
    """Return the words in bytes of which the format is not known: of one byte a sign, or of two."""
    narrow = re.findall(rb"[\x20-\x7e\xa0-\xff]{%d,}" % SHORTEST, content)
    wide = re.findall(rb"(?:[\x20-\x7e\xa0-\xff]\x00){%d,}" % SHORTEST, content)
    texts = [part.decode("utf-8", "replace") for part in narrow] + [part.decode("utf-16-le") for part in wide]
    return "\n".join(texts)
