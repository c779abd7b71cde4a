"""Sentences: both languages have the same ones, with the same holes to fill."""

from __future__ import annotations

import string
from itertools import product
from typing import TYPE_CHECKING

import pytest

from werkbank.catalogue import LOCALE, has, say, topic_sentences

if TYPE_CHECKING:
    from collections.abc import Iterator

TOPICS = sorted({p.stem for p in LOCALE.glob("*/*.yaml")})


def leaves(node: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list):
        for n, value in enumerate(node):
            yield from leaves(value, f"{path}.{n}")
    else:
        yield path, str(node)


def holes(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_say_the_same_things(subtests):
    for topic in TOPICS:
        with subtests.test(topic):
            dutch, english = (dict(leaves(topic_sentences(topic, language))) for language in ("nl", "en"))
            assert set(dutch) == set(english)
            different = {k: (holes(dutch[k]), holes(english[k])) for k in dutch if holes(dutch[k]) != holes(english[k])}
            assert not different


def test_no_sentence_is_empty_or_has_stray_space(subtests):
    for topic, language in product(TOPICS, ("nl", "en")):
        with subtests.test(f"{topic}, {language}"):
            for key, text in leaves(topic_sentences(topic, language)):
                assert text.strip(), key
                assert text == text.rstrip() or key.startswith("where"), key
                assert "  " not in text, key


def test_a_missing_value_is_an_error_and_not_a_hole():
    with pytest.raises(KeyError, match="nearest"):
        say("problems.study_unknown_key.way_out", "nl", valid="a, b")


def test_plural_follows_the_count():
    assert say("problems.heading", "nl", n=1).startswith("Er is 1 ")
    assert say("problems.heading", "nl", n=2).startswith("Er zijn 2 ")
    assert say("problems.heading", "en", n=0).startswith("0 problems")


def test_unknown_sentences_and_languages_are_named():
    assert not has("problems.no_such_thing", "nl")
    with pytest.raises(KeyError, match="no_such_thing"):
        say("problems.no_such_thing", "nl")
    with pytest.raises(KeyError, match="fy"):
        say("problems.heading", "fy", n=1)
