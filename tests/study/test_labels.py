"""Names for readers, in each language: what stands in a report instead of a code, and what is said to be missing."""

import pytest
import yaml

import werkbank
from werkbank.reporting.words import Words
from werkbank.study import load_study
from werkbank.study.unlabelled import unlabelled

BARE = {
    "title": {"nl": "T", "en": "T"},
    "design": {"kind": "controlled", "assigned_by": "class"},
    "files": [{"path": "a.csv"}],
    "columns": {"pupil": "id", "class": "klas", "arm": "conditie", "wave": "meting"},
    "arms": {"coaching": "intervention", "controle": "control", 7: "control"},
    "waves": {"T0": "pre", 1: "post"},
    "outcomes": [{"name": "taal", "informant": "test", "column": "t", "better": "higher", "range": [0, 9]}],
    "covariates": ["sekse", "groep"],
    "moderators": [{"column": "groep", "label": {"nl": "jaargroep", "en": "grade"}}],
}
LABELS = {
    "arm": {"coaching": {"nl": "coaching", "en": "coaching"}, "controle": {"nl": "controle", "en": "control"}},
    "wave": {1: {"nl": "eindmeting", "en": "end of year"}},
    "covariate": {"sekse": {"nl": "geslacht", "en": "sex"}},
    "value": {"sekse": {"m": {"nl": "jongen", "en": "boy"}, "v": "meisje"}},
}


@pytest.fixture
def study(tmp_path):
    def made(**changes):
        (tmp_path / "study.yaml").write_text(yaml.safe_dump(BARE | changes), encoding="utf-8")
        return load_study(tmp_path / "study.yaml")

    return made


def test_a_report_calls_things_by_their_labels(study):
    labelled = study(labels=LABELS)
    nl, en = (Words(labelled, {}, language) for language in ("nl", "en"))
    assert [nl.arm("controle"), en.arm("controle"), en.arm("7")] == ["controle", "control", "control (7)"]
    assert [nl.wave("post"), en.wave("post"), nl.wave("pre")] == ["eindmeting", "end of year", "voormeting"]
    assert nl.covariates(["sekse", "groep"]) == "geslacht en jaargroep"
    assert en.covariates(["sekse", "groep", "age"]) == "sex, grade, and age"
    assert [en.value("sekse", code) for code in ("m", "v", "x")] == ["boy", "meisje", "x"]


def test_what_an_asked_language_lacks_is_named(study):
    bare = study()
    assert unlabelled(bare, "nl") == []
    assert unlabelled(bare, "en") == [
        ("arm", "coaching"), ("arm", "controle"), ("outcome", "taal"), ("covariate", "sekse"),
    ]  # fmt: skip
    whole = study(labels=LABELS, outcomes=[BARE["outcomes"][0] | {"label": {"nl": "taal", "en": "language"}}])
    assert unlabelled(whole, "en") == [("value", "sekse: v")]
    dutch = study(labels={"arm": {"controle": {"en": "control"}}})
    assert ("arm", "controle") in unlabelled(dutch, "nl"), "not even its own language"


@pytest.mark.parametrize(
    "labels",
    [{"arm": {"onbekend": "x"}}, {"wave": {"T9": "x"}}, {"covariate": {"lengte": "x"}}, {"value": {"z": {"a": "b"}}}],
)
def test_a_label_of_nothing_is_a_slip_of_the_pen(study, labels):
    with pytest.raises(werkbank.UnfitError) as raised:
        study(labels=labels)
    assert [problem.code for problem in raised.value.problems] == ["study_labels_unknown"]


@pytest.mark.parametrize("example", ["baumann", "bdf", "nabijheid", "volgsysteem"])
@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_examples_name_all_that_a_reader_sees(example, language):
    assert unlabelled(load_study(werkbank.example_path(example)), language) == []


def test_check_says_it(capsys, tmp_path):
    from werkbank.cli import main

    raw = tmp_path / "a.csv"
    rows = [
        f"{i},{'abcd'[i % 4]},{'x' if i % 2 else 'controle'},{w},{(i + j) % 9}"
        for i in range(24)
        for j, w in enumerate("01")
    ]
    raw.write_text("\n".join(["id,klas,conditie,meting,t", *rows]), encoding="utf-8")
    bare = {k: v for k, v in BARE.items() if k not in {"covariates", "moderators"}}
    bare |= {"arms": {"x": "intervention", "controle": "control"}, "waves": {0: "pre", 1: "post"}}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(bare), encoding="utf-8")
    told = []
    for language in ("nl", "en"):
        assert main(["check", str(tmp_path / "study.yaml"), "--language", language]) == 0
        told.append(capsys.readouterr().out)
    assert "Zonder naam" not in told[0]
    assert "Without a name in English" in told[1]
    assert "arm controle, outcome taal" in told[1]
