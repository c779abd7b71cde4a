"""What a stranger does with all that is in the folders `share` of a batch: read every file, solve for what is hidden.

Nothing of the code under test is used: counts are found in the files, and how they add up is written here once more.
"""

from __future__ import annotations

import csv
import json

import numpy as np
from lxml import html
from scipy.optimize import linprog
from scipy.sparse import csr_array

PLACED = ("unit", "block", "broken", "covariate")  # lost with both scores, for want of something else
LOSSES = ("pre", "post", "both", "planned_pre", "planned_post", "planned_both", *PLACED)
LOST = ("pupils_without_", "pupils_planned_without_", "pupils_in_broken_block")
FLOW = {"pupils_enrolled": "E", "pupils_measured": "M", "pupils_analysed": "A"}


def cell_of(item):
    """Return which count the value of a fact in a file is: a tuple, or None when it counts nobody."""
    what, outcome, arm, wave = item["what"], item["outcome"], item["arm"], item["wave"]
    if what in FLOW:
        return (FLOW[what], outcome, arm, wave)
    if what.startswith(LOST):
        why = "broken" if what.startswith(LOST[2]) else what.removeprefix("pupils_").replace("without_", "")
        return ("L", outcome, arm, wave, why)
    if what.startswith("rci_") and what.rpartition("_")[2] in {"recovered", "improved", "unchanged", "deteriorated"}:
        return ("R", item["id"])
    return None


def n_of(item, arms):  # noqa: PLR0911 - a case a line
    """Return which count the n of a fact or an estimate is."""
    what, outcome, arm, wave = item.get("what", ""), item["outcome"], item.get("arm", ""), item.get("wave", "")
    if "method" in item and not item["contrast"] and len(item.get("arms") or ()) != 1 and len(arms) > 1:
        return None  # of all arms at once a model may lack others than those whom each comparison lacks
    if "method" in item:
        pair = "-".join([item["wave_from"], item["wave_to"]]) if item["wave_from"] == "baseline" else item["wave_to"]
        return ("A", outcome, item["contrast"], pair)
    if what.startswith("pupils_") and what not in {"pupils_enrolled", "pupils_measured"}:
        return ("E", "", arm, "")
    if what in {"mean", "sd"} and arm in arms:
        return ("S", outcome, arm, wave)
    if what in {"r_pre_post", "mean_change", "sd_change"}:
        return ("A", outcome, arm, wave)
    if what.startswith(("alpha", "omega", "icc")):
        return ("B", outcome, wave, what[:3])
    return None


def in_content(content, arms, cells, numbers):
    """Add to `cells` and `numbers` every count, and every number of people, of a file with results."""
    for item in content["facts"] + content["estimates"]:
        for cell, number in ((cell_of(item), item["value"]) if "what" in item else (None, None),
                             (n_of(item, arms), item["n"])):  # fmt: skip
            if isinstance(number, int):
                numbers.add(number)
                if cell is not None:
                    assert cells.setdefault(cell, number) == number, cell
        share_of = item.get("what") in {"floor", "ceiling"} and isinstance(item["value"], float) and item["n"]
        if share_of and 0.05 < item["value"] < 0.95:  # beyond that it is capped
            cells["F", item["id"]] = round(item["value"] * item["n"])


def published(share, arms):
    """Return every count that the json and csv files of one folder `share` show, and all numbers that they print."""
    cells, numbers = {}, set()
    for path in share.glob("*.json"):
        in_content(json.loads(path.read_text(encoding="utf-8")), arms, cells, numbers)
    for path in share.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["n"]:
                    assert int(row["n"]) in numbers, (path, row)
    return cells, numbers


def printed(share):
    """Return the whole numbers under a header that counts people, in all tables of all pages of one folder `share`."""
    found = set()
    for path in share.glob("*.html"):
        for table in html.fromstring(path.read_text(encoding="utf-8")).iter("table"):
            rows = [["".join(c.itertext()).strip() for c in row.iter("th", "td")] for row in table.iter("tr")]
            counting = [i for i, label in enumerate(rows[0] if rows else ())
                        if label in {"n", "aantal", "bij de start"} or label.endswith("meting")]  # fmt: skip
            found |= {int(row[i]) for row in rows[1:] for i in counting if i < len(row) and row[i].isdigit()}
    return found


def whole(content, arms):
    """Return the true counts of a report from its private results."""
    found = {}
    for item in content["facts"] + content["estimates"]:
        for cell, number in ((cell_of(item) if "what" in item else None, item.get("value")),
                             (n_of(item, arms), item["n"])):  # fmt: skip
            if cell is not None and isinstance(number, int):
                found.setdefault(cell, number)
        if item.get("what") in {"floor", "ceiling"} and item["n"] and item["value"] is not None:
            found["F", item["id"]] = round(item["value"] * item["n"])
    return found


