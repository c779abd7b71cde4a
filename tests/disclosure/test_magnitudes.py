"""The attack on scores: exact arithmetic on what a copy prints, by one who knows all but one; every rule bites."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import yaml
from tests.conftest import ROOT, lacking
from tests.disclosure.attacker.answers import narrowed, numbers_of_people, patterns, room_of

import werkbank
from werkbank.disclosure import HIDDEN, cells, flow, leeway, magnitudes, suppress
from werkbank.disclosure.leeway import steps, to_step
from werkbank.disclosure.patterns import Printed, tells
from werkbank.disclosure.scales import Scale
from werkbank.reporting.sharing import shared_bench
from werkbank.results import Estimate, Fact, Results

FAULTS = ROOT.parent / "shared" / "faults"
MIN_CELL, LEAST = 6, Fraction(1, 10)
STUDIES = [*range(3), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 40))]


def fault(name):
    """Open a study of the faults that stand beside the project."""
    if (FAULTS / name).is_dir():
        return werkbank.open(str(FAULTS / name))
    return lacking(f"no folder with the case {name}")


def copy_of(bench, *parts):
    """Return the shared results as a stranger reads them."""
    return Results.from_json(shared_bench(bench.about(*parts or ("effects", "measurement"))).results.to_json())


# --- how many people: the denominators of means


def test_no_number_of_people_follows_from_a_mean():
    bench = fault("share_s1")
    true = {f.id: f for f in bench.about("effects").results.facts}
    shown = [f for f in copy_of(bench).facts if f.what in {"mean", "mean_change"} and f.value is not None]
    assert len(shown) >= 4, "a copy that shows nothing proves nothing"
    for f in (f for f in shown if f.outcome == "lees"):
        n = true[f.id].n
        assert {*range(n - MIN_CELL + 1, n + 1)} <= numbers_of_people(f.value, 60), f.id


def test_without_rounding_the_number_of_people_follows():
    bench = fault("share_s1")
    true = [f for f in bench.about("effects").results.facts if f.what == "mean" and f.outcome == "lees"]
    told = [Fraction(f.value).limit_denominator(60).denominator for f in true]
    assert any(f.n % d == 0 and d > 40 for f, d in zip(true, told, strict=True))


# --- who came or went between two measurements


def test_no_score_of_one_who_left_follows_from_means_and_change():
    copy = copy_of(fault("share_s2"))
    for arm in ("P", "C"):
        around = [copy.number(what="mean", outcome="lees", arm=arm, wave=wave) for wave in ("pre", "post")]
        assert None not in around
        assert copy.number(what="mean_change", outcome="lees", arm=arm) is None
        assert copy.number(what="sd_change", outcome="lees", arm=arm) is None
    assert [e for e in copy.estimates if e.kind == "headline" and e.estimate is not None], "the answer is still there"


def test_beside_the_change_that_score_follows():
    results = fault("share_s2").about("effects").results
    before, after, change = (
        results.fact(what=what, outcome="lees", arm="P", **at)
        for what, at in (("mean", {"wave": "pre"}), ("mean", {"wave": "post"}), ("mean_change", {"wave": "post"}))
    )
    assert before.n * before.value - (after.n * after.value - change.n * change.value) == pytest.approx(43)


def test_of_one_group_the_change_is_told_and_not_the_means_beside_it():
    def fact(what, value, n, **at):
        return Fact(f"{what}{at}", what, value, "x", n=n, **at)

    both = {"wave_from": "pre", "wave_to": "post", "wave": "post", "kind": "change"}
    facts = (
        Fact("e", "pupils_enrolled", 41),
        *(fact(what, value, n, wave=wave) for what, value, n, wave in
          (("mean", 2051 / 41, 41, "pre"), ("sd", 9.0, 41, "pre"), ("min", 20, 41, "pre"), ("max", 80, 41, "pre"),
           ("mean", 2207 / 40, 40, "post"), ("sd", 9.0, 40, "post"))),
        fact("mean_change", 5.2, 40, **both), fact("sd_change", 4.0, 40, **both),
    )  # fmt: skip
    copy = suppress(Results({}, facts=facts), MIN_CELL)
    assert copy.number(what="mean_change", outcome="x") is not None
    assert copy.number(what="mean", outcome="x", wave="pre") is None
    assert copy.number(what="mean", outcome="x", wave="post") is not None


# --- few different scores


def attacked(f, sd, levels):
    """Return the patterns that a mean and an SD leave, at the finest steps of the published rule that give any."""
    scale = Scale(levels[0], levels[-1], levels[1] - levels[0], (levels[0], levels[-1]))
    finest = list(itertools.islice(steps(leeway.step_of(scale, f.n, MIN_CELL)), 4))
    for step, wider in itertools.product(finest, finest):
        if len(found := patterns(f.n, levels, f.value, sd, step, wider)):
            return found
    raise AssertionError(f"{f.id}: no answers round to this")


@pytest.mark.parametrize("seed", range(12))
def test_the_integer_programmes_find_what_enumerating_finds(seed):
    rng = np.random.default_rng(seed)
    n, levels = int(rng.integers(12, 34)), int(rng.integers(3, 5))
    scores = rng.choice(levels, size=n, p=rng.dirichlet(np.full(levels, rng.choice([0.5, 4.0]))))
    steps_of = (0.1, 0.05) if seed % 2 else (0.02, 0.02)
    mean, sd = to_step(scores.mean(), steps_of[0]), to_step(scores.std(ddof=1), steps_of[1])
    told = tells(Printed(n, levels, mean, sd, *steps_of), MIN_CELL)
    assert told == narrowed(patterns(n, np.arange(levels), mean, sd, *steps_of))


def test_outcomes_with_few_scores_tell_nobody_apart_whatever_their_coding():
    bench = fault("share_s3")
    copy = copy_of(bench)
    shown = {f.outcome for f in copy.facts if f.what in {"mean", "scale_mean"} and f.value is not None}
    assert "lees" in shown
    assert not shown & {"een2", "tien", "half"}, "two answers, by any name"
    made = bench.scores
    for f in copy.facts:
        if f.what in {"mean", "scale_mean"} and f.value is not None and f.outcome in {"pest", "straf", "drie"}:
            levels = np.unique(made.loc[made["outcome"] == f.outcome, "score"].dropna())
            sd = copy.number(what="sd" if f.what == "mean" else "scale_sd", outcome=f.outcome, arm=f.arm, wave=f.wave)
            assert not narrowed(attacked(f, sd, levels)), f.id
    assert {e.outcome for e in copy.estimates if e.estimate is not None} <= shown


def test_without_the_rule_one_pupil_apart_is_seen(monkeypatch):
    monkeypatch.setattr(magnitudes, "_patterned", lambda *_: False)
    copy = copy_of(fault("share_s3"))
    seen = []
    for f in copy.facts:
        if f.what == "mean" and f.outcome in {"drie", "een2"} and f.value is not None and f.n:
            levels = np.array([0.0, 1.0, 2.0]) if f.outcome == "drie" else np.array([1.0, 2.0])
            sd = copy.number(what="sd", outcome=f.outcome, arm=f.arm, wave=f.wave)
            seen.append(narrowed(attacked(f, sd, levels)))
    assert any(seen)


# --- cells behind an indicator


def test_no_indicator_rests_on_one_girl():
    bench = fault("share_s5")
    copy = copy_of(bench)
    shown = {e.method for e in copy.estimates if e.estimate is not None}
    assert not [e.id for e in copy.estimates if e.moderator == "sex" and (e.estimate is not None or e.p is not None)]
    assert "ancova_unit_means" in shown, "the answer is still there"
    results = bench.about("effects").results
    counted = cells.smallest_cells(bench.study, results, bench.scored.table, bench.intake.pupils)
    pupils = bench.intake.pupils
    fewest = pupils.groupby(["arm", "sex"], observed=True).size().min()
    assert {counted[e.id] for e in results.estimates if e.moderator == "sex"} == {fewest} == {1}


def test_it_is_the_count_of_cells_that_hides_her():
    # the present lead cannot estimate a slope that rests on one girl; a method that can must not be shared either
    results = fault("share_s5").about("effects").results
    (asked,) = results.where(moderator="sex")
    hers = replace(asked, id="hers", method="moderation_low", level="low", estimate=55.001, df=60.0, note="")
    for fewest, there in ((99, True), (1, False)):
        kept = suppress(results.with_more(estimates=[hers]), MIN_CELL, cells={asked.id: 1, hers.id: fewest})
        assert (kept.item("hers").estimate is not None) is there


# --- default deny


def test_what_names_no_cells_is_not_shared():
    facts = (
        Fact("flow/all/all/pupils_enrolled", "pupils_enrolled", 400),
        Fact("a", "mean_of_something_new", 4.5, n=400),
    )
    estimates = (
        Estimate("b", "x", "an_estimate_of_tomorrow", 1.0, n=400),
        Estimate("c", "x", "moderation", 1.0, n=400, moderator="sekse"),
        Estimate("d", "x", "ancova", 1.0, n=400, contrast="a - b"),
        Estimate("e", "x", "ancova", 1.0, n=400, contrast="a - b", arms=("a", "b")),
    )
    copy = suppress(Results({}, estimates, facts), MIN_CELL)
    assert [f.value for f in copy.facts] == [400, None]
    assert [(e.estimate, e.note) for e in copy.estimates] == [(None, HIDDEN)] * 4


def test_no_pattern_of_the_kinds_takes_everything_in(subtests):
    for name, patterns_of in yaml.safe_load((Path(flow.__file__).parent / "kinds.yaml").read_text()).items():
        with subtests.test(name):
            assert ("*" in patterns_of) == (name == "unknown")
    assert flow.kind("an_estimate_of_tomorrow") == "unknown"


def test_a_model_that_leaves_pupils_no_freedom_is_hidden():
    facts = (Fact("flow/all/all/pupils_enrolled", "pupils_enrolled", 30),)
    made = [Estimate(f"e{n}", "x", "mean_change", 1.0, n=n) for n in (11, 30)]
    assert [e.estimate for e in suppress(Results({}, tuple(made), facts), MIN_CELL).estimates] == [None, 1.0]


# --- the p% rule


@pytest.mark.parametrize("seed", range(8))
def test_whoever_knows_all_but_one_is_left_with_a_tenth_of_the_scale(seed):
    rng = np.random.default_rng(seed)
    n, top = int(rng.integers(7, 60)), int(rng.choice([40, 100]))
    group = np.clip(rng.normal(rng.uniform(0.3, 0.9) * top, 0.15 * top, n).round(), 0, top)
    group[0] = 0 if seed % 2 else group[0]
    scale = Scale(0.0, float(top), 1.0, (float(group.min()), float(group.max())))
    printed = leeway.rounded(
        float(group.mean()), float(group.std(ddof=1)), n, scale, (float(group.min()), float(group.max())), MIN_CELL
    )
    if printed is None:
        return  # hidden
    told = {"scores": [Fraction(i * top, 400) for i in range(401)], "printed": (printed[0], printed[2], *printed[1::2])}
    for score in {group.min(), group.max()}:
        assert room_of(score, group, told) >= LEAST * top


def test_two_decimals_leave_less():
    group = [*range(40, 70), 0]
    mean, sd = round(float(np.mean(group)), 2), round(float(np.std(group, ddof=1)), 2)
    told = {"scores": [Fraction(i, 4) for i in range(401)], "printed": (mean, 0.01, sd, 0.01)}
    assert room_of(0, group, told) < LEAST * 100


def test_steps_are_one_two_and_five():
    assert list(itertools.islice(steps(0.03), 4)) == [0.05, 0.1, 0.2, 0.5]
    assert to_step(1.2345, 0.05) == 1.25
    assert json.dumps(to_step(0.3 - 0.1, 0.05)) == "0.2"


@pytest.mark.parametrize("seed", STUDIES)
def test_no_score_and_no_number_follow_from_a_small_study(small, seed):
    """Every number of the copy has no more digits than its step; every mean of an arm leaves its pupils room."""
    _, scores, results = small(seed)
    copy, table = suppress(results, MIN_CELL), scores.table
    shown = magnitudes.magnitudes(results, MIN_CELL)
    for f in copy.facts:
        if f.what == "mean" and f.value is not None:
            was = results.item(f.id)
            scale = shown.scales[f.outcome]
            rows = table.loc[(table["outcome"] == f.outcome) & (table["wave"] == f.wave)]
            rows = rows.loc[rows["arm"].astype(str) == f.arm] if f.arm else rows
            group = rows["score"].dropna().to_numpy()
            assert len(group) == was.n
            step = next(s for s in (50.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002)
                        if abs(f.value / s - round(f.value / s)) < 1e-9)  # fmt: skip
            assert len(group) * step >= 0.1 * scale.width - 1e-9, (f.id, "one score follows from the rounded mean")
    for e in copy.estimates:
        for value in (e.estimate, e.se, e.ci_low, e.ci_high, e.p, e.statistic):
            assert value is None or abs(value) > 1e6 or len(repr(float(value)).partition(".")[2]) <= 3, (e.id, value)
