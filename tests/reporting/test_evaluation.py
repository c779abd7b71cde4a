"""The evaluation report: what it says is what the results say, in both languages, for easy and hard studies."""

import re
from itertools import pairwise

import numpy as np
import pytest
import yaml

from werkbank.appraisal import check_text
from werkbank.bench import Bench
from werkbank.catalogue import say
from werkbank.reporting import evaluation, numbers
from werkbank.reporting.blocks import Bullets, Figure, Heading, Paragraph, Section, Table, section_html
from werkbank.study import load_study

CASES = [("baumann", "nl"), ("nabijheid", "nl"), ("nabijheid", "en"), ("one_class", "nl"), ("single", "en")]
case = pytest.mark.parametrize(("name", "language"), CASES)


def blocks(sections, kind):
    return [b for s in sections for b in s.blocks if isinstance(b, kind)]


def texts(sections):
    for section in sections:
        for block in section.blocks:
            match block:
                case Heading() | Paragraph():
                    yield block.text
                case Bullets():
                    yield from block.items
                case Figure():
                    yield from (block.alt, block.caption)
                case Table():
                    yield from (block.title, *block.notes)
                    yield from (v for row in block.rows for v in row.values() if isinstance(v, str))


@case
def test_no_word_says_more_than_the_design(sections, report, name, language):
    grade = report(name, language).evidence.best_grade
    equivalent = any(c.sentence.endswith(".equivalent") for c in report(name, language).results.claims)
    quoted = [report(name, language).study.title_in(language)]
    for text in texts(sections(name, language)):
        if text not in quoted:
            assert check_text(text, grade, language, equivalent=equivalent) == [], text


@case
def test_sections_are_whole(sections, name, language):
    shown = sections(name, language)
    body = ["summary", "design", "flow", "measures", "before-after", "estimates", "robustness", "mechanisms", "meaning"]
    folded = ["all-estimates", "all-mechanisms", "losses", "scores", "keys", "readings", "provenance"]
    assert [s.id for s in shown if not s.appendix] == body
    found = [s.id for s in shown if s.appendix]
    assert found == [id_ for id_ in folded if id_ in found]
    assert {"losses", "keys", "readings", "provenance"} <= set(found)
    for section in shown:
        levels = [b.level for b in section.blocks if isinstance(b, Heading)]
        assert levels[0] == 2
        assert all(b - a <= 1 for a, b in pairwise(levels))
        assert Section.from_json(section.to_json()).to_json() == section.to_json()
    ids = [b.id for b in blocks(shown, Table) + blocks(shown, Figure)]
    assert len(ids) == len(set(ids))
    for text in texts(shown):
        assert "None" not in text.split()
        assert not re.search(r"\bnan\b|\{\w+\}", text), text


@case
def test_the_pupil_flow_adds_up(sections, name, language):
    flow = next(s for s in sections(name, language) if s.id == "losses")
    table = next(t for t in blocks([flow], Table) if t.id == "tab-analysed")
    shown = [c.key for c in table.columns if c.key.startswith("without_")]
    for row in table.rows:
        assert row["enrolled"] == row["analysed"] + sum(row[loss] for loss in shown)


@case
def test_every_number_in_a_table_is_a_result(sections, report, name, language):
    results = report(name, language).results
    known = {
        e
        for x in results.estimates
        for e in (x.estimate, x.statistic, x.p, x.df, x.n, x.n_clusters, x.ci_low, x.ci_high)
    }
    known |= {v for f in results.facts for v in (f.value, f.n)} | {
        f.n_rows for f in report(name, language).intake.files
    }
    for table in blocks(sections(name, language), Table):
        for row in table.rows:
            for value in row.values():
                for part in value if isinstance(value, tuple) else (value,):
                    assert part in known or part is None or isinstance(part, str), (table.id, part)


