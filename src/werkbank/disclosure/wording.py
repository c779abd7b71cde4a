"""What sentences of a finished file give away: counts in figures and in words, and that it stays inside."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import LANGUAGES, LOCALE, say, topic_sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = {
    "twee": 2, "drie": 3, "vier": 4, "vijf": 5, "zes": 6, "zeven": 7, "acht": 8, "negen": 9,
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
}  # fmt: skip
WHO = (
    r"(?:leerling(?:en|e)?|kind(?:eren)?|meisjes?|jongens?|pupils?|child(?:ren)?|girls?|boys?|students?|scholier(?:en)?"
    r"|kleuters?|brugklassers?|deelnemers?|participants?|respondent(?:en|s)?|leraar|leraren|leerkracht(?:en)?"
    r"|docent(?:en)?|teachers?|juffen|meesters|ouders?|parents?|personen|persons?|people)"
)
OF = r"(?:\s+(?:van|uit|of|out\s+of)(?:\s+(?:de|het|die|deze|onze|hun|the|these|those|our|their|all|alle))?(?:\s+\d+)?)"
LIKE = (
    r"(?:\s+(?:andere|nieuwe|overige|enkele|zieke|zwakke|sterke|jonge|oudere|verschillende|uitgevallen|onderpresterende"
    r"|meer|minder|other|new|remaining|such|more|fewer|weak|strong|young|older|different|underachieving|[a-zë]{3,}se))"
)
COUNT = re.compile(rf"(?<![\w.,%‰/+×–—-])(\d{{1,3}}|{'|'.join(WORDS)}){OF}?{LIKE}?[^\S\n]+{WHO}\b", re.IGNORECASE)
# one child that was met, not any child: of whom it is said what it did, or of which sex it is
ONE = re.compile(
    rf"\b(?:een|één|de|het|a|the)\s+(?:enkele?|enige|single|only)\s+{WHO}\b|\b(?:één|one)\s+(?:meisje|jongen|girl|boy)\b"
    rf"|\b(?:bij|maar|slechts|alleen|only|just|except)\s+(?:één|one)\s+{WHO}\b"
    rf"|(?:^|(?<=[.!?:;•]\s)|(?<=\n))(?:één|one)\s+{WHO}\b",
    re.IGNORECASE,
)
AFTER = re.compile(
    rf"\b(?:aantal(?:\s+{WHO})?|number(?:\s+of\s+{WHO})?|{WHO})\s*(?::|=|\bis\b|\bwas\b|\bwere\b|\bwaren\b|\bbedraagt\b)\s*"
    r"(\d+)\b(?![.,]?\d|\s?%)", re.IGNORECASE,
)  # fmt: skip
SAID = re.compile(r"\b[nN](?:\s?\([^()\d]{1,30}\))?\s?[=:]\s?(\d+)\b(?![.,]\d)")
# a number after these is a name, and before the last of these the size of no group
NAMING = re.compile(
    r"(?:\b(?:groep(?:en)?|grades?|year|klas(?:sen)?|class|leerjaar|jaar|week|wave|meting|tabel|table|figuur|figure|stap"
    r"|step|vraag|question|deel|part|school|page|pagina|cel|cell)|\b(?:\d+|één|one)\s+(?:op|in)(?:\s+de)?)\s*$",
    re.IGNORECASE,
)
SHARE = re.compile(
    rf"(?<![\w.,])(\d+(?:[.,]\d+)?)\s?(?:%|procent|percent|per\s+cent)\s+(?:van\s+(?:de|het|alle|onze)|of\s+(?:the|all|our))"
    rf"(?:\s+\d+)?\s+{WHO}\b", re.IGNORECASE,
)  # fmt: skip
EXTREME = re.compile(
    r"\b(?:laagste|hoogste|lowest|highest|minimum|maximum)\s+(?:score|scores|waarde|value|punten|points|cijfer|mark)?"
    r"\s*(?:was|is|van|of|:|=|\()\s*-?\d", re.IGNORECASE,
)  # fmt: skip
EXACT = re.compile(r"(?<![\w.,-])-?\d{1,6}[.,]\d{5,}(?:e-?\d+)?(?![\w.,]*\w)")
FINEST = 5  # decimals
PRIVATE = ("privacy.inside", "privacy.notice", "batch.index.inside")  # how a file says that it stays inside


def few_in(said: str, min_cell: int) -> list[str]:
    """Return the numbers of people that sentences tell, in figures or words, as far as they are too small."""
    said = re.sub(r"\n\s+", "\n", re.sub(r"[^\S\n]+", " ", said))
    said = _own_words().sub(" ", said)
    found = [m for m in COUNT.finditer(said) if not NAMING.search(said[max(0, m.start() - 24) : m.start()])]
    numbers = [m[1] for m in found]
    numbers += ["1"] * bool(ONE.search(said)) + AFTER.findall(said) + SAID.findall(said)
    return [n for n in dict.fromkeys(numbers) if 0 < WORDS.get(n.lower(), int(n) if n.isdigit() else 0) < min_cell]


def extreme_shares(said: str) -> list[str]:
    """Return the shares of people, beyond 5 and 95 %, that sentences tell."""
    return [share for share in dict.fromkeys(SHARE.findall(said)) if not 5 <= float(share.replace(",", ".")) <= 95]


def in_full(text: str) -> list[str]:
    """Return the numbers in a text that have more decimals than any that is rounded to be shared."""
    found = dict.fromkeys(m[0] for m in EXACT.finditer(text))
    # 9.799999999999999 is how a computer writes 9.8
    return [n for n in found if len(f"{float(n.replace(',', '.')):.10g}".partition(".")[2].partition("e")[0]) >= FINEST]


def says_private(text: str) -> bool:
    """Whether a text says of itself that it stays inside."""
    packed = _packed(text)
    return any(notice in packed for notice in _notices())


@cache
def _notices() -> tuple[str, ...]:
    """Return, without spaces, the first sentence of all by which a file says that it stays inside."""
    said = [re.split(r"[.:]", say(key, language).strip("*"))[0] for key in PRIVATE for language in LANGUAGES]
    return tuple(_packed(text) for text in [*said, " · ".join(say("privacy.row", language) for language in LANGUAGES)])


def _packed(text: str) -> str:
    """Return a text without spaces, hyphens and case: a PDF breaks its lines, a notebook its sources."""
    return re.sub(r"[\s\xad-]+|\\n", "", text).casefold()


@cache
def _own_words() -> re.Pattern[str]:
    """Return what of our own sentences speaks of one or a few without counting any: ``each dot is one pupil``."""
    pieces: set[str] = set()
    for language in LANGUAGES:
        for path in sorted((LOCALE / language).glob("*.yaml")):
            for sentence in _sentences(topic_sentences(path.stem, language)):
                for piece in re.split(r"\{[^{}]*\}", sentence.replace("**", "")):
                    if COUNT.search(piece) or ONE.search(piece):
                        pieces.add(r"\s+".join(map(re.escape, piece.split())))
    return re.compile("|".join(sorted(pieces, key=len, reverse=True)) or r"(?!)")


def _sentences(node: Any) -> Iterator[str]:  # noqa: ANN401 - a branch of the catalogue
    if isinstance(node, str):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _sentences(child)
