"""A study's block monitoring: the export in every shape, Dutch numbers and dates, alerts and counts."""

from __future__ import annotations

import pandas as pd
import pytest
import yaml

import werkbank
from werkbank.underachievement.following import facts, follow

BASE = {"title": "t", "design": {"kind": "single_group"}}
COLUMNS = {"pupil": "leerling", "subject": "vak", "date": "datum", "ability": "score"}
DATES = ["2023-01-20", "2023-06-10", "2024-01-20", "2024-06-10", "2025-01-20"]


def long(pupils=12):
    rows = [
        {"leerling": f"p{i}", "vak": "rekenen", "datum": day, "score": 50 + i + 5.5 * k + (i * k * 7 % 5) / 2}
        for i in range(pupils)
        for k, day in enumerate(DATES)
    ]
    return pd.DataFrame(rows)


def declared(folder, monitoring):
    (folder / "study.yaml").write_text(yaml.safe_dump({**BASE, "monitoring": monitoring}), encoding="utf-8")
    return werkbank.load_study(folder)


def block(**more):
    return {"file": {"path": "lvs.csv"}, "shape": "long", "columns": COLUMNS, **more}


@pytest.fixture(scope="module")
def example():
    return follow(werkbank.load_study(werkbank.example_path("volgsysteem")))


def of(found):
    return {f.id.removeprefix("monitoring/"): f for f in found}


def test_the_example_is_read_as_pandas_reads_it(example):
    path = werkbank.example_path("volgsysteem").parent / "raw" / "lvs.csv"
    raw = pd.read_csv(path, sep=";", decimal=",")
    assert example.scores["ability"].tolist() == raw["vaardigheid"].tolist()
    assert (example.scores["date"] == pd.to_datetime(raw["datum"], format="%d-%m-%Y")).all()
    found = of(facts(example))
    assert found["pupils"].value == raw["leerling"].nunique() == 120
    assert found["series"].value == raw.groupby(["leerling", "vak"]).ngroups


def test_the_six_pupils_who_drop_are_told_and_hardly_anyone_else(example):
    alerts = example.watched.table[example.watched.table["state"] == "alert"]
    dropped = {f"L{n:03}" for n in (1, 21, 41, 61, 81, 101)}
    assert dropped <= set(alerts["pupil"])
    assert set(alerts["subject"]) == {"rekenen"}
    assert len(alerts) <= len(dropped) + 1


def test_counts_add_up(example):
    found = facts(example)
    whole = of(found)
    for name in ("series", "judged", "alerts"):
        parts = [f.value for f in found if f.id.endswith(f"/{name}") and f.outcome]
        assert sum(parts) == whole[name].value
    for subject in ("rekenen", "spelling"):
        bands = [f for f in found if f.outcome == subject and "/band_" in f.id]
        assert [f.id[-len(b) :] for f, b in zip(bands, ("_I", "_II", "_III", "_IV", "_V"), strict=True)]
        assert sum(f.value for f in bands) == bands[0].n == 120


def test_no_pupil_is_in_the_facts(example):
    text = werkbank.Results({}, facts=tuple(facts(example))).to_json()
    assert not any(pupil in text for pupil in example.scores["pupil"].unique())


def test_the_shapes_of_one_export_give_the_same(tmp_path):
    table = long()
    table.to_csv(tmp_path / "lvs.csv", index=False)
    by_row = follow(declared(tmp_path, block()))
    wide = table.assign(toets=table["datum"].map({d: f"M{k}" for k, d in enumerate(DATES)}))
    wide = (
        wide.pivot_table("score", "leerling", "toets", "first", sort=False)
        .add_prefix("rekenen ")
        .add_suffix(" ability")
    )
    wide.reset_index().to_csv(tmp_path / "breed.csv", index=False, sep=";", decimal=",")
    moments = {f"M{k}": d for k, d in enumerate(DATES)}
    by_pupil = follow(
        declared(
            tmp_path,
            block(
                file={"path": "breed.csv"}, shape="wide", columns={"pupil": "leerling"},
                pattern="{subject} {test} {measure}", moments=moments,
            ),
        )
    )  # fmt: skip
    with pd.ExcelWriter(tmp_path / "bladen.xlsx") as book:
        table.drop(columns="vak").to_excel(book, sheet_name="rekenen", index=False)
        table.drop(columns="vak").to_excel(book, sheet_name="spelling", index=False)
    columns = {k: v for k, v in COLUMNS.items() if k != "subject"}
    by_sheet = follow(
        declared(
            tmp_path,
            block(file={"path": "bladen.xlsx"}, shape="sheets", columns=columns, sheets=["rekenen", "spelling"]),
        )
    )
    rows = [
        made.watched.table.query("subject == 'rekenen'").sort_values("pupil").reset_index(drop=True)
        for made in (by_row, by_pupil, by_sheet)
    ]
    assert rows[0]["z_last"].notna().all()
    for other in rows[1:]:
        assert other["z_last"].tolist() == pytest.approx(rows[0]["z_last"].tolist(), abs=1e-9)
    assert by_sheet.watched.n_series == 24