@case
def test_estimates_and_their_numbers_of_pupils_are_all_there(sections, report, name, language):
    shown = report(name, language)
    shown_in = blocks(sections(name, language), Table)
    rows = [r for t in shown_in if t.id.startswith(("tab-estimates", "tab-mechanisms")) for r in t.rows]
    main = [r for t in shown_in if t.id == "tab-main" for r in t.rows]
    expected = [e for e in shown.results.estimates if not e.method.startswith("p_")]
    refused = {e.outcome for e in expected if e.estimate is None and "refused" in e.note}
    sized = [r for r in main if r.get("size") is not None]
    # a moderator's value stands in the row of the difference there
    inside = [e for e in expected if e.method.startswith("moderation_at_")]
    borders = [e for e in expected if e.method.startswith("moderation_region_")]
    assert sorted(r["at"] for r in rows if r.get("at") is not None) == sorted(e.estimate for e in inside + borders)
    # three groups or more, schools and roles have tables of their own
    apart = [e for e in expected if e.kind in {"arms", "sites", "role"}]
    rest = [e for e in expected if e.outcome not in refused and e not in inside and e not in apart]
    assert len(rows) + len(main) + len(sized) == len(rest)
    assert all(row["n"] is not None for row in [*main, *rows])
    assert [r["estimate"] for r in main] == [t.estimate for t in shown.evidence.tests if t.estimate is not None]


def of(results, *methods):
    return [e for e in results.estimates if e.method in methods]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_group_and_every_two_groups_are_in_tables_of_their_own(sections, report, language):
    shown = sections("baumann", language)
    results = report("baumann", language).results
    means = [r for t in blocks(shown, Table) if t.id.startswith("tab-arms-") for r in t.rows]
    pairs = [r for t in blocks(shown, Table) if t.id.startswith("tab-pairs-") for r in t.rows]
    assert len(means) == 3 * 3
    assert len(pairs) == 3 * (3 + 1)  # every two groups, and both treated groups together
    kept = [(e.n, e.estimate, (e.ci_low, e.ci_high)) for e in of(results, "adjusted_mean")]
    assert [(r["n"], r["mean"], r["ci"]) for r in means] == kept
    kept = [(e.n, e.estimate, (e.ci_low, e.ci_high), e.p) for e in of(results, "pooled_contrast", "pairwise")]
    assert sorted((r["n"], r["difference"], r["ci"], r["p"]) for r in pairs) == sorted(kept)
    corrected = [r["p_holm"] for r in pairs if r["p_holm"] is not None]
    assert corrected == [e.p for e in of(results, "p_holm_pairs")]
    said = [p.text for p in blocks(shown, Paragraph)]
    for test in of(results, "omnibus"):  # a test of all groups at once has no row: a sentence tells it
        written = f" = {numbers.decimal(test.statistic, language)}, {numbers.p_phrase(test.p, language)}"
        df = numbers.degrees(test.df, language)
        assert [text for text in said if written in text and f"F(2; {df})" in text], test.id


