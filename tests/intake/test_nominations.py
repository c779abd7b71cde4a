"""Who named whom becomes how each pupil stands among its classmates; what cannot be right is told with its row."""

from __future__ import annotations

import copy
import json

import numpy as np
import pandas as pd
import pytest

from werkbank.errors import UnfitError
from werkbank.intake.reading import read_answers
from werkbank.study import load_study

COLUMNS = {"liked": ["like1", "like2", "like3"], "disliked": ["dis1", "dis2"]}
STUDY = {
    "title": "Peers", "language": "en",
    "design": {"kind": "randomised"},
    "columns": {"pupil": "id", "class": "room", "arm": "arm"},
    "arms": {"P": "intervention", "C": "control"},
    "files": [
        {"path": "pre.csv", "wave": "pre"}, {"path": "post.csv", "wave": "post"},
        {"path": "named_pre.csv", "wave": "pre", "nominations": COLUMNS},
        {"path": "named_post.csv", "wave": "post", "nominations": COLUMNS},
    ],
    "outcomes": [
        {"name": "mood", "column": "mood", "range": [0, 100], "better": "higher", "informant": "pupil"},
        {"name": "preference", "column": "peer_preference", "better": "higher", "informant": "pupil"},
        {"name": "liked", "column": "peer_liked", "range": [0, 1], "better": "higher", "informant": "pupil"},
    ],
}  # fmt: skip


def classes(n_classes=3, size=20):
    ids = [f"p{n:03d}" for n in range(n_classes * size)]
    rooms = [f"r{n // size}" for n in range(n_classes * size)]
    return pd.DataFrame({"id": ids, "room": rooms, "arm": ["PC"[n % 2] for n in range(len(ids))]})


def named(pupils, seed):
    """A row a pupil: three that it likes and two that it does not, all of its own class."""
    rng, rows = np.random.default_rng(seed), []
    for pupil in pupils.itertuples():
        others = pupils.loc[(pupils["room"] == pupil.room) & (pupils["id"] != pupil.id), "id"]
        rows.append([pupil.id, *rng.choice(others.to_numpy(), 5, replace=False)])
    return pd.DataFrame(rows, columns=["id", *COLUMNS["liked"], *COLUMNS["disliked"]])


@pytest.fixture
def folder(tmp_path):
    pupils = classes()
    for seed, wave in enumerate(("pre", "post")):
        mood = np.random.default_rng(seed + 50).integers(20, 80, len(pupils))
        pupils.assign(mood=mood).to_csv(tmp_path / f"{wave}.csv", index=False)
        named(pupils, seed).to_csv(tmp_path / f"named_{wave}.csv", index=False)
    return tmp_path


def read(folder, *, change=None):
    told = copy.deepcopy(STUDY)
    if change is not None:
        change(told)
    (folder / "study.yaml").write_text(json.dumps(told), encoding="utf-8")
    return read_answers(load_study(folder / "study.yaml"))


def edited(folder, wave, edit=list, *, without=()):
    path = folder / f"named_{wave}.csv"
    rows = pd.read_csv(path, dtype=str).drop(index=list(without))
    edit(rows)
    rows.to_csv(path, index=False)


def problems(folder, **more):
    with pytest.raises(UnfitError) as caught:
        read(folder, **more)
    return {p.code: p for p in caught.value.problems}


def counted(intake):
    notes = (note for note in intake.notes if note.key.startswith("intake.nominations."))
    return {note.key.rpartition(".")[2]: dict(note.values).get("n") for note in notes}


def scores(intake, outcome, wave):
    rows = intake.answers[(intake.answers["outcome"] == outcome) & (intake.answers["wave"] == wave)]
    return rows.set_index(rows["pupil"].astype(str))["value"]


def test_scores_are_those_of_a_table_of_who_named_whom(folder):
    intake, pupils = read(folder), classes()
    rows = named(pupils, 1).set_index("id")
    for _, mine in pupils.groupby("room"):
        liked, disliked = (
            pd.Series(rows.loc[mine["id"], COLUMNS[kind]].to_numpy().ravel())
            .value_counts()
            .reindex(mine["id"], fill_value=0)
            for kind in ("liked", "disliked")
        )
        off = (liked - liked.mean()) / liked.std(ddof=1) - (disliked - disliked.mean()) / disliked.std(ddof=1)
        assert scores(intake, "preference", "post")[mine["id"]].to_numpy() == pytest.approx(off / off.std(ddof=1))
        assert scores(intake, "liked", "post")[mine["id"]].to_numpy() == pytest.approx(liked / (len(mine) - 1))