class System:
    """Counts of all places, as unknowns of at least 0, and the equations between them."""

    def __init__(self):
        self.place, self.relations, self.values = {}, [], {}

    def add(self, relation, slack=None):
        """Add an equation whose sum is zero; `slack` is the count that makes it one."""
        terms = dict(relation) | ({slack: -1.0} if slack else {})
        for name in terms:
            self.place.setdefault(name, len(self.place))
        self.relations.append(terms)

    def within(self, whole, *parts):
        """Say that parts lie within a whole, and remember what is left as a count to protect."""
        rest = ("rest", whole, parts)
        self.add({whole: 1.0, **dict.fromkeys(parts, -1.0)}, rest)
        if all(name in self.values for name in (whole, *parts)):
            self.values[rest] = self.values[whole] - sum(self.values[p] for p in parts)

    def intervals(self, shown, names):
        """Yield what the shown counts leave open for each name: (name, lowest, highest)."""
        cells = [(r, self.place[n], w) for r, terms in enumerate(self.relations) for n, w in terms.items()]
        rows, columns, weights = zip(*cells, strict=True)
        matrix = csr_array((weights, (rows, columns)), shape=(len(self.relations), len(self.place)))
        bounds = [(shown[n], shown[n]) if n in shown else (0, None) for n in self.place]
        right = np.zeros(len(self.relations))
        for name in names:
            ends = []
            for sign in (1, -1):
                aim = np.zeros(len(self.place))
                aim[self.place[name]] = sign
                found = linprog(aim, A_eq=matrix, b_eq=right, bounds=bounds, method="highs")
                assert found.status in {0, 3}, (name, found.message)
                ends.append(np.inf if found.status == 3 else sign * found.fun)
            yield name, ends[0], ends[1]


def solve(true, shown, members, arms):
    """Return the small counts of a batch, and (place, count, lowest, highest) of those that the shown ones give away.

    `true` and `shown` hold the counts of each place, `members` its pupils.
    """
    system = System()
    for place, cells in true.items():
        system.values |= {(place, *cell): value for cell, value in cells.items()}
        _of_place(system, place, cells, arms)
    _between(system, true, members)
    known = {(place, *cell): value for place, cells in shown.items() for cell, value in cells.items()}
    known = {name: value for name, value in known.items() if name in system.place}
    small = [name for name, value in system.values.items() if 0 < value < 6 and name in system.place]
    lost = [(n, low, high) for n, low, high in system.intervals(known, small) if low > 1 + 1e-6 or high < 5 - 1e-6]
    return small, lost


def _of_place(system, place, cells, arms):
    for cell in cells:
        match cell[0]:
            case "M":
                system.within((place, "E", "", cell[2], ""), (place, *cell))
            case "S":
                system.within((place, "M", "", cell[2], cell[3]), (place, *cell))
            case "A" if ("L", *cell[1:], "pre") in cells:
                _of_pair(system, place, cells, cell)
            case "A" if " - " in cell[2]:
                of = [c for c in cells if c[0] == "A" and (c[1], c[3]) == (cell[1], cell[3]) and c[2] in arms]
                of = [c for c in of if cell[2].startswith(f"{c[2]} - ") or cell[2].endswith(f" - {c[2]}")]
                if len(of) == 2 and cells[cell] == sum(cells[c] for c in of):
                    system.add({(place, *cell): 1, **{(place, *c): -1 for c in of}})
            case "B":
                parts = [("S", cell[1], arm, cell[2]) for arm in arms]
                if all(part in cells for part in parts):
                    whole = (place, "all", cell[1], cell[2])
                    system.add({whole: 1, **{(place, *part): -1 for part in parts}})
                    system.values[whole] = sum(cells[part] for part in parts)
                    system.within(whole, (place, *cell))


def _of_pair(system, place, cells, cell):
    """Assigned = analysed + lost; scored at a wave = analysed + lost at the other."""
    _, outcome, arm, pair = cell
    first, _, last = pair.rpartition("-")
    lost = {why: (place, "L", outcome, arm, pair, why) for why in LOSSES if ("L", outcome, arm, pair, why) in cells}
    system.add({(place, "E", "", arm, ""): 1, (place, *cell): -1, **dict.fromkeys(lost.values(), -1)})
    for wave, gone in ((first or "pre", "post"), (last, "pre")):
        if ("S", outcome, arm, wave) in cells:
            scored = (place, "S", outcome, arm, wave)
            away = [lost[why] for why in (gone, f"planned_{gone}", *PLACED) if why in lost]
            system.add({scored: 1, (place, *cell): -1, **dict.fromkeys(away, -1)})


def _between(system, true, members):
    """A whole is the sum of the places that lie in it, if no two of them overlap, and of the rest."""
    for whole, pupils in members.items():
        inside = [p for p in members if p != whole and members[p] < pupils]
        inside = [p for p in inside if not any(members[p] < members[q] for q in inside)]
        for cell in true[whole]:
            parts = [p for p in inside if cell in true[p]]
            complete = pupils == set().union(*(members[p] for p in parts)) if parts else False
            if parts and true[whole][cell] >= sum(true[p][cell] for p in parts):
                names = [(p, *cell) for p in parts]
                exact = true[whole][cell] == sum(true[p][cell] for p in parts)
                if complete and exact:
                    system.add({(whole, *cell): 1, **dict.fromkeys(names, -1)})
                else:
                    system.within((whole, *cell), *names)
