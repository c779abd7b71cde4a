"""What was measured: questionnaires with a key, questionnaires without, ready scores; and what is known beforehand."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from werkbank.catalogue import say
from werkbank.drafting.keys import DECISIVE, ENOUGH_ITEMS, FITS, Fit, called, fitting, item_rest
from werkbank.drafting.roles import NONE
from werkbank.drafting.series import Series, answered_in_words, answers_of, generic, named, pattern
from werkbank.drafting.settling import NOTHING, parted
from werkbank.drafting.waves import ORDER
from werkbank.drafting.words import COVARIATES, HIGHER, LOWER, TESTS, WHO, holds, parts
from werkbank.errors import Said
from werkbank.instruments.registry import names as key_names
from werkbank.instruments.registry import variants

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkbank.drafting.seen import Seen
    from werkbank.drafting.settling import Settling

RANGES = (
    (0, 1),
    (1, 3),
    (0, 2),
    (1, 4),
    (0, 3),
    (1, 5),
    (0, 4),
    (1, 6),
    (0, 5),
    (1, 7),
    (0, 6),
    (1, 9),
    (1, 10),
    (0, 10),
)
YEARS = 8  # of a primary school
TURNED = -0.15  # an item that goes along with the others less than this may be worded the other way round
INFORMANTS = ("teacher", "pupil", "parent", "observer", "test", "unknown")


@dataclass
class Outcome:
    """One outcome as the study file will have it.

    `fields` are in their order, `place` is the first part of its marks, `columns` are the headings it is read from.
    """

    place: str
    fields: dict[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] = ()


def settle_outcomes(
    series: list[Series], waves: Mapping[str, str], paths: Mapping[str, str], settling: Settling
) -> list[Outcome]:
    """Return an outcome for each series.

    Parameters
    ----------
    series : list of Series
    waves : mapping
        Wave code -> what it means.
    paths : mapping
        Heading -> the file it stands in: its name may say who filled it in.
    settling : Settling
    """
    made: list[Outcome] = []
    taken: set[str] = set()
    for one in series:
        name = _free(named(one, say("drafting.word.outcome", settling.language)), taken)
        taken.add(name.lower())
        if settling.may_be_said(f"{name}.use", ("yes", "no")) == "no":
            continue
        where = paths.get(next(iter(one.columns.values())), "")
        fits = _fits(one) if len(one.items) > 1 else []
        if len(one.items) == 1 and one.items[0] == "":
            made.append(_score(one, name, waves, where, settling))
        elif fits or settling.given.get(f"{name}.instrument", "-") not in {"-", "own"}:
            made.append(_with_key(one, name, fits, waves, where, settling))
        else:
            made.append(_own(one, name, waves, where, settling))
        made[-1].columns = tuple(one.columns.values())
        taken.add(str(made[-1].fields.get("name", made[-1].fields.get("instrument"))).lower())
    _tell_same_keys_apart(made)
    _settle_primary(made, settling)
    return made


def _free(name: str, taken: set[str]) -> str:
    free, n = name, 2
    while free.lower() in taken:
        free, n = f"{name}-{n}", n + 1
    return free


def _fits(one: Series) -> list[Fit]:
    words = answered_in_words(one.seen) if any(seen.numbers is None for seen in one.seen) else None
    known, _ = answers_of(one.seen)
    matrix = one.matrix()
    if words is not None:
        known, matrix = [float(v) for v in words.values()], _numbered(one, words)
    if not known:
        return []
    for gap in answers_of(one.seen)[1]:
        matrix = np.where(matrix == gap, np.nan, matrix)
    found = fitting(one.items, (known[0], known[-1]), matrix, one.stem)
    if any(fit.by_name for fit in found):
        return [fit for fit in found if fit.by_name]
    alike = [fit for fit in found if generic(one.stem) and fit.coherence >= FITS]
    return alike if len(one.items) >= ENOUGH_ITEMS else []


def _numbered(one: Series, words: Mapping[str, int]) -> np.ndarray:
    blocks = []
    for wave in one.waves:
        columns = []
        for item in one.items:
            seen = one.file.columns[one.columns[item, wave]]
            known = np.array([*(float(words.get(text, np.nan)) for text in seen.texts), np.nan])
            columns.append(known[seen.codes])
        blocks.append(np.column_stack(columns))
    return np.vstack(blocks)


def _with_key(
    one: Series, name: str, fits: list[Fit], waves: Mapping[str, str], path: str, settling: Settling
) -> Outcome:
    made = Outcome(name)
    best = fits[0] if fits else None
    names = list(dict.fromkeys(fit.key.name for fit in fits))
    values = {"stem": one.stem or "–", "n": len(one.items), "others": ", ".join([*names[1:], "own"])}
    if best is None:
        made.fields["instrument"] = settling.known(f"{name}.instrument", "")
    else:
        values |= {"called": best.key.name, "low": f"{best.key.range[0]:g}", "high": f"{best.key.range[1]:g}"}
        told = Said(f"drafting.guess.instrument.{'name' if best.by_name else 'number'}", values)
        asked = None if best.by_name and len(names) == 1 else Said("drafting.ask.instrument", values)
        chosen = settling.settle(
            f"{name}.instrument", best.key.name, told, question=asked,
            choices=(*names, *_called_too(one, names), "own"), also=_other_keys(one, names),
        )  # fmt: skip
        if chosen == "own":
            return _own(one, name, waves, path, settling)
        made.fields["instrument"] = chosen
    key = made.fields["instrument"]
    _forms(made, [fit for fit in fits if fit.key.name == key], settling)
    _informant(made, one, [fit.key.informant for fit in fits if fit.key.name == key], path, settling)
    if scales := next((fit.key.scales for fit in fits if fit.key.name == key), None):
        made.fields["scales"] = list(scales)  # without composites: what is made of scales is asked for by who wants it
    made.fields["items"] = _items(one, waves)
    _answers(made, one, settling)
    return made


def _called_too(one: Series, names: list[str]) -> list[str]:
    return [name for name in sorted(called(one.stem)) if name not in names]


def _other_keys(one: Series, names: list[str]) -> list[str]:
    """Return the keys that neither fit nor are called so: a user may know better, and `check` counts the items."""
    return [name for name in key_names() if name not in {*names, *_called_too(one, names)}]


def _forms(made: Outcome, fits: list[Fit], settling: Settling) -> None:
    """Settle which version and item order, where more than one circulates: by the answers, or else with a question."""
    best = fits[0] if fits else None
    for axis in ("version", "order"):
        forms = list(dict.fromkeys(getattr(fit.key, axis) for fit in fits if getattr(fit.key, axis)))
        place = f"{made.place}.{axis}"
        if best is None or not forms:
            if said := settling.may_be_said(place, _known_forms(str(made.fields["instrument"]), axis)):
                made.fields[axis] = said
            continue
        chosen = getattr(best.key, axis)
        rival = next((fit for fit in fits if getattr(fit.key, axis) != chosen), None)
        mine, other = best.coherence, rival.coherence if rival else float("nan")
        decided = rival is not None and mine - other >= DECISIVE
        values = {"form": chosen, "others": ", ".join(f for f in forms if f != chosen) or "–", "called": best.key.name}
        if decided and rival is not None:
            values |= {"r": mine, "r_other": other, "other": getattr(rival.key, axis)}
        reason = "only" if rival is None else "answers" if decided else "undecided"
        asked = Said(f"drafting.ask.{axis}", {**values, "forms": ", ".join(forms)}) if reason == "undecided" else None
        told = Said(f"drafting.guess.{axis}.{reason}", values)
        made.fields[axis] = settling.settle(place, chosen, told, question=asked, choices=forms)
        fits = [fit for fit in fits if getattr(fit.key, axis) == made.fields[axis]] or fits
        best = fits[0]


def _known_forms(key: str, axis: str) -> list[str]:
    every = [getattr(form, axis) for form in variants(key)] if key in key_names() else []
    return [form for form in dict.fromkeys(every) if form]


def _informant(made: Outcome, one: Series, allowed: list[tuple[str, ...]], path: str, settling: Settling) -> None:
    """Settle who filled it in: the key allows one only, or a word in the headings or the file's name says it."""
    place, may = f"{made.place}.informant", allowed[0] if allowed else INFORMANTS
    if len(may) == 1:
        made.fields["informant"] = settling.known(place, may[0])
        return
    words = {part for text in (one.stem, path.rpartition("/")[2]) for part in parts(text)}
    said = [who for who, names in WHO.items() if words & set(names) and (who in may or not allowed)]
    test = holds(one.stem, TESTS) if not allowed and len(one.items) == 1 else ""
    value = "test" if test else said[0] if len(said) == 1 else "unknown"
    reason = "test" if test else "word" if len(said) == 1 else "unknown"
    word = test or next((part for who in said[:1] for part in sorted(words & set(WHO[who]))), "")
    values = {"who": Said(f"drafting.word.who.{value}"), "word": word, "others": ", ".join(may)}
    asked = Said("drafting.ask.informant", {"name": made.place}) if value == "unknown" else None
    told = Said(f"drafting.guess.informant.{reason}", values)
    made.fields["informant"] = settling.settle(place, value, told, question=asked, choices=INFORMANTS)


