"""``werkbank new`` makes a folder that says how to go on, and never touches one that is there."""

from __future__ import annotations

import pytest

from werkbank.errors import UsageError
from werkbank.study.templates import FOLDER, names, new_study


@pytest.mark.parametrize("example", names())
@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_new_study_has_all_it_needs(tmp_path, example, language):
    folder = new_study(tmp_path / "mijn" / "studie", example, language)
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "raw", "study.schema.json", "study.yaml"]
    assert not list((folder / "raw").iterdir())
    lines = (folder / "study.yaml").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# yaml-language-server: $schema=study.schema.json"
    assert sum("#" in line for line in lines) > 15


def test_both_languages_offer_the_same():
    for name in names():
        nl, en = ((FOLDER / f"{name}.{language}.yaml").read_text(encoding="utf-8") for language in ("nl", "en"))
        assert len(nl.splitlines()) == len(en.splitlines())


def test_a_folder_that_exists_stays_as_it_is(tmp_path):
    (tmp_path / "studie").mkdir()
    (tmp_path / "studie" / "study.yaml").write_text("mine")
    with pytest.raises(UsageError, match="bestaat al"):
        new_study(tmp_path / "studie", "controlled", "nl")
    assert [path.name for path in (tmp_path / "studie").iterdir()] == ["study.yaml"]


def test_an_unknown_example_names_the_nearest(tmp_path):
    with pytest.raises(UsageError, match="‘randomised’"):
        new_study(tmp_path / "studie", "randomized", "en")


@pytest.mark.parametrize("name", ["a|b", "wat?", ""])
def test_a_name_that_not_every_computer_can_write_is_refused(tmp_path, name):
    with pytest.raises(UsageError):
        new_study(tmp_path / name if name else tmp_path, "controlled", "nl")
