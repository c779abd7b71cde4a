"""Several cases with the same outcome, one row a value: what models over cases start from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from werkbank.statistics.single_case.series import Floats


@dataclass(frozen=True)
class Panel:
    """Observed values in order of case (as they first appear) and session.

    `case` is a code 0, 1, …, `treated` 0 in a baseline and 1 otherwise, `block` the number of the phase pair (0 for
    the first A and B, 1 for the second …); `labels` names the cases, `missing` counts the occasions left out.
    """

    case: NDArray[np.intp]
    times: Floats
    treated: Floats
    block: NDArray[np.intp]
    y: Floats
    labels: tuple[str, ...]
    missing: int

    @property
    def n_cases(self) -> int:
        """Cases with at least one value."""
        return len(np.unique(self.case))

    @property
    def phase(self) -> NDArray[np.intp]:
        """A code for each case x pair x treatment."""
        return np.unique(np.column_stack([self.case, self.block, self.treated]), axis=0, return_inverse=True)[1].ravel()

    @property
    def pair(self) -> NDArray[np.intp]:
        """A code for each case x pair of phases."""
        return np.unique(np.column_stack([self.case, self.block]), axis=0, return_inverse=True)[1].ravel()

    def first(self, treated: int) -> Floats:
        """Return for each row the first observed session of its case in A (0) or B (1)."""
        rows = pd.DataFrame({"case": self.case, "times": self.times})[self.treated == treated]
        return np.asarray(pd.Series(self.case).map(rows.groupby("case")["times"].min()), dtype=float)

    def columns(self, centre: float | None = None) -> pd.DataFrame:
        """Return intercept, time, phase and time in phase (sessions since the first in B, 0 in A).

        `time` counts from the first observed session of the case, or from one session for all (`centre`).
        """
        start = pd.Series(self.times).groupby(self.case).transform("min").to_numpy() if centre is None else centre
        since = np.where(self.treated > 0, self.times - self.first(1), 0.0)
        return pd.DataFrame(
            {"intercept": 1.0, "time": self.times - start, "phase": self.treated, "time_in_phase": since},
            index=range(len(self.y)),
        )


def panel(case: ArrayLike, times: ArrayLike, treated: ArrayLike, y: ArrayLike) -> Panel:
    """Put the series of several cases under each other.

    Parameters
    ----------
    case, times, treated, y : array (n,)
        Label, session number, 0/1 and value; a NaN value is an occasion without one, which is counted and left out.
        Every case must start with 0 (a baseline); a return to 0 starts its next pair of phases.

    Raises
    ------
    UsageError
        Arrays of different lengths, a case without a baseline first or without a B, a session twice.
    """
    table = pd.DataFrame(
        {
            "case": pd.factorize(np.asarray(case))[0],
            "times": np.asarray(times, dtype=float),
            "treated": np.asarray(treated, dtype=float),
            "y": np.asarray(y, dtype=float),
        }
    ).sort_values(["case", "times"], kind="stable")
    labels = tuple(str(label) for label in pd.unique(np.asarray(case)))
    if not np.isin(table["treated"], (0.0, 1.0)).all() or not np.isfinite(table["times"]).all():
        raise UsageError("every occasion has a session number, and is 0 (baseline) or 1")
    if table.duplicated(["case", "times"]).any():
        raise UsageError("a case has two values in one session")
    back = (table["treated"].groupby(table["case"]).diff() < 0).groupby(table["case"]).cumsum()
    seen = table["y"].notna()
    kept = table[seen]
    both = kept.groupby("case")["treated"].agg(["first", "nunique"]).reindex(range(len(labels)))
    unfit = [label for label, ok in zip(labels, (both["first"] == 0) & (both["nunique"] == 2), strict=True) if not ok]
    if unfit:
        raise UsageError(f"no baseline followed by another phase with values: {', '.join(unfit)}")
    return Panel(
        kept["case"].to_numpy(np.intp),
        kept["times"].to_numpy(),
        kept["treated"].to_numpy(),
        back[seen].to_numpy(np.intp),
        kept["y"].to_numpy(),
        labels,
        int((~seen).sum()),
    )
