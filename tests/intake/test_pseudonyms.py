"""Codes in place of ids: the same for the same key, none for two, and a key that only its owner reads."""

from __future__ import annotations

import os
import stat

import pytest
from tests.intake.conftest import LONG, ONE_GROUP, TWO_ARMS

from werkbank.errors import MissingPieceError
from werkbank.intake import reading
from werkbank.intake.pseudonyms import ENVIRONMENT, OF_RUN, codes, key_path, pseudonymised, read_key

RAW = LONG.replace("id,", "id,lk,").replace("01,", "Fleur de Vries,7,").replace("02,", "02,8,")
KEY = b"k" * 32


@pytest.fixture
def intake(make_study, tmp_path, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path.parent / f"{tmp_path.name}-keys"))
    columns = {"pupil": "id", "teacher": "lk", "arm": "arm", "wave": "wave"}
    return reading.read_answers(make_study(TWO_ARMS, {"raw.csv": RAW}, columns=columns))


def test_no_id_is_left_and_nothing_else_changes(intake):
    coded = pseudonymised(intake)
    text = coded.answers.to_csv() + coded.pupils.to_csv() + "".join(note.sentence("nl") for note in coded.notes)
    assert "Fleur" not in text
    assert set(coded.answers["teacher"]) == set(coded.pupils["teacher"])
    assert set(coded.answers["pupil"]) == set(coded.pupils.index)
    assert coded.answers["value"].equals(intake.answers["value"])
    assert coded.answers["pupil"].cat.codes.equals(intake.answers["pupil"].cat.codes)
    assert list(coded.pupils["arm"]) == list(intake.pupils["arm"])


def test_the_same_key_gives_the_same_code_and_another_key_another(intake, monkeypatch, tmp_path):
    first, again = pseudonymised(intake), pseudonymised(intake)
    assert list(first.pupils.index) == list(again.pupils.index)
    assert [n.key for n in first.notes if n.key == "privacy.key.made"]
    assert not [n.key for n in again.notes if n.key == "privacy.key.made"]
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path.parent / f"{tmp_path.name}-others"))
    assert not set(pseudonymised(intake).pupils.index) & set(first.pupils.index)


@pytest.mark.skipif(os.name != "posix", reason="rights are told in bits on POSIX systems only")
def test_only_its_owner_reads_the_key(intake):
    pseudonymised(intake)
    assert stat.S_IMODE(key_path().stat().st_mode) == 0o600
    assert stat.S_IMODE(key_path().parent.stat().st_mode) == 0o700
    key_path().chmod(0o644)
    with pytest.raises(MissingPieceError, match="600"):
        pseudonymised(intake)


def test_a_key_inside_the_study_or_damaged_is_refused(intake, monkeypatch, tmp_path):
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "keys"))
    with pytest.raises(MissingPieceError):
        pseudonymised(intake)
    assert not (tmp_path / "keys").exists()
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path.parent / f"{tmp_path.name}-short"))
    pseudonymised(intake)
    key_path().write_bytes(b"short")
    with pytest.raises(MissingPieceError):
        pseudonymised(intake)


def test_simulated_pupils_need_no_key(make_study, tmp_path, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "nowhere"))
    coded = pseudonymised(reading.read_answers(make_study(TWO_ARMS, {"raw.csv": LONG}, simulated=True)))
    assert list(coded.pupils.index) == list(codes(["01", "02"], "pupil", b"werkbank: pupils who do not exist").values())
    assert not (tmp_path / "nowhere").exists()


def test_fifty_thousand_pupils_have_as_many_codes():
    made = codes((str(n) for n in range(50_000)), "pupil", KEY)
    assert len(set(made.values())) == 50_000
    assert codes(["7"], "pupil", KEY)["7"][2:] != codes(["7"], "teacher", KEY)["7"][2:]
    assert codes(["7"], "pupil", KEY)["7"].startswith("p-")


def test_birth_dates_become_ages_in_months(read, refused, notes):
    wide = "id,born,a,b\n01,2014-03-07,1,2\n02,30-9-2013,3,4\n03,,1,1\n"
    declared = {"birth_date": {"column": "born", "on": "2025-09-01"}, "covariates": ["age"]}
    intake = read(ONE_GROUP, {"raw.csv": wide}, **declared)
    assert intake.pupils["age"].tolist()[:2] == pytest.approx([11 + 5 / 12, 11 + 11 / 12])
    assert intake.pupils["age"].isna().tolist() == [False, False, True]
    assert notes(intake)["ages"] == {"n": 2, "n_missing": 1, "day": "2025-09-01"}
    assert "2014" not in intake.pupils.to_csv() + intake.answers.to_csv()
    wrong = wide.replace("2014-03-07", "maart").replace("30-9-2013", "2030-01-01")
    assert [(p.code, p.row) for p in refused(ONE_GROUP, {"raw.csv": wrong}, **declared)] == [
        ("birth_date", 2), ("birth_date", 3),
    ]  # fmt: skip


def test_threads_that_need_a_key_at_once_get_one_and_the_same(monkeypatch, tmp_path):
    from concurrent.futures import ThreadPoolExecutor
    from types import SimpleNamespace

    study = SimpleNamespace(folder=tmp_path / "study", language="nl", simulated=False)
    for number in range(20):
        monkeypatch.setenv("WERKBANK_KEYS", str(tmp_path / f"keys{number}"))
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: read_key(study), range(8)))
        assert len({key for key, _ in found}) == 1
        assert sum(bool(notes) for _, notes in found) == 1


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder in which nobody can write")  # noqa: PTH112
def test_where_no_key_can_be_kept_one_is_made_for_the_run_and_that_is_said(intake, monkeypatch):
    monkeypatch.delenv(ENVIRONMENT)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/proc/nowhere")  # root may write in all others
    monkeypatch.setenv(OF_RUN, "x")
    monkeypatch.delenv(OF_RUN)  # so that what this sets is undone
    first, again = pseudonymised(intake), pseudonymised(intake)
    assert list(first.pupils.index) == list(again.pupils.index)  # also in the processes that this one starts
    (note,) = [note for note in first.notes if note.key == "privacy.key.run"]
    assert "WERKBANK_KEYS" in note.sentence("nl")
    monkeypatch.delenv(OF_RUN)
    assert not set(pseudonymised(intake).pupils.index) & set(first.pupils.index)
    monkeypatch.setenv(ENVIRONMENT, "/proc/nowhere")  # who says where it lies wants that one
    with pytest.raises(MissingPieceError, match="nowhere"):
        pseudonymised(intake)
