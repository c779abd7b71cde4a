"""What was found of a report or a bundle, and where two makings of it first differ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pathlib import Path

# Texts, counts, keys and (with the same packages) pictures are compared exactly. Numbers may differ by this much,
# relative to their size: what another processor's linear algebra may change in an estimate that is found by iteration.
TOLERANCE = 1e-6

Verdict = Literal[
    "same", "equal", "intact", "damaged", "differs", "changed", "older", "no_study", "no_notebook", "failed", "lacking",
    "foreign",
]  # fmt: skip
GOOD = frozenset({"same", "equal", "intact"})


@dataclass(frozen=True)
class Verified:
    """What was found of one report.

    `verdict`: ``same`` (made again, the same bytes), ``equal`` (every number within `TOLERANCE`, every text the same),
    ``intact`` (hashes only), ``damaged`` (a file is not what was made), ``changed`` (study, data or notebook are not
    those it was made from), ``older`` (its results are in the columns of an older version, and cannot be compared),
    ``no_study``, ``no_notebook`` (one of a user's own, not found), ``differs`` or ``failed``; ``lacking`` (a manifest,
    or the folder of one of a batch's reports, is not there or cannot be read) or ``foreign`` (a file lies in ``share``
    that no report made). `detail` names the first difference or file.
    """

    folder: Path
    report: str
    verdict: Verdict
    detail: str = ""

    @property
    def good(self) -> bool:
        """Whether all is as it should be."""
        return self.verdict in GOOD


def first_difference(old: Any, new: Any, path: str = "", *, pictures: bool = True) -> str:  # noqa: ANN401 - JSON values
    """Return where two JSON values first differ, with both values; nothing when they agree within `TOLERANCE`.

    An estimate, fact or block is called by its id or title. With `pictures` False, bytes of figures are passed over.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(k for k in new if k not in old)]:
            if key == "image" and not pictures:
                continue
            if key not in old or key not in new:
                return f"{path}/{key}: {'only now' if key not in old else 'no longer there'}"
            if found := first_difference(old[key], new[key], f"{path}/{key}", pictures=pictures):
                return found
        return ""
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = enumerate(zip(old, new, strict=True))
        each = (first_difference(a, b, f"{path}/{_name(a, i)}", pictures=pictures) for i, (a, b) in pairs)
        return next((difference for difference in each if difference), "")
    return "" if _agree(old, new) else f"{path}: {_short(old)}, now {_short(new)}"


def _agree(old: Any, new: Any) -> bool:  # noqa: ANN401 - JSON values
    numbers = [type(value) in {int, float} for value in (old, new)]
    if all(numbers) and float in {type(old), type(new)}:
        return math.isclose(old, new, rel_tol=TOLERANCE, abs_tol=1e-12)
    return type(old) is type(new) and bool(old == new)


def _name(item: Any, i: int) -> str:  # noqa: ANN401 - JSON values
    return str(item.get("id") or i) if isinstance(item, dict) else str(i)


def _short(value: Any) -> str:  # noqa: ANN401 - JSON values
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
