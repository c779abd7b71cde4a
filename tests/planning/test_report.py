"""The plan as a report and as a command: its sections in both languages, its verdicts, its refusals."""

from __future__ import annotations

import pytest
import yaml

import werkbank
from werkbank.cli import main
from werkbank.reporting import planning
from werkbank.reporting.blocks import Figure, Paragraph, Table

BASE = {
    "title": "Plan",
    "language": "nl",
    "design": {"kind": "randomised", "assigned_by": "class", "received_by": ["teacher"], "given_by": ["coach"]},
    "columns": {"pupil": "nr", "class": "klas", "arm": "arm"},
    "arms": {"T": "intervention", "C": "control"},
    "outcomes": [{"name": "y", "column": "y", "better": "higher", "informant": "teacher", "role": "primary"}],
    "planning": {"units": 6, "pupils": 20, "r": 0.6, "effect": 0.4, "simulations": 100},
}
PARTS = ("questions", "allowed", "enough", "curves", "known_iccs")


def plan(folder, **changes):
    raw = {**BASE, **changes}
    raw["planning"] = {**BASE["planning"], **changes.get("planning", {})} if "cases" not in changes.get(
        "planning", {}) else changes["planning"]  # fmt: skip
    (folder / "study.yaml").write_text(yaml.safe_dump(raw), encoding="utf-8")
    return folder


def texts(section):
    return [block.text for block in section.blocks if isinstance(block, Paragraph)]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_part_is_written_and_no_number_is_left_open(tmp_path, language):
    bench = werkbank.open(plan(tmp_path), language=language)
    made = {name: getattr(planning, name)(bench) for name in PARTS}
    questions = next(block for block in made["questions"].blocks if isinstance(block, Table))
    assert [row["question"].partition(".")[0] for row in questions.rows] == [str(n) for n in range(1, 11)]
    figure = next(block for block in made["curves"].blocks if isinstance(block, Figure))
    assert "ICC" in figure.alt
    power = next(block for block in made["enough"].blocks if isinstance(block, Table))
    assert len(power.rows) == 3  # lowest, middle and highest ICC
    known = {fact.what for fact in bench.part("planning").facts}
    assert {"plan_power", "plan_detectable", "plan_units_needed", "plan_power_simulated"} <= known


def test_what_will_be_said_stands_there_in_the_words_of_the_report(tmp_path):
    from werkbank.catalogue import say

    said = texts(planning.allowed(werkbank.open(plan(tmp_path), language="en")))
    assert say("claims.grade.effect", "en", level="95") in said
    assert any(line.startswith("**y** (post-test): in") and "may be called an effect" in line for line in said)
    assert any("teachers who received the approach filled this in" in line for line in said)
    controlled = {**BASE["design"], "kind": "controlled"}
    said = texts(planning.allowed(werkbank.open(plan(tmp_path, design=controlled), language="en")))
    assert not any("may be called an effect" in line for line in said)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"planning": {"units": 40, "effect": 0.6}}, "**: genoeg."),
        ({"planning": {"units": 4, "effect": 0.2}}, "niet genoeg"),
        ({"planning": {"units": 12, "icc": [0.01, 0.3]}}, "dat hangt ervan af"),
        ({"planning": {"units": {"T": 2, "C": 6}}}, "er komt geen toets"),
        ({"planning": {"units": 1}}, "er komt geen toets"),
        (
            {
                "design": {"kind": "single_group", "assigned_by": "class"},
                "arms": {},
                "columns": {"pupil": "nr", "class": "k"},
            },
            "de verandering van één groep zal bekend zijn op ±",
        ),
    ],
)
def test_the_verdict_is_in_plain_words(tmp_path, changes, said):
    assert any(said in line for line in texts(planning.enough(werkbank.open(plan(tmp_path, **changes)))))


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        ({"cases": 1, "days": 20, "starts": list(range(6, 16))}, "kan p niet onder"),
        ({"cases": 4, "days": 20, "starts": list(range(6, 16)), "scheme": "independent", "effect": 3}, ": genoeg."),
        ({"cases": 2, "days": 20, "starts": list(range(6, 16)), "scheme": "independent", "effect": 0.2}, "niet genoeg"),
    ],
)
def test_cases_have_a_verdict_of_their_own(tmp_path, cases, said):
    raw = {"title": "Gevallen", "language": "nl", "planning": {"cases": cases, "simulations": 200}}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(raw), encoding="utf-8")
    assert any(said in line for line in texts(planning.enough(werkbank.open(tmp_path))))


