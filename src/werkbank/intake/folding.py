"""When two spellings may be one name: what a reader does not see, or does not mean, folded away.

`tidy` removes what cannot be seen and changes nothing that can be; `keys` fold further, only to compare.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np

from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TITLES = frozenset(
    (
        "juf", "juffrouw", "meester", "mr", "mrs", "ms", "miss", "mevr", "mevrouw", "mw", "dhr", "hr", "heer", "meneer",
        "drs", "dr", "prof", "ing", "ir", "leerkracht", "leraar", "teacher", "klas", "groep", "class", "grade", "group",
        "de", "het", "the", "school", "basisschool", "obs", "cbs", "rkbs", "pcbs",
    )
)  # fmt: skip
UNKNOWN = frozenset(
    (
        "onbekend", "unknown", "nvt", "n.v.t.", "n.v.t", "n/a", "na", "n.b.", "#n/a", "#n/b", "#nb", "niet_bekend",
        "not_known", "geen", "none", "null", "nan", "nil", "leeg", "empty", "anoniem", "anonymous", "missing",
        "ontbreekt", "weet_niet", "?", "??", "???", "-", "--", "---", ".", "…", "xxx",
    )
)  # fmt: skip
SUMMARIES = frozenset(
    (
        "gemiddelde", "gemiddeld", "gem", "gem.", "totaal", "som", "average", "mean", "total", "sum", "sd", "stdev",
        "standaarddeviatie", "aantal", "count", "mediaan", "median",
    )
)  # fmt: skip
MISSING = frozenset(
    [
        "weet niet", "weet ik niet", "niet ingevuld", "geen antwoord", "niet beantwoord",
        "niet van toepassing", "n.v.t", "weigert", "geen mening", "ontbrekend", "niet bekend",
        "wil niet zeggen", "don't know", "do not know", "no answer", "not applicable", "not answered",
        "refused", "no opinion", "not known", "prefer not to say",
    ]
)  # fmt: skip
# letters that no decomposition takes apart
PLAIN = str.maketrans({"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ß": "ss"})
# signs that look like another: letters of other alphabets (without case: В is a Latin B to the eye), dashes and
# apostrophes. NFKD knows the others: ligatures, full-width letters and digits
TWINS = str.maketrans(
    {
        **dict(zip("авеёнкморстухіјѕԁһѵԛԝ", "abeehkmopctyxijsdhvqw", strict=True)),
        **dict(zip("αβεζηικμνορτυχϲ", "abeznikmvoptuxc", strict=True)),
        **dict.fromkeys("‐‑‒–—―−﹘﹣－", "-"),
        **dict.fromkeys("‘’‛`´ʹʼʾʿˈ′＇", "'"),
    }
)
CAPITALS = str.maketrans("ΗΝΥ", "HNY")  # that look like another letter than when they are small
CODE = re.compile(r"([A-Za-z]*)(?:0+(?=[0-9]))?([0-9]+)")
DIFFERENCES = ("invisible", "spaces", "case", "twins", "accents", "zeros", "signs", "title", "order")


def code_key(name: str) -> str | None:
    """Return the one key of a code, letters and then a number (L00123, 12); None for any other name.

    Of a national file nearly all names are codes. What holds for all of them need not be asked of each: there is
    nothing in them that is not seen, no word that says there is no name, no title, no damage by a spreadsheet.
    """
    found = CODE.fullmatch(name)
    return f"{found[1].lower()}{found[2]}" if found else None


def all_codes(names: Sequence[object]) -> bool:
    """Whether names are all letters and then digits, as many in each and the same letters: L00123, L00124.

    What holds for each of them holds for all, and no two that differ share a key: nothing is asked of them one by one.
    """
    if set(map(type, names)) != {str} or len(set(map(len, names))) != 1:  # type: ignore[arg-type]
        return False
    first = str(names[0])
    sign = first.rstrip("0123456789")
    joined = "".join(names)  # type: ignore[arg-type]
    if not joined.isascii() or CODE.fullmatch(first) is None:
        return False
    letters = np.frombuffer(joined.encode("ascii"), np.uint8).reshape(len(names), len(first))
    digits = letters[:, len(sign) :]
    alike = letters[:, : len(sign)] == np.frombuffer(sign.encode("ascii"), np.uint8)
    return bool(alike.all() and (digits >= ord("0")).all() and (digits <= ord("9")).all())


def keys(name: str) -> frozenset[str]:
    """Return what `name` is compared by; two names that share one differ only in what `difference` names."""
    bare = _bare(name)
    words = re.findall(r"[^\W\d_]+|\d+", bare)
    digits = [word for word in words if word.isdigit()]
    found = {_joined(bare), _joined(" ".join(_without_titles(bare)))}
    for left_out in (frozenset[str](), TITLES):  # De Vries, Noor: a title or article may stand anywhere
        letters = sorted(word for word in words if not word.isdigit() and word not in left_out)
        if len(letters) > 1 and any(len(word) > 2 for word in letters):
            found.add("·".join([*letters, *digits]))
    return frozenset(key for key in found if key) or frozenset({name})


def _bare(name: str) -> str:
    """Return a name without case, accents and lost zeros."""
    return re.sub(r"(?<![\d.,])0+(?=\d)", "", _accentless(name))


def _without_titles(bare: str) -> list[str]:
    words = bare.replace(",", " ").split()
    while len(words) > 1 and words[0].strip(".") in TITLES:
        words = words[1:]
    return words


def may_be_one(one: str, other: str) -> bool:
    """Whether the titles of two names that share a key can be one person's: Juf Bakker and Meester Bakker are two."""
    a, b = _titles(one), _titles(other)
    return a <= b or b <= a


