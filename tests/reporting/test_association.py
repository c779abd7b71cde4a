"""The report on questions without a programme: whole in both languages, no causal word, every number from a result."""

from __future__ import annotations

import re

import pytest
import yaml

import werkbank
from werkbank.cli import main
from werkbank.reporting import association

PARTS = ("answer", "asked", "slopes", "further", "meaning", "method")
CAUSAL = re.compile(
    r"\b(effect|effecten|effects|veroorzaakt|veroorzaken|causes|caused|leidt ertoe|verbetert|improves)\b",
    re.IGNORECASE,
)


def text_of(bench):
    sections = [made for part in PARTS if (made := getattr(association, part)(bench)) is not None]
    return re.sub(r"<[^>]+>", " ", " ".join(section._repr_mimebundle_()["text/html"] for section in sections))


@pytest.fixture(scope="module")
def benches():
    return {language: werkbank.open("samenhang", language=language) for language in ("nl", "en")}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_what_goes_together_is_never_called_an_effect(benches, language):
    text = text_of(benches[language])
    assert not CAUSAL.search(text.replace("(Enders", ""))
    assert {"nl": "hangen", "en": "go together"}[language] in text


def test_the_true_associations_of_the_example_are_found(benches):
    found = {c.test: (c.verdict, c.side) for c in benches["nl"].results.claims_where(kind="answer")}
    within = "association/1/warmte/pre/{}/association_within"
    assert found[within.format("autonomie")] == found[within.format("structuur")] == ("clear", "higher")
    assert found["association/3/machteloos/pre/warmte/association_within"] == ("clear", "lower")
    assert found["association/1/warmte/pre/structuur/structuur/association_square_within"] == ("clear", "lower")
    assert found["association/3/machteloos/pre/warmte/sturend/association_product_cross"] == ("clear", "higher")


def test_the_grade_is_an_association_whatever_was_found(benches):
    claims = benches["nl"].results.claims
    assert {c.grade for c in claims if c.kind in {"grade", "answer"}} == {"association"}


def test_one_source_and_one_moment_weigh(benches):
    said = {c.topic: (c.verdict, c.status) for c in benches["nl"].results.claims_where(kind="quality")}
    assert said["source"] == ("same", "attention")
    assert said["moment"] == ("same", "attention")
    assert said["levels"] == ("enough", "met")


def study_in(folder, **changes):
    import shutil

    shutil.copytree(werkbank.example_path("samenhang").parent, folder / "eigen", ignore=lambda *_: ["given-out"])
    path = folder / "eigen" / "study.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8")) | changes
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path.parent


def test_few_classes_a_word_and_no_groups_have_their_sentences(tmp_path):
    asked = [
        {"outcome": "warmte", "predictors": ["sekse", "autonomie"]},
        {
            "outcome": "behoeften",
            "predictors": ["warmte"],
            "moderators": ["autonomie"],
            "curved": True,
            "level": "pupil",
        },
    ]
    labels = {"value": {"sekse": {"m": {"nl": "jongen", "en": "boy"}, "v": {"nl": "meisje", "en": "girl"}}}}
    few = "groep in ['5a', '6a', '7a', '8a']"
    folder = study_in(tmp_path, associations=asked, covariates=[], where=few, labels=labels)
    for language, words in (
        ("nl", ["meisje tegenover jongen", "te weinig klassen", "Over alle leerlingen samen"]),
        ("en", ["girl against boy", "too few classes", "Over all pupils together"]),
    ):
        text = text_of(werkbank.open(folder, language=language))
        assert all(word in text for word in words), language


@pytest.mark.parametrize("report", ["evaluation", "school", "thesis"])
def test_a_report_of_a_programme_says_where_to_go(tmp_path, capsys, report):
    assert main(["run", str(study_in(tmp_path)), "--report", report, "--out", str(tmp_path / "uit")]) == 3
    assert "--report association" in capsys.readouterr().err


def test_what_is_not_asked_has_no_report(tmp_path, capsys):
    study = str(werkbank.example_path("nabijheid"))
    assert main(["run", study, "--report", "association", "--out", str(tmp_path / "uit")]) == 3
    assert "associations: [" in capsys.readouterr().err


def test_check_tells_each_question(tmp_path, capsys):
    import json

    assert main(["check", "--json", str(study_in(tmp_path))]) == 0
    found = json.loads(capsys.readouterr().out)["questions"]
    assert [(q["outcome"], q["state"], q["groups"], q["grade"]) for q in found] == [
        (name, "tested", 20, "association") for name in ("warmte", "behoeften", "machteloos")
    ]
