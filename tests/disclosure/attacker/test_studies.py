"""Two hundred small studies in which someone stands alone: nothing of anyone is narrowed beyond the rule.

Read together are all counts (linear programmes), all means and SDs of scores (fractions), their sums (linear
programmes), the answers of outcomes with few scores (one by one), and who is behind each estimate; and each rule,
switched off, lets one of these through.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from tests.disclosure.attacker import answers, counts, reading, scores, studies, sums
from tests.disclosure.attacker.thin import thin

import werkbank
from werkbank.disclosure import beside, flow, magnitudes, suppress_together, suppressing
from werkbank.effects.kinds import KIND
from werkbank.reporting import sharing
from werkbank.reporting.sharing import shared_bench
from werkbank.results import Fact
from werkbank.running.runner import run_languages

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
SIZE, FILED, SHORTEST = 200, range(200, 220), 205
SHORT = (1, 3, 5, 6, 7, 10, 13, 14, 23, 28, 48, 119)
SEEDS = [pytest.param(s, marks=() if s in SHORT else pytest.mark.long) for s in range(SIZE)]
MOST = 4  # different scores that are gone through one by one


@pytest.fixture(scope="session")
def opened(tmp_path_factory):
    """Give (bench, school of each pupil) of a study: computed once, to be copied under any rule."""

    @cache
    def made(seed):
        folder = tmp_path_factory.mktemp(f"studie{seed}")
        of = studies.write(folder, seed)
        bench = werkbank.open(folder).about("effects", "measurement")
        return bench, of, bench.results

    return made


def attacked(bench, copy):
    """Return by name of the attack what it finds in a copy."""
    results, content = bench.results, json.loads(copy.to_json())
    arms = tuple(f.arm for f in results.facts_where(what="pupils_enrolled"))
    shown, numbers, true = {}, set(), counts.whole(json.loads(results.to_json()), arms)
    counts.in_content(content, arms, shown, numbers)
    rounding = magnitudes.magnitudes(results, 6)
    names = {o.name for o in bench.study.outcomes}
    of = scores.known(bench, {o: unit for o, unit in studies.UNITS.items() if o in names})
    said = scores.statements(copy, {f.id: f for f in results.facts}, rounding.steps, of)
    return {
        "counts": counts.solve({"": true}, {"": shown}, {"": {*bench.intake.pupils.index}}, arms)[1],
        "scores": scores.narrowed(said, of),
        "sums": sums.told(said, of),
        "answers": told_answers(copy, rounding, of),
        "thin": thin(copy, bench),
    }, len(said) + len(shown)


def told_answers(copy, rounding, of):
    """Return the outcomes of few scores of which a mean and an SD tell that fewer than six gave one."""
    found = []
    for f in copy.facts:
        if f.what in {"mean", "scale_mean"} and f.value is not None and f.outcome in of.scales:
            met = [x for p, x in of.scores[f.outcome, f.wave].items() if not f.arm or of.arms.get(p) == f.arm]
            unit = float(of.scales[f.outcome][2])
            every = [x for (o, _), here in of.scores.items() if o == f.outcome for x in here.values()]
            levels = np.arange(min(every), max(every) + unit / 2, unit)
            spread = copy.fact(what="sd" if f.what == "mean" else "scale_sd", outcome=f.outcome, arm=f.arm, wave=f.wave)
            if len(levels) < 2 or (len(levels) <= MOST and spread is not None and spread.value is not None):
                steps = [rounding.steps.get(x.id, 0.01) for x in (f, spread)]
                told = answers.patterns(len(met), levels, f.value, spread.value, *steps)
                if not len(told) or answers.narrowed(told):
                    found.append(f.id)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_narrowed_beyond_the_rule(opened, seed):
    bench, _, _ = opened(seed)
    found, shown = attacked(bench, shared_bench(bench).results)
    assert found == {attack: [] for attack in found}, studies.kind_of(seed)
    assert shown > 10, "a copy that shows nothing proves nothing"


@pytest.mark.parametrize(
    "seed", [28, *(pytest.param(s, marks=pytest.mark.long) for s in range(4, SIZE, len(studies.KINDS)) if s != 28)]
)
def test_schools_of_seven_beside_the_whole_give_no_small_count_away(opened, seed):
    """The counts of the whole and of each school, of which no copy would be let go alone."""
    assert studies.kind_of(seed) == "schools_of_seven"
    bench, of, whole = opened(seed)
    parts, members = {"": whole}, {"": set(of)}
    for school in sorted(set(of.values()))[:3]:
        one = werkbank.open(bench.study.folder, only={"school": school}).about("effects", "measurement")
        parts[school], members[school] = one.results, {p for p, s in of.items() if s == school}
    arms = tuple(f.arm for f in whole.facts_where(what="pupils_enrolled"))
    true = {place: counts.whole(json.loads(results.to_json()), arms) for place, results in parts.items()}
    shown = {}
    for place, copy in suppress_together(parts, 6, members).items():
        counts.in_content(json.loads(copy.to_json()), arms, shown.setdefault(place, {}), set())
    small, lost = counts.solve(true, shown, members, arms)
    assert not lost
    assert len(small) > 10


# --- every rule bites


def only_small(system, min_cell, start=(), *_):
    """Hide the small counts, and nothing that tells them."""
    return {n for n in system.costs if 0 < system.values[n] < min_cell} | (set(start) & system.costs.keys())


def as_it_is(mean, sd, *_):
    return round(mean, 4), round(sd, 4), 0.0001, 0.0001


def enough_everywhere(_, results, *__):
    return {e.id: 99 for e in results.estimates}


def unlike(rule, other):
    kept = flow.kind
    return lambda what: other if kept(what) == rule else kept(what)


RULES = {
    "threshold": (suppressing, "hide", lambda *_: set(), "counts", (1,)),
    "complementary suppression": (suppressing, "hide", only_small, "counts", (1,)),
    "rounding": (magnitudes, "rounded", as_it_is, "scores", (1,)),
    "side by side": (magnitudes, "keep_apart", lambda *_: None, "scores", (1,)),
    "few in no arm": (beside, "_rest_is_told", lambda *_: False, "sums", (23,)),
    "few answers": (magnitudes, "_patterned", lambda *_: False, "answers", (6,)),
    "smallest arm": (suppressing, "few_behind", lambda *_: False, "thin", (1,)),
    "indicators": (sharing, "smallest_cells", enough_everywhere, "thin", (48,)),
    "degrees of freedom": (suppressing, "LEFT", -99, "thin", (119,)),
    "extremes": (suppressing, "kind", unlike("never", "plain"), "thin", (1,)),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_without_a_rule_an_attack_succeeds(opened, monkeypatch, rule):
    place, name, instead, attack, seeds = RULES[rule]
    monkeypatch.setattr(place, name, instead)
    assert any(attacked(bench, shared_bench(bench).results)[0][attack] for bench, *_ in map(opened, seeds))


def test_without_the_rule_of_drop_outs_the_one_who_left_is_told_where_numbers_are_whole(opened, monkeypatch):
    """Rounding covers the one who left as well: that this rule bites is seen without it."""
    bench, *_ = opened(10)
    monkeypatch.setattr(magnitudes, "rounded", as_it_is)
    monkeypatch.setattr(magnitudes, "keep_apart", lambda *_: None)
    assert not attacked(bench, shared_bench(bench).results)[0]["sums"]
    monkeypatch.setattr(magnitudes, "_split", lambda *_: set())
    assert attacked(bench, shared_bench(bench).results)[0]["sums"]


@pytest.mark.parametrize(("name", "instead", "tells"), [("CAPS", (0.0, 1.0), True), ("CAPS", suppressing.CAPS, False)])
def test_without_caps_a_share_tells_of_nearly_nobody(opened, monkeypatch, name, instead, tells):
    bench, _, results = opened(6)
    monkeypatch.setattr(suppressing, name, instead)
    many = replace(
        results, facts=(Fact("x/floor", "floor", 0.02, "taal", n=1000, kind="scale"),), estimates=(), claims=()
    )
    assert bool(thin(suppressing.suppress(many), bench)) is tells


def test_no_effect_passes_for_a_published_one():
    """What starts alike is not alike: a contrast of all arms was let go as if it had been read in an article."""
    assert [method for method in KIND if flow.kind(method) == "published"] == []


def test_what_nobody_classified_is_not_shared_and_would_be(opened, monkeypatch):
    _, _, results = opened(6)
    more = replace(results, facts=(*results.facts, Fact("x", "mean_of_tomorrow", 3.14159, "taal", n=40)))
    assert suppressing.suppress(more).item("x").value is None
    monkeypatch.setattr(suppressing, "kind", unlike("unknown", "plain"))
    assert suppressing.suppress(more).item("x").value is not None


# --- every file


@pytest.mark.parametrize("seed", [pytest.param(s, marks=() if s == SHORTEST else pytest.mark.long) for s in FILED])
def test_no_file_tells_more_than_the_results(opened, tmp_path, seed):
    """All reports and languages of a study, each file read by a library of its format."""
    bench, _, results = opened(seed)
    true = [f.value for f in results.facts if isinstance(f.value, float)]
    true += [x for e in results.estimates for x in (e.estimate, e.se, e.ci_low, e.ci_high) if x is not None]
    true = [x for x in true if x and abs(x) < 1e6 and round(x, 4) != round(x, 3)]
    assert reading.exact(f"{true[0]:.6f}", true), "the reader finds what is in full"
    everything = (("school", ("nl",)), ("evaluation", ("nl", "en")))
    for report, languages in everything if seed != SHORTEST else everything[:1]:
        run_languages(bench.study.folder, report, languages=languages, formats=reading.FORMATS, out=tmp_path, warm=True)
    files = [path for path in (tmp_path / "share").iterdir() if path.is_file()]
    assert {path.suffix for path in files} == {".html", ".pdf", ".docx", ".xlsx", ".csv", ".json"}
    stores = [json.loads(path.read_text(encoding="utf-8")) for path in files if path.suffix == ".json"]
    people = {n for one in stores for item in one["facts"] + one["estimates"] for n in (item["n"], item.get("value"))}
    printed = {round(x, 9) for one in stores for x in reading.numbers_in(one)}
    for path in files:
        text, tables, numbers = reading.read(path)
        assert reading.exact(text, true) == [], path.name
        assert {round(x, 9) for x in numbers} <= printed, path.name
        assert {n for n in reading.counted(tables) if 0 < n < 6} == set(), path.name
        assert reading.counted(tables) <= people, path.name
