"""What a report says about courses over time: with pupils, with classes, and with two waves only."""

import numpy as np
import pytest
import yaml

from werkbank.bench import Bench
from werkbank.reporting import appendices, evaluation
from werkbank.reporting.blocks import Paragraph, Table


@pytest.fixture(scope="session")
def courses(tmp_path_factory, pipeline):
    """Give the robustness and mechanisms sections of a study of 60 pupils."""
    from werkbank.study import load_study

    def make(language, *, waves=("T0", "T1", "T2"), by="pupil"):
        folder = tmp_path_factory.mktemp("courses")
        rng = np.random.default_rng(7)
        rows = ["id;klas;arm;wave;y"]
        for pupil in range(60):
            arm = ("nieuw", "gewoon")[pupil % 2]
            level = rng.normal(10, 2)
            rows += [
                f"p{pupil};k{pupil % 6};{arm};{w};{level + k * (arm == 'nieuw') + rng.normal():.2f}"
                for k, w in enumerate(waves)
            ]
        (folder / "raw.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        content = {
            "title": "Verloop",
            "design": {"kind": "randomised", "assigned_by": by},
            "files": [{"path": "raw.csv"}],
            "columns": {"pupil": "id", "arm": "arm", "wave": "wave"} | ({"class": "klas"} if by == "class" else {}),
            "arms": {"nieuw": "intervention", "gewoon": "control"},
            "waves": dict(zip(("T0", "T1", "T2"), ("pre", "post", "followup"), strict=True)),
            "outcomes": [{"name": "y", "column": "y", "range": [0, 30], "better": "higher", "role": "primary"}],
        }
        (folder / "study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        report = Bench.made(*pipeline(load_study(folder / "study.yaml")), language)
        return report, evaluation.robustness(report), appendices.all_mechanisms(report)

    return make


def said(section):
    return " ".join(b.text for b in section.blocks if isinstance(b, Paragraph))


@pytest.mark.parametrize("language", ["nl", "en"])
def test_pupils_have_a_repeated_measures_anova_beside_the_waves_model(courses, language):
    report, robustness, mechanisms = courses(language)
    (table,) = [b for b in appendices.all_estimates(report).blocks if isinstance(b, Table) and "ANOVA" in b.title]
    assert [c.key for c in table.columns] == ["formula", "n", "share", "statistic", "df", "p"]
    made = [e for e in report.results.estimates if e.method.startswith("rm_")]
    assert [(r["share"], r["statistic"], r["df"], r["p"], r["n"]) for r in table.rows] == [
        (e.estimate, e.statistic, e.df, e.p, e.n) for e in made
    ]
    assert len(made) == 7
    assert "Mauchly" in table.notes[0]
    assert "ε" in table.notes[1]
    assert "ANOVA" not in said(robustness)
    rows = [row for b in mechanisms.blocks if isinstance(b, Table) for row in b.rows]
    slopes = [e for e in report.results.estimates if e.method.startswith("lagged")]
    assert len(slopes) == 3
    assert {e.estimate for e in slopes} <= {row["estimate"] for row in rows}


@pytest.mark.parametrize(("language", "word"), [("nl", "klassen"), ("en", "classes")])
def test_classes_have_none_and_the_report_says_why(courses, language, word):
    report, robustness, _ = courses(language, by="class")
    assert "ANOVA" in said(robustness)
    assert word in said(robustness)
    shown = (*robustness.blocks, *appendices.all_estimates(report).blocks)
    assert not [b for b in shown if isinstance(b, Table) and "ANOVA" in b.title]


@pytest.mark.parametrize(("language", "words"), [("nl", "rechte lijn"), ("en", "straight line")])
def test_two_waves_have_no_course_and_the_report_says_why(courses, language, words):
    report, robustness, _ = courses(language, waves=("T0", "T1"))
    assert words in said(robustness)
    assert not [e for e in report.results.estimates if e.method.startswith(("rm_", "lagged", "waves"))]


@pytest.mark.parametrize(
    ("language", "efficacy"), [("nl", "doelmatigheid van de leraar"), ("en", "teacher's efficacy")]
)
def test_for_whom_is_shown_with_simple_slopes_and_johnson_neyman(report, language, efficacy):
    tables = {b.id: b for b in appendices.all_mechanisms(report("nabijheid", language)).blocks if isinstance(b, Table)}
    assert set(tables) == {f"tab-mechanisms-{kind}" for kind in ("moderation", "mediation", "dose", "lagged")}
    table = tables["tab-mechanisms-moderation"]
    # the only characteristic: named once, below the table
    assert any(efficacy in note for note in table.notes)
    assert not any(efficacy in row["formula"] for row in table.rows)
    rows = [row["formula"] for row in table.rows]
    assert len([f for f in rows if "SD" in f]) == 8  # low and high, two scales, two waves
    assert len([f for f in rows if "Johnson" in f]) >= 2
    assert any("Johnson" in note for note in table.notes)
    assert {row["clusters"] for row in table.rows} == {24}
