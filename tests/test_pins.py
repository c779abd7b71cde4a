"""Every number and text that the examples' reports gave before results had columns is still there (decision 019).

Results are computed as the notebooks do, once for each example. tests/pins/changed.yaml names what was meant to change.
"""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path

import pytest
import yaml

import werkbank
from werkbank import effects
from werkbank.measurement.comparability import comparability
from werkbank.measurement.study_quality import study_quality
from werkbank.underachievement import following, stating
from werkbank.underachievement.study import examine

PINS = Path(__file__).with_name("pins")
EXAMPLES = ("baumann", "bdf", "nabijheid", "volgsysteem")
SEED = 20250901
CHANGED = yaml.safe_load((PINS / "changed.yaml").read_text(encoding="utf-8"))


def pins(example):
    return json.loads(gzip.decompress((PINS / f"{example}.json.gz").read_bytes()))


@pytest.fixture(scope="module")
def computed():
    """Return an example's results by report, computed when they are first asked for."""
    known = {}

    def of(example):
        if example not in known:
            known[example] = {name: json.loads(found.to_json()) for name, found in stores(example).items()}
        return known[example]

    return of


def stores(example):
    declared = werkbank.load_study(werkbank.example_path(example))
    intake = werkbank.read_answers(declared)
    scores = werkbank.score_study(intake)
    pupils = intake.pupils
    study = declared.model_dump(mode="json", by_alias=True, exclude_none=True)
    comparable = comparability(intake, scores.instruments, arms=False)
    base = werkbank.Results(
        study,
        tuple(werkbank.estimate(declared, scores.table, pupils, SEED)),
        (*scores.facts, *comparable, *werkbank.describe(declared, scores.table, pupils)),
    )
    base = base.with_more(claims=werkbank.appraise(declared, base))
    ways = effects.of_headline(declared, scores.table, pupils, base.estimates, SEED)
    more = [*effects.by_own_alpha(declared, scores, pupils), *(ways.facts if ways else ())]
    found = {"school": base, "thesis": base, "evaluation": base.with_more(facts=more)}
    if declared.outcomes:
        found["measurement"] = werkbank.Results(study, facts=(*scores.facts, *study_quality(intake, scores)))
    if declared.underachievement:
        examined = examine(declared, scores.table, pupils)
        flags = tuple(stating.estimates(examined, declared.privacy.min_cell))
        found["underachievement"] = werkbank.Results(study, flags, tuple(stating.facts(examined)))
    if declared.monitoring:
        found["monitoring"] = werkbank.Results(study, facts=tuple(following.facts(following.follow(declared))))
    return found


def alike(old, new):
    if isinstance(old, float) and isinstance(new, float | int) and not isinstance(new, bool):
        return math.isclose(old, new, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(alike(value, new[key]) for key, value in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(alike, old, new))
    return type(old) is type(new) and old == new


def differences(pinned, made):
    """Yield (id, what differs) of every pinned result; columns that a pin leaves open are not compared."""
    for report, places in pinned["reports"].items():
        tables = {name: {item["id"]: item for item in made[report][name]} for name in ("estimates", "facts", "claims")}
        for place in places:
            table, old = pinned["results"][place]
            new = tables[table].get(old["id"])
            if new is None:
                yield old["id"], f"{report}: no longer there"
                continue
            for column, value in old.items():
                if column not in new:
                    yield old["id"], f"{report}: {table} have no column {column} any more"
                elif not alike(value, new[column]):
                    yield old["id"], f"{report}: {column} was {value}, is {new[column]}"


@pytest.mark.parametrize("example", EXAMPLES)
def test_everything_that_was_said_is_still_said(example, computed):
    meant = CHANGED[example]
    assert all(isinstance(reason, str) and reason.strip() for reason in meant.values())
    changed = dict(differences(pins(example), computed(example)))
    assert {key: what for key, what in changed.items() if key not in meant} == {}
    assert [key for key in meant if key not in changed] == [], "listed as changed, and they did not change"


def test_the_pins_are_of_every_example_and_report_that_ran():
    reports = {example: sorted(pins(example)["reports"]) for example in EXAMPLES}
    three = ["evaluation", "school", "thesis"]
    assert reports == {
        "baumann": sorted([*three, "measurement"]),
        "bdf": sorted([*three, "measurement", "underachievement"]),
        "nabijheid": sorted([*three, "measurement"]),
        "volgsysteem": sorted([*three, "monitoring"]),
    }
    assert set(CHANGED) == set(EXAMPLES)


def test_a_changed_number_text_or_absence_would_be_found(computed):
    pinned = pins("volgsysteem")
    place = pinned["reports"]["monitoring"][0]
    table, old = pinned["results"][place]
    for other in ({"value": old["value"] + 1}, {"outcome": "x"}, {"id": "x"}):
        pinned["results"][place] = (table, {**old, **other})
        assert len(list(differences(pinned, computed("volgsysteem")))) == 1
    assert alike(1.0, 1.0 + 1e-10)
    assert not alike(1.0, 1.0 + 1e-8)
    assert not alike(1, True)
    assert not alike(None, 0.0)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_result_says_in_columns_what_it_is(example, computed):
    for made in computed(example).values():
        bare = [item["id"] for name in ("estimates", "facts", "claims") for item in made[name] if not item["kind"]]
        assert bare == []
        assert [c["id"] for c in made["claims"] if not c["verdict"]] == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_no_two_results_have_the_same_columns(example, computed):
    numbers = {"id", "value", "n", "note", "estimate", "se", "df", "statistic", "p", "ci_low", "ci_high", "n_clusters"}
    for made in computed(example).values():
        for name in ("estimates", "facts"):
            seen = {}
            for item in made[name]:
                key = json.dumps({k: v for k, v in item.items() if k not in numbers}, sort_keys=True)
                if item["kind"] != "file":
                    assert key not in seen, f"{item['id']} and {seen[key]} are told apart by their ids alone"
                seen[key] = item["id"]
