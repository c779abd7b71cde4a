"""Finding keys: what must be chosen is asked for, what is wrong is said, and a frame can be filled."""

from __future__ import annotations

import pytest
import yaml

from werkbank.errors import UnfitError
from werkbank.instruments import Instrument, load, names, read, template, variants

OWN = """\
name: my-list
title: A list of one's own
range: [1, 4]
score: mean
scales:
  joy: {items: [1, 2, 3], reversed: [2]}
"""
UNFOLDING = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 8)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=False)
)


def problem(**asked):
    with pytest.raises(UnfitError) as error:
        load(**asked)
    for language in ("nl", "en"):
        assert all(p.sentence(language) for p in error.value.problems)
    return error.value.problems


def test_a_version_that_changes_scores_is_asked_for_and_never_guessed():
    (found,) = problem(name="strs-sf")
    assert (found.code, found.details["valid"]) == ("version_needed", "A, B, C")
    (found,) = problem(name="tses-12")
    assert (found.code, found.details["field"], found.details["valid"]) == (
        "version_needed",
        "order",
        "original, second",
    )


def test_everything_that_must_be_chosen_is_said_at_once():
    found = problem(name="rosenberg")
    assert [p.details["field"] for p in found] == ["version", "order"]


def test_a_version_that_does_not_exist_is_refused():
    assert problem(name="strs-sf", version="D")[0].code == "unknown_version"
    assert problem(name="sdq", version="UK")[0].code == "unknown_version"


def test_an_unknown_name_gets_the_nearest():
    (found,) = problem(name="SDQQ")
    assert found.code == "unknown_instrument"
    assert found.details["nearest"] == "sdq"


@pytest.mark.parametrize(
    "asked", [{"name": "llrv", "version": "short"}, {"name": "sparts"}, {"name": "strs-sf", "version": "C"}]
)
def test_a_frame_cannot_be_used_unfilled(asked):
    (found,) = problem(**asked)
    assert found.code == "frame_unfilled"
    assert f"instruments/{asked['name']}.yaml" in found.sentence("en")


def test_a_filled_frame_is_found_beside_the_study(tmp_path):
    text = template("rvl-short")
    assert text.count("# <- item numbers") == 2
    first, second = "[1, 3, 5, 7, 9, 11]", "[2, 4, 6, 8, 10, 12]"
    filled = text.replace("items: []", f"items: {first}", 1).replace("items: []", f"items: {second}", 1)
    (tmp_path / "rvl-short.yaml").write_text(filled, encoding="utf-8")
    key = load("rvl-short", folder=tmp_path)
    assert key.status == "complete"
    assert key.scales["conflict"].items == ("2", "4", "6", "8", "10", "12")


def test_a_frame_filled_with_the_wrong_number_of_items_is_refused(tmp_path):
    filled = template("rvl-short").replace("items: []", "items: [1, 2, 3]", 1)
    (tmp_path / "rvl-short.yaml").write_text(filled, encoding="utf-8")
    (found,) = problem(name="rvl-short", folder=tmp_path)
    assert found.code == "instrument_invalid"
    assert "6 items" in found.details["reason"]


def test_every_template_is_yaml_that_says_where_to_save_it(subtests):
    for name in sorted(set(names()) - {"rosenberg", "strs-sf", "tses-12"}):
        with subtests.test(name):
            assert yaml.safe_load(template(name))["name"] == name
            assert f"instruments/{name}.yaml" in template(name)


def test_an_own_key_is_ten_lines(tmp_path):
    path = tmp_path / "my-list.yaml"
    path.write_text(OWN, encoding="utf-8")
    key = read(path)
    assert (key.items, key.scales["joy"].reversed, key.certainty) == (("1", "2", "3"), ("2",), "users")
    assert load("my-list", folder=tmp_path) == key


def test_an_own_key_may_not_pass_for_a_shipped_one(tmp_path):
    (tmp_path / "sdq.yaml").write_text(OWN.replace("my-list", "sdq"), encoding="utf-8")
    assert problem(name="sdq", folder=tmp_path)[0].code == "instrument_name_taken"


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (OWN.replace("reversed: [2]", "reversed: [9]"), "not among"),
        (OWN.replace("[1, 4]", "[4, 1]"), "low to high"),
        (OWN.replace("[1, 2, 3]", "[1, 2, 2]"), "twice"),
        (OWN.replace("reversed", "revresed"), "Extra inputs"),
        (OWN.replace("score: mean", "score: median"), "'sum', 'mean'"),
        (OWN + "composites:\n  all: {weights: {sadness: 1}}\n", "not a scale"),
        (OWN.replace("reversed: [2]", "recode: [0, 1]"), "every whole answer"),
        (OWN + "items: [1, 2]\n", "does not have"),
        ("- 1\n- 2\n", "not a mapping"),
        ("name: [", "expected the node"),
        (OWN.replace("items: [1, 2, 3]", "items: 3"), "tuple"),
        (OWN.replace("items: [1, 2, 3]", "items: [1, ²]"), "reversed item"),
        ("versions: 3\n" + OWN, "not a mapping"),
        ("versions: {A: 3}\n" + OWN, "not a mapping"),
        (UNFOLDING, "unfold without end"),
        ("a: &a [*a]\n", "unfold without end"),
        ("x" * 1_000_001, "1 MB"),
    ],
)
def test_a_key_that_contradicts_itself_is_refused_with_the_reason(tmp_path, broken, reason):
    path = tmp_path / "my-list.yaml"
    path.write_text(broken, encoding="utf-8")
    with pytest.raises(UnfitError) as error:
        read(path)
    assert all(p.code == "instrument_invalid" and p.file == "my-list.yaml" for p in error.value.problems)
    assert any(reason in p.details["reason"] for p in error.value.problems)


def test_an_inline_questionnaire_is_one_scale_of_its_own_name():
    key = Instrument.own("interest", ["a", "b", "c"], (1, 4), reversed=["b"], direction="higher", informant=("pupil",))
    assert key.scored == ("interest",)
    assert key.scales["interest"].response == (1, 4)
    assert key.items == ("a", "b", "c")
    assert key.score_range("interest") == (1, 4)


def test_the_template_of_a_frame_is_yaml_with_a_hole_for_each_scale(subtests):
    for name in (n for n in names() if any(v.status == "frame" for v in variants(n))):
        with subtests.test(name):
            text = template(name)
            assert yaml.safe_load(text)["name"] == name
            assert text.count("<- item numbers") == text.count("items: []") > 0


@pytest.mark.parametrize("name", ["../other/my-list", "sub/my-list", ".."])
def test_a_key_is_a_name_and_never_a_path(tmp_path, name):
    for folder in ("other", "mine/sub"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "my-list.yaml").write_text(OWN, encoding="utf-8")
    assert problem(name=name, folder=tmp_path / "mine")[0].code == "unknown_instrument"
