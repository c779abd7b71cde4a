"""What the user calls the programme, the arms and the waves is written as it was said, and nothing besides."""

from __future__ import annotations

import pytest
import yaml
from tests.building.files_to_fill_in import clean, csv

from werkbank.drafting.making import new_from
from werkbank.errors import UsageError
from werkbank.study import load_study


@pytest.fixture
def written(tmp_path):
    file = tmp_path / "metingen.csv"
    file.write_bytes(csv(clean()))

    def write(**given):
        said = {place.replace("__", "."): value for place, value in given.items()}
        made = new_from(tmp_path / "studie", [file], "nl", said)
        text = (made.folder / "study.yaml").read_text(encoding="utf-8")
        return yaml.safe_load(text), load_study(made.folder)

    return write


def test_nothing_is_written_of_what_nobody_said(written):
    found, study = written()
    assert "programme" not in found
    assert "labels" not in found
    assert study.programme is None


@pytest.mark.parametrize(
    ("said", "stands", "template", "name"),
    [
        ({"programme": "LLInC"}, "llinc", "llinc", None),
        ({"programme": "Check ins"}, "check-ins", "check-ins", None),
        ({"programme": "Samen: sterk"}, "Samen: sterk", None, "Samen: sterk"),
        ({"programme": "llinc", "programme__provider": "de ib'er"},
         {"template": "llinc", "provider": "de ib'er"}, "llinc", None),
        ({"programme": "Samen", "programme__provider": "een coach"},
         {"name": "Samen", "provider": "een coach"}, None, "Samen"),
    ],
)  # fmt: skip
def test_a_programme_is_a_template_or_a_name_of_ones_own(said, stands, template, name, written):
    found, study = written(**said)
    assert found["programme"] == stands
    known = study.programme
    assert getattr(known, "template", None) == template
    if name is not None:
        assert (known if isinstance(known, str) else known.name) == name
    if "programme__provider" in said:
        assert known.provider == said["programme__provider"]


def test_arms_and_waves_are_called_as_was_said(written):
    found, study = written(labels__arm__controle="wachtlijst: 2027", labels__wave__T0="september")
    assert found["labels"] == {"arm": {"controle": "wachtlijst: 2027"}, "wave": {"T0": "september"}}
    assert study.labels.arm["controle"] == "wachtlijst: 2027"


def test_who_gave_it_needs_a_programme(written):
    with pytest.raises(UsageError, match="welk programma") as refused:
        written(programme__provider="een coach")
    assert refused.value.more["place"] == "programme.provider"


def test_a_code_that_is_not_there_has_no_name(written):
    with pytest.raises(UsageError, match=r"labels\.arm\.control"):
        written(labels__arm__control="wachtlijst")
