"""Every shipped key: the items partition the form, reversal undoes itself, and ranges are those of the source."""

from __future__ import annotations

import numpy as np
import pytest

from werkbank.catalogue import has
from werkbank.instruments import Instrument, load, names, variants
from werkbank.instruments.registry import KEYS

ALL = [key for name in names() for key in variants(name)]
COMPLETE = [key for key in ALL if key.status == "complete"]
FRAMES = {"llrv", "sparts", "rvl-short", "qti-64", "lhq", "sbc", "casq-r", "bpnsnf", "fear-of-failure", "self-concept",
          "executive-functions", "perceived-control"}  # fmt: skip
FORM = {
    "strs": 28, "strs-sf": 15, "sdq": 25, "seq-c": 24, "saas-r": 35, "rosenberg": 10, "qti-48": 48, "srq-a": 32,
    "bpnsfs": 24, "gse": 10, "tses-12": 12, "tses-24": 24, "mindset-3": 3, "lhs": 20, "amas": 9, "gas": 5,
    "scale-1-10": 1, "check-in": 1, "lh-signals": 7, "fairness": 3, "pupil-quiz": 4,
    "three-words": 6,
}  # fmt: skip


def called(key: Instrument) -> str:
    return " ".join(filter(None, [key.name, key.version, key.order]))


def test_items_partition_the_form(subtests):
    for key in COMPLETE:
        with subtests.test(called(key)):
            scored = [item for scale in key.scales.values() for item in scale.items]
            assert sorted(scored) == sorted(key.items)
            assert len(scored) == len(set(scored))
            if key.name in FORM:
                assert set(scored) == {str(n) for n in range(1, FORM[key.name] + 1)}


def test_reversal_is_an_involution_that_stays_in_range(subtests):
    for key in COMPLETE:
        with subtests.test(called(key)):
            for scale in key.scales.values():
                low, high = scale.response
                answers = np.linspace(low, high, 7)
                turned = low + high - answers
                assert turned.min() == pytest.approx(low)
                assert turned.max() == pytest.approx(high)
                assert low + high - turned == pytest.approx(answers)
                assert set(scale.reversed) < set(scale.items) or not scale.reversed


def test_every_key_says_where_it_comes_from_and_how_sure_it_is(subtests):
    for key in ALL:
        with subtests.test(called(key)):
            assert key.source
            assert key.informant
            for language in ("nl", "en"):
                assert key.licence[language]
                assert has(f"instruments.certainty.{key.certainty}", language)
                for name in key.scored:
                    assert key.label(name, language)


def test_every_file_bears_the_name_of_its_instrument():
    assert all(key.name == path.stem for path in KEYS.glob("*.yaml") for key in variants(path.stem))


def test_frames_are_those_whose_item_numbers_are_not_public():
    assert {key.name for key in ALL if key.status == "frame"} == FRAMES | {"strs-sf"}
    assert {called(key) for key in ALL if key.name == "strs-sf" and key.status == "frame"} == {"strs-sf C"}


@pytest.mark.parametrize(
    ("name", "choice", "scale", "low", "high"),
    [
        ("strs", {}, "closeness", 11, 55),
        ("strs", {}, "conflict", 12, 60),
        ("strs", {}, "dependency", 5, 25),
        ("strs", {}, "total", 28, 140),
        ("strs-sf", {"version": "A"}, "total", 15, 75),
        ("strs-sf", {"version": "B"}, "total", 15, 75),
        ("sdq", {}, "total", 0, 40),
        ("seq-c", {}, "academic", 8, 40),
        ("seq-c", {}, "total", 24, 120),
        ("rosenberg", {"version": "0-3", "order": "worth-first"}, "self_esteem", 0, 30),
        ("rosenberg", {"version": "1-4", "order": "satisfied-first"}, "self_esteem", 10, 40),
        ("srq-a", {}, "rai", -9, 9),
        ("gse", {}, "self_efficacy", 10, 40),
        ("lhs", {}, "helplessness", 20, 80),
        ("amas", {}, "total", 9, 45),
        ("qti-48", {}, "strict", 0, 24),
        ("tses-12", {"order": "original"}, "total", 1, 9),
    ],
)
def test_score_ranges_are_those_of_the_manual(name, choice, scale, low, high):
    assert load(name, **choice).score_range(scale) == pytest.approx((low, high))


def test_item_four_of_the_short_form_moves_between_versions():
    a, b = load("strs-sf", "A"), load("strs-sf", "B")
    assert "4" in a.scales["closeness"].items
    assert a.scales["closeness"].reversed == ("4",)
    assert "4" in b.scales["conflict"].items
    assert b.scales["conflict"].reversed == ()


def test_short_form_items_are_those_of_the_long_form():
    # domain: SF number -> number in the 28-item form; a shared item must be on the same scale with the same reversal
    long_of = dict(zip(range(1, 16), [1, 2, 3, 4, 5, 7, 9, 11, 15, 18, 20, 22, 23, 26, 27], strict=True))
    whole, short = load("strs"), load("strs-sf", "A")
    for name in ("closeness", "conflict"):
        assert {str(long_of[int(i)]) for i in short.scales[name].items} <= set(whole.scales[name].items)
    assert {str(long_of[int(i)]) for i in short.scales["closeness"].reversed} == set(whole.scales["closeness"].reversed)


def test_conflict_is_better_when_lower_and_the_circle_has_no_good_end():
    assert load("strs").direction("conflict") == "lower"
    assert load("strs").direction("total") == "higher"
    assert {load("qti-48").direction(sector) for sector in load("qti-48").scales} == {"neither"}


def test_missing_rules_are_the_default_unless_the_source_has_one():
    strs = load("strs").scales
    assert [strs[s].missing.needed(len(strs[s].items)) for s in strs] == [9, 10, 4]  # 80 % of 11, 12, 5, rounded up
    assert strs["closeness"].missing.source == "werkbank default"
    assert load("sdq").scales["peer"].missing.needed(5) == 3
    assert load("gse").scales["self_efficacy"].missing.needed(10) == 7
    assert load("mindset-3").scales["growth"].missing.needed(3) == 3  # 75 % of at most four items
    assert load("bpnsfs").scales["competence_satisfaction"].missing.needed(4) == 3


def test_an_own_list_says_that_it_is_not_validated():
    own = [key for key in ALL if key.certainty == "own" and len(key.items) > 1]
    assert {"lh-signals", "fairness", "attribution-events", "feedback-coding"} <= {key.name for key in own}
    assert all("not a validated instrument" in key.notes["en"] for key in own)
    assert all("geen gevalideerd instrument" in key.notes["nl"] for key in own)