def test_three_arms_and_later_waves_are_told_one_by_one(tmp_path):
    arms = {"A": "intervention", "B": "intervention", "C": "control"}
    waves = {"post": {}, "followup": {"r": 0.4, "lost_pupils": 0.3}}
    bench = werkbank.open(plan(tmp_path, arms=arms, planning={"units": 6, "icc": 0.15, "waves": waves}))
    found = {
        (f.contrast, f.wave): f.value for f in bench.part("planning").facts if f.what == "plan_power" and not f.item
    }
    assert set(found) == {(c, w) for c in ("A - C", "B - C") for w in waves}
    assert found["A - C", "followup"] < found["A - C", "post"]


def test_the_command_tells_it_at_once_and_writes_a_study_file(tmp_path, capsys):
    words = ["plan", "--units", "5,8", "--pupils", "20", "--r", "0.6", "--effect", "0.4", "--language", "en"]
    assert main([*words, "--out", str(tmp_path / "p")]) == 0
    told = capsys.readouterr().out
    assert "not enough" in told
    assert "classes in the smallest group" in told
    written = yaml.safe_load((tmp_path / "p" / "study.yaml").read_text("utf-8"))
    assert written["planning"]["units"] == {"programme": 5, "control": 8}
    assert main(["plan", str(tmp_path / "p")]) == 0
    assert told.splitlines()[0] in capsys.readouterr().out
    assert main([*words, "--out", str(tmp_path / "p")]) == 2  # it is there already


@pytest.mark.parametrize("words", [[], ["--units", "6", "--icc", "1.5"], ["--units", "x"], ["--units", "1,2,3"]])
def test_a_plan_that_cannot_be_is_refused(words, capsys):
    assert main(["plan", *words]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_study_that_plans_nothing_is_told(tmp_path):
    raw = {k: v for k, v in BASE.items() if k != "planning"} | {"files": [{"path": "d.csv"}]}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(raw), encoding="utf-8")
    assert main(["plan", str(tmp_path)]) == 3
    assert main(["run", str(tmp_path), "--report", "planning"]) == 3


def test_the_report_is_made_from_a_study_without_files(tmp_path):
    assert main(["run", str(plan(tmp_path)), "--report", "planning", "--out", str(tmp_path / "out")]) == 0
    page = (tmp_path / "out" / "planning.nl.html").read_text("utf-8")
    assert "Tien vragen voordat u begint" in page


def test_check_foresees_a_plan_and_a_report_of_answers_waits_for_them(tmp_path, capsys):
    plan(tmp_path)
    assert main(["check", str(tmp_path), "--language", "en"]) == 0
    assert "Will be tested: y" in capsys.readouterr().out
    assert main(["run", str(tmp_path), "--report", "evaluation"]) == 3
    assert "nog geen bestanden" in capsys.readouterr().err


def test_figure_table_and_sentence_tell_of_the_same_iccs(tmp_path):
    bench = werkbank.open(plan(tmp_path, planning={"units": 4, "effect": 0.3, "icc": [0.05, 0.2]}))
    facts = bench.part("planning").facts_where(what="plan_detectable")
    curve = {f.category for f in facts if f.item}
    assert curve == {f.category for f in facts if not f.item} == {"0.05", "0.125", "0.2"}
    needed = {f.category: f.value for f in bench.part("planning").facts_where(what="plan_units_needed")}
    said = next(text for text in texts(planning.enough(bench)) if "niet genoeg" in text)
    assert "Bij ICC ,12 worden alleen" in said
    assert f"Nodig zijn {needed['0.05']:.0f} tot {needed['0.2']:.0f} klassen" in said


def test_where_more_units_find_less_that_is_explained(tmp_path):
    blocks = {"planning": {"units": 8, "blocks": 4, "icc": [0.05, 0.2]}}
    columns = {**BASE["columns"], "school": "school"}
    design = {**BASE["design"], "blocks": "school"}
    bench = werkbank.open(plan(tmp_path, columns=columns, design=design, **blocks))
    curve = {int(f.item): f.value for f in bench.part("planning").facts_where(what="plan_detectable")
             if f.item and f.category == "0.05"}  # fmt: skip
    assert curve[16] > curve[12]  # eight blocks: the difference within each of them, on fewer df
    assert any("Van 12 naar 16 klassen" in text for text in texts(planning.curves(bench)))


def test_what_will_be_said_of_several_outcomes_is_said_once(tmp_path):
    more = [*BASE["outcomes"], {"name": "z", "column": "z", "better": "higher", "informant": "pupil"}]
    said = texts(planning.allowed(werkbank.open(plan(tmp_path, outcomes=more), language="en")))
    assert sum("If the difference is clear" in line for line in said) == 1
    assert any("**y or z**" in line and "[…, …], *p* = …" in line for line in said)
    assert [line for line in said if line.startswith("And with")] == [
        line for line in said if "with y in any case" in line
    ]
