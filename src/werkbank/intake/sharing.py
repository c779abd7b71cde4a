"""How many pupils waves, files and informants have in common: fewer than half is more often a wrong id than a loss."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from werkbank.study.model import WAVES

if TYPE_CHECKING:
    import pandas as pd

    from werkbank.intake.ledger import Ledger
    from werkbank.study.model import Study

HALF = 0.5
EXAMPLES = 3
FEWEST = 4  # pupils on the smaller side of which a share says anything


def note_sharing(study: Study, rows: pd.DataFrame, informants: dict[str, set[str]], ledger: Ledger) -> None:
    """Note waves, files of two waves or informants, and informants that share fewer than half of their pupils.

    The share is of the smaller of the two; examples are given of both sides.
    """
    named = rows[rows["pupil"] != ""]
    by_wave = {wave: set(part) for wave, part in named.groupby("wave", sort=False)["pupil"] if wave}
    waves = [wave for wave in WAVES if wave in by_wave]
    for one, other in pairwise(waves):
        _note("waves_share_few", (one, by_wave[one]), (other, by_wave[other]), ledger)
    for one, other in pairwise(informants):
        _note("informants_share_few", (one, informants[one]), (other, informants[other]), ledger)
    if len(waves) < 2 and len(study.files) == 2 and not study.files[0].class_:  # two files beside each other
        files = [(str(path), set(part)) for path, part in named.groupby("file", sort=False)["pupil"]]
        if len(files) == 2 and named["class"].eq("").all():
            _note("files_share_few", files[0], files[1], ledger)


def _note(name: str, one: tuple[str, set[str]], other: tuple[str, set[str]], ledger: Ledger) -> None:
    both, fewest = len(one[1] & other[1]), min(len(one[1]), len(other[1]))
    if fewest < FEWEST or both >= HALF * fewest:
        return
    only = [", ".join(sorted(a - b)[:EXAMPLES]) for a, b in ((one[1], other[1]), (other[1], one[1]))]
    ledger.note(name, one=one[0], other=other[0], n=both, n_one=len(one[1]), n_other=len(other[1]),
                pupils=f"{one[0]}: {only[0]} – {other[0]}: {only[1]}")  # fmt: skip
