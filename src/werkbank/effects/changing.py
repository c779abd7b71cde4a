"""The change of a single group of pupils who do not sit in several classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.effects.companions import companions
from werkbank.statistics.change import change_sizes, mean_change
from werkbank.statistics.quantity import not_computed
from werkbank.statistics.sizes import sd, small_sample_factor

if TYPE_CHECKING:
    from werkbank.effects.questions import Question
    from werkbank.results import Estimate


def change_of_pupils(q: Question) -> list[Estimate]:
    """Test the change of pupils and give its sizes, each by the name of its formula."""
    rows = q.analysed
    change, sizes = mean_change(rows["pre"], rows["post"]), change_sizes(rows["pre"], rows["post"], q.ci_level)
    s = sd(rows["pre"])
    in_sds = change.scaled(small_sample_factor(len(rows) - 1) / s, "sd_pre") if s > 0 else not_computed("no_variation")
    return [
        q.estimate("mean_change", change, len(rows), headline=True),
        *(q.estimate(name, size, len(rows)) for name, size in sizes.items()),
        *companions(q, in_sds, change, tuple(q.units_per_arm().values()), len(rows)),
    ]
