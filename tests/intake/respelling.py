"""One name spelled in another way: what a reader takes for the same, and a program does not."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

UNSEEN = "\u200b\u200c\u200d\u00ad\ufeff\u200e\u2060"
SPACES = "\u00a0\u202f\u2007\u3000\t"
CYRILLIC = dict(zip("ABCEHIKMOPTXYaceopxyis", "АВСЕНІКМОРТХУасеорхуіѕ", strict=True))
GREEK = dict(zip("ABEZHIKMNOPTYXov", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧον", strict=True))
LIGATURES = {"ffi": "ﬃ", "ff": "ﬀ", "fi": "ﬁ", "ij": "ĳ"}
DASHES, APOSTROPHES = "–—‐‑−", "’‘`´ʼ′"
TITLED = {"juf", "meester", "mw", "obs", "cbs", "groep"}
TITLES = {
    "teacher": ["Juf ", "Meester ", "Mw. ", "dhr. ", "JUF ", "Drs. "], "class": ["Klas ", "Groep ", "groep "],
    "school": ["De ", "OBS ", "Basisschool "],
}  # fmt: skip


def _case(name: str, chance: random.Random, _: str) -> str:
    return chance.choice([name.swapcase(), name.upper(), name.lower(), name.title()])


def _zeros(name: str, chance: random.Random, _: str) -> str:
    lost = re.sub(r"(?<!\d)0+(?=\d)", "", name)
    return lost if lost != name else re.sub(r"(?<![\d])(?=\d)", "0" * chance.randint(1, 3), name, count=1)


def _unseen(name: str, chance: random.Random, _: str) -> str:
    at = chance.randint(0, len(name))
    return f"{name[:at]}{chance.choice(UNSEEN)}{name[at:]}"


def _inner(name: str, chance: random.Random, _: str) -> str:
    if " " in name:
        return name.replace(" ", chance.choice(["  ", *SPACES]), 1)
    parts = re.sub(r"(?<=\d)(?=[^\W\d])|(?<=[^\W\d])(?=\d)", chance.choice([" ", *SPACES]), name, count=1)
    return parts if parts != name else _outer(name, chance, "")


def _outer(name: str, chance: random.Random, _: str) -> str:
    space = chance.choice([" ", "  ", *SPACES])
    return chance.choice([f"{name}{space}", f"{space}{name}"])


def _title(name: str, chance: random.Random, place: str) -> str:
    if place not in TITLES or name.split(maxsplit=1)[0].strip(".").casefold() in TITLED:
        return name
    if place == "class" and not name[0].isdigit():
        return name
    return chance.choice(TITLES[place]) + name


def _order(name: str, _: random.Random, __: str) -> str:
    if ", " in name:
        last, first = name.split(", ", 1)
        return f"{first} {last}"
    return ", ".join(reversed(name.split(" ", 1))) if re.fullmatch(r"[^\d]+ [^\d]+", name) else name


def _accents(name: str, chance: random.Random, _: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    bare = bare.replace("ı", "i")
    if bare != name:
        return bare
    return name.replace("e", chance.choice("éèë"), 1) if "e" in name else name.replace("a", "á", 1)


def _letters(name: str, chance: random.Random, _: str) -> str:
    twins = chance.choice([CYRILLIC, GREEK])
    at = [n for n, c in enumerate(name) if c in twins]
    changed = at if chance.random() < 0.3 else at[:1]
    return "".join(twins[c] if n in changed else c for n, c in enumerate(name))


def _ligature(name: str, _: random.Random, __: str) -> str:
    for plain, one in LIGATURES.items():
        if plain in name:
            return name.replace(plain, one, 1)
    return name


def _full_width(name: str, chance: random.Random, _: str) -> str:
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isdigit() else c for c in name)
    whole = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in name)
    return chance.choice([wide, wide, whole])


def _dash(name: str, chance: random.Random, _: str) -> str:
    return name.replace("-", chance.choice([*DASHES]))


def _apostrophe(name: str, chance: random.Random, _: str) -> str:
    return name.replace("'", chance.choice([*APOSTROPHES]))


def _dots(name: str, _: random.Random, __: str) -> str:
    changed = name.translate(str.maketrans("ıiIİ", "iıİI"))
    return changed if changed != name else name


def _sharp(name: str, _: random.Random, __: str) -> str:
    return name.replace("ss", "ß", 1)


def _composed(name: str, chance: random.Random, _: str) -> str:
    return unicodedata.normalize(chance.choice(["NFD", "NFKD"]), name)


WAYS: dict[str, Callable[[str, random.Random, str], str]] = {
    "case": _case, "zeros": _zeros, "unseen": _unseen, "inner": _inner, "outer": _outer, "title": _title,
    "order": _order, "accents": _accents, "letters": _letters, "ligature": _ligature, "width": _full_width,
    "dash": _dash, "apostrophe": _apostrophe, "dots": _dots, "sharp": _sharp, "composed": _composed,
}  # fmt: skip


def respelled(name: str, chance: random.Random, place: str) -> tuple[str, str]:
    """Return another spelling of a name, and in what it differs; a way that changes nothing gives way to another."""
    ways = [way for way in WAYS if way != "order" or place == "pupil"]
    chance.shuffle(ways)
    for way in ways:
        made = WAYS[way](name, chance, place)
        if made != name:
            if chance.random() < 0.15:  # two things at once
                also = chance.choice(["case", "unseen", "outer", "composed"])
                return WAYS[also](made, chance, place), f"{way}+{also}"
            return made, way
    return name, "none"
