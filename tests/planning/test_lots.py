"""Lots: the algorithm by hand, drawn once and by the promised seed, and the data held against what was drawn."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import UTC, date, datetime

import pytest
import yaml

import werkbank
from werkbank.cli import main
from werkbank.errors import UnfitError, UsageError
from werkbank.intake.reading import read_answers
from werkbank.planning.lots import Asked, announce, draw, seed_of
from werkbank.statistics.lots import draw_arms, draw_starts, numbers
from werkbank.study import load_study
from werkbank.study.lot import read_lot

PHRASE = "de koe springt over de maan"
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
CLASSES = [f"{g}{s}" for g in (5, 6, 7, 8) for s in "AB"]


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_arms_follow_from_hashes_that_any_program_can_take():
    units = [("b1", f"{i:02d}") for i in range(1, 7)]
    by_hand = sorted((u for _, u in units), key=lambda u: sha(f"zaad|b1|{u}"))
    assert draw_arms("zaad", units, {"x": 1, "y": 1}) == ["x" if by_hand.index(u) < 3 else "y" for _, u in units]
    assert draw_arms("  zaad\n", units, {"x": 1, "y": 1}) == draw_arms("zaad", units, {"x": 1, "y": 1})
    assert draw_arms("zaad", units[::-1], {"x": 1, "y": 1}) == draw_arms("zaad", units, {"x": 1, "y": 1})[::-1]


def test_places_that_do_not_divide_evenly_go_by_the_largest_rest_and_then_by_hash():
    assert numbers("z", "", 10, {"x": 2, "y": 1}) == {"x": 7, "y": 3}  # 6.67 and 3.33
    first = min("xy", key=lambda arm: sha(f"z||{arm}"))
    assert numbers("z", "", 7, {"x": 1, "y": 1})[first] == 4
    assert numbers("z", "", 9, {"x": 1, "y": 1, "w": 1}) == {"x": 3, "y": 3, "w": 3}
    gets = Counter(max(n := numbers(str(i), "", 7, {"x": 1, "y": 1}), key=n.get) for i in range(2000))
    assert abs(gets["x"] - 1000) < 3 * (2000 * 0.25) ** 0.5


def test_every_division_is_equally_likely():
    seen = Counter("".join(draw_arms(f"s{i}", [("", c) for c in "1234"], {"a": 1, "b": 1})) for i in range(6000))
    assert len(seen) == 6
    assert sum((n - 1000) ** 2 / 1000 for n in seen.values()) < 15.09  # chi-square, 5 df, 1 %


def test_starts_follow_their_schemes():
    days = range(8, 13)
    alone = draw_starts("z", ["01"], days, "start")
    assert alone == [min(days, key=lambda d: sha(f"z|01|{d}"))]
    different = draw_starts("z", ["01", "02", "03"], days, "different")
    assert len(set(different)) == 3
    assert set(different) == set(sorted(days, key=lambda d: sha(f"z||{d}"))[:3])
    turn = sorted(["01", "02", "03"], key=lambda c: sha(f"z||{c}"))
    order = dict(zip(["01", "02", "03"], draw_starts("z", ["01", "02", "03"], [8, 10, 12], "order"), strict=True))
    assert [order[c] for c in turn] == [8, 10, 12]
    with pytest.raises(UsageError):
        draw_starts("z", ["01", "02"], days, "start")


@pytest.fixture
def drawn(tmp_path):
    """Return a folder with a list, a lot that was promised and drawn, and data in which arms are as drawn."""
    (tmp_path / "klassen.csv").write_text("klas;school\n" + "\n".join(f"{c};{'ei'[i % 2]}" for i, c in
                                          enumerate(CLASSES)), encoding="utf-8")  # fmt: skip
    words = ["--unit", "klas", "--within", "school", "--arms", "coaching,controle", "--source", "mevrouw De Wit"]
    assert main(["lot", str(tmp_path / "klassen.csv"), *words, "--phrase", PHRASE, "--language", "nl"]) == 0
    assert main(["lot", str(tmp_path / "lot.yaml"), "--seed", PHRASE, "--language", "nl"]) == 0
    write_study(tmp_path)
    return tmp_path


def arms_of(folder):
    rows = (folder / "lot.list.csv").read_text("utf-8-sig").splitlines()[1:]
    return {row.split(";")[1]: row.split(";")[3] for row in rows}


def write_study(folder, *, arms=None, leave=(), more=(), **design):
    arms = {**arms_of(folder), **(arms or {})}
    lines = ["nr;klas;school;arm;voor;na"]
    for i, name in enumerate([c for c in CLASSES if c not in leave]):
        place = CLASSES.index(name)
        for j in range(5):
            scores = f"{10 + (7 * i + 3 * j) % 5};{11 + (5 * i + 2 * j) % 7}"
            lines.append(f"{name}{j};{name};{'ei'[place % 2]};{arms[name]};{scores}")
    (folder / "d.csv").write_text("\n".join([*lines, *more]), encoding="utf-8")
    told = {
        "title": "Loting",
        "language": "nl",
        "design": {"kind": "randomised", "assigned_by": "class", "blocks": "school", "lot": "lot.yaml", **design},
        "files": [{"path": "d.csv"}],
        "columns": {"pupil": "nr", "class": "klas", "school": "school", "arm": "arm"},
        "arms": {"coaching": "intervention", "controle": "control"},
        "outcomes": [{"name": "taal", "column": {"pre": "voor", "post": "na"}, "range": [0, 40], "better": "higher"}],
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")


def problems(folder):
    with pytest.raises(UnfitError) as error:
        read_answers(load_study(folder))
    for language in ("nl", "en"):
        assert all(problem.sentence(language) for problem in error.value.problems)
    return [(problem.code, problem.value) for problem in error.value.problems]


def test_a_kept_lot_is_told_and_drawn_from_again(drawn):
    bench = werkbank.open(drawn, language="nl")
    told = [note.sentence("nl") for note in bench.intake.notes]
    assert any("voordat het startgetal bekend was" in line for line in told)
    test = bench.results.estimate(method="randomisation_test", outcome="taal")
    assert test.note == "from_lot"
    assert 0 < test.p <= 1
    assert main(["check", str(drawn)]) == 0


def test_a_unit_that_is_elsewhere_is_named_unless_it_was_declared(drawn):
    arms = arms_of(drawn)
    other = {"coaching": "controle", "controle": "coaching"}[arms["6A"]]
    write_study(drawn, arms={"6A": other})
    assert problems(drawn) == [("lot_arm_differs", "6A")]
    assert main(["check", str(drawn)]) == 3
    code = f"{CLASSES.index('6A') + 1:02d}"
    write_study(drawn, arms={"6A": other}, lot_deviations={code: "leerkracht ziek"})
    notes = {note.key: note.values for note in read_answers(load_study(drawn)).notes}
    assert notes["intake.lot_deviation"]["code"] == code
    bench = werkbank.open(drawn, language="nl")
    assert not bench.results.where(method="randomisation_test", note="from_lot")
    write_study(drawn, lot_deviations={code: "toch niet"})
    assert problems(drawn) == [("lot_deviation_none", code)]
    write_study(drawn, arms={"6A": other}, lot_deviations={"99": "x", code: "ziek"})
    assert problems(drawn) == [("lot_deviation_unknown", "99")]


def test_who_was_drawn_and_is_lost_must_be_counted_and_who_was_not_drawn_is_named(drawn):
    write_study(drawn, leave=("8B",))
    assert problems(drawn) == [("lot_unit_absent", "8B")]
    write_study(drawn, more=["q1;9Z;e;coaching;10;11"])
    assert problems(drawn) == [("lot_unit_unknown", "e / 9Z")]


@pytest.mark.parametrize(
    ("design", "code"),
    [
        ({"kind": "controlled"}, "lot_not_randomised"),
        ({"assigned_by": "school", "blocks": None}, "lot_other_level"),
        ({"blocks": None}, "lot_blocks_undeclared"),
    ],
)
def test_a_study_file_and_its_lot_speak_of_the_same(drawn, design, code):
    write_study(drawn, **design)
    assert code in [found for found, _ in problems(drawn)]


def test_blocks_must_be_those_of_the_lot(drawn):
    text = (drawn / "d.csv").read_text("utf-8")
    (drawn / "d.csv").write_text(text.replace(";8B;i;", ";8B;e;"), encoding="utf-8")
    assert ("lot_blocks_differ", "8B") in problems(drawn)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("arm: coaching", "arm: controle", "lot_draw"),
        ("text: de koe", "text: de kip", "lot_commitment"),
        ("level: class", "level: school", "lot_seal"),
        ("mevrouw De Wit", "meneer De Wit", "lot_seal"),
    ],
)
def test_an_altered_lot_is_found(drawn, old, new, reason):
    text = (drawn / "lot.yaml").read_text("utf-8")
    assert old in text
    (drawn / "lot.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UnfitError) as error:
        load_study(drawn)
    (found,) = error.value.problems
    assert (found.code, found.details["reason_key"]) == ("lot_altered", reason)
    assert main(["check", str(drawn)]) == 3


def test_a_resealed_forgery_does_not_follow_from_its_seed(drawn):
    from werkbank.study.sealed import written

    lot = read_lot(drawn / "lot.yaml", "lot.yaml")
    swapped = tuple(u.model_copy(update={"arm": {"coaching": "controle", "controle": "coaching"}[u.arm]})
                    for u in lot.units)  # fmt: skip
    (drawn / "lot.yaml").write_text(written(lot.model_copy(update={"units": swapped}), "x"), encoding="utf-8")
    with pytest.raises(UnfitError, match="startgetal"):
        load_study(drawn)


def test_an_altered_list_is_found(drawn):
    path = drawn / "klassen.csv"
    path.write_text(path.read_text("utf-8").replace("5A;e\n5B;i", "5B;i\n5A;e"), encoding="utf-8")
    assert problems(drawn) == [("lot_list_altered", None)]
    path.unlink()
    assert [code for code, _ in problems(drawn)] == ["file_not_found"]


def test_lots_are_drawn_once_by_the_promised_phrase_from_the_announced_list(drawn, capsys):
    assert main(["lot", str(drawn / "lot.yaml"), "--seed", PHRASE]) == 2  # drawn already
    path = drawn / "klassen.csv"
    words = [str(path), "--unit", "klas", "--arms", "a,b", "--source", "een ander"]
    assert main(["lot", *words, "--phrase", PHRASE]) == 2  # a lot is there already
    out = ["--out", str(drawn / "tweede.yaml")]
    assert main(["lot", *words, *out, "--phrase", PHRASE, "--seed", PHRASE]) == 2  # nothing was promised before
    assert not (drawn / "tweede.yaml").exists()
    assert main(["lot", *words, *out, "--phrase", "kort"]) == 2
    assert main(["lot", *words, *out]) == 2
    assert main(["lot", *words, *out, "--sha256", sha(PHRASE)]) == 0
    assert main(["lot", str(drawn / "tweede.yaml"), "--seed", "een heel andere zin"]) == 2
    path.write_text(path.read_text("utf-8") + "\n9A;e", encoding="utf-8")
    assert main(["lot", str(drawn / "tweede.yaml"), "--seed", PHRASE]) == 3  # another list
    assert "SHA-256" in capsys.readouterr().err


def test_what_is_public_is_known_from_its_day_on(tmp_path):
    (tmp_path / "l.csv").write_text("klas\n" + "\n".join(CLASSES), encoding="utf-8")
    seed = seed_of("nl", source="Staatsloterij", on=date(2026, 9, 10))
    asked = Asked("class", ["klas"], arms={"a": 1, "b": 1})
    lot, rows = announce(tmp_path, "l.csv", asked, seed, NOW, "nl")
    with pytest.raises(UsageError, match="2026-09-10"):
        draw(lot, rows, "123456", NOW, "nl")
    later = datetime(2026, 9, 10, 20, tzinfo=UTC)
    assert draw(lot, rows, "123456", later, "nl").foretold == "before"
    assert draw(lot, rows, "123456", later, "nl", announced=False).foretold == "not"
    same, rows = announce(tmp_path, "l.csv", asked, seed, later, "nl")
    assert draw(same, rows, "123456", later, "nl").foretold == "same_day"


def test_no_name_leaves_and_the_page_holds_all_that_is_needed_to_draw_again(drawn):
    lot, page = (drawn / "lot.yaml").read_text("utf-8"), (drawn / "lot.nl.html").read_text("utf-8")
    assert "5A" not in lot
    assert ">5A<" not in page
    for needed in (PHRASE, sha(PHRASE), "SHA-256", "b02", "08", "2026-"):
        assert needed in page
    assert "8A" in (drawn / "lot.list.csv").read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "code"),
    [("klas;school\n5A;e\n5A;i\n", "lot_unit_twice"), ("klas;school\n5A;e\n;i\n6A;e\n", "lot_cell_empty")],
)
def test_a_list_that_leaves_doubt_is_refused(tmp_path, text, code):
    (tmp_path / "l.csv").write_text(text, encoding="utf-8")
    asked = Asked("class", ["klas"], arms={"a": 1, "b": 1}, within="school")
    seed = seed_of("en", source="someone", phrase=PHRASE)
    with pytest.raises(UnfitError) as error:
        announce(tmp_path, "l.csv", asked, seed, NOW, "en")
    assert [problem.code for problem in error.value.problems] == [code]
    assert error.value.problems[0].row == 3


def test_a_case_begins_on_the_day_that_was_drawn_for_it(tmp_path):
    from werkbank.cases.reading import read_cases

    (tmp_path / "gevallen.csv").write_text("wie\nAnna\nBram\nCas\n", encoding="utf-8")
    words = ["--unit", "wie", "--starts", "5-9", "--scheme", "different", "--source", "de begeleider"]
    assert main(["lot", str(tmp_path / "gevallen.csv"), *words, "--phrase", PHRASE]) == 0
    assert main(["lot", str(tmp_path / "lot.yaml"), "--seed", PHRASE]) == 0
    lot = read_lot(tmp_path / "lot.yaml", "lot.yaml")
    drawn = dict(zip(["Anna", "Bram", "Cas"], [unit.start for unit in lot.units], strict=True))
    assert len(set(drawn.values())) == 3

    def write(begun, **design):
        lines = ["wie,dag,fase,score"]
        for n, (who, start) in enumerate(begun.items()):
            lines += [f"{who},{d},{'B' if d >= start else 'A'},{(3 * d + n) % 5 + 2 * (d >= start)}"
                      for d in range(1, 15)]  # fmt: skip
        (tmp_path / "dagen.csv").write_text("\n".join(lines), encoding="utf-8")
        outcome = {"column": "score", "better": "higher", "range": [0, 10], "role": "primary"}
        block = {"file": {"path": "dagen.csv"}, "columns": {"case": "wie", "session": "dag", "phase": "fase"}}
        told = {"title": "Gevallen", "design": {"kind": "single_group", "lot": "lot.yaml", **design},
                "single_case": {**block, "outcomes": [outcome]}}  # fmt: skip
        (tmp_path / "study.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
        return load_study(tmp_path)

    study = write(drawn)
    assert study.single_case.drawn.scheme == "different"  # the lot says it
    assert study.single_case.drawn.starts == [[5, 6, 7, 8, 9]]
    bench = werkbank.open(tmp_path, language="en")
    test = bench.results.estimate(method="multiple_baseline_test", outcome="score")
    assert (test.note, test.n) == ("cases.from_lot", 60)  # 5·4·3 ways to draw
    late = {**drawn, "Bram": next(d for d in range(5, 10) if d not in drawn.values())}
    with pytest.raises(UnfitError) as error:
        read_cases(write(late))
    assert [(p.code, p.value) for p in error.value.problems] == [("lot_start_differs", "Bram")]
    notes = [note.key for note in read_cases(write(late, lot_deviations={"02": "ziek"})).notes]
    assert "intake.lot_deviation" in notes


def test_pupils_are_drawn_within_their_classes(tmp_path):
    lines = ["klas;nr;", *(f"{c};{n};" for c in ("5A", "5B") for n in range(1, 7))]
    (tmp_path / "l.csv").write_text("\n".join(line[:-1] for line in lines), encoding="utf-8")
    words = ["--unit", "klas,nr", "--within", "klas", "--level", "pupil", "--arms", "tutor,wacht", "--source", "ANWB"]
    assert main(["lot", str(tmp_path / "l.csv"), *words, "--on", "2020-01-02", "--seed", "4711"]) == 0
    lot = read_lot(tmp_path / "lot.yaml", "lot.yaml")
    assert Counter((u.block, u.arm) for u in lot.units) == Counter(
        {("b01", "tutor"): 3, ("b01", "wacht"): 3, ("b02", "tutor"): 3, ("b02", "wacht"): 3}
    )
    rows = ["klas;nr;arm;toets"]
    rows += [f"{c};{n};{lot.units[i].arm};{10 + i * 7 % 11}"
             for i, (c, n) in enumerate((c, n) for c in ("5A", "5B") for n in range(1, 7))]  # fmt: skip
    (tmp_path / "d.csv").write_text("\n".join(rows), encoding="utf-8")
    told = {
        "title": "Tutoren", "language": "nl",
        "design": {"kind": "randomised", "assigned_by": "pupil", "blocks": "class", "lot": "lot.yaml"},
        "files": [{"path": "d.csv"}], "columns": {"pupil": ["klas", "nr"], "class": "klas", "arm": "arm"},
        "arms": {"tutor": "intervention", "wacht": "control"}, "waves": {"na": "post"},
        "outcomes": [{"name": "taal", "column": "toets", "range": [0, 40], "better": "higher"}],
    }  # fmt: skip
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    notes = {note.key for note in read_answers(load_study(tmp_path)).notes}
    assert "intake.lot_held_not" in notes  # nobody could see that it was announced before


def test_the_report_says_that_it_draws_again_from_the_lot(drawn):
    assert main(["run", str(drawn), "--out", str(drawn / "uit")]) == 0
    page = (drawn / "uit" / "evaluation.nl.html").read_text("utf-8")
    assert "loot opnieuw uit de loting die er was" in page
    assert "voordat het startgetal bekend was" in page
    inputs = yaml.safe_load((drawn / "uit" / "manifest.json").read_text("utf-8"))["inputs"]
    assert {"lot.yaml", "klassen.csv"} <= {item["file"] for item in inputs["data"]}


def test_pairs_in_a_workbook_are_drawn_one_by_one(tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["klas", "paar"])
    for n in range(8):
        book.active.append([500 + n, n // 2 + 1])
    book.save(tmp_path / "paren.xlsx")
    words = ["--unit", "klas", "--within", "paar", "--arms", "a,b", "--source", "Lotto", "--on", "2020-01-02"]
    assert main(["lot", str(tmp_path / "paren.xlsx"), *words, "--seed", "12 15 31", "--language", "nl"]) == 0
    lot = read_lot(tmp_path / "lot.yaml", "lot.yaml")
    assert Counter((u.block, u.arm) for u in lot.units) == Counter(
        {(f"b0{n}", arm): 1 for n in range(1, 5) for arm in "ab"}
    )
    assert (tmp_path / "lot.list.csv").read_text("utf-8-sig").splitlines()[1].startswith("01;500;1;")
    (tmp_path / "scheef.csv").write_text("klas,paar\n1,x\n2,x\n3,y\n", encoding="utf-8")
    odd = [str(tmp_path / "scheef.csv"), *words, "--out", str(tmp_path / "scheef.yaml")]
    assert main(["lot", *odd]) == 2  # a pair of one


def test_coached_teachers_may_have_target_and_transfer_pupils(drawn):
    write_study(drawn)
    text = (drawn / "d.csv").read_text("utf-8").splitlines()
    rows = [row.replace(";coaching;", f";{('doel', 'rest')[n % 2]};") for n, row in enumerate(text)]
    (drawn / "d.csv").write_text("\n".join(rows), encoding="utf-8")
    told = yaml.safe_load((drawn / "study.yaml").read_text("utf-8"))
    told["arms"] = {"doel": "target", "rest": "transfer", "controle": "control"}
    (drawn / "study.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    assert "intake.lot_held_before" in {note.key for note in read_answers(load_study(drawn)).notes}
