"""All outcomes of a study at once: every file's rows counted, every scale described, a negative item named loudly."""

from __future__ import annotations

import csv

import pytest
import yaml

import werkbank
from werkbank.measurement.study_scores import instruments_of, scale_key, scale_label


@pytest.fixture(scope="module")
def nabijheid():
    intake = werkbank.read_answers(werkbank.load_study(werkbank.example_path("nabijheid")))
    return intake, werkbank.score_study(intake)


def values(scores, what):
    return {f.id: f.value for f in scores.facts if f.what == what}


def test_rows_read_equal_the_rows_of_each_file_by_another_reader(nabijheid):
    intake, scores = nabijheid
    for file, count in zip(intake.files, values(scores, "rows_read").values(), strict=True):
        with (intake.study.folder / file.path).open(encoding="utf-8", newline="") as text:
            assert count == sum(1 for _ in csv.DictReader(text, delimiter=";")), file.path


def test_rows_read_equal_the_lines_of_each_file_less_the_header(nabijheid):
    intake, scores = nabijheid
    for file, count in zip(intake.files, values(scores, "rows_read").values(), strict=True):
        assert count == (intake.study.folder / file.path).read_bytes().count(b"\n") - 1


def test_every_scale_of_items_has_its_reliability_at_every_wave(nabijheid):
    scores = nabijheid[1]
    for name in ("strs-sf.closeness", "strs-sf.conflict", "nabijheid-leerling"):
        for wave in ("pre", "post", "followup"):
            found = {f.what: f for f in scores.facts if f.outcome == name and f.wave == wave}
            assert 0.6 < found["alpha"].value < 0.95
            assert found["alpha_ci_low"].value < found["alpha"].value < found["alpha_ci_high"].value
            assert abs(found["omega"].value - found["alpha"].value) < 0.05
    assert not [f for f in scores.facts if f.outcome == "rekenen"]
    assert scores.warnings == ()


def test_an_item_that_was_not_reversed_is_named_loudly(tmp_path):
    rows = ["id,a,b,c"]
    rows += [f"p{i},{1 + i % 5},{1 + i % 5},{5 - i % 5}" for i in range(40)]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    study = {
        "title": "omgekeerd item",
        "design": {"kind": "single_group"},
        "files": [{"path": "a.csv"}],
        "columns": {"pupil": "id"},
        "outcomes": [{"name": "fijn", "items": {"pre": ["a", "b", "c"]}, "range": [1, 5], "better": "higher"}],
    }
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    scores = werkbank.score_study(werkbank.read_answers(werkbank.load_study(tmp_path)))
    assert "c" in {w.values["item"] for w in scores.warnings}
    assert {w.key for w in scores.warnings} == {"negative_item_rest"}


def test_all_problems_with_instruments_come_at_once(tmp_path):
    study = {
        "title": "x",
        "design": {"kind": "single_group"},
        "files": [{"path": "a.csv"}],
        "outcomes": [
            {"instrument": "strs-sf", "items": "s{item}"},
            {"instrument": "sdqq", "items": "q{item}"},
            {"instrument": "seq-c", "items": "c{item}", "scales": ["academical"]},
            {"instrument": "llrv", "version": "full", "items": "l{item}"},
        ],
    }
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    with pytest.raises(werkbank.UnfitError) as caught:
        instruments_of(werkbank.load_study(tmp_path))
    codes = [p.code for p in caught.value.problems]
    assert codes == ["version_needed", "unknown_instrument", "instrument_unknown_scale", "frame_unfilled"]
    assert {p.column for p in caught.value.problems} >= {"outcomes.0", "outcomes.1", "outcomes.3"}
    assert "academic" in str(caught.value)


def test_scales_are_called_and_shown_by_name(nabijheid):
    intake, scores = nabijheid
    assert scale_key("rekenen", "rekenen") == "rekenen"
    assert scale_key("strs-sf", "conflict") == "strs-sf.conflict"
    assert scale_label(intake.study, scores.instruments, "rekenen", "en") == "arithmetic test"
    assert scale_label(intake.study, scores.instruments, "strs-sf.closeness", "nl") == "nabijheid"