def within_classes(folder):
    """Write a study of pupils who were assigned one by one, in twelve classes."""
    rng = np.random.default_rng(3)
    rows = ["pupil;klas;arm;wave;taal"]
    for pupil in range(120):
        for wave in ("T0", "T1"):
            score = round(30 + pupil % 12 + rng.normal(0, 3), 2)
            rows.append(f"p{pupil};k{pupil % 12};{('nieuw', 'gewoon')[pupil // 12 % 2]};{wave};{score}")
    (folder / "raw.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    content = {
        "title": "Binnen klassen", "design": {"kind": "randomised", "assigned_by": "pupil"},
        "files": [{"path": "raw.csv"}],
        "columns": {"pupil": "pupil", "class": "klas", "wave": "wave", "arm": "arm"},
        "waves": {"T0": "pre", "T1": "post"}, "arms": {"nieuw": "intervention", "gewoon": "control"},
        "outcomes": [{"name": "taal", "column": "taal", "range": [0, 60], "better": "higher", "role": "primary"}],
    }  # fmt: skip
    (folder / "study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return load_study(folder / "study.yaml")


def test_both_questions_about_schools_and_how_these_differ_are_told(tmp_path, pipeline):
    made = Bench.made(*pipeline(within_classes(tmp_path)), "nl")
    shown = [evaluation.estimates(made)]
    (table,) = (t for t in blocks(shown, Table) if t.id == "tab-sites")
    told = of(made.results, "sites_fixed", "sites_like_these", "sites_one_stage")
    assert len({e.method for e in told}) == 3
    rows = [(r["sites"], r["difference"], r["ci"], r["p"]) for r in table.rows if r.get("difference") is not None]
    kept = [(e.n_clusters, e.estimate, (e.ci_low, e.ci_high), e.p) for e in told]
    assert sorted(rows) == sorted(kept)
    said = [p.text for p in blocks(shown, Paragraph)]
    varies = [e for e in of(made.results, "sites_heterogeneity") if e.p is not None]
    assert varies
    for e in varies:
        p = numbers.p_phrase(e.p, "nl")
        assert [text for text in said if numbers.decimal(e.estimate, "nl") in text and p in text], e.id


@pytest.mark.parametrize("language", ["nl", "en"])
def test_tables_say_how_p_was_corrected_and_which_interval_is_not_of_95(sections, language):
    shown = {t.id: t for t in blocks(sections("nabijheid", language), Table)}
    assert any("Holm (6" in note for note in shown["tab-main"].notes)
    below = next(s for s in sections("nabijheid", language) if s.id == "all-estimates")
    assert any("TOST" in note and "90%" in note for b in blocks([below], Bullets) for note in b.items)
    asked = shown["tab-mechanisms-moderation"]
    corrected = [row for row in asked.rows if row["p_corrected"] is not None]
    assert len(corrected) == 4
    assert all(row["p_corrected"] >= row["p"] for row in corrected)
    (note,) = (note for note in asked.notes if "Benjamini-Hochberg" in note)
    assert "4" in note


def test_primary_outcomes_come_first(sections):
    summary = next(s for s in sections("nabijheid", "nl") if s.id == "summary")
    (main,) = blocks([summary], Table)
    assert [row["question"] for row in main.rows[:2]] == ["nabijheid, nameting", "conflict, nameting"]
    told = blocks([summary], Bullets)[0].items
    assert [text.split("**")[1] for text in told] == ["nabijheid", "conflict"]


@case
def test_no_sentence_of_an_answer_stands_twice(sections, name, language):
    ends = re.compile(r"(?<=[.!?])\s+(?=[^\s\d])")
    shown = [s for s in sections(name, language) if s.id in {"summary", "estimates"}]
    said = [piece for b in blocks(shown, Bullets) for text in b.items for piece in ends.split(text)]
    assert len(said) == len(set(said))


def test_each_number_of_the_main_table_opens_to_where_it_comes_from(sections):
    for name, language in CASES:
        for table in blocks(sections(name, language), Table):
            if table.id == "tab-main":
                assert len(table.how) == len(table.rows)
                assert all(len(how) >= 3 for how in table.how)
    (main,) = (t for t in blocks(sections("nabijheid", "nl"), Table) if t.id == "tab-main")
    said = " ".join(main.how[0])
    for part in ("342 leerlingen en 24 klassen", "Formule:", "Model:", "sekse en jaargroep", "Aanname:"):
        assert part in said
    page = section_html(next(s for s in sections("nabijheid", "nl") if s.id == "summary"))
    assert page.count('<details class="how">') == len(main.rows)


def test_other_ways_are_one_row_for_each_question(sections, report):
    shown = report("nabijheid", "nl")
    (table,) = (t for t in blocks(sections("nabijheid", "nl"), Table) if t.id == "tab-other-ways")
    assert len(table.rows) == len(shown.evidence.tests)
    conflict = next(row for row in table.rows if row["question"] == "conflict, nameting")
    assert conflict["apart"] == say("effects.methods.g_bootstrap.name", "nl")
    assert conflict["holds"] == "niet overal"
    for row, test in zip(table.rows, shown.evidence.tests, strict=True):
        low, high = (float(x.replace(",", ".").replace("−", "-")) for x in re.findall(r"[−-]?\d+[.,]\d+", row["ends"]))
        assert low - 0.005 <= test.estimate <= high + 0.005


def test_an_answer_repeats_the_numbers_of_its_table(sections, report):
    shown = report("nabijheid", "nl")
    test = shown.evidence.tests[0]
    summary = next(s for s in sections("nabijheid", "nl") if s.id == "summary")
    text = blocks([summary], Bullets)[0].items[0].replace("\N{NO-BREAK SPACE}", " ")
    assert numbers.decimal(test.estimate, "nl") in text
    assert numbers.interval(test.ci_low, test.ci_high, "nl") in text
    assert numbers.p_phrase(shown.evidence.beside(test, "p_holm").p, "nl") in text


def test_an_empty_tidier_item_is_said_to_be_empty(sections):
    table = next(t for t in blocks(sections("nabijheid", "nl"), Table) if t.id == "tab-programme")
    assert len(table.rows) == 4
    (note,) = table.notes
    assert note.startswith("Niet gerapporteerd: materialen, ")


def test_one_class_an_arm_is_refused_and_only_described(sections):
    shown = sections("one_class", "nl")
    refusals = [p.text for p in blocks(shown, Paragraph) if p.tone == "refusal"]
    assert refusals
    assert all("minder dan twee klassen" in text for text in refusals)
    assert [t for t in blocks(shown, Table) if t.id.startswith("tab-scores")]
    assert not [t for t in blocks(shown, Table) if t.id.startswith(("tab-estimates", "tab-main"))]


def test_an_item_that_runs_against_its_scale_is_a_loud_warning(sections):
    loud = [p.text for p in blocks(sections("single", "en"), Paragraph) if p.tone == "warning"]
    assert any("i4" in text for text in loud)


def test_the_panel_cannot_be_missing(sections):
    from werkbank.appraisal.quality import TOPICS

    for name, language in CASES:
        table = next(t for t in blocks(sections(name, language), Table) if t.id == "tab-quality")
        assert {row["topic"] for row in table.rows} == {say(f"claims.topic.{t}", language) for t in TOPICS}


def test_instruments_say_how_sure_their_key_is_and_when_a_score_is_given(sections):
    said = " ".join(texts([next(s for s in sections("nabijheid", "nl") if s.id == "keys")]))
    for part in ("niet volledig bevestigd", "6 van de 7 antwoorden", "Pianta", "Kosteloos", "eigen maat"):
        assert part in said


def test_at_most_six_figures_and_each_says_what_is_seen(sections, report):
    for name, language in CASES:
        figures = blocks(sections(name, language), Figure)
        assert len(figures) <= 6
        for figure in figures:
            assert figure.is_vector
            assert len(figure.alt) > 60
            assert figure.alt != figure.caption
    alt = next(f.alt for f in blocks(sections("nabijheid", "nl"), Figure) if f.id == "fig-before-after")
    fact = report("nabijheid", "nl").results.fact(what="mean", outcome="strs-sf.closeness", arm="LLInC", wave="pre")
    assert f"voormeting {numbers.decimal(fact.value, 'nl')} (n = {fact.n})" in alt


def test_a_pre_test_of_another_kind_is_never_drawn_as_change(sections):
    from werkbank.reporting.blocks import Figure as Picture

    shown = sections("bdf", "nl")
    assert not [f for f in blocks(shown, Picture) if f.id in {"fig-before-after", "fig-change"}]
    assert any("andere toets" in text for text in texts(shown))