def _items(one: Series, waves: Mapping[str, str]) -> Any:  # noqa: ANN401 - a pattern, a list, or one of these per wave
    """Return the columns as the study file names them: a pattern where one gives them all."""
    if (found := pattern(one)) is not None:
        return found
    return _listed(one, waves)


def _listed(one: Series, waves: Mapping[str, str]) -> list[str] | dict[str, list[str]]:
    """Return the columns as a list, or a list for each wave in the order of time."""
    listed = {
        waves.get(wave, wave): [one.columns[item, wave] for item in one.items if (item, wave) in one.columns]
        for wave in one.waves
    }
    return listed[""] if list(listed) == [""] else dict(sorted(listed.items(), key=in_time))


def in_time(item: tuple[str, Any]) -> int:
    """Return the place of a wave (the first of a pair) in time."""
    return ORDER.index(item[0]) if item[0] in ORDER else len(ORDER)


def _own(one: Series, name: str, waves: Mapping[str, str], path: str, settling: Settling) -> Outcome:
    made = Outcome(name, {"name": name})
    settling.known(f"{name}.instrument", "own")
    values = {"stem": one.stem or "–", "n": len(one.items), "called": ", ".join(sorted(called(one.stem))) or "–"}
    settling.settle(name, name, Said(f"drafting.guess.own.{'near' if called(one.stem) else 'none'}", values))
    _informant(made, one, [], path, settling)
    made.fields["items"] = _listed(one, waves)  # of own items a pattern is not enough
    low, high = _range(made, one, settling)
    _answers(made, one, settling)
    _turned(made, one, (low, high), settling)
    _better(made, one, settling)
    return made