def _titles(name: str) -> set[str]:
    bare = _bare(name).replace(",", " ").split()
    return {word.strip(".") for word in bare[: len(bare) - len(_without_titles(_bare(name)))]}


def _joined(text: str) -> str:
    """Return `text` without the spaces and signs between its parts, but for those that keep two numbers apart."""
    return re.sub(r"(?<!\d)[\s._,/'’`-]+|[\s._,/'’`-]+(?!\d)", "", text)


def difference(one: str, other: str) -> str:
    """Return in what two names that share a key differ: one of DIFFERENCES."""
    return next((name for name, fold in FOLDS.items() if fold(one) == fold(other)), "order")


def _seen(name: str) -> str:
    return unicodedata.normalize("NFC", "".join(c for c in name if unicodedata.category(c) != "Cf"))


def _packed(name: str) -> str:
    return "".join(tidy(name).split())


def _accentless(name: str) -> str:
    if name.isascii():  # nearly all are: of the signs that look like another, ` is the only one
        return tidy(name).lower().replace("`", "'")
    taken = unicodedata.normalize("NFKD", _twinless(name).translate(PLAIN))
    return "".join(c for c in taken if not unicodedata.combining(c))


def _twinless(name: str) -> str:
    """Return a name without case, with the one sign that its look-alikes stand for; accents are kept."""
    folded = (
        tidy(name).translate(CAPITALS).casefold().translate(TWINS)
    )  # before NFKD, which makes an accent and a space of some apostrophes
    return unicodedata.normalize("NFKC", folded).casefold().translate(TWINS)


# each folds more than the one before it
FOLDS: dict[str, Callable[[str], str]] = {
    "invisible": _seen,
    "spaces": _packed,
    "case": lambda name: _packed(name).lower(),  # and not casefold, to which ß and ﬁ are ss and fi
    "twins": lambda name: _packed(_twinless(name)),
    "accents": lambda name: _packed(_accentless(name)),
    "zeros": lambda name: _packed(_bare(name)),
    "signs": lambda name: _joined(_bare(name)),
    "title": lambda name: _joined(" ".join(_without_titles(_bare(name)))),
}


def is_unknown(name: str) -> bool:
    """Whether a name only says that there is none."""
    return tidy(name).casefold().replace(" ", "_").rstrip("!") in UNKNOWN


def is_summary(name: str) -> bool:
    """Whether a name is that of a row which sums up the rows above."""
    if name[-1:].isdigit():  # as a million codes end, and no word of them does
        return False
    return tidy(name).casefold().rstrip(":") in SUMMARIES


def says_missing(label: str) -> bool:
    """Whether a label says that there is no answer: weet niet / n.v.t."""
    whole = tidy(label).casefold()
    parts = [whole, *(part.strip() for part in re.split(r"[/,;()]|\bof\b|\bor\b", whole))]  # N/A is one word
    return any(part in MISSING or (len(part) > 1 and is_unknown(part)) for part in parts if part)
