"""Columns that belong together: the items of one questionnaire, the waves of one score."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from werkbank.drafting.seen import STRAYS, Seen, SeenFile, says_nothing
from werkbank.drafting.waves import HOLE, Place
from werkbank.drafting.words import SCALES, compact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ITEM = "\1"  # where the number of the item stood
FEWEST = 3  # items of a questionnaire
MOST_ANSWERS = 12  # different answers to an item
WIDEST = 10  # from the lowest to the highest answer
GAPS = (77.0, 88.0, 98.0, 99.0, 777.0, 888.0, 998.0, 999.0, 9999.0, -1.0, -7.0, -8.0, -9.0, -77.0, -88.0, -99.0, -999.0)
NINES = (8.0, 9.0)  # codes for missing where answers end well below them


@dataclass(frozen=True)
class Series:
    """One thing that was measured: items or a score, at one wave or more.

    Attributes
    ----------
    file : SeenFile
    stem : str
        The name without item and wave.
    columns : dict
        (item, wave code) -> heading; a score has the item "", and columns without a wave the code "".
    template : str
        The name with `ITEM` and `HOLE` in place of item and wave, of the first column.
    """

    file: SeenFile
    stem: str
    columns: dict[tuple[str, str], str]
    template: str

    @property
    def items(self) -> list[str]:
        """The items, in the order of their numbers."""
        return sorted(dict.fromkeys(item for item, _ in self.columns), key=_in_order)

    @property
    def waves(self) -> list[str]:
        """The codes of the waves, in the order of the file."""
        return list(dict.fromkeys(wave for _, wave in self.columns))

    @property
    def seen(self) -> list[Seen]:
        """All its columns."""
        return [self.file.columns[name] for name in self.columns.values()]

    def matrix(self) -> np.ndarray:
        """Return the answers, rows of the file x items, the waves below each other; NaN where there is none."""
        blank = np.full(self.file.n_rows, np.nan)
        blocks = []
        for wave in self.waves:
            named = [self.columns.get((item, wave)) for item in self.items]
            blocks.append(np.column_stack([self.file.columns[n].values if n else blank for n in named]))
        return np.vstack(blocks)


def _in_order(item: str) -> tuple[int, str]:
    return (int(item), item) if item.isdecimal() and len(item) < 10 else (10**9, item)


def series_of(file: SeenFile, names: Iterable[str], waves: Mapping[str, Place]) -> list[Series]:
    """Return the questionnaires among some columns of a file, and each other column with its waves.

    Items share a name but for a number (or a last letter), are at least three, and hold few different answers.
    """
    left = {name: waves[name].template if name in waves else name for name in names}
    code = {name: waves[name].code if name in waves else "" for name in left}
    made: list[Series] = []
    for numbered in (_last_number, _first_number, _last_letter):
        groups: dict[str, dict[str, str]] = defaultdict(dict)
        for name, template in left.items():
            if (split := numbered(template)) is not None and _answers(file.columns[name]):
                groups[_alike(split[0])][name] = split[1]
        for found in groups.values():
            if len(set(found.values())) < FEWEST or not _one_scale([file.columns[name] for name in found]):
                continue
            columns = {(item, code[name]): name for name, item in found.items()}
            template = (numbered(left[next(iter(found))]) or ("", ""))[0]
            made.append(Series(file, _stem(template), columns, template))
            left = {name: template for name, template in left.items() if name not in found}
    return made + _scores(file, left, code)


def _scores(file: SeenFile, left: Mapping[str, str], code: Mapping[str, str]) -> list[Series]:
    groups: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
    for name, template in left.items():
        groups[_alike(template)].setdefault(("", code[name]), name)
    return [
        Series(file, _stem(left[next(iter(columns.values()))]), columns, left[next(iter(columns.values()))])
        for columns in groups.values()
    ]


def digits_as_waves(file: SeenFile, names: Iterable[str]) -> dict[str, Place]:
    """Return waves that are only a last digit: taal1 and taal2 hold too many values to be items of a questionnaire."""
    groups: dict[str, dict[int, str]] = defaultdict(dict)
    for name in names:
        found = re.fullmatch(r"(.*?[^\d])([0-9])", name)
        seen = file.columns[name]
        if found and seen.numbers is not None and not _answers(seen):
            groups[found[1]][int(found[2])] = name
    sets = [frozenset(found) for found in groups.values() if len(found) > 1]
    if not sets or any(sorted(one) != list(range(min(one), min(one) + len(one))) or min(one) > 1 for one in sets):
        return {}
    return {
        name: Place(stem + HOLE, str(digit), None, digit)
        for stem, found in groups.items()
        if len(found) > 1
        for digit, name in found.items()
    }


def first_digits_as_waves(file: SeenFile, names: Iterable[str]) -> dict[str, Place]:
    """Return waves that are one of two numbers in names: strs_1_1 … strs_1_15, strs_2_1 … strs_2_15."""
    split: dict[str, list[tuple[str, str, str, str]]] = defaultdict(list)
    for name in names:
        found = re.fullmatch(r"(.*?[^\d]|)([0-9]{1,2})([^\d]+)([0-9]{1,2})", name)
        if found and not generic(found[1]) and _answers(file.columns[name]):  # Q1_1 … is a form's own numbering
            split[found[1] + HOLE + found[3]].append((name, found[1], found[2], found[4]))
    made: dict[str, Place] = {}
    for parted in split.values():
        for at, other in ((2, 3), (3, 2)):
            by: dict[str, set[str]] = defaultdict(set)
            for one in parted:
                by[one[at]].add(one[other])
            few = sorted(map(int, by))
            fit = few in ([0, 1], [1, 2], [0, 1, 2], [1, 2, 3]) and len({frozenset(v) for v in by.values()}) == 1
            if fit and len(next(iter(by.values()))) > len(few):
                made |= {one[0]: _one_of_two(*one, wave_first=at == 2) for one in parted}
                break
    return made


def _one_of_two(name: str, stem: str, first: str, last: str, *, wave_first: bool) -> Place:
    middle = name[len(stem) + len(first) : len(name) - len(last)]
    template = stem + HOLE + middle + last if wave_first else stem + first + middle + HOLE
    code = first if wave_first else last
    return Place(template, code, None, int(code))


def _last_number(template: str) -> tuple[str, str] | None:
    found = re.fullmatch(r"(.*?)([0-9]+)([^0-9]*)", template, flags=re.DOTALL)
    return (found[1] + ITEM + found[3], found[2].lstrip("0") or "0") if found else None


def _first_number(template: str) -> tuple[str, str] | None:
    found = re.fullmatch(r"([^0-9]*)([0-9]+)(.*)", template, flags=re.DOTALL)
    return (found[1] + ITEM + found[3], found[2].lstrip("0") or "0") if found else None


def _last_letter(template: str) -> tuple[str, str] | None:
    found = re.fullmatch(r"(.*[0-9_.])([a-zA-Z])(\W?\0?)", template, flags=re.DOTALL)
    return (found[1] + ITEM + found[3], found[2]) if found else None


def _alike(template: str) -> str:
    return re.sub(r"[\W_]*([\0\1])[\W_]*", r"\1", template).casefold()


def _stem(template: str) -> str:
    return re.sub(r"[\0\1]", "", re.sub(r"([\W_])[\0\1]|[\0\1]([\W_])|[\0\1]", r"\1\2", template)).strip("_-. ")


def _answers(seen: Seen) -> bool:
    """Whether a column holds what items hold: few answers, whole numbers close together, or words of a known scale."""
    if not seen.texts:
        return True  # an item that nobody answered
    if seen.numbers is None:
        return answered_in_words([seen]) is not None
    there = ~np.isnan(seen.numbers) & ~np.isin(seen.numbers, GAPS)
    known, counts = seen.numbers[there], seen.counts[there]
    most = known[np.argsort(-counts, kind="stable")[:MOST_ANSWERS]]
    if not len(most) or not seen.whole:
        return False
    middle = np.median(np.repeat(known, counts))
    near = (np.abs(known - middle) <= WIDEST) & (np.abs(known) <= 2 * WIDEST)
    few = 0 < int(near.sum()) <= MOST_ANSWERS and np.ptp(known[near]) <= WIDEST
    return bool(few and counts[near].sum() >= (1 - STRAYS) * counts.sum())


def _one_scale(columns: list[Seen]) -> bool:
    """Whether columns may be items of one questionnaire: not all empty, and all in words or all in numbers."""
    words = [seen for seen in columns if seen.numbers is None and seen.texts]
    if words:
        return answered_in_words(words) is not None
    known = answers_of(columns)[0]
    return len(known) > 1 and known[-1] - known[0] <= WIDEST


def answers_of(columns: Iterable[Seen]) -> tuple[list[float], list[float]]:
    """Return the answers that stand in columns, and the codes among them that only can mean: not answered.

    What stands in one cell in two hundred or fewer, beyond the others, is a stray: `check` names it.
    """
    counted: Counter[float] = Counter()
    for seen in columns:
        if seen.numbers is not None:
            pairs = zip(seen.numbers, seen.counts, strict=True)
            counted.update({float(x): int(n) for x, n in pairs if not np.isnan(x)})
    found = sorted(counted)
    few = 0.005 * sum(counted.values())
    gaps = [x for x in found if x in GAPS and not (x == -1 and {-2.0, 0.0} <= counted.keys())]
    answered = [x for x in found if x not in gaps and counted[x] > few]
    for code in NINES:  # 9 where the answers are 1 to 5; where 7 and 8 are answers, 9 is one too
        others = [x for x in answered if x not in NINES or x < code]
        highest = max((x for x in others if x not in gaps), default=code)
        if code in counted and highest < code - 1.5 and max(answered, default=0) <= max(NINES):
            gaps.append(code)
    rest = [x for x in found if x not in gaps]
    usual = [x for x in rest if counted[x] > few] or rest
    return [x for x in rest if not usual or usual[0] <= x <= usual[-1]], sorted(gaps)


def answered_in_words(columns: Iterable[Seen]) -> dict[str, int] | None:
    """Return a number for each answer in words, lowest first, where all are steps of one known scale."""
    seen = {text for column in columns for text in column.usual if not says_nothing(text)}
    for scale in SCALES:
        step = {word: n for n, step in enumerate(scale, 1) for word in step}
        if seen and all(text.casefold() in step for text in seen):
            low = 0 if len(scale) == 2 or scale[0][0] == "niet waar" else 1
            return {text: step[text.casefold()] - 1 + low for text in sorted(seen, key=lambda t: step[t.casefold()])}
    return None


def pattern(series: Series) -> str | None:
    """Return the one pattern with {item} and {wave} that gives all headings of a series; None when none does."""
    digits = {len(re.findall(r"[0-9]+", name)) for name in series.columns.values()}
    padded = [name for (item, _), name in series.columns.items() if item.isdecimal() and len(item) == 1]
    width = next((n for n in (2, 3) if padded and all("1".zfill(n)[:-1] in name for name in padded)), 0)
    for hole in ("{item}", f"{{item:0{width}}}" if width else "{item}"):
        made = series.template.replace(ITEM, hole).replace(HOLE, "{wave}")
        if digits and all(_fill(made, item, wave) == name for (item, wave), name in series.columns.items()):
            return made
    return None


def _fill(made: str, item: str, wave: str) -> str:
    filled = re.sub(r"\{item(?::0?(\d)d?)?\}", lambda m: item.zfill(int(m[1] or 0)), made)
    return filled.replace("{wave}", wave)


def named(series: Series, otherwise: str) -> str:
    """Return a name for a series that results can use: letters, digits, - and _."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", series.stem).strip("_-")
    return name if name[:1].isalpha() else f"{otherwise}{name}"


