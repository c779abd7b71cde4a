"""Reports on underachievement, monitoring and measurement may be shared: no small count follows, nobody is in them."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import yaml
from tests.disclosure.attacker import counts as attack
from tests.disclosure.conftest import BORN, NAME
from tests.underachievement.test_study import BASE, EVERYTHING, pupils

import werkbank
from werkbank.bench import Bench
from werkbank.disclosure import suppress
from werkbank.measurement.study_quality import study_quality
from werkbank.reporting import agreeing, measurement, monitoring, underachievement
from werkbank.reporting.blocks import Table
from werkbank.reporting.sharing import shared_bench, shared_sections
from werkbank.results import Results
from werkbank.underachievement import following, stating
from werkbank.underachievement.study import examine

FLAGS = (
    underachievement.summary, underachievement.method, underachievement.flagged, underachievement.kinds,
    agreeing.agreement, agreeing.fairness, underachievement.talk,
)  # fmt: skip
ALERTS = (monitoring.summary, monitoring.method, monitoring.alerts, monitoring.growth, monitoring.levels)
SCALES = (
    measurement.overview, measurement.instruments, measurement.reliability, measurement.items,
    measurement.comparability, measurement.distinct, measurement.perspectives,
)  # fmt: skip
SEEDS = [*range(3), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 40))]


def dumped(study):
    return study.model_dump(mode="json", by_alias=True, exclude_none=True)


@pytest.fixture(scope="module")
def flags(tmp_path_factory):
    """Give (study, results) of a small study with every method, groups, gates and profiles."""

    @cache
    def made(seed):
        folder = tmp_path_factory.mktemp(f"flags{seed}")
        rng = np.random.default_rng(seed)
        table = pupils(int(rng.integers(30, 130)), seed)
        table["sekse"] = rng.choice(["0", "1", "2"], len(table), p=[0.5, 0.4, 0.1])
        table.loc[rng.random(len(table)) < 0.1, "taal2"] = np.nan
        table.to_csv(folder / "raw.csv", index=False)
        block = {**EVERYTHING, "able": {"rule": "quantile", "value": float(rng.choice([0.3, 0.5, 0.7]))}}
        (folder / "study.yaml").write_text(yaml.safe_dump({**BASE, "underachievement": block}), encoding="utf-8")
        study = werkbank.load_study(folder)
        intake = werkbank.read_answers(study)
        scores = werkbank.score_study(intake)
        found = examine(study, scores.table, intake.pupils)
        return (
            intake, scores, Results(dumped(study), tuple(stating.estimates(found, 6)), tuple(stating.facts(found))),
        )  # fmt: skip

    return made


@pytest.fixture(scope="module")
def alerts(tmp_path_factory):
    """Give (study, results) of a few schools that follow a few pupils."""

    @cache
    def made(seed):
        folder = tmp_path_factory.mktemp(f"alerts{seed}")
        rng = np.random.default_rng(seed)
        rows = []
        for pupil in range(int(rng.integers(12, 60))):
            school, level = f"S{pupil % int(rng.integers(1, 4))}", rng.normal(40, 8)
            for subject in ("rekenen", "spelling"):
                for test in range(int(rng.integers(3, 7))):
                    drop = 30 if test > 3 and pupil % 9 == 0 else 0
                    score = level + 9 * test + rng.normal(0, 3) - drop
                    band = ["V", "IV", "III", "II", "I"][int(np.clip(score // 25, 0, 4))]
                    day = f"{10 + pupil % 18}-0{1 + 5 * (test % 2)}-{2021 + test // 2}"
                    who = NAME if pupil == 0 else f"nr-{7000 + 13 * pupil}"
                    right = int(np.clip(score, 0, 50))
                    rows.append((who, school, subject, f"T{test}", day, right, 50, round(score, 1), band))
        names = ["leerling", "school", "vak", "toets", "datum", "goed", "opgaven", "vaardigheid", "niveau"]
        pd.DataFrame(rows, columns=names).to_csv(folder / "lvs.csv", index=False, sep=";")
        block = {
            "file": {"path": "lvs.csv"}, "shape": "long", "day_first": True,
            "columns": dict(zip(["pupil", "school", "subject", "test", "date", "raw", "max", "ability", "band"], names,
                                strict=True)),
        }  # fmt: skip
        content = {"title": "t", "design": {"kind": "single_group"}, "monitoring": block}
        (folder / "study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        study = werkbank.load_study(folder)
        intake = werkbank.read_answers(study)
        return (
            intake, werkbank.score_study(intake),
            Results(dumped(study), facts=tuple(following.facts(following.follow(study)))),
        )  # fmt: skip

    return made


def counts(results, *, shares=True):
    """Return the counts of these results by id (`!` for an n), as far as they are there."""
    found = {}
    for f in results.facts:
        if isinstance(f.value, int):
            found[f.id] = f.value
        if isinstance(f.n, int) and f.what.rpartition("_")[2] in {"count", "kind", "duration", "selective", "ceiling"}:
            found[f"{f.id if f.what.endswith(('selective', 'ceiling')) else f.id.rpartition('/')[0]}!"] = f.n
    for e in results.estimates if shares else ():
        if e.estimand == "flag_rate" and e.estimate is not None and isinstance(e.n, int):
            found |= {f"{e.id}!": e.n, e.id: round(e.estimate * e.n)}
        if e.estimand == "share" and e.estimate is not None and isinstance(e.n, int) and 0.05 < e.estimate < 0.95:
            found[e.id.removesuffix("share") + "flagged"] = round(e.estimate * e.n)
    return found


def flag_system(true, results):
    """Write down how the counts of flags add up, once more and apart from the code under test."""
    system = attack.System()
    system.values = dict(true)
    places = {i.rpartition("/")[0] for i in true}
    at = {
        p: {i.rpartition("/")[2]: i for i in true if i.rpartition("/")[0] == p and not i.endswith("!")} for p in places
    }
    mains = {(e.outcome, e.wave_to): e.contrast for e in reversed(results.estimates) if e.estimand == "share"}
    for e in (e for e in results.estimates if e.estimand == "share"):
        root = f"underachievement/{e.outcome}/{e.wave_to}"
        own, main = at[f"{root}/{e.contrast}"], at[f"{root}/{mains[e.outcome, e.wave_to]}"]
        chain = ("pupils", "judged" if e.contrast.startswith("nomination") else "both", "judged", "able", "flagged")
        for whole, part in pairwise(dict.fromkeys(chain)):
            system.within(own[whole], own[part])
        system.add({own["flagged"]: 1, own["relative"]: -1, own["absolute"]: -1})
        combined = at.get(f"{root}/overlap", {})
        if mine := [i for name, i in combined.items() if e.contrast in name.split("+")]:
            system.within(own["flagged"], *mine)
        gates = at.get(f"{root}/gates", {})
        if own is main and gates:
            system.add({gates["discrepancy"]: 1, own["flagged"]: -1})
            if "duration" in gates:
                system.within(gates["discrepancy"], gates["duration"])
                system.within(gates["duration"], gates["signal"], gates["not_established"])
        rates = [i for i in true if i.startswith(f"{root}/sekse=") and i.endswith("/flag_rate")]
        if own is main and rates:
            system.within(own["able"], *(f"{i}!" for i in rates))
            system.within(own["flagged"], *rates)
            for i in rates:
                system.within(f"{i}!", i)
    for place, own in at.items():
        if place.rpartition("/")[2] in {"overlap", "duration", "breadth", "profiles"} and f"{place}!" in true:
            system.add({f"{place}!": 1, **dict.fromkeys(own.values(), -1)})
    return system


def alert_system(true):
    system = attack.System()
    system.values = dict(true)
    parts = defaultdict(list)
    for i in true:
        place, _, last = i.rpartition("/")
        if place.count("/") == 2 and last in {"series", "judged", "alerts"}:
            parts[last].append(i)
        if last == "series":
            system.within(i, f"{place}/judged")
            system.within(f"{place}/judged", f"{place}/alerts")
        if last == "ceiling":
            system.within(f"{i}!", i)
        if last == "band_I":
            system.add({f"{place}!": 1, **{j: -1 for j in true if j.startswith(f"{place}/band_")}})
    for last, of in parts.items():
        system.add({f"monitoring/{last}": 1, **dict.fromkeys(of, -1)})
    return system


def withstands(system, shown):
    small = [name for name in system.place if 0 < system.values.get(name, 0) < 6]  # noqa: PD011 - no frame
    shown = {name: value for name, value in shown.items() if name in system.place}
    assert not set(small) & set(shown)
    lost = [(n, low, high) for n, low, high in system.intervals(shown, small) if low > 1 + 1e-6 or high < 5 - 1e-6]
    assert not lost
    return small


@pytest.mark.parametrize("seed", SEEDS)
def test_no_small_count_of_flags_can_be_worked_out(flags, seed):
    *_, results = flags(seed)
    true, copy = counts(results), suppress(results, 6)
    assert all(true[name] == value for name, value in counts(copy, shares=False).items()), "what is shown is true"
    shown = {name: true[name] for name in counts(copy)}  # shares are rounded; the attacker guesses right
    assert withstands(flag_system(true, results), shown)
    assert len(shown) > 10, "a copy that shows nothing proves nothing"
    flagged = [f for f in suppress(results, 6).facts if f.id.endswith("/flagged") and f.value is not None]
    assert not [f.id for f in flagged if f.value < 6], "that nobody was flagged says something of everyone"


@pytest.fixture(scope="module")
def causes(tmp_path_factory):
    """Give the results of a study in which causes were written down of some pupils, flagged or not."""

    @cache
    def made(seed):
        folder = tmp_path_factory.mktemp(f"causes{seed}")
        rng = np.random.default_rng(seed)
        table = pupils(int(rng.integers(150, 400)), seed)
        table.to_csv(folder / "raw.csv", index=False)
        chances = rng.uniform(0.02, 0.6, 4)
        lines = [(p, c, "teacher") for p in table["pupil"] if rng.random() < 0.9
                 for c, chance in zip(("home", "peers", "supply", "motivation"), chances, strict=True)
                 if rng.random() < chance]  # fmt: skip
        pd.DataFrame(lines, columns=["pupil", "cause", "source"]).to_csv(folder / "causes.csv", index=False)
        block = {**EVERYTHING, "able": {"rule": "quantile", "value": float(rng.choice([0.3, 0.5]))}}
        told = {**BASE, "underachievement": block, "logs": [{"log": "causes", "path": "causes.csv"}]}
        (folder / "study.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
        return werkbank.open(folder).part("underachievement")

    return made


@pytest.mark.parametrize("seed", SEEDS)
def test_no_small_count_of_causes_can_be_worked_out(causes, seed):
    results = causes(seed)

    def counted(of):
        found = {i: n for i, n in counts(of).items() if "/moves/" not in i}  # which no copy has
        return found | {f"{f.id.rpartition('/')[0]}!": f.n for f in of.facts if f.what.endswith("_cause") and f.n}

    true, shown = counted(results), counted(suppress(results, 6))
    system = flag_system(true, results)
    for f in results.facts:
        root = f.id.rpartition("/")[0].replace("unwritten", "reasons")
        if f.table not in {"reasons", "unwritten"} or f"{root}!" not in true:
            continue
        if f.table == "reasons":
            system.within(f"{root}!", f.id)
            continue
        own = f"underachievement/{f.outcome}/{f.wave}/difference"
        whole = {f"{own}/flagged": 1} if f.criterion == "flagged" else {f"{own}/able": 1, f"{own}/flagged": -1}
        system.add({**whole, f"{root}!": -1, f.id: -1})
    assert withstands(system, {name: true[name] for name in shown})
    assert any("/reasons/" in name for name in shown), "a copy that shows nothing proves nothing"


@pytest.mark.parametrize("seed", SEEDS)
def test_no_small_count_of_alerts_can_be_worked_out(alerts, seed):
    *_, results = alerts(seed)
    true, shown = counts(results), counts(suppress(results, 6))
    withstands(alert_system(true), shown)
    assert "monitoring/pupils" in shown


def test_agreement_is_shown_with_its_table_only(flags):
    for seed in range(3):
        copy = suppress(flags(seed)[2], 6)
        for outcome in ("taal", "rekenen"):
            cells = [f.value for f in copy.facts if f"/{outcome}/" in f.id and "/overlap/" in f.id]
            found = [e.estimate for e in copy.estimates if " x " in e.contrast and e.outcome == outcome]
            assert None not in cells or not [x for x in found if x is not None]


def said(sections):
    return json.dumps([section.to_json() for section in sections], ensure_ascii=False)


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_copies_are_whole_sentences_without_pupils(flags, alerts, small, seed, language):
    for made, parts in ((flags(seed), FLAGS), (alerts(seed), ALERTS), (_measured(small(seed)), SCALES)):
        sections = shared_sections(shared_bench(Bench.made(*made, language)), parts)
        text = said(sections)
        for planted in (NAME, "Fleur", BORN, "nr-7013", "p001", "tab-pupils"):
            assert planted not in text
        for section in sections:
            assert not [b for b in section.blocks if isinstance(b, Table) and not b.columns]
        words = re.findall(r'"text": "([^"]*)"|"items": \[([^\]]*)\]', text)
        assert not [
            t for pair in words for t in pair if re.search(r"\bNone\b|\bnan\b|\{\w+\}|–\s+(?:leerlingen|pupils)", t)
        ]


def _measured(made):
    intake, scores, _ = made
    return intake, scores, Results(dumped(intake.study), facts=(*scores.facts, *study_quality(intake, scores)))
