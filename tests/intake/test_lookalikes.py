"""Names that may be one are named, with rows and counts, and are read only once the study file has settled them."""

from __future__ import annotations

from itertools import combinations

import pytest
from tests.intake.conftest import ONE_GROUP, TWO_ARMS

from werkbank.intake.folding import DIFFERENCES, all_codes, difference, keys, says_missing
from werkbank.study.spelling import tidy

ALIKE = {
    ("5A", "5a"): "case",
    ("P01", "P1"): "zeros",
    ("007", "7"): "zeros",
    ("Juf Bakker", "Bakker"): "title",
    ("De Vlinder", "Vlinder"): "title",
    ("Bakker, Noor 11", "Noor Bakker 11"): "order",
    ("De Vries, Noor", "Noor De Vries"): "order",
    ("Bakker, J.", "J. Bakker"): "order",
    ("Noor  Bakker", "Noor Bakker"): "spaces",
    ("5 A", "5A"): "spaces",
    ("P-01", "P01"): "signs",
    ("Zoë", "Zoe"): "accents",
    ("Yılmaz", "Yilmaz"): "accents",
    ("Zoe\u0308", "Zoë"): "invisible",
    ("P0\u200b1", "P01"): "invisible",
}
NOT = [
    ("P01", "P02"), ("P1", "P10"), ("1-1", "11"), ("1 1", "11"), ("1.05", "1.5"), ("A1", "1A"),
    ("School 1", "School 10"), ("Groep 5", "Groep 6"), ("De Wilg", "De Vlinder"), ("-", "--"),
]  # fmt: skip
CLASSES = {**TWO_ARMS, "columns": {**TWO_ARMS["columns"], "class": "klas"}}


def long(*rows):
    return "id,arm,wave,klas,q1,q2\n" + "".join(f"{','.join(row)},1,2\n" for row in rows)


@pytest.mark.parametrize(("pair", "how"), ALIKE.items(), ids=repr)
def test_what_differs_only_so_is_alike(pair, how):
    assert keys(pair[0]) & keys(pair[1])
    assert difference(*pair) == difference(*reversed(pair)) == how
    assert how in DIFFERENCES


@pytest.mark.parametrize("pair", NOT, ids=repr)
def test_what_differs_otherwise_is_not(pair):
    assert not keys(pair[0]) & keys(pair[1])


def test_what_can_be_seen_is_kept():
    assert tidy(" a\u00a0b\u200b  c ") == "a b c"
    assert tidy("Zoe\u0308") == "Zoë"


SPLIT = long(("01", "x", "T0", "5A"), ("02", "x", "T0", "5a"), ("03", "c", "T0", "6A"), ("04", "c", "T0", "6A"))


def test_a_class_in_two_spellings_is_refused_with_both_and_their_rows(refused):
    (problem,) = refused(CLASSES, {"m.csv": SPLIT})
    assert (problem.code, problem.file, problem.column) == ("lookalikes", "m.csv", "klas")
    for language in ("nl", "en"):
        said = problem.sentence(language)
        assert all(part in said for part in ("‘5A’", "‘5a’", "aliases", "distinct", "2", "3"))


ALIASES = [({"class": {"5a": "5A"}}, "5A"), ({"class": {"5A": "5a"}}, "5a"), ({"class": "all"}, "5A")]


@pytest.mark.parametrize(("aliases", "name"), ALIASES)
def test_aliases_make_them_one_with_a_line(read, notes, aliases, name):
    intake = read(CLASSES, {"m.csv": SPLIT}, aliases=aliases)
    assert intake.pupils["class"].tolist() == [name, name, "6A", "6A"]
    assert notes(intake)["aliases"]["n"] == 1


@pytest.mark.parametrize("pair", [("Juf Bakker", "Meester Bakker"), ("Klas 1", "Groep 1")])
def test_two_titles_are_two_people(read, pair):
    rows = [(f"0{n}", "xc"[n % 2], "T0", name) for n, name in enumerate(pair)]
    assert read(CLASSES, {"m.csv": long(*rows)}).pupils["class"].tolist() == list(pair)


def test_distinct_leaves_them_two(read):
    intake = read(CLASSES, {"m.csv": SPLIT}, distinct=[["5A", "5a"]])
    assert intake.pupils["class"].tolist() == ["5A", "5a", "6A", "6A"]


def test_a_class_of_another_school_is_another_class(read):
    text = "id,arm,wave,klas,school,q1,q2\n01,x,T0,5A,s,1,2\n02,c,T0,5a,t,1,2\n"
    columns = {**CLASSES["columns"], "school": "school"}
    assert read({**CLASSES, "columns": columns}, {"m.csv": text}).pupils["class"].nunique() == 2


@pytest.mark.parametrize("other", ["P1", "p01", "P01\u200b", "P 01"])
def test_a_pupil_in_two_spellings_is_refused(refused, other):
    contents = {"a.csv": "id,a\nP01,1\nP02,2\n", "b.csv": f"id,b\n{other},1\nP02,3\n"}
    (problem,) = refused(ONE_GROUP, contents)
    assert problem.code in {"lookalikes", "lookalikes_unseen"}
    assert (problem.file, problem.row) == ("b.csv", 2)


