"""Whatever is done to a file: it is read, or refused with reasons; intake itself never falls over."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.intake.conftest import LONG, TWO_ARMS

from werkbank.errors import UnfitError
from werkbank.intake.reading import read_answers

ODD = [
    '"',
    ",",
    ";",
    "\n",
    "\t",
    "\r",
    "\ufeff",
    "\0",
    "\u2028",
    "é",
    " ",
    "=1",
    "1.234",
    "1,5",
    "NA",
    "T0",
    "x",
    "1e400",
]
EDITS = st.lists(st.tuples(st.integers(0, len(LONG)), st.sampled_from(ODD), st.integers(0, 3)), min_size=1, max_size=5)


def mutilated(edits, encoding):
    text = LONG
    for at, odd, length in edits:
        text = text[:at] + odd + text[at + length :]
    return text.encode(encoding, errors="replace")


def survives(make_study, edits, encoding):
    study = make_study(TWO_ARMS, {"m.csv": mutilated(edits, encoding)})
    with contextlib.suppress(UnfitError):
        read_answers(study)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS, encoding=st.sampled_from(["utf-8", "cp1252", "utf-16"]))
def test_a_mutilated_file_is_read_or_refused(make_study, edits, encoding):
    survives(make_study, edits, encoding)


@pytest.mark.long
@settings(max_examples=5000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS, encoding=st.sampled_from(["utf-8", "cp1252", "utf-16"]))
def test_a_mutilated_file_is_read_or_refused_at_length(make_study, edits, encoding):
    survives(make_study, edits, encoding)
