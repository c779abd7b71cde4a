"""Of every kind of study: a sentence about a model agrees with what was in the model that was fitted."""

from __future__ import annotations

import re

import numpy as np
import pytest
import yaml
from tests.reporting.conftest import reading

from werkbank.bench import Bench
from werkbank.effects.multiplicity import number_of_tests
from werkbank.effects.questions import questions
from werkbank.reporting import appendices, evaluation, fitted, style, thesis
from werkbank.reporting.blocks import Bullets, Paragraph, Table
from werkbank.study import load_study

# pre: a score before; covariates: those declared; by: what was assigned; arms: how many
KINDS = {
    "pupils": {"by": "pupil"},
    "pupils_post_only": {"by": "pupil", "pre": False},
    "covariates_only": {"by": "pupil", "pre": False, "covariates": ["age"]},
    "pupils_covariates": {"by": "pupil", "covariates": ["sex", "age"]},
    "flat_pre": {"by": "pupil", "flat": True},
    "duplicate": {"by": "pupil", "covariates": ["age", "months"]},
    "constant": {"by": "pupil", "covariates": ["same"]},
    "classes": {"by": "class"},
    "classes_covariates": {"by": "class", "covariates": ["age"]},
    "classes_in_schools": {"by": "class", "school": True, "blocks": False},
    "not_drawn_few": {"by": "class", "kind": "controlled", "classes": 2},
    "three_arms": {"by": "pupil", "arms": 3, "covariates": ["age"]},
    "pairs": {"by": "class", "school": True, "blocks": "school"},
}
PRE = {"en": r"Adjusted for the score before\b", "nl": r"Gecorrigeerd voor de voormeting\b"}


