"""Labels that fit the paper: measured in the letters of the figure, wrapped, and only then shortened.

Figures are drawn in the letters of the report (`fonts`), so that every machine draws the same bytes; what those
letters lack is replaced by a number in brackets. What a reader does not see in full is returned as sentences for under
the figure.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import say
from werkbank.reporting import fonts

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

SIZE = 9.0
MM = 72 / 25.4  # points
_UNSEEN = {0x200D, 0xFE0E, 0xFE0F}  # join two signs or choose their colour; nothing by themselves


@cache
def _font(size: float, bold: bool) -> FontProperties:  # noqa: FBT001 - a key of the cache
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=fonts.registered(), size=size, weight="bold" if bold else "normal")


@lru_cache(maxsize=4096)
def width(text: str, size: float = SIZE, *, bold: bool = False) -> float:
    """Return how wide one line of text is, in millimetres."""
    from matplotlib.textpath import text_to_path

    return float(text_to_path.get_text_width_height_descent(text, _font(size, bold), ismath=False)[0]) / MM


def height(text: str, size: float = SIZE) -> float:
    """Return how high a text of one or more lines is, in millimetres."""
    return (text.count("\n") + 1) * 1.25 * size / MM


def _wrapped(text: str, room: float, size: float, *, bold: bool) -> list[str]:
    lines = [""]
    for word in re.split(r"[ \n\t]+", text.strip()):
        *heads, tail = _cut(word, room, size, bold=bold)
        joined = f"{lines[-1]} {tail}".strip()
        if not heads and width(joined, size, bold=bold) <= room:
            lines[-1] = joined
        else:
            lines += [*heads, tail]
    return [line for line in lines if line]


# in Dutch and English a part may begin with one consonant and its vowel, after a part that has a vowel (me-ting)
_SYLLABLE = re.compile(r"[aeiouy]\w*\n(?!(?<=[cpst]\n)h)[b-df-hj-np-tv-xz][aeiouy]", re.IGNORECASE)


def _cut(word: str, room: float, size: float, *, bold: bool) -> list[str]:
    """Return a word in parts that fit: cut after a hyphen or slash that it has, else with a hyphen of ours.

    Such a hyphen stands before a consonant with its vowel where there is room: me-ting, never met-ing.
    """
    if len(word) < 3 or width(word, size, bold=bold) <= room:
        return [word]
    starts = [
        (word[:k] if word[k - 1] in "-–/_" else f"{word[:k]}-", k)
        for k in range(2, min(max(3, len(word) - 2), int(2 * room) + 2))
    ]
    fitting = [(start, k) for start, k in starts if width(start, size, bold=bold) <= room] or starts[:1]
    own = [cut for cut in fitting if len(cut[0]) == cut[1]]
    syllables = [cut for cut in fitting if _SYLLABLE.search(f"{word[: cut[1]]}\n{word[cut[1] :]}")]
    start, k = (own or syllables or fitting)[-1]
    return [start, *_cut(word[k:], room, size, bold=bold)]


class Labels:
    """The labels of one figure, and what happened to them."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.remarks: list[str] = []  # what a drawing library said about the layout
        self._numbers: dict[str, int] = {}  # what the letters lack, and the number that stands for it
        self._shortened: dict[str, str] = {}
        self._left_out: list[tuple[int, int]] = []

    def readable(self, text: str) -> str:
        """Return the text in signs that the letters have: each stretch that they lack becomes ``[1]``, ``[2]`` …."""
        known = "".join(" " if c.isspace() else c for c in text if ord(c) not in _UNSEEN or c == "\n")
        lacked = {c for c in known if c != " " and ord(c) not in fonts.glyphs()}
        if not lacked:
            return text
        signs = "[" + "".join(map(re.escape, sorted(lacked))) + "]"
        text = "".join(c for c in text if ord(c) not in _UNSEEN)
        # a label keeps the direction of the report where only letters from right to left are left in it
        return "\u200e" + re.sub(f"{signs}+(?: {signs}+)*", lambda found: f"[{self._number(found[0])}]", text)

    def _number(self, stretch: str) -> int:
        return self._numbers.setdefault(stretch, len(self._numbers) + 1)

    def fit(self, text: str, room: float, lines: int = 3, size: float = SIZE, *, bold: bool = False) -> str:
        """Return a label in at most `lines` lines of `room` mm; what is still too long loses its middle.

        Names that belong together differ at their ends ("subscale 1 …", "… after"), so both ends stay.
        """
        whole = self.readable(text)
        short, half = whole, len(whole) // 2
        taken = {short for other, short in self._shortened.items() if other != text}
        while len(found := _wrapped(short, room, size, bold=bold)) > lines and half > 1:
            half -= 1
            short = f"{whole[:half].rstrip()} … {whole[-half:].lstrip()}"
            short += f" ({len(taken) + 1})" if short in taken else ""
        if short != whole:
            self._shortened[text] = short
        return "\n".join(found)

    def unbroken(self, texts: list[str], room: float) -> float:
        """Return the largest size, down to seven points, at which no word of these labels is broken to fit."""
        words = [word for text in texts for word in self.readable(text).split()]
        sizes = (SIZE, 8.5, 8.0, 7.5, 7.0)
        return next((size for size in sizes if all(width(word, size) <= room for word in words)), SIZE)

    def fits(
        self, texts: list[str], room: float, lines: int = 3, size: float = SIZE, *, bold: bool = False
    ) -> list[str]:
        """Fit several labels to the same room."""
        return [self.fit(text, room, lines, size, bold=bold) for text in texts]

    def first(self, rows: list[Any], most: int) -> list[Any]:
        """Return the first rows, as many as a page holds; that there are more is said."""
        if len(rows) > most:
            self._left_out.append((most, len(rows)))
        return rows[:most]

    def notes(self) -> list[str]:
        """Return what must be said under the figure, a sentence for each kind of thing."""
        says = []
        if self._numbers:
            names = "; ".join(f"[{n}] = {stretch}" for stretch, n in self._numbers.items())
            says.append(say("figures.notes.lacked", self.language, names=names))
        if self._shortened:
            names = "; ".join(f"“{short}” = {text}" for text, short in self._shortened.items())
            says.append(say("figures.notes.shortened", self.language, names=names))
        says += [say("figures.notes.first", self.language, shown=k, total=n) for k, n in self._left_out]
        says += [say("figures.notes.remark", self.language, remark=remark) for remark in dict.fromkeys(self.remarks)]
        return says


def beside(texts: list[str], size: float = SIZE, *, bold: bool = False) -> float:
    """Return how much room an axis needs for these texts beside its ticks, in millimetres."""
    return 4 + widest(texts, size, bold=bold)


def widest(texts: list[str], size: float = SIZE, *, bold: bool = False) -> float:
    """Return the width of the widest line of all texts, in millimetres."""
    return max((width(line, size, bold=bold) for text in texts for line in text.split("\n")), default=0.0)
