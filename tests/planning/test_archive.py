"""A bundle: no name in it, every number out of it again on another machine, and each flipped byte named."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml
from rocrate.rocrate import ROCrate
from tests.planning.test_lots import drawn  # noqa: F401 - a fixture

import werkbank
from werkbank.cli import main
from werkbank.intake.stored import from_text, to_text
from werkbank.running.bundle import CRATE, SUMS
from werkbank.running.verify import verify
from werkbank.study.finding import example_path

NAMES = ("Fleur", "Planten", "Kwastje", "De Wilg", "groep 5A")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study with names of pupils, teachers, classes and schools in its data."""
    folder, rng = tmp_path_factory.mktemp("s"), np.random.default_rng(3)
    rows = ["leerling;lk;klas;school;arm;sekse;t;v1;v2;v3;taal"]
    for k in range(8):
        for j in range(7):
            who = f"Fleur Planten {k}{j}"
            for wave in ("T0", "T1"):
                items = ";".join("" if rng.random() < 0.04 else str(x) for x in rng.integers(1, 6, 3))
                rows.append(f"{who};Kwastje {k};groep 5A{k};{('De Wilg', 'De Eik')[k % 2]};{'ab'[k // 2 % 2]};"
                            f"{'mv'[j % 2]};{wave};{items};{rng.normal(40, 8):.2f}")  # fmt: skip
    (folder / "d.csv").write_text("\n".join(rows), encoding="utf-8")
    told = {
        "title": "Bewaard", "language": "nl",
        "design": {"kind": "randomised", "assigned_by": "class", "blocks": "school"},
        "files": [{"path": "d.csv"}], "aliases": {"class": {"groep 5A9": "groep 5A1"}},
        "columns": {"pupil": "leerling", "teacher": "lk", "class": "klas", "school": "school", "arm": "arm",
                    "wave": "t"},
        "arms": {"a": "intervention", "b": "control"}, "waves": {"T0": "pre", "T1": "post"}, "covariates": ["sekse"],
        "outcomes": [
            {"name": "fijn", "items": ["v1", "v2", "v3"], "range": [1, 5], "better": "higher", "role": "primary"},
            {"name": "taal", "column": "taal", "range": [0, 90], "better": "higher"},
        ],
    }  # fmt: skip
    (folder / "study.yaml").write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def archived(study):
    place = study.parent / f"{study.name}-archief"
    assert main(["archive", str(study), "--out", str(place)]) == 0
    return place


def verdicts(place, **how):
    return [(one.verdict, one.detail) for one in verify([place], **how)]


def test_every_number_comes_out_of_the_bundle_again(archived):
    assert verdicts(archived) == [("same", "")]
    assert verdicts(archived, quick=True) == [("intact", "")]


def test_the_numbers_are_those_of_the_report(study, archived):
    kept = json.loads((archived / "results.json").read_text("utf-8"))
    effects = werkbank.open(study).part("effects")
    found = {e["id"]: e for e in kept["estimates"]}
    for e in effects.estimates:
        for name in ("estimate", "se", "p"):
            here, there = getattr(e, name), found[e.id][name]
            assert (here is None) == (there is None)
            assert here is None or there == pytest.approx(here, rel=1e-9)


def test_no_name_is_in_the_bundle_and_every_place_says_that_it_stays(archived):
    for path in (p for p in archived.rglob("*") if p.is_file()):
        text = path.read_text("utf-8")
        assert not [name for name in NAMES if name in text], path.name
        assert path.stat().st_mode & 0o077 == 0
    assert "Niet delen" in (archived / "LICENCE.txt").read_text("utf-8")
    assert "do not share" in (archived / "data" / "answers.csv").read_text("utf-8").splitlines()[1]
    pupils = (archived / "data" / "pupils.csv").read_text("utf-8").splitlines()[1]
    assert pupils.split(",")[2:4] == ["k01", "s02"]  # in the order of the names