def test_signs_that_cannot_be_seen_are_left_out_with_a_line(read, notes):
    intake = read(ONE_GROUP, {"m.csv": "id\u200b,a,b\nP\u00ad01,1,2\nP02,2,3\n"})
    assert intake.pupils.index.tolist() == ["P01", "P02"]
    assert notes(intake)["ids_unseen"]["n"] == 1


@pytest.mark.parametrize("word", ["onbekend", "Unknown", "n.v.t.", "?", "N/A"])
def test_words_for_unknown_are_no_pupil(refused, word):
    (problem,) = refused(ONE_GROUP, {"m.csv": f"id,a,b\n01,1,2\n02,2,2\n{word},3,4\n"})
    assert (problem.code, problem.row, problem.value) == ("id_unknown", 4, word)


@pytest.mark.parametrize("label", ["N/A", "n/a ", "weet niet / n.v.t.", "n.v.t.", "geen antwoord", "Refused", "#N/A"])
def test_labels_that_say_that_there_is_no_answer(label):
    assert says_missing(label)


@pytest.mark.parametrize("label", ["nooit", "Ja / nee", "n / a b", "altijd", "5", "geen van beide", "nvt-groep"])
def test_labels_that_are_answers(label):
    assert not says_missing(label)


def test_initials_may_be_such_a_word(read):
    contents = {"m.csv": "id,a,b\n01,1,2\n02,2,2\nNA,3,4\n"}
    assert len(read(ONE_GROUP, contents, distinct=[["NA"]]).pupils) == 3


def test_a_row_that_sums_up_is_no_pupil(refused):
    (problem,) = refused(ONE_GROUP, {"m.csv": "id,a,b\n01,1,2\n02,2,2\nGemiddelde,3,4\n"})
    assert (problem.code, problem.row) == ("id_summary", 4)


def test_a_slip_of_one_letter_is_a_question(read, notes):
    names = ["Zonnebloem", "Zonneblom", "Tulpen"]
    rows = [(f"0{n}", "x" if n < 3 else "c", "T0", name) for n, name in enumerate(names, 1)]
    found = notes(read(CLASSES, {"m.csv": long(*rows)}))
    assert (found["near_names"]["n"], found["near_names"]["pupils"]) == (1, "Zonnebloem – Zonneblom")


def test_waves_that_share_few_pupils_are_named_with_examples(read, notes):
    a = "id,a\n" + "".join(f"A{n},1\n" for n in range(11, 19))
    b = "id,b\n" + "".join(f"{'A' if n < 13 else 'B'}{n},1\n" for n in range(11, 19))
    outcome = [{**ONE_GROUP["outcomes"][0], "column": "a"}]
    contents = {"a.csv": a, "b.csv": b.replace("id,b", "id,a")}
    files = [{"path": "a.csv", "wave": "pre"}, {"path": "b.csv", "wave": "post"}]
    found = notes(read(ONE_GROUP, contents, outcomes=outcome, files=files))["waves_share_few"]
    assert (found["one"], found["other"], found["n"]) == ("pre", "post", 2)
    assert "A13" in found["pupils"]
    assert "B13" in found["pupils"]


def test_numbers_that_all_end_in_point_zero_lose_it_with_a_line(read, notes):
    intake = read(ONE_GROUP, {"m.csv": "id,a,b\n1.0,1,2\n2.0,2,3\n"})
    assert intake.pupils.index.tolist() == ["1", "2"]
    assert notes(intake)["ids_point_zero"]["example"] == "1.0"


def test_questions_of_check_are_no_part_of_a_report(make_study):
    from werkbank.intake import read_answers as for_a_report
    from werkbank.intake.reading import read_answers

    names = ["Zonnebloem", "Zonneblom", "Tulpen"]
    rows = [(f"0{n}", "x" if n < 3 else "c", "T0", name) for n, name in enumerate(names, 1)]
    study = make_study(CLASSES, {"m.csv": long(*rows)}, simulated=True)
    assert "intake.near_names" in {note.key for note in read_answers(study).notes}
    assert "intake.near_names" not in {note.key for note in for_a_report(study).notes}


@pytest.mark.parametrize(
    ("names", "alike"),
    [
        (["L001", "L002", "L103"], True),
        (["001", "002"], True),
        (["L001", "l001"], False),  # one name to whoever reads it
        (["L001", "L1"], False),
        (["L001", "LO01"], False),
        (["L001", "K001"], False),
        (["L00\u0661", "L002"], False),
        (["L-01", "L-02"], False),
        (["L01", 101], False),
        ([], False),
    ],
)
def test_codes_that_cannot_be_one_are_known_together(names, alike):
    assert all_codes(names) is alike
    if alike:
        assert not any(keys(one) & keys(other) for one, other in combinations(names, 2))
