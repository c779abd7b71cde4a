"""Of every design that a school has: reports are written whole, and say what its study file and its numbers carry."""

from __future__ import annotations

import re
from functools import cache, cached_property

import numpy as np
import pytest
import yaml
from tests.reporting.conftest import reading

from werkbank.bench import Bench
from werkbank.errors import Problem, UnfitError
from werkbank.reporting import appendices, assumptions, evaluation, fitted, robustness, school, style, thesis
from werkbank.reporting.blocks import Bullets, Figure, Heading, Paragraph, Table
from werkbank.reporting.sections import maker
from werkbank.study import load_study

# what is assigned (by), of how many units in each arm, to how many arms; the rest goes into the study file
DESIGNS = {
    "pupils": {"by": "pupil", "covariates": ["sex", "age"], "missing": 0.05},
    "pupils_in_schools": {"by": "pupil", "units": 7, "blocks": "school", "columns": ("school",), "covariates": ["age"]},
    "schools_undeclared": {"by": "pupil", "units": 4, "columns": ("school",)},
    "pairs": {"by": "class", "units": 6, "blocks": "pair", "lost": (3,)},
    "strata": {"by": "class", "units": 6, "blocks": "side", "covariates": ["sex"]},
    "three_arms": {"by": "class", "arms": 3, "blocks": False, "covariates": ["age"]},
    "roles": {"by": "teacher", "units": 6, "columns": ("teacher", "role"), "waves": 3, "covariates": ["age"]},
    "one_group": {"by": "class", "kind": "single_group", "arms": 1, "waves": 3, "covariates": ["age"]},
    "two_classes": {"by": "class", "kind": "controlled", "units": 1, "covariates": ["age"]},
    "few_not_drawn": {"by": "class", "kind": "controlled", "units": 2, "covariates": ["age"]},
    "two_against_more": {"by": "class", "units": (2, 5)},
    "no_pretest": {"by": "class", "pre": False, "waves": 3},
    "binary": {"by": "class", "binary": True, "covariates": ["age"]},
    "idle_covariates": {"by": "class", "covariates": ["age", "months", "same"]},
    "class_size": {"by": "class", "covariates": ["size"]},
    "level_90": {"by": "class", "ci_level": 0.9, "covariates": ["sex"]},
    "level_99": {"by": "pupil", "ci_level": 0.99, "effect": 0.55},
    "level_975": {"by": "pupil", "ci_level": 0.975},
    "received": {"by": "pupil", "units": 10, "received": "had"},
    "text_moderator": {"by": "class", "units": 6, "moderators": [{"column": "home"}, {"column": "age"}]},
    "later_primary": {"by": "class", "units": 7, "waves": 3, "primary": [{"outcome": "reading", "wave": "followup"}]},
    "many_waves": {"by": "class", "waves": 10},
    "no_control": {"by": "pupil", "arms": 3, "no_control": True},
    "individual": {"by": "pupil", "units": 6, "individual_arms": ["A"]},
    "waiting_list": {
        "by": "class",
        "waves": 3,
        "control_received_after": "post",
        "primary": [{"outcome": "reading", "wave": "post"}, {"outcome": "reading", "wave": "followup"}],
    },
    "much_lost": {"by": "pupil", "kind": "controlled", "missing": 0.4},
}
PARTS = {
    "evaluation": (
        evaluation.summary, evaluation.design, evaluation.flow, evaluation.measures, evaluation.before_after,
        evaluation.estimates, assumptions.assumptions, robustness.reliable_change, evaluation.robustness,
        evaluation.mechanisms, evaluation.meaning, appendices.all_estimates, appendices.all_mechanisms,
        appendices.losses, appendices.scores, appendices.keys, appendices.provenance,
    ),
    "thesis": (
        thesis.participants, thesis.instruments, thesis.procedure, thesis.analysis, thesis.results, thesis.limitations,
        thesis.references,
    ),
    "school": (school.one_page, school.who, school.details, school.trust, school.terms),
}  # fmt: skip
DRAWN = {
    "nl": r"Er is geloot|(?<!niet )door loting (?:over|verdeeld|gevormd)|Door de loting|Loting maakt",
    "en": r"Lots were drawn|were randomly assigned|With random assignment|Drawing lots then",
}
NAMES = ("pre", "post", "followup", *(f"followup{n}" for n in range(2, 100)))