def generic(stem: str) -> bool:
    """Whether a stem says nothing of what was asked: q, v, vraag, item."""
    return compact(stem) in {
        "",
        "q",
        "v",
        "i",
        "x",
        "s",
        "a",
        "b",
        "vraag",
        "item",
        "var",
        "stelling",
        "question",
        "vr",
    }


def in_blocks(found: list[Series]) -> list[Series]:
    """Bring neighbouring columns with the same few answers together: items that are called by a word each.

    At least four, with the same waves and three answers or more; two answers are as often something else.
    """
    made: list[Series] = []
    block: list[Series] = []
    for one in [*found, None]:
        if one is not None and _worded_item(one) and (not block or _same_answers(block[0], one)):
            block.append(one)
            continue
        made += _together(block)
        block = []
        if one is not None:
            (block if _worded_item(one) else made).append(one)
    return made


def _worded_item(one: Series) -> bool:
    known = answers_of(one.seen)[0]
    return one.items == [""] and all(map(_answers, one.seen)) and len(known) > 2 and known[-1] - known[0] >= 2


def _same_answers(one: Series, other: Series) -> bool:
    a, b = answers_of(one.seen)[0], answers_of(other.seen)[0]
    return one.waves == other.waves and (a[0], a[-1]) == (b[0], b[-1])


def _together(block: list[Series]) -> list[Series]:
    if len(block) < FEWEST + 1:
        return block
    columns = {(one.stem, wave): name for one in block for (_, wave), name in one.columns.items()}
    return [Series(block[0].file, "", columns, "")]


def joined(files: list[SeenFile]) -> SeenFile:
    """Return files as one, below each other: headings that are the same are one column."""
    n_rows = sum(file.n_rows for file in files)
    columns: dict[str, Seen] = {}
    for name in dict.fromkeys(name for file in files for name in file.columns):
        known: dict[str, int] = {}
        codes = []
        for file in files:
            seen = file.columns.get(name)
            if seen is None:
                codes.append(np.full(file.n_rows, -1))
                continue
            place = np.array([*(known.setdefault(text, len(known)) for text in seen.texts), -1])
            codes.append(place[seen.codes])
        mine = [file.columns[name] for file in files if name in file.columns]
        sign = next((seen.sign for seen in mine if seen.sign), None)
        labels = {code: label for seen in mine for code, label in seen.labels.items()}
        columns[name] = Seen(name, tuple(known), np.concatenate(codes), sign, labels)
    return SeenFile("", None, n_rows, columns)