def _range(made: Outcome, one: Series, settling: Settling) -> tuple[float, float]:
    words = answered_in_words(one.seen) if any(seen.numbers is None for seen in one.seen) else None
    known = sorted(map(float, words.values())) if words else answers_of(one.seen)[0]
    low, high = next(((a, b) for a, b in RANGES if a <= known[0] and known[-1] <= b), (known[0], known[-1]))
    values = {"low": f"{low:g}", "high": f"{high:g}", "seen_low": f"{known[0]:g}", "seen_high": f"{known[-1]:g}"}
    text = settling.settle(f"{made.place}.range", f"{low:g}-{high:g}", Said("drafting.guess.range", values))
    ends = re.fullmatch(r"\[?\s*(-?[0-9.]+)\s*[-,]\s*(-?[0-9.]+)\s*\]?", text)
    if ends is None:
        raise settling.refused("drafting.problem.range", f"{made.place}.range", text)
    low, high = float(ends[1]), float(ends[2])
    made.fields["range"] = [int(x) if float(x).is_integer() else x for x in (low, high)]
    return low, high


def _answers(made: Outcome, one: Series, settling: Settling) -> None:
    """Settle words that are answers, and codes that mean: not answered."""
    if any(seen.numbers is None and seen.texts for seen in one.seen):
        words = answered_in_words([seen for seen in one.seen if seen.texts])
        if words is not None:
            shown = ", ".join(f"{word} = {n}" for word, n in words.items())
            settling.settle(f"{made.place}.answers", shown, Said("drafting.guess.answers", {"answers": shown}))
            made.fields["answers"] = words
    codes = [f"{code:g}" for code in answers_of(one.seen)[1]]
    gaps = sorted({gap for seen in one.seen for gap in seen.gaps})
    _missing(made, codes, gaps, settling)


def _missing(made: Outcome, codes: list[str], words: list[str], settling: Settling) -> None:
    """Settle what means that there is no answer: what was found so, or what the user names, with commas."""
    place, shown = f"{made.place}.missing", ", ".join([*codes, *words])
    if shown:
        told = Said(f"drafting.guess.missing.{'codes' if codes else 'words'}", {"codes": shown})
        said = settling.settle(place, shown, told)
    else:
        said = settling.may_be_said(place)
    if found := [part.strip() for part in said.split(",") if part.strip() and said not in NONE]:
        made.fields["missing"] = [_code(part) for part in found]


