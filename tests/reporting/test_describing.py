"""Who was lost and how alike classmates are: what is computed is also shown, and says what it means."""

from dataclasses import replace

import numpy as np
import pytest
import yaml
from tests.reporting.conftest import reading

from werkbank.bench import Bench
from werkbank.reporting import appendices, numbers
from werkbank.reporting.blocks import Paragraph, Table


def tables(section):
    return {b.id: b for b in section.blocks if isinstance(b, Table)}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_icc_of_every_scale_and_wave_is_shown(report, language):
    shown = report("nabijheid", language)
    table = tables(appendices.scores(shown))["tab-icc"]
    facts = shown.results.facts_where(what="icc")
    assert [(r["icc"], r["n"]) for r in table.rows] == [(f.value, f.n) for f in facts]
    assert len(facts) == 4 * 3
    assert all(r["ci"][0] <= r["icc"] <= r["ci"][1] for r in table.rows if r["icc"] > 0)
    assert {"nl": "klas", "en": "class"}[language] in table.notes[0]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_comparison_says_how_alike_the_groups_were_beforehand(report, language):
    shown = report("nabijheid", language)
    table = tables(appendices.scores(shown))["tab-baseline"]
    facts = shown.results.facts_where(what="baseline_difference")
    assert [r["g"] for r in table.rows] == [f.value for f in facts]
    assert len(facts) == 4 * 2
    for row in table.rows:
        size = abs(row["g"])
        verdict = "satisfied" if size <= 0.05 else "with_adjustment" if size <= 0.25 else "not_satisfied"
        assert row["verdict"] == reading(shown).words.say(f"describing.baseline.{verdict}")


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_lost_are_set_beside_those_who_stayed_and_both_boundaries(report, language):
    shown = report("nabijheid", language)
    found = tables(appendices.losses(shown))
    lost = found["tab-attrition"]
    # a row for pupils; of the classes that were assigned and of their schools none was lost, which a note says
    assert len(lost.rows) == len([t for t in shown.evidence.tests if t.contrast])
    arms, count = shown.evidence.arms, shown.results.count
    for level in ("class", "school"):
        assert reading(shown).words.say(f"report.unit.{level}.many") in lost.notes[-1]
    for level, what in (("pupil", "pupils"),):
        name = reading(shown).words.say(f"report.unit.{level}.many")
        (row, *_) = [r for r in lost.rows if r["level"] == name]
        assert all(str(count(what=f"{what}_enrolled", arm=arm)) in row["left"] for arm in arms)
    assert "Table II.1" in lost.notes[0]
    assert {r[k] for r in lost.rows for k in ("cautious", "optimistic")} <= {
        reading(shown).words.say(f"describing.attrition.{k}") for k in ("low", "high")
    }
    gone = {f.value for f in shown.results.facts_where(what="dropout_difference") if f.value is not None}
    assert {r["g"] for r in found["tab-dropouts"].rows} == gone
    little = {(r["chi2"], r["df"], r["p"]) for r in found["tab-little"].rows}
    assert len(little) == 4
    assert all(0 < p <= 1 for _, _, p in little)


def test_without_classes_or_loss_there_is_nothing_to_show(report):
    shown = report("baumann", "nl")
    assert "tab-icc" not in tables(appendices.scores(shown))
    assert "tab-little" not in tables(appendices.losses(shown))


@pytest.fixture(scope="module")
def chosen(tmp_path_factory, pipeline):
    """A study of pupils who were chosen on the outcome and divided within their classes."""
    from werkbank.study import load_study

    folder, rng = tmp_path_factory.mktemp("chosen"), np.random.default_rng(3)
    rows = ["id;klas;arm;wave;y"]
    for pupil in range(48):
        level = rng.normal(4, 1)
        scores = (level, 0.5 * level + 4 + rng.normal())
        arm = ("nieuw", "gewoon")[pupil // 4 % 2] if pupil % 4 else "nieuw"  # one class holds one arm only
        rows += [f"p{pupil};k{pupil % 4};{arm};{w};{y:.2f}" for w, y in zip(("T0", "T1"), scores, strict=True)]
    (folder / "raw.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    content = {
        "title": "Gekozen",
        "design": {"kind": "controlled", "assigned_by": "pupil", "selected_on": "y"},
        "files": [{"path": "raw.csv"}],
        "columns": {"pupil": "id", "class": "klas", "arm": "arm", "wave": "wave"},
        "arms": {"nieuw": "intervention", "gewoon": "control"},
        "waves": {"T0": "pre", "T1": "post"},
        "outcomes": [{"name": "y", "column": "y", "range": [0, 12], "better": "higher", "role": "primary"}],
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return pipeline(load_study(folder / "study.yaml"))


@pytest.mark.parametrize(
    ("language", "back", "noticed"), [("nl", "vanzelf", "gemerkt"), ("en", "by itself", "noticed")]
)
def test_regression_to_the_mean_stands_beside_the_change_and_shared_classes_are_warned_of(
    chosen, language, back, noticed
):
    shown = Bench.made(*chosen, language)
    told = [b.text for b in appendices.scores(shown).blocks if isinstance(b, Paragraph)]
    for fact in shown.results.facts_where(what="regression_break_even_mean"):
        (text,) = [t for t in told if back in t and reading(shown).words.arm(fact.arm) in t]
        assert numbers.decimal(fact.value, language) in text
        assert numbers.decimal(shown.results.number(what="mean_change", arm=fact.arm, wave="post"), language) in text
    assert len([t for t in told if back in t]) == 2
    warned = [b.text for b in appendices.losses(shown).blocks if isinstance(b, Paragraph) and b.tone == "warning"]
    count = shown.results.count(what="classes_with_both")
    assert count > 0
    assert any(noticed in t and str(count) in t for t in warned)


@pytest.mark.parametrize(("language", "word"), [("nl", "Hersteld"), ("en", "Recovered")])
def test_a_norm_in_the_study_file_fills_the_category_recovered(report, language, word):
    from werkbank.effects import by_own_alpha
    from werkbank.reporting import robustness

    known = report("nabijheid", language)
    raw = known.study.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)
    raw["outcomes"][0]["norms"] = {"closeness": [29.0, 3.0]}
    intake = replace(known.intake, study=type(known.study).model_validate(raw))
    facts = by_own_alpha(intake.study, known.scored, intake.pupils)
    shown = robustness.reliable_change(Bench.made(intake, known.scored, known.results.with_more(facts=facts), language))
    with_norm, without = (tables(shown)[f"tab-reliable-change-strs-sf-{k}"] for k in ("closeness", "conflict"))
    cut = next(f.value for f in facts if f.what == "rci_cutoff")
    assert any(n.startswith(f"{word}:") and numbers.decimal(cut, language) in n for n in with_norm.notes)
    for row in with_norm.rows:
        assert row["recovered"] + row["improved"] + row["unchanged"] + row["deteriorated"] == row["n"]
    assert not any("recovered" in row for row in without.rows)