def written(folder, *, by, pre=True, covariates=(), flat=False, kind="randomised", classes=5, arms=2, school=False,
            blocks=None, seed=0):  # fmt: skip
    rng = np.random.default_rng(seed)
    rows = ["id;class;school;arm;before;after;second;age;months;sex;same"]
    for c in range(arms * classes):
        level = rng.normal(0, 0.4)
        for p in range(8):
            true, age = level + rng.normal(), rng.normal(9, 1)
            arm = "ABC"[(c if by == "class" else p) % arms]
            before = 10 if flat else true + rng.normal()
            after, second = true + 0.3 * (arm == "B") + rng.normal(), rng.normal()
            numbers = ";".join(f"{x:.2f}" for x in (before, after, second, age, 12 * round(age, 2)))
            rows.append(f"p{c}-{p};k{c};s{c // arms};{arm};{numbers};{'fm'[int(rng.integers(2))]};1")
    (folder / "d.csv").write_text("\n".join(rows), encoding="utf-8")
    design = {"kind": kind, "assigned_by": by} | ({} if blocks is None else {"blocks": blocks})
    of_first = {"pre": "before", "post": "after"} if pre else {"post": "after"}
    content = {
        "title": "x", "language": "en", "design": design, "files": [{"path": "d.csv"}],
        "columns": {"pupil": "id", "class": "class", "arm": "arm"} | ({"school": "school"} if school else {}),
        "arms": {"A": "control", "B": "intervention", "C": "intervention"} if arms == 3
        else {"A": "control", "B": "intervention"},
        "outcomes": [
            {"name": "score", "column": of_first, "better": "higher", "role": "primary"},
            {"name": "other", "column": {"post": "second"}, "better": "higher", "role": "exploratory"},
        ],
        "covariates": list(covariates),
    }  # fmt: skip
    (folder / "study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return load_study(folder / "study.yaml")


def told_of(sections):
    for section in sections:
        for block in section.blocks:
            match block:
                case Paragraph():
                    yield block.text
                case Bullets():
                    yield from block.items
                case Table():
                    yield from block.notes


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_sentences_about_a_model_agree_with_the_model(kind, language, tmp_path, monkeypatch, pipeline):
    monkeypatch.setattr(style, "drawn", lambda *_: b"<svg/>")
    study = written(tmp_path, **KINDS[kind], seed=list(KINDS).index(kind))
    intake, scores, results = pipeline(study)
    bench = Bench.made(intake, scores, results, language)
    report = reading(bench)
    asked = {(q.key, q.contrast, q.wave_from, q.wave_to): q for q in questions(study, scores.table, intake.pupils)}
    checked = 0
    for e in results.estimates:
        if e.method not in (*fitted.LEADS, *fitted.MODELS, *fitted.BARE) or e.estimate is None:
            continue
        q, found = asked[e.outcome, e.contrast, e.wave_from, e.wave_to], fitted.fitted(report, e)
        said = fitted.told(report, found)
        model = {q.adjusting.of[column] for column in q.adjusting.columns}
        bare = e.method in fitted.BARE or (e.kind == "headline" and e.note == "not_drawn_too_few_units")
        assert found.pre == (q.adjusting.pre and not bare), (kind, e.method)
        if e.method in fitted.MODELS or (e.kind == "headline" and not q.answer.left_out):
            assert set(found.covariates) == (set() if bare else model), (kind, e.method)
        assert all(report.words.covariate(name) in said for name in found.covariates)
        others = set(study.covariates) - set(found.covariates)
        assert not [name for name in others if re.search(rf"\b{report.words.covariate(name)}\b", said)]
        if found.before != "flat":
            assert bool(re.search(PRE[language], said)) is found.pre, (kind, said)
        levels = {"en": ("classes", "schools"), "nl": ("klassen", "scholen")}[language]
        random = re.search({"en": r"Random effects: (.*)", "nl": r"Toevalseffecten: (.*)"}[language], said)
        named = {name for name in levels if random and name in random[1]}
        expected = set()
        if e.method == "mixed_kr":
            expected = {levels[0]} | ({levels[1]} if kind == "classes_in_schools" else set())
        assert named == expected, (kind, e.method, said)
        within = e.method not in fitted.BARE and bool(q.blocks.level)
        assert bool(found.within) is within, (kind, e.method)
        assert bool(re.search({"en": "Compared within", "nl": "Vergeleken binnen"}[language], said)) is within
        of_unit = re.search({"en": "mean of the class", "nl": "gemiddelde van de klas"}[language], said)
        assert bool(of_unit) is (e.method in fitted.UNIT_PRE and found.pre), (kind, e.method)
        checked += 1
    assert checked >= 2
    parts = (evaluation.summary, evaluation.estimates, appendices.all_estimates, evaluation.meaning)
    parts = (*parts, appendices.provenance)
    texts = list(
        told_of([*(made for part in parts if (made := part(bench))), thesis.analysis(bench), thesis.results(bench)])
    )
    whole = " ".join(texts)
    some_pre = any(q.adjusting.pre for q in asked.values())
    if not some_pre and kind != "duplicate":
        for text in texts:
            claimed = re.search(r"equal (scores? )?before|gelijke voormeting|[Aa]djusted for the score before"
                                r"|[Gg]ecorrigeerd voor de voormeting", text)  # fmt: skip
            assert claimed is None, (kind, text)
    one_correction_is_named(results, whole, kind)


def one_correction_is_named(results, whole, kind):
    of = {m: results.where(method=m) for m in ("p_holm", "p_bh", "p_holm_pairs")}
    made = {m: any(number_of_tests(e, found) > 1 for e in found) for m, found in of.items()}
    assert ("Holm" in whole) is (made["p_holm"] or made["p_holm_pairs"]), kind
    assert ("Hochberg" in whole) is made["p_bh"], kind


def test_what_is_fragile_names_the_p_it_rests_on():
    """A sentence that holds chance possible gives the number of tests, the correction and both p values."""
    from werkbank.catalogue import topic_sentences

    for language in ("nl", "en"):
        for of_grade in topic_sentences("claims", language)["answer"].values():
            for name, sentence in of_grade.items() if isinstance(of_grade, dict) else ():
                if name.startswith("fragile"):
                    assert all(part in sentence for part in ("{p}", "{p_corrected}", "{n_tests}", "{correction}"))