def _code(text: str) -> int | float | str:
    if re.fullmatch(r"-?[0-9]+", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?[0-9]+\.[0-9]+", text) else text


def _turned(made: Outcome, one: Series, ends: tuple[float, float], settling: Settling) -> None:
    """Settle which own items are worded the other way round: those that go against the others."""
    matrix = one.matrix()
    matrix = np.where((matrix < ends[0]) | (matrix > ends[1]), np.nan, matrix)
    whole = matrix[~np.isnan(matrix).any(axis=1)]
    if len(whole) < 20 or len(one.items) < 3 or (np.std(whole, axis=0) == 0).any():
        return
    first = np.linalg.eigh(np.corrcoef(whole.T))[1][:, -1]
    against = first * (1 if (first > 0).sum() * 2 >= len(first) else -1) < 0
    fit = item_rest(np.where(against, sum(ends) - whole, whole))
    turned = [item for item, minus, r in zip(one.items, against, fit, strict=True) if minus and r > -TURNED]
    if turned and len(turned) * 2 <= len(one.items):
        names = [one.columns[item, one.waves[0]] for item in turned if (item, one.waves[0]) in one.columns]
        told = Said("drafting.guess.reversed", {"items": ", ".join(names)})
        settling.settle(f"{made.place}.reversed", ", ".join(names), told)
        made.fields["reversed"] = names


def _better(made: Outcome, one: Series, settling: Settling) -> None:
    low, high = holds(one.stem, LOWER), holds(one.stem, HIGHER)
    value = "lower" if low else "higher"
    reason = "word" if low or high else "nothing"
    told = Said(f"drafting.guess.better.{value}_{reason}", {"word": low or high, "name": made.place})
    asked = None if low or high else Said("drafting.ask.better", {"name": made.place})
    choices = ("higher", "lower", "neither")
    made.fields["better"] = settling.settle(f"{made.place}.better", value, told, question=asked, choices=choices)


def _score(one: Series, name: str, waves: Mapping[str, str], path: str, settling: Settling) -> Outcome:
    made = Outcome(name, {"name": name})
    columns = {waves.get(wave, wave): column for (_, wave), column in one.columns.items()}
    shown = ", ".join(one.columns.values())
    settling.settle(name, name, Said("drafting.guess.score", {"columns": shown}))
    made.fields["column"] = columns[""] if list(columns) == [""] else dict(sorted(columns.items(), key=in_time))
    _informant(made, one, [], path, settling)
    numbers = np.concatenate([seen.numbers for seen in one.seen if seen.numbers is not None])
    if set(numbers[~np.isnan(numbers)]) == {0.0, 1.0}:
        settling.settle(f"{name}.kind", "binary", Said("drafting.guess.binary", {"columns": shown}))
        made.fields["kind"] = "binary"
    _missing(made, [], sorted({gap for seen in one.seen for gap in seen.gaps}), settling)
    _better(made, one, settling)
    return made


def _tell_same_keys_apart(made: list[Outcome]) -> None:
    """Give outcomes with one key names of their own: the same questionnaire by teacher and pupil."""
    by_key: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in made:
        by_key[str(outcome.fields.get("instrument", ""))].append(outcome)
    for key, several in by_key.items():
        if key and len(several) > 1:
            for outcome in several:
                outcome.fields = {"name": outcome.place, **outcome.fields}


def _settle_primary(made: list[Outcome], settling: Settling) -> None:
    """Settle which outcomes were named beforehand: the only one there is, or those that the user names."""
    places = [outcome.place for outcome in made]
    if not places:
        settling.places.append("primary")
        return
    only = len(places) == 1
    told = Said(f"drafting.guess.primary.{'only' if only else 'none'}", {"names": ", ".join(places)})
    asked = None if only else Said("drafting.ask.primary", {"names": ", ".join(places)})
    choices = (*places, NOTHING)
    value = places[0] if only else NOTHING
    said = settling.settle("primary", value, told, question=asked, choices=choices, several=True)
    chosen = parted(said, choices)
    for outcome in made:
        outcome.fields["role"] = "primary" if outcome.place in chosen else "secondary"


def _years(seen: Seen) -> bool:
    """Whether a column that is called a group holds the years of a primary school."""
    return seen.whole and seen.numbers is not None and bool((seen.numbers[~np.isnan(seen.numbers)] <= YEARS).all())


def covariates(columns: Mapping[str, Seen], settling: Settling) -> list[str]:
    """Return the columns with a pupil's sex, age and grade, each marked."""
    found = []
    for kind, names in COVARIATES.items():
        for name, seen in columns.items():
            plain = "".join(parts(name))
            yearly = kind == "grade" and plain in {"groep", "klas"} and _years(seen)
            if (plain not in names and not yearly) or len(seen.usual) < 2 or (kind == "sex" and len(seen.texts) > 4):
                continue
            place = f"covariates.{name}"
            told = Said(f"drafting.guess.covariate.{kind}", {"column": name})
            if settling.settle(place, "yes", told, choices=("yes", "no")) == "yes":
                found.append(name)
            break
    return found
