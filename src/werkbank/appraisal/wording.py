"""Which words a design carries. The lists are checked against every sentence and every generated report in the tests.

Whole sentences live in the catalogues; here stands only what they may not contain.
"""

from __future__ import annotations

import re
from functools import cache

# from weak to strong: what was seen; that it changed; that arms differed; that the programme made the difference
GRADES = ("description", "change", "association", "effect")

# say that one thing brought about another: only for the grade "effect"
_CAUSAL = {
    "nl": (
        r"effect(?:en)? van", r"effect(?:en)? had(?:den)?", r"doordat", r"(?:heeft|hebben|had|hadden) geleid tot",
        r"leidde(?:n)? tot", r"dankzij", r"(?:ten|als) gevolg van", r"veroorzaak\w*", r"bewerkstellig\w*",
        r"door (?:het|dit|de|deze) (?:programma|interventie|aanpak|training|coaching)",
        r"(?:programma|interventie|aanpak) (?:werkt|werkte|helpt|hielp)", r"(?:komt|kwam) door",
    ),
    "en": (
        r"effects? of", r"impacts? of", r"because of", r"led to", r"leads to", r"owing to", r"thanks to",
        r"as a result of", r"result(?:s|ed)? in", r"caus(?:e|es|ed|ing)", r"due to the",
        r"by the (?:programme|program|intervention|training|coaching)",
        r"(?:programme|intervention|approach) (?:works|worked|helps|helped)", r"(?:comes|came) from the",
    ),
}  # fmt: skip

# claim that nothing is there (needs an equivalence test), that something is certain, or a size without a yardstick
_NEVER = {
    "nl": (
        r"geen effect\w*", r"zonder effect", r"geen verschil tussen", r"(?:heeft|hebben) niet gewerkt",
        r"be(?:wezen|wijst|wijzen)", r"onomstotelijk\w*",
        (r"(?:zeer )?(?:kleine?|grote?|middelgrote?|matige?|sterke?|zwakke?|aanzienlijke?|verwaarloosbare?) "
         r"(?:effect|verschil|verandering|verband|samenhang|stijging|daling)\w*"),
    ),
    "en": (
        r"no effects?", r"without effect", r"no difference between", r"(?:has|have|did) not work(?:ed)?",
        r"pro(?:ven|ves?|ved)", r"undoubtedly",
        (r"(?:very )?(?:small|large|medium|moderate|strong|weak|substantial|negligible|big|huge) "
         r"(?:effect|difference|change|association|increase|decrease)s?"),
    ),
}  # fmt: skip

# say that nothing relevant is there: only after an equivalence test
_EQUIVALENT = {
    "nl": (r"geen relevante? \w+", r"geen \w+ van belang"),
    "en": (r"no relevant \w+", r"no \w+ that matters"),
}


def check_text(text: str, grade: str, language: str, *, equivalent: bool = False) -> list[str]:
    """Return the phrases in `text` that a design of this grade does not carry; an empty list is what one wants.

    Parameters
    ----------
    text : str
        Plain text of our own making; quotations of the user (titles, programme names) are theirs to word.
    grade : str
        One of `GRADES`: the strongest claim that the text may make.
    equivalent : bool
        Whether an equivalence test carries it: then it may say that nothing relevant is there.
    language : str
        ``nl`` or ``en``.

    Raises
    ------
    ValueError
        For a grade that does not exist.
    """
    if grade not in GRADES:
        raise ValueError(f"{grade} is not one of {', '.join(GRADES)}")
    kinds = ["never"] + ["causal"] * (grade != "effect") + ["equivalent"] * (not equivalent)
    return [m.group() for kind in kinds for m in _pattern(kind, language).finditer(text)]


@cache
def _pattern(kind: str, language: str) -> re.Pattern[str]:
    listed: tuple[str, ...] = _NEVER[language]
    if kind != "never":
        listed = _CAUSAL[language] if kind == "causal" else _EQUIVALENT[language]
    return re.compile(rf"\b(?:{'|'.join(listed)})\b", re.IGNORECASE)