def written(folder, *, by, units=5, arms=2, kind="randomised", waves=2, pre=True, columns=(), lost=(), binary=False,
            effect=0.4, missing=0.0, no_control=False, blocks=None, individual_arms=(),
            control_received_after=None, seed=0, **more):  # fmt: skip
    rng, asked = np.random.default_rng(seed), NAMES[:waves]
    of = (
        [c % arms for c in range(units * arms)]
        if isinstance(units, int)
        else [a for a, n in enumerate(units) for _ in range(n)]
    )
    alone = by == "pupil" and not individual_arms
    rows = []
    for c, of_class in enumerate(of):
        level, size = rng.normal(0, 0.3), round(rng.normal(24, 3))
        for p in range(10):
            arm = int(rng.integers(arms)) if alone else of_class
            age, home = rng.normal(9, 1), ("nl", "other")[int(rng.random() < 0.4)]
            true = level + 0.4 * (age - 9) + rng.normal()
            role = "t" if p < 5 else "x"
            row = {"id": f"p{c}-{p}", "klas": f"k{c}", "school": f"s{c}" if alone else f"s{c // arms}",
                   "pair": f"q{c // 2}", "side": "east" if c < len(of) / 2 else "west", "arm": "ABC"[arm],
                   "sex": "fm"[int(rng.integers(2))], "age": f"{age:.2f}", "months": f"{12 * round(age, 2):.2f}",
                   "same": 1, "size": size, "home": home, "role": role, "teacher": f"t{c}",
                   "had": int(rng.random() < (0.9 if arm else 0.5))}  # fmt: skip
            for n, wave in enumerate(asked):
                score = true + rng.normal(0, 0.7) + (effect * (arm > 0) if wave != "pre" else 0) + 0.1 * n
                gone = rng.random() < missing or (c in lost and wave != "pre")
                row[f"r_{wave}"] = "" if gone else int(score > 0) if binary else round(50 + 10 * score, 1)
                row[f"m_{wave}"] = "" if gone else round(20 + 4 * (true + rng.normal()), 1)
                items = [int(np.clip(round(3 + 0.9 * (0.8 * score + rng.normal(0, 0.5))), 1, 5)) for _ in range(3)]
                row |= {f"i{k}_{wave}": "" if gone else x for k, x in enumerate(items)}
            rows.append(row)
    lines = [";".join(rows[0]), *(";".join(str(x) for x in row.values()) for row in rows)]
    (folder / "d.csv").write_text("\n".join(lines), encoding="utf-8")
    used = [wave for wave in asked if pre or wave != "pre"]
    single, codes = kind == "single_group", "ABC"[:arms]
    roles = {"A": "intervention" if no_control else "control", "B": "intervention", "C": "intervention"}
    design = {"kind": kind, "assigned_by": by, "individual_arms": list(individual_arms)}
    if control_received_after:
        design["control_received_after"] = control_received_after
    named = {"pupil": "id"} | ({} if alone or "teacher" in columns else {"class": "klas"})
    content = {
        "title": "x", "language": "en", "design": design | ({} if blocks is None else {"blocks": blocks}),
        "files": [{"path": "d.csv"}],
        "columns": named | ({} if single else {"arm": "arm"}) | {name: name for name in columns},
        **({} if single else {"arms": {code: roles[code] for code in codes}}),
        **({"roles": {"t": "target", "x": "transfer"}} if "role" in columns else {}),
        "outcomes": [
            {"name": "reading", "column": {w: f"r_{w}" for w in used}, "better": "higher", "informant": "test",
             "role": "secondary" if "primary" in more else "primary", **({"kind": "binary"} if binary else {})},
            {"name": "sums", "column": {w: f"m_{w}" for w in used}, "better": "higher", "informant": "test"},
            {"name": "joy", "items": {w: [f"i{k}_{w}" for k in range(3)] for w in used}, "range": [1, 5],
             "better": "higher", "informant": "teacher"},
        ],
        **more,
    }  # fmt: skip
    (folder / "study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return load_study(folder / "study.yaml")


@pytest.fixture(scope="module")
def told(tmp_path_factory, pipeline):
    """Give the bench of a design in a language, and the sections of its three reports when they are asked for."""

    @cache
    def parts(name):
        return pipeline(written(tmp_path_factory.mktemp(name), seed=list(DESIGNS).index(name), **DESIGNS[name]))

    return cache(lambda name, language: Told(Bench.made(*parts(name), language)))


class Told:
    """A bench, and what is written from it: a test that asks only for the results has no report written."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    @cached_property
    def sections(self):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(style, "drawn", lambda *_: b"<svg/>")  # pictures are looked at elsewhere
            shown = {report: [part(self.bench) for part in of] for report, of in PARTS.items()}
        return {report: [s for s in sections if s is not None] for report, sections in shown.items()}


def sentences(sections):
    for section in sections:
        for block in section.blocks:
            match block:
                case Paragraph():
                    yield block.text
                case Bullets():
                    yield from block.items
                case Table():
                    yield from block.notes
                case Figure():
                    yield from (block.alt, block.caption)


def cells(sections):
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Table):
                yield from (column.label for column in block.columns)
                yield from (v for row in block.rows for v in row.values() if isinstance(v, str))


def table(sections, name):
    return next((b for s in sections for b in s.blocks if isinstance(b, Table) and b.id == name), None)


# each design in one of the languages in every run, and in the other one in the long run
every_design = pytest.mark.parametrize(
    ("name", "language"),
    [
        pytest.param(name, language, marks=[pytest.mark.long] * ((number + turn) % 2))
        for number, name in enumerate(DESIGNS)
        for turn, language in enumerate(("nl", "en"))
    ],
)
both = pytest.mark.parametrize("language", ["nl", "en"])


@every_design
def test_nothing_is_said_twice_in_one_part(name, language, told):
    for report, sections in told(name, language).sections.items():
        for section in sections:
            said: list[str] = []
            for block in section.blocks:
                if isinstance(block, Heading):  # of each instrument the same may hold
                    said = []
                said += (
                    [block.text] if isinstance(block, Paragraph) else block.items if isinstance(block, Bullets) else []
                )
                assert len(said) == len(set(said)), (report, section.id, said)


@every_design
def test_every_covariate_is_named_with_what_was_done_with_it(name, language, told):
    made = told(name, language)
    bench, sections = made.bench, made.sections
    block = table(sections["evaluation"], "tab-covariates")
    named = {row["covariate"] for row in block.rows} if block else set()
    name_of = reading(bench).words.covariate
    assert named == {name_of(covariate) for covariate in bench.study.covariates}
    chapter = " ".join(sentences(sections["thesis"]))
    assert all(name_of(covariate) in chapter for covariate in bench.study.covariates)
    for lead in (t for t in bench.evidence.primary if t.estimate is not None and t.contrast):
        found = fitted.fitted(reading(bench), lead)
        main = " ".join(table(sections["thesis"], "tab-main").notes)
        assert all(name_of(covariate) in main for covariate in found.covariates)
        page = " ".join(sentences(sections["school"]))
        shown = not school.hidden_test(reading(bench), lead)
        assert not shown or all(name_of(covariate) in page for covariate in found.covariates)


@every_design
def test_an_answer_agrees_with_its_p_and_its_interval(name, language, told):
    bench = told(name, language).bench
    words = {"nl": ("bevat nul", "sluit nul uit", "breder"), "en": ("contains zero", "excludes zero", "wider")}[
        language
    ]
    for claim in bench.results.claims_where(kind="answer"):
        test = next(t for t in bench.evidence.tests if t.id == claim.test)
        said = reading(bench).words.claim(claim)
        if test.p is None:
            assert claim.grade == "description" or claim.verdict == "untested"
            continue
        across = test.ci_low <= 0 <= test.ci_high
        assert (claim.verdict in {"clear", "fragile"}) is (test.p < 0.05)
        assert not re.search(words[0], said) or across
        assert not re.search(words[1], said) or not across
        assert (words[2] in said) is (claim.verdict == "clear" and across)


@every_design
def test_an_interval_is_called_by_the_level_that_it_has(name, language, told):
    made = told(name, language)
    bench, sections = made.bench, made.sections
    level = reading(bench).words.level(bench.study.ci_level)
    said = [*sentences([*sections["evaluation"], *sections["thesis"]]), *cells(sections["evaluation"])]
    for text in said:
        for number in re.findall(r"([\d.,]+)%(?:-BI| CI\b)", text):
            assert number == level or "α" in text or "ICC" in text, text
    for e in bench.results.estimates:
        if None in {e.se, e.df, e.ci_low, e.ci_high} or e.method.startswith(("g_bootstrap", "hedges", "d_", "rm_")):
            continue
        from scipy.special import stdtr

        half = (e.ci_high - e.ci_low) / 2
        assert 2 * stdtr(e.df, half / e.se) - 1 == pytest.approx(e.ci_level, abs=1e-6), e.id


@every_design
def test_lots_and_blocks_are_told_as_the_study_file_has_them(name, language, told):
    made = told(name, language)
    bench, sections = made.bench, made.sections
    design = bench.study.design
    for report in ("evaluation", "thesis", "school"):
        whole = " ".join(sentences(sections[report]))
        inside = {"nl": r"(geloot|gevormd) binnen", "en": r"(drawn|formed) within \w"}[language]
        undeclared = {"nl": r"of de groepen binnen [^.]* zijn gevormd", "en": r"whether groups were formed within"}
        text = re.sub(undeclared[language], "", whole)
        assert bool(re.search(inside, text)) is bool(design.blocks), report
        drawn = DRAWN[language]
        assert design.kind == "randomised" or not re.search(drawn, whole), report
        if not bench.study.control_arms:
            assert not re.search({"nl": "de controlegroep kreeg", "en": "control group did"}[language], whole), report


@both
def test_where_nothing_was_estimated_nothing_is_praised(language, told):
    made = told("two_classes", language)
    bench, sections = made.bench, made.sections
    panel = [c for c in bench.results.claims_where(kind="quality") if c.topic in {"unit", "analysis"}]
    assert {c.status for c in panel} <= {"attention", "information"}
    assert "HC2" not in " ".join(sentences(sections["evaluation"]))


@both
def test_what_a_covariate_adds_nothing_to_is_no_weakness(language, told):
    bench = told("idle_covariates", language).bench
    (claim,) = bench.results.claims_where(kind="quality", verdict="covariates_idle", outcome="reading")
    assert claim.status == "information"
    assert claim.values["covariates"] == ["months", "same"]
    assert bench.results.claims_where(kind="quality", verdict="none")


@both
def test_a_word_is_named_where_a_difference_depends_on_it(language, told):
    sections = told("text_moderator", language).sections
    block = table(sections["evaluation"], "tab-mechanisms-moderation")
    formulas = [row["formula"] for row in block.rows if "home" in row["formula"]]
    assert all("nl" in text or "other" in text for text in formulas)
    assert any("nl" in text and "other" in text for text in formulas), "which of the two less which"


@both
def test_who_took_part_stands_beside_what_it_made_of_the_difference(language, told):
    made = told("received", language)
    bench, sections = made.bench, made.sections
    block = table(sections["evaluation"], "tab-mechanisms-cace")
    shares = bench.results.where(method="take_up", outcome="reading", wave_to="post")
    assert {e.group for e in shares} == {"A", "B"}
    told_of = [row["estimate"] for row in block.rows]
    assert all(e.estimate in told_of for e in shares)
    assert any("1" in str(row["n"]) for row in block.rows)
    assert not re.search(
        r"effect op wie meedeed|effect on those who took part", " ".join(cells(sections["evaluation"]))
    )


@both
def test_both_questions_about_schools_have_their_row(language, told):
    made = told("pupils_in_schools", language)
    bench, sections = made.bench, made.sections
    for report in ("evaluation", "thesis"):
        block = table(sections[report], "tab-sites")
        for lead in (t for t in bench.evidence.tests if t.method == "sites_fixed"):
            like, weighed = (bench.evidence.beside(lead, f"sites_{kind}") for kind in ("like_these", "one_stage"))
            asked = reading(bench).words.test(lead.outcome, lead.wave_to, lead.contrast)
            rows = [row for row in block.rows if row["question"] == asked]
            expected = [
                (e.estimate, (e.ci_low, e.ci_high), e.n_clusters) for e in (lead, like, weighed) if e is not None
            ]
            found = [(row["difference"], row["ci"], row["sites"]) for row in rows if row["difference"] is not None]
            assert found == expected
    main = table(sections["thesis"], "tab-main")
    counted = [c.label for c in main.columns if c.key == "clusters"] + list(main.notes)
    assert {"nl": "scholen", "en": "schools"}[language] in " ".join(counted)


@both
def test_roles_are_told_by_their_name_and_described(language, told):
    made = told("roles", language)
    bench, sections = made.bench, made.sections
    assert bench.evidence.arms == ["target", "transfer", "A"]
    names = {"nl": ("doelgroep", "overige leerlingen"), "en": ("target group", "other pupils")}[language]
    assert [reading(bench).words.arm(a) for a in bench.evidence.arms[:2]] == list(names)
    flow = table(sections["evaluation"], "tab-flow")
    assert sum(row["enrolled"] for row in flow.rows) == len(bench.intake.pupils)
    for report in ("evaluation", "thesis"):
        block = table(sections[report], "tab-roles")
        described = [e for e in bench.results.where(kind="role") if e.estimate is not None]
        assert [(row["difference"], row["ci"], row["n"]) for row in block.rows] == [
            (e.estimate, (e.ci_low, e.ci_high), e.n) for e in described
        ]
        assert "p" not in {column.key for column in block.columns}, "a description has no test"


@both
def test_measurements_are_told_in_their_order(language, told):
    """Whichever measurement was the primary question, what was left of a difference follows upon the difference."""
    sections = told("later_primary", language).sections
    text = next(t for t in sentences(sections["school"]) if t.startswith("**Reading**"))
    first, later = {"nl": ("nameting", "vervolgmeting"), "en": ("post-test", "follow-up")}[language]
    assert text.index(first) < text.index(later)
    many = told("many_waves", language).sections
    ordinals = {"nl": ("2e vervolgmeting", "8e vervolgmeting"), "en": ("2nd follow-up", "8th follow-up")}[language]
    assert all(name in " ".join(sentences(many["thesis"])) for name in ordinals)


@both
def test_a_check_that_disagrees_is_told_with_all_others_that_do(language, told):
    seen = 0
    for name in DESIGNS:
        bench = told(name, language).bench
        for claim in bench.results.claims_where(kind="quality", topic="analysis"):
            if claim.verdict not in {"lead_alone", "checks_alone"}:
                continue
            lead, *others = [e for i in claim.about for e in bench.results.estimates if e.id == i]
            assert all((other.p < 0.05) is not (lead.p < 0.05) for other in others)
            assert (lead.p < 0.05) is (claim.verdict == "lead_alone")
            said = reading(bench).words.claim(claim)
            assert all(reading(bench).words.method(other.method) in said for other in others)
            seen += 1
    assert seen


def test_what_is_wrong_is_told_in_the_language_of_the_report(told):
    """Of a Dutch study read in English, and the other way round."""
    section = maker("report")

    @section("design")
    def broken(report):
        raise UnfitError([Problem("two_waves", details={"outcome": "x"})], report.study.language)
        yield

    bench = told("pupils", "nl").bench
    with pytest.raises(UnfitError) as caught:
        broken(bench)
    assert caught.value.language == "nl"
    assert bench.study.language == "en"