def test_the_crate_is_described_as_ro_crate_asks(archived):
    crate = json.loads((archived / CRATE).read_text("utf-8"))
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    about, root = entities[CRATE], entities["./"]
    assert crate["@context"][0] == "https://w3id.org/ro/crate/1.1/context"
    assert about["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert about["about"] == {"@id": "./"}
    assert {"name", "description", "datePublished", "license", "hasPart"} <= set(root)
    files = {p.relative_to(archived).as_posix() for p in archived.rglob("*") if p.is_file()} - {CRATE, SUMS}
    assert {part["@id"] for part in root["hasPart"]} == files
    assert all(entities[name]["@type"] == "File" for name in files)
    wanted = {
        "codebook.csv",
        "lock.txt",
        "results.json",
        "LICENCE.txt",
        "data/scores.csv",
        "notebooks/evaluation.ipynb",
    }
    assert wanted <= files


def test_the_library_of_ro_crates_reads_it(archived):
    crate = ROCrate(archived)
    assert crate.version == "1.1"
    assert crate.name == "Bewaard"
    for entity in crate.get_by_type("File"):
        assert hashlib.sha256((archived / entity.id).read_bytes()).hexdigest() == entity["sha256"]
        assert int(entity["contentSize"]) == (archived / entity.id).stat().st_size


def test_one_flipped_byte_is_named_wherever_it_is(archived, tmp_path):
    for original in sorted(p for p in archived.rglob("*") if p.is_file()):
        name = original.relative_to(archived).as_posix()
        place = tmp_path / "kopie"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(archived, place)
        content = bytearray((place / name).read_bytes())
        content[len(content) // 2] ^= 1
        (place / name).write_bytes(bytes(content))
        assert verdicts(place) == [("damaged", name)]


def test_a_file_that_is_gone_or_came_besides_is_named(archived, tmp_path):
    place = tmp_path / "kopie"
    shutil.copytree(archived, place)
    (place / "data" / "scores.csv").unlink()
    (place / "extra.txt").write_text("x", encoding="utf-8")
    assert set(verdicts(place)) == {("lacking", "data/scores.csv"), ("foreign", "extra.txt")}
    assert main(["verify", str(place)]) == 1


def test_a_changed_number_in_a_resealed_bundle_does_not_come_out_again(archived, tmp_path):
    from datetime import UTC, datetime

    from werkbank.running.bundle import describe

    place = tmp_path / "kopie"
    shutil.copytree(archived, place)
    kept = json.loads((place / "results.json").read_text("utf-8"))
    target = next(e for e in kept["estimates"] if e["estimate"])
    target["estimate"] += 0.01
    (place / "results.json").write_text(json.dumps(kept), encoding="utf-8")
    describe(place, "x", datetime.now(UTC), "nl")
    ((verdict, detail),) = verdicts(place)
    assert verdict == "differs"
    assert target["id"] in detail


def test_another_machine_needs_the_bundle_and_nothing_else(archived, tmp_path):
    place = tmp_path / "elders" / "bundel"
    shutil.copytree(archived, place)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("WERKBANK", "XDG"))}
    env |= {"HOME": str(tmp_path / "thuis"), "LANG": "C", "WERKBANK_KEYS": str(tmp_path / "geen")}
    command = [sys.executable, "-m", "werkbank", "verify", str(place)]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "the same, to the byte" in done.stdout


def test_what_is_no_study_of_pupils_is_not_archived(tmp_path, archived, study):
    assert main(["archive", str(example_path("overzicht")), "--out", str(tmp_path / "a")]) == 3
    assert not (tmp_path / "a").exists()
    assert main(["archive", str(study), "--out", str(archived)]) == 2  # it is there already


def test_a_lot_and_a_registration_go_along_and_say_the_same(drawn, tmp_path):  # noqa: F811
    told = yaml.safe_load((drawn / "study.yaml").read_text("utf-8"))
    told |= {"where": "voor > 0", "aliases": {"class": {"5a": "5A"}}}
    (drawn / "study.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    assert main(["register", str(drawn)]) == 0
    told["design"] |= {"preregistration": "registration.yaml"}
    told |= {"equivalence": 0.3}
    (drawn / "study.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    place = tmp_path / "bewaard"
    assert main(["archive", str(drawn), "--out", str(place)]) == 0
    assert verdicts(place) == [("same", "")]
    kept = json.loads((place / "results.json").read_text("utf-8"))
    assert [c["values"]["field"] for c in kept["claims"] if c["kind"] == "deviation"] == ["equivalence"]
    assert "from_lot" in {e["note"] for e in kept["estimates"]}
    assert (place / "lot.yaml").is_file()
    assert not (place / "klassen.csv").exists()  # the list has names


def test_tables_come_back_to_the_last_bit():
    table = pd.DataFrame({"x": [0.1 + 0.2, np.nan, 1e-300], "c": pd.Categorical(["b", None, "a"], ["b", "a"])},
                         index=pd.Index(["p1", "p,2", 'p"3'], name="pupil"))  # fmt: skip
    text, shape = to_text(table, "stays")
    pd.testing.assert_frame_equal(from_text(text, json.loads(json.dumps(shape))), table)


@pytest.mark.long
@pytest.mark.parametrize("name", ["baumann", "bdf", "nabijheid"])
def test_the_examples_come_out_again(name, tmp_path):
    assert main(["archive", str(example_path(name)), "--out", str(tmp_path / "a")]) == 0
    assert verdicts(tmp_path / "a") == [("same", "")]