def test_only_one_school_gives_what_that_school_had(example):
    study = werkbank.load_study(werkbank.example_path("volgsysteem"))
    one = of(facts(follow(study, {"school": "S2"})))
    n = example.schools.index("S2") + 1
    assert [f.value for f in one.values() if f.what == "monitoring_school"] == ["S2"]
    for name in (f"{n}/rekenen/alerts", f"{n}/rekenen/sem", f"{n}/spelling/growth"):
        assert one[name].value == pytest.approx(of(facts(example))[name].value, rel=1e-12)
    assert one["pupils"].value == 60


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"shape": "wide"}, "study_monitoring_wide"),
        ({"shape": "sheets"}, "study_monitoring_sheets"),
        ({"min_history": 2}, "study_monitoring_history"),
        ({"columns": {**COLUMNS, "ability": "weg"}}, "monitoring_column_missing"),
        ({"columns": {**COLUMNS, "ability": "vak"}}, "monitoring_not_a_number"),
        ({"columns": {**COLUMNS, "date": "vak"}}, "monitoring_not_a_date"),
        ({"columns": {**COLUMNS, "band": "vak"}}, "monitoring_unknown_band"),
        ({"file": {"path": "weg.csv"}}, "file_not_found"),
        ({"file": {"path": "../lvs.csv"}}, "file_outside"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(tmp_path, change, code):
    long().to_csv(tmp_path / "lvs.csv", index=False)
    with pytest.raises(werkbank.UnfitError) as refused:
        follow(declared(tmp_path, block(**change)))
    assert code in {p.code for p in refused.value.problems}
    for language in ("nl", "en"):
        assert all(p.sentence(language) for p in refused.value.problems)


def test_a_study_may_do_without_outcomes_only_when_it_follows(tmp_path):
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(BASE), encoding="utf-8")
    with pytest.raises(werkbank.UnfitError) as refused:
        werkbank.load_study(tmp_path)
    assert [p.code for p in refused.value.problems] == ["study_without_outcomes"]


def test_the_example_is_what_the_script_writes():
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
    import simulate_volgsysteem

    path = werkbank.example_path("volgsysteem").parent / "raw" / "lvs.csv"
    assert simulate_volgsysteem.simulate().to_csv(sep=";", index=False, lineterminator="\n") == path.read_text()


def test_jsp_goes_through_with_a_given_error(tmp_path, shared):
    """Three real years: too few to estimate an error and to confirm, so the error is given and nothing is confirmed."""
    jsp = pd.read_csv(shared / "data" / "jsp.csv", dtype=str)
    days = jsp["year"].map({"0": "1980-06-01", "1": "1981-06-01", "2": "1982-06-01"})
    jsp = jsp.assign(datum=days, vak="rekenen", leerling=jsp["school"] + "-" + jsp["class"] + "-" + jsp["id"])
    jsp = jsp.drop_duplicates(["leerling", "datum"])
    jsp.to_csv(tmp_path / "lvs.csv", index=False)
    columns = {**COLUMNS, "ability": "math", "school": "school"}
    made = follow(declared(tmp_path, block(columns=columns, sem={"rekenen": 3.0}, min_history=2, confirm=1)))
    assert made.watched.n_series == jsp["leerling"].nunique()
    assert made.watched.n_judged == (jsp.groupby("leerling").size() == 3).sum()
    assert set(made.watched.table["state"]) <= {"look again", "none", "not judged"}
