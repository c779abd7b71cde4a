"""Every sentence that the statistics point to exists in both languages, and says no more than they do."""

from __future__ import annotations

import inspect
import re

import pytest

from werkbank.catalogue import has, topic_sentences
from werkbank.underachievement import kinds, methods

KINDS = ["relative", "absolute", "chronic", "situational", "producing", "consuming"]


def paths(node, prefix=""):
    if not isinstance(node, dict):
        return {prefix}
    return {path for key, child in node.items() for path in paths(child, f"{prefix}.{key}")}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_what_the_code_names_can_be_said(language):
    notes = re.findall(r'^        "(\w+)":', inspect.getsource(methods._notes), re.MULTILINE)
    assert len(notes) == 8
    keys = [f"notes.{n}" for n in notes] + [f"profiles.{p}" for p in kinds.PROFILES] + [f"kinds.{k}" for k in KINDS]
    missing = [k for k in keys if not has(f"underachievement.{k}", language)]
    assert missing == []
    assert has(kinds.PROFILE_CAVEAT, language)


def test_both_languages_say_the_same_things():
    assert paths(topic_sentences("underachievement", "nl")) == paths(topic_sentences("underachievement", "en"))


@pytest.mark.parametrize("language", ["nl", "en"])
def test_no_sentence_diagnoses(language):
    text = str(topic_sentences("underachievement", language)).lower()
    assert not re.search(
        r"\b(is een onderpresteerder|is an underachiever|lijdt aan|suffers from|adhd|dyslexi\w+)\b", text
    )
