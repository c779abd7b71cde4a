"""What someone who knows nobody's score finds of a few: whole less parts, by linear programmes over sums of scores.

Pupils fall into groups by the means that count them. The sum of each group is an unknown between its number of pupils
times the ends of the scale; a mean that is printed says where the sum of some groups lies.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

FEW, LEAST = 6, 0.1


def told(said, of):
    """Return (outcome, wave, pupils, lowest, highest sum) of each group of few whose mean is known too well."""
    found = []
    for outcome in sorted({s.after[0] for s in said}):
        means = [s for s in said if not s.spread and s.after[0] == outcome]
        low, high, _ = of.scales[outcome]
        places = sorted({(p, at) for s in means for p in s.pupils for at in (s.after, s.before) if at})
        groups = {}
        for place in places:
            groups.setdefault(tuple(_counts(s, *place) for s in means), []).append(place)
        signs, sizes = np.array([*groups], float), np.array([len(g) for g in groups.values()])
        if not means:
            continue
        printed = np.array(
            [[(s.value - s.step / 2) * len(s.pupils), (s.value + s.step / 2) * len(s.pupils)] for s in means]
        )
        for number, members in enumerate(groups.values()):
            if len(members) < FEW:
                ends = [_end(number, way, signs.T, printed, sizes, (low, high)) for way in (1, -1)]
                if (ends[1] - ends[0]) / len(members) < LEAST * (high - low) - 1e-9:
                    found.append((outcome, members[0][1][1], len(members), *ends))
    return found


def _counts(s, pupil, at):
    if pupil not in s.pupils:
        return 0
    return 1 if at == s.after else -1 if at == s.before else 0


def _end(number, way, rows, printed, sizes, ends):
    """Return the lowest (way 1) or highest sum of one group."""
    aim = np.zeros(len(sizes))
    aim[number] = way
    bounds = [(n * ends[0], n * ends[1]) for n in sizes]
    slack = 1e-9
    found = linprog(aim, A_ub=np.vstack([rows, -rows]), b_ub=np.append(printed[:, 1] + slack, slack - printed[:, 0]),
                    bounds=bounds, method="highs")  # fmt: skip
    assert found.status == 0, found.message
    return way * found.fun
