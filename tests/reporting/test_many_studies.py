"""Whatever the study, no report says more than its design, its numbers and its counts carry: a property over many.

The studies are small, of every kind, made from a seed and read by the real pipeline. A part runs always; the rest of
the 360 with ``-m long``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml
from tests.reporting.conftest import reading

from werkbank.appraisal import check_text
from werkbank.appraisal.quality import TOPICS
from werkbank.bench import Bench
from werkbank.reporting import appendices, evaluation, numbers, school, style, thesis
from werkbank.reporting.blocks import Bullets, Figure, Heading, Paragraph, Table

if TYPE_CHECKING:
    from pathlib import Path

    from werkbank.study import Study

SEED = 1
ALWAYS, IN_ALL = 3, 30  # studies of each kind
JARGON = {
    "nl": r"p-waarde|\bp\b [<=>]|95%-BI|significant|betrouwbaarheidsinterval|Hedges|Holm|regressie|covaria",
    "en": r"p-value|\bp\b [<=>]|95% CI|significan|confidence interval|Hedges|Holm|regression|covaria",
}
SIDES = {"nl": {"higher": "hoger", "lower": "lager"}, "en": {"higher": "higher", "lower": "lower"}}
CHANGES = {"nl": {"higher": "steeg", "lower": "daalde"}, "en": {"higher": "rose", "lower": "fell"}}


# how far the treated move, in SDs; and what else is odd about the study
KINDS: dict[str, dict[str, Any]] = {
    "null": {"effect": 0.0},
    "tiny": {"effect": 0.1},
    "helpful": {"effect": 1.2},
    "harmful": {"effect": -1.2},
    "equivalent": {"effect": 0.0, "per_class": 40, "classes": 8, "by": "pupil", "r": 0.95},
    "underpowered": {"effect": 0.5, "per_class": 4, "classes": 2},
    "one_class": {"effect": 1.0, "classes": 1, "by": "class"},
    "single_group": {"effect": 0.6, "kind": "single_group"},
    "missing_wave": {"effect": 0.4, "waves": ("T1",)},
    "dropout": {"effect": 0.4, "lost": 0.45},
    "tiny_group": {"effect": 0.4, "by": "pupil", "second_arm": 4},
    "constant": {"effect": 0.0, "noise": 0.0},
}


@dataclass(frozen=True)
class Shape:
    """What a study is drawn from."""

    effect: float
    kind: str = "randomised"
    by: str = "class"
    classes: int = 4
    per_class: int = 8
    waves: tuple[str, ...] = ("T0", "T1")
    lost: float = 0.05
    noise: float = 1.0
    r: float = 0.6
    second_arm: int | None = None


def drawn(kind: str, seed: int) -> Shape:
    """Draw the shape of a study of this kind; what the kind fixes stays."""
    rng = np.random.default_rng(seed)
    free = {
        "kind": str(rng.choice(["randomised", "controlled"])),
        "by": str(rng.choice(["pupil", "class"])),
        "classes": int(rng.integers(2, 6)),
        "per_class": int(rng.integers(6, 12)),
        "waves": ("T0", "T1", "T2") if rng.random() < 0.3 else ("T0", "T1"),
        "lost": float(rng.choice([0.0, 0.05, 0.2])),
    }
    return Shape(**{**free, **KINDS[kind]})


def written(kind: str, seed: int, folder: Path) -> Study:
    """Write a study of this kind and read it back."""
    from werkbank.study import load_study

    shape, rng = drawn(kind, seed), np.random.default_rng(seed)
    (folder / "raw.csv").write_text("\n".join(_rows(shape, rng)) + "\n", encoding="utf-8")
    content = _content(shape, rng)
    (folder / "study.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return load_study(folder / "study.yaml")


def _rows(shape: Shape, rng: np.random.Generator) -> list[str]:
    single = shape.kind == "single_group"
    rows = ["leerling;klas;conditie;meting;a1;a2;a3;toets"]
    for c in range(shape.classes if single else 2 * shape.classes):
        level = rng.normal(0, 0.3)
        for p in range(shape.per_class):
            number = c * shape.per_class + p
            arm = c % 2 if shape.by == "class" else p % 2
            if shape.second_arm is not None and arm == 1 and number // 2 >= shape.second_arm:
                continue
            true = level + rng.normal()
            for wave in shape.waves:
                if rng.random() < shape.lost:
                    continue
                moved = shape.effect if wave != "T0" and (single or arm == 0) else 0.0
                score = true * shape.r**0.5 + rng.normal() * (1 - shape.r) ** 0.5 + moved
                items = np.clip(np.round(3 + shape.noise * (score + rng.normal(0, 0.5, 3))), 1, 5).astype(int)
                test = round(float(np.clip(30 + 8 * shape.noise * score, 0, 60)), 1)
                code = ("nieuw", "gewoon")[arm]
                rows.append(f"p{number};k{c};{code};{wave};{items[0]};{items[1]};{items[2]};{test}")
    return rows


def _content(shape: Shape, rng: np.random.Generator) -> dict[str, Any]:
    single = shape.kind == "single_group"
    items = {"name": "welbevinden", "items": ["a1", "a2", "a3"], "range": [1, 5]}
    design: dict[str, Any] = {"kind": shape.kind, "assigned_by": shape.by}
    design["raters_are_implementers"] = [None, True, False][rng.integers(3)]
    if rng.random() < 0.3:
        design["selected_on"] = "welbevinden"
    columns = {"pupil": "leerling", "class": "klas", "wave": "meting"} | ({} if single else {"arm": "conditie"})
    return {
        "title": "Gemaakt",
        "design": design,
        "files": [{"path": "raw.csv"}],
        "columns": columns,
        "waves": dict(zip(("T0", "T1", "T2"), ("pre", "post", "followup"), strict=True)),
        **({} if single else {"arms": {"nieuw": "intervention", "gewoon": "control"}}),
        "outcomes": [
            {**items, "informant": str(rng.choice(["teacher", "pupil"])), "better": "higher", "role": "primary"},
            {
                "name": "toets",
                "column": "toets",
                "range": [0, 60],
                "informant": "test",
                "better": str(rng.choice(["higher", "lower"])),
                "role": "secondary",
            },
        ],
    }


@pytest.mark.parametrize("kind", KINDS)
def test_reports_keep_to_what_was_found(kind, tmp_path, monkeypatch, pipeline):
    for number in range(ALWAYS):  # each in one language, every kind in both
        _keeps_to_what_was_found(kind, number, tmp_path, monkeypatch, pipeline, ("nl", "en")[number % 2 :][:1])


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_reports_keep_to_what_was_found_over_hundreds_of_studies(kind, tmp_path, monkeypatch, pipeline):
    for number in range(IN_ALL):
        _keeps_to_what_was_found(kind, number, tmp_path, monkeypatch, pipeline, ("nl", "en"))


def _keeps_to_what_was_found(kind, number, tmp_path, monkeypatch, pipeline, languages):
    monkeypatch.setattr(style, "drawn", lambda *_: b"<svg/>")  # pictures are looked at elsewhere
    folder = tmp_path / f"{kind}{number}"
    folder.mkdir()
    parts = pipeline(written(kind, 1000 * list(KINDS).index(kind) + number, folder))
    for language in languages:
        report = Bench.made(*parts, language)
        told = {name: sections(report, name) for name in ("school", "thesis", "evaluation")}
        where = (kind, number, language)
        claims_follow_their_tests(report, where)
        counts_add_up(report, where)
        for name, shown in told.items():
            words_are_carried(report, shown, (*where, name))
            every_number_is_a_result(report, shown, (*where, name))
        the_school_can_read_it_and_nobody_is_recognised(report, told["school"], where)
        the_page_does_not_contradict_itself(report, told["school"], where)
        sentences_repeat_their_tables(report, told["thesis"], where)


def sections(report, name):
    if name == "school":
        return [school.one_page(report), school.who(report), school.details(report), school.trust(report)]
    if name == "thesis":
        parts = (thesis.participants, thesis.instruments, thesis.procedure, thesis.results, thesis.limitations)
        return [*(part(report) for part in parts), thesis.analysis(report), thesis.references(report)]
    parts = (
        evaluation.summary,
        evaluation.estimates,
        evaluation.robustness,
        evaluation.meaning,
        appendices.all_estimates,
    )
    return [made for part in parts if (made := part(report)) is not None]


def texts(shown):
    for section in shown:
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


def table(shown, name):
    found = (b for s in shown for b in s.blocks if isinstance(b, Table) and b.id == name)
    return next(found, None)


def words_are_carried(report, shown, where):
    grade = report.evidence.best_grade
    equivalent = any(c.sentence.endswith(".equivalent") for c in report.results.claims)
    for text in texts(shown):
        assert check_text(text, grade, report.language, equivalent=equivalent) == [], (where, text)
        assert "None" not in text.split(), (where, text)
        assert not re.search(r"\bnan\b|\{\w+\}", text), (where, text)


def claims_follow_their_tests(report, where):
    for claim in report.results.claims_where(kind="answer"):
        test = next(t for t in report.evidence.tests if claim.test == t.id)
        variant = claim.sentence.rpartition(".")[2]
        own = check_text(
            reading(report).words.claim(claim),
            claim.grade,
            report.language,
            equivalent=variant == "equivalent",
        )
        assert own == [], (where, claim.id)
        if claim.grade == "effect":
            assert report.study.design.kind == "randomised", where
        if claim.grade == "description":
            assert test.estimate is None, where
        elif variant.startswith(("clear", "fragile")):
            assert test.ci_low * test.ci_high > 0, where
            assert variant.endswith("higher" if test.estimate > 0 else "lower"), where
            assert (claim.values["p_corrected"] < 0.05) is variant.startswith("clear"), where
        elif variant == "untested":
            assert test.ci_low is None, where
        else:
            assert test.ci_low <= 0 <= test.ci_high, where
        tost = report.evidence.beside(test, "tost")
        if variant == "equivalent":
            assert max(abs(tost.ci_low), abs(tost.ci_high)) < 0.20, where
            assert tost.p < 0.05, where
        elif variant == "unclear" and tost is not None and tost.p is not None:
            assert max(abs(tost.ci_low), abs(tost.ci_high)) >= 0.20, where


def counts_add_up(report, where):
    e, count = report.evidence, report.results.count
    for test in e.tests:
        arms = list(e.weights(test.contrast)) or [""]
        at = {"outcome": test.outcome, "wave_from": test.wave_from, "wave_to": test.wave_to}
        used = [report.results.fact(what="pupils_analysed", arm=arm, **at) for arm in arms]
        assert test.n == sum(f.value for f in used), (where, test.id)
        for arm, fact in zip(arms, used, strict=True):
            losses = ("without_pre", "without_post", "without_both", "without_unit", "without_block", "in_broken_block")
            gone = sum(count(what=f"pupils_{loss}", arm=arm, **at) or 0 for loss in losses)
            assert fact.n == fact.value + gone == count(what="pupils_enrolled", arm=arm), (where, test.id, arm)
    for fact in report.results.facts_where(what="mean"):
        measured = count(what="pupils_measured", arm=fact.arm, wave=fact.wave)
        assert (fact.n or 0) <= (measured or 0), (where, fact.id)


def every_number_is_a_result(report, shown, where):
    results = report.results
    known = {
        v
        for x in results.estimates
        for v in (x.estimate, x.se, x.statistic, x.p, x.df, x.n, x.n_clusters, x.ci_low, x.ci_high)
    }
    known |= {v for f in results.facts for v in (f.value, f.n)}
    for section in shown:
        for block in section.blocks:
            for row in block.rows if isinstance(block, Table) else ():
                for value in row.values():
                    for part in value if isinstance(value, tuple) else (value,):
                        assert part is None or isinstance(part, str) or part in known, (where, block.id, part)


def the_school_can_read_it_and_nobody_is_recognised(report, shown, where):
    least = report.study.privacy.min_cell
    for text in texts(shown[:1]):
        assert not re.search(JARGON[report.language], text), (where, text)
    for name in ("tab-who", "tab-means", "tab-differences"):
        block = table(shown, name)
        for row in block.rows if block else ():
            counts = [row[c.key] for c in block.columns if c.kind == "count"]
            assert not [n for n in counts if n is not None and 0 < n < least], (where, name, row)
            assert not {"min", "max"} & set(row), where
    quality = table(shown, "tab-quality")
    say = reading(report).words.say
    named = {say(f"claims.topic.{topic}") for topic in TOPICS}
    told = " ".join(b.text for b in shown[-1].blocks if isinstance(b, Paragraph))
    folded = {say(f"claims.topic.{topic}") for topic in TOPICS if say(f"school.trust.of.{topic}") in told}
    assert {row["topic"] for row in quality.rows} | folded == named, where
    for key in reading(report).keys:
        told = [p.text for s in shown for p in s.blocks if isinstance(p, Paragraph)]
        told = next(t for t in told if t.startswith(f"**{school.capital(reading(report).words.outcome(key))}**"))
        tests = [t for t in report.evidence.tests if t.outcome == key]
        some = any(t.estimate is not None for t in tests) and "min_cell" not in told
        used = [f.value for t in tests for f in report.results.facts_where(what="pupils_analysed", outcome=t.outcome)]
        small = any(0 < (n or 0) < least for n in used)
        if report.evidence.rated_by_implementers(key) and some and not small:
            who = report.study.outcome(key).informant
            part, words = report.evidence.part_of_rater(key.partition(".")[0]), reading(report).words
            every = words.say("school.rated.every")
            rated = [words.say(f"school.rated.{who}.{part}", outcomes=name) for name in (words.outcome(key), every)]
            assert any(one in " ".join(texts(shown)) for one in rated), (where, rated)
        for test in tests if not small else []:
            if test.estimate is None:
                continue
            width = 60 if key == "toets" else 4
            digits = 1 if width > 10 else 2
            if round(test.estimate, digits):
                side = "higher" if test.estimate > 0 else "lower"
                word = (SIDES if test.contrast else CHANGES)[report.language][side]
                assert word in told, (where, told)
                if all(round(x, digits) for x in (test.estimate, test.ci_low or 1, test.ci_high or 1)):
                    assert numbers.decimal(abs(test.estimate), report.language, digits) in told, (where, told)


def the_page_does_not_contradict_itself(report, shown, where):
    """What is called fair lost few pupils; advice follows from what was found; what is worse is said to be."""
    say, page = reading(report).words.say, list(texts(shown[:1]))
    said = " ".join(page)
    lost = report.results.claims_where(kind="quality", topic="attrition", status="attention")
    assert not (lost and say("school.sure.effect") in said), where
    answers = report.results.claims_where(kind="answer")
    clear = [c for c in answers if c.verdict == "clear"]
    for way in ("go_on", "go_on_for_now", "adapt"):
        advice = say(f"school.next.{way}", outcomes="").partition(":")[0].partition(",")[0]
        assert advice not in said or clear, where
    tests = {f"answer/{t.id}": t for t in report.evidence.tests}
    open_ = [c for c in clear if not school.hidden_test(report, tests[c.id])]
    better = {"higher": True, "lower": False}
    ways = [better[reading(report).better(c.outcome)] for c in open_]
    worse = [c.id for c, up in zip(open_, ways, strict=True) if (c.values["estimate"] > 0) is not up]
    advice = say("school.next.worse", outcomes="").strip().rpartition(".")[0].rpartition(".")[2]
    assert (advice in said) is bool(worse), (where, worse)
    bullets = [item for b in shown[0].blocks if isinstance(b, Bullets) for item in b.items]
    assert all(item[0].isupper() for item in bullets), (where, bullets)


def sentences_repeat_their_tables(report, shown, where):
    block = table(shown, "tab-main")
    said = " ".join(texts(shown)).replace("\N{NO-BREAK SPACE}", " ")
    rows, groups = [], 0
    for row in block.rows if block else ():
        groups += row.get("estimate") == ""  # a row that names the role of those below it
        rows += [row] * (row.get("estimate") != "" and groups < 2)  # the primary ones; others are told in brief
    assert rows or block is None, where
    for row in rows:
        if None not in row.get("ci", (None,)):  # a study without spread has a table without intervals
            assert numbers.interval(*row["ci"], report.language) in said, (where, row)
            assert numbers.p_phrase(row["p"], report.language) in said, (where, row)
    tests = {f"answer/{t.id}": t for t in report.evidence.tests}
    for claim in report.results.claims_where(kind="answer"):  # of the others those that found something
        t = tests.get(claim.id)
        if t is not None and claim.grade != "description" and claim.verdict in {"clear", "fragile", "equivalent"}:
            assert numbers.interval(t.ci_low, t.ci_high, report.language) in said, (where, claim.id)
