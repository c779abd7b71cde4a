"""Which words a design carries. The lists are checked against every sentence and every generated report in the tests.

Whole sentences live in the catalogues; wording.yaml holds only what they may not contain.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from werkbank.catalogue import shipped

# from weak to strong: what was seen; that it changed; that arms differed; that the programme made the difference
GRADES = ("description", "change", "association", "effect")
LISTS = Path(__file__).with_suffix(".yaml")


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
    listed = shipped(LISTS)[kind][language]
    return re.compile(rf"\b(?:{'|'.join(listed)})\b", re.IGNORECASE)