def test_a_row_a_nomination_is_the_same(folder):
    wide = read(folder)
    rows = pd.read_csv(folder / "named_post.csv", dtype=str).melt("id", var_name="kind", value_name="whom")
    rows["kind"] = rows["kind"].str[:3].map({"lik": "aardig", "dis": "niet aardig"})
    rows.to_csv(folder / "named_post.csv", index=False)

    def long(told):
        told["files"][3]["nominations"] = {
            "whom": "whom", "kind": "kind", "liked": ["Aardig"], "disliked": ["niet aardig"],
        }  # fmt: skip

    again = read(folder, change=long)
    assert scores(again, "preference", "post").to_dict() == pytest.approx(scores(wide, "preference", "post").to_dict())


def test_who_named_nobody_can_still_be_named(folder):
    edited(folder, "pre", without=[0])
    found = scores(read(folder), "liked", "pre")
    times = int((named(classes(), 0)[COLUMNS["liked"]] == "p000").sum().sum())
    assert found["p000"] == pytest.approx(times / 19)


def test_a_class_with_too_few_who_named_somebody_has_no_scores(folder):
    edited(folder, "post", without=range(9))  # 11 of 20 are left: 55 %
    intake = read(folder)
    assert set(scores(intake, "preference", "post").index) == set(classes()["id"][20:])
    assert counted(intake)["few"] == 1
    lower = read(folder, change=lambda told: told["files"][3]["nominations"].update(share=0.5))
    assert len(scores(lower, "preference", "post")) == 60
    found = problems(folder, change=lambda told: told["files"][3]["nominations"].update(fewest=21))
    assert set(found) == {"nominations_none"}


def test_what_cannot_be_right_is_told_at_once(folder):
    def spoil(rows):
        rows.loc[3, "like1"] = "p999"
        rows.loc[4, "like2"] = rows.loc[4, "like1"]
        rows.loc[5, "dis1"] = rows.loc[5, "like1"]
        rows.loc[6, "id"] = "q1"

    edited(folder, "pre", spoil)
    found = problems(folder)
    assert set(found) == {"nominations_unknown", "nominations_twice", "nominations_contradict"}
    assert (found["nominations_twice"].row, found["nominations_contradict"].row) == (6, 7)
    assert (found["nominations_unknown"].column, found["nominations_unknown"].row) == ("like1", 5)


def test_oneself_and_other_classes_do_not_count_and_are_counted(folder):
    before = scores(read(folder), "liked", "pre")

    def spoil(rows):
        rows.loc[3, "like1"] = "p003"
        rows.loc[4, "like1"] = "p021"

    edited(folder, "pre", spoil)
    intake = read(folder)
    assert {name: counted(intake)[name] for name in ("own", "elsewhere")} == {"own": 1, "elsewhere": 1}
    assert scores(intake, "liked", "pre")["p021"] == before["p021"]


def test_a_mean_of_nought_in_every_class_cannot_be_compared_between_classes(folder):
    rows = {wave: pd.read_csv(folder / f"{wave}.csv") for wave in ("pre", "post")}
    assert "intake.nominations.relative" in {note.key for note in read(folder).notes}
    for wave, table in rows.items():
        table.assign(arm=table["room"].map({"r0": "P", "r1": "C", "r2": "C"})).to_csv(
            folder / f"{wave}.csv", index=False
        )
    found = problems(folder)
    assert found["nominations_same_mean"].value == "preference"
    assert scores(read(folder, change=lambda told: told["outcomes"].pop(1)), "liked", "pre").size == 60


def test_without_class_lists_nothing_is_standardised(folder):
    def alone(told):
        told["files"] = told["files"][2:]
        told["outcomes"] = told["outcomes"][1:]
        told["columns"].pop("arm")
        told.pop("arms")
        told["design"] = {"kind": "association"}
        told["associations"] = [{"outcome": "preference", "predictors": ["liked"]}]

    assert "nominations_no_class" in problems(folder, change=alone)
