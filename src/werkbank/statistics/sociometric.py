"""How pupils stand among their classmates, from whom these named: standardised within one class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


def social_preference(liked: Sequence[int], disliked: Sequence[int]) -> np.ndarray:
    """Return the social preference of each pupil of a class: how much more it is liked than disliked.

    Parameters
    ----------
    liked, disliked : sequence of int
        How often each pupil of one class was named by classmates; 0 for who was named by nobody.

    Returns
    -------
    ndarray
        z(z(liked) - z(disliked)), with z a deviation from the mean of the class over its SD (n - 1). NaN for all where
        all were named equally often, as then there is nothing to standardise by.

    Notes
    -----
    Source: Coie, Dodge & Coppotelli (1982), Dev. Psychol. 18, 557-570; the last standardisation as in the technical
    report of Fast Track. Mean 0 and SD 1 within every class: it says how pupils stand beside each other, never how well
    a class gets on. Checked by exact fractions and by numpy (registry: ``peer_preference``).
    """
    return _standardised(_standardised(liked) - _standardised(disliked))


def social_impact(liked: Sequence[int], disliked: Sequence[int]) -> np.ndarray:
    """Return the social impact of each pupil of a class: how much it is noticed, liked and disliked taken together.

    z(z(liked) + z(disliked)); parameters, result, source and checks as `social_preference` (registry:
    ``peer_impact``).
    """
    return _standardised(_standardised(liked) + _standardised(disliked))


def named_share(times: Sequence[int], nominators: Sequence[int]) -> np.ndarray:
    """Return how often each pupil was named, over how many classmates could have named it; NaN where nobody could.

    Not standardised: where pupils may name as many as they like, it can rise for a whole class (registry:
    ``peer_named_share``).
    """
    could = np.asarray(nominators, dtype=float)
    shares = np.full(len(could), np.nan)
    np.divide(np.asarray(times, dtype=float), could, out=shares, where=could > 0)
    return shares


def _standardised(values: Sequence[float] | np.ndarray) -> np.ndarray:
    given = np.asarray(values, dtype=float)
    off = given - given.mean()
    sd = float(np.sqrt(off @ off / (len(given) - 1))) if len(given) > 1 else 0.0
    # of equal numbers the mean may differ from them by rounding
    return off / sd if sd > 1e-9 else np.full(len(given), np.nan)
