"""A plan that falls just short says so in numbers that differ from what was asked for."""

from __future__ import annotations

import re

import pytest

from werkbank.cli import main


@pytest.mark.parametrize(
    ("more", "said"), [((), r": enough\. If"), (("--r", "0"), r"a chance of 0\.79\d; asked for was 0\.800")]
)
def test_sixty_four_pupils_a_group_find_half_a_standard_deviation(more, said, capsys):
    """Cohen (1988): n = 64 gives .80; a score before that predicts nothing costs a degree of freedom."""
    assert main(["plan", "--by", "pupil", "--units", "64", "--effect", "0.5", "--language", "en", *more]) == 0
    assert re.search(said, capsys.readouterr().out)
