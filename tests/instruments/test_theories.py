"""Every key says on what level it is, and of which theory where that is known."""

from __future__ import annotations

import pytest
import yaml

from werkbank.catalogue import LANGUAGES, has
from werkbank.instruments.registry import names
from werkbank.instruments.theories import LEVELS, TAGS, THEORIES, tags


def test_every_key_has_its_tags():
    assert set(yaml.safe_load(TAGS.read_text(encoding="utf-8"))) == set(names())


@pytest.mark.parametrize("name", names())
def test_tags_are_known_words(name):
    theory, level = tags(name)
    assert theory in {"", *THEORIES}
    assert level in LEVELS
    for language in LANGUAGES:
        assert has(f"codebook.level.{level}", language)
        assert not theory or has(f"codebook.theory.{theory}", language)


def test_of_ones_own_measure_nothing_is_made_up():
    assert tags(None) == tags("mijn-vragenlijst") == ("", "")
