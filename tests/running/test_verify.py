"""Verification finds what was changed, by name, and calls nothing changed that was not."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from tests.running.conftest import PARAMETERS, RESULTS, SECTION

from werkbank.cli import main
from werkbank.errors import UsageError
from werkbank.running import manifest, run_report, runner
from werkbank.running.together import UNDECIDED
from werkbank.running.verify import first_difference, verify
from werkbank.warm.folder import ALIVE, living, sweep_dead

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def _code_stands_still(monkeypatch):
    monkeypatch.setattr(manifest, "_code", lambda: "0")


@pytest.fixture
def made(study, notebook, tmp_path, monkeypatch):
    """A report by a notebook that verification can find as it finds the shipped ones: by its name."""
    path = notebook("# Rapport", PARAMETERS, SECTION, RESULTS)
    folder = tmp_path / "notebooks"
    folder.mkdir()
    shutil.move(path, folder / path.name)
    monkeypatch.setattr("werkbank.running.notebooks.notebook_folder", lambda: folder)
    run_report(study, "klein", out=tmp_path / "uit", warm=True)
    return tmp_path / "uit"


def verdicts(folder, **more):
    return [(one.verdict, one.detail) for one in verify([folder], **more)]


def test_what_was_not_touched_is_the_same_to_the_byte(made, study):
    assert verdicts(made, quick=True) == [("intact", "")]
    assert verdicts(made, study=study) == [("same", "")]


@pytest.mark.parametrize("name", ["klein.nl.html", "klein.nl.ipynb", "results.json", "results.csv"])
def test_one_changed_byte_is_found_and_named(made, name):
    content = bytearray((made / name).read_bytes())
    content[len(content) // 2] ^= 1
    (made / name).write_bytes(content)
    assert verdicts(made, quick=True) == [("damaged", name)]
    (made / name).unlink()
    assert verdicts(made, quick=True) == [("damaged", name)]


def resealed(folder, name, content):
    """Change a file and its hash: only making it again can tell."""
    (folder / name).write_text(content, encoding="utf-8")
    found = json.loads((folder / manifest.NAME).read_text())
    for part in (found["results"], found["reports"]["klein.nl"]["files"]):
        if name in part:
            part[name] = manifest.sha256(folder / name)
    rewritten(folder, found)


def rewritten(folder, found):
    text = manifest.written(found["inputs"], found["results"], found["reports"])
    (folder / manifest.NAME).write_text(text, encoding="utf-8")


def test_a_number_that_was_made_up_is_found_and_named(made, study):
    resealed(made, "results.json", (made / "results.json").read_text().replace("12", "13"))
    ((verdict, detail),) = verdicts(made, study=study)
    assert verdict == "differs"
    assert detail == "results.json: /facts/n/value: 13, now 12"


def test_a_sentence_that_was_changed_is_found(made, study):
    resealed(made, "klein.nl.ipynb", (made / "klein.nl.ipynb").read_text().replace("Begin", "Einde"))
    ((verdict, detail),) = verdicts(made, study=study)
    assert verdict == "differs"
    assert "'Einde', now 'Begin'" in detail


def test_a_result_that_no_report_gives_is_found_and_named(made, study):
    store = json.loads((made / "results.json").read_text())
    store["facts"].append({**store["facts"][0], "id": "verzonnen", "value": 99})
    resealed(made, "results.json", json.dumps(store))
    assert verdicts(made, study=study)[-1] == ("differs", "results.json: /verzonnen: no report gives it")


def test_a_table_that_says_another_number_than_the_results_is_found(made, study):
    resealed(made, "results.csv", (made / "results.csv").read_text().replace("12", "13"))
    assert verdicts(made, study=study)[-1] == ("differs", "results.csv")


def test_other_data_are_told_from_other_results(made, study):
    data = study.parent / "raw" / "scores.csv"
    data.write_text(data.read_text().replace(",20", ",21"))
    assert verdicts(made, study=study) == [("changed", "data")]


def test_results_of_an_older_version_are_called_so(made, study, capsys):
    store = json.loads((made / "results.json").read_text())
    resealed(made, "results.json", json.dumps(store | {"schema_version": 1}))
    assert verdicts(made, study=study) == [("older", "")]
    assert verdicts(made, quick=True) == [("intact", "")], "its files are still those that were made"
    for language, said in (("nl", "een oudere versie van werkbank"), ("en", "an older version of werkbank")):
        assert main(["verify", str(made), "--study", str(study), "--language", language]) == 1
        told = capsys.readouterr().out.splitlines()
        assert told
        assert [line for line in told if said in line] == told


def test_a_study_is_found_by_its_hash_or_told_to_be_absent(made, study, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert verdicts(made) == [("same", "")]
    study.write_text(study.read_text() + "# een regel\n")
    assert verdicts(made) == [("no_study", "study.yaml")]


def test_a_folder_without_reports_is_a_wrong_command(tmp_path):
    with pytest.raises(UsageError):
        list(verify([tmp_path]))


def test_a_manifest_names_no_file_elsewhere(made, tmp_path):
    (tmp_path / "geheim").write_text("x")
    found = json.loads((made / manifest.NAME).read_text())
    found["results"] = {"../geheim": manifest.sha256(tmp_path / "geheim")}
    rewritten(made, found)
    assert verdicts(made, quick=True) == [("damaged", "../geheim")]


def test_the_tolerance_is_for_numbers_only():
    assert first_difference({"a": [1.0, "x"]}, {"a": [1.0 + 1e-9, "x"]}) == ""
    assert first_difference({"a": 1.0}, {"a": 1.00001}) == "/a: 1.0, now 1.00001"
    assert first_difference({"a": 12}, {"a": 13}) == "/a: 12, now 13"
    assert first_difference({"a": True}, {"a": 1}) == "/a: True, now 1"
    assert first_difference([{"id": "g/pre"}], []) != ""
    assert first_difference({"a": None}, {"a": 0.0}) != ""
    assert first_difference({"image": "a"}, {"image": "b"}, pictures=False) == ""
    assert first_difference({"a": 1}, {"a": 1, "b": 2}) == "/b: only now"


def test_the_command_ends_with_1_when_a_report_is_damaged(made, capsys):
    words = ["verify", str(made), "--quick", "--language", "nl"]
    assert main(words) == 0
    assert "die welke gemaakt zijn" in capsys.readouterr().out
    (made / "klein.nl.html").write_text("x")
    done = subprocess.run([sys.executable, "-m", "werkbank", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "klein.nl.html" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"schema_version": 1}'])
def test_a_manifest_that_is_missing_or_cannot_be_read_is_named(made, content):
    (made / manifest.NAME).unlink()
    if content is not None:
        (made / manifest.NAME).write_text(content, encoding="utf-8")
    for quick in (True, False):
        assert verdicts(made, quick=quick) == [("lacking", "manifest.json")]
        assert verdicts(made.parent, quick=quick) == [("lacking", "manifest.json")]


@pytest.mark.parametrize("folder", ["share", ".share"])
def test_a_foreign_file_in_share_is_named(made, folder):
    (made / folder).mkdir(exist_ok=True)
    (made / folder / "leerlingen.csv").write_text("x", encoding="utf-8")
    assert ("foreign", f"{folder}/leerlingen.csv") in verdicts(made, quick=True)


@pytest.mark.parametrize("field", ["werkbank", "python", "environment"])
def test_a_field_of_the_manifest_that_was_changed_is_named(made, field):
    found = json.loads((made / manifest.NAME).read_text())
    found["inputs"][field] = "f" * len(found["inputs"][field])
    rewritten(made, found)
    assert ("damaged", f"manifest.json: {field}") in verdicts(made, quick=True)


def test_a_manifest_with_more_in_it_is_named(made):
    found = json.loads((made / manifest.NAME).read_text())
    (made / manifest.NAME).write_text(json.dumps({**found, "more": 1}), encoding="utf-8")
    assert ("damaged", "manifest.json") in verdicts(made, quick=True)


def test_what_a_batch_wrote_is_verified_with_its_reports(made):
    out = made.parent / "reeks"
    for name in ("een", "twee"):
        shutil.copytree(made, out / name)
    (out / "share").mkdir()
    for file in ("index.html", "results.csv", "share/index.html", "share/results.csv"):
        (out / file).write_text(file, encoding="utf-8")
    manifest.seal(out, ["een", "twee"])
    assert verdicts(out, quick=True) == [("intact", "")] * 2
    for file in ("index.html", "results.csv", "share/index.html", "share/results.csv"):
        (out / file).write_text("iets anders", encoding="utf-8")
        assert ("damaged", file) in verdicts(out, quick=True)
        (out / file).write_text(file, encoding="utf-8")
    (out / "share" / "meer.html").write_text("x", encoding="utf-8")
    assert verdicts(out, quick=True)[0] == ("foreign", "share/meer.html")
    (out / "share" / "meer.html").unlink()
    shutil.rmtree(out / "twee")
    assert verdicts(out, quick=True) == [("lacking", "twee/manifest.json"), ("intact", "")]
    (out / manifest.BATCH).unlink()
    assert ("lacking", "batch.json") in verdicts(out, quick=True)


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_of_two_studies_with_one_study_file_the_one_with_these_data_is_taken(made, study, tmp_path, monkeypatch, order):
    for name, twin in zip(order, (True, False), strict=True):
        shutil.copytree(study.parent, tmp_path / "hier" / name)
        if twin:
            data = tmp_path / "hier" / name / "raw" / "scores.csv"
            data.write_text(data.read_text().replace(",20", ",21"))
    monkeypatch.chdir(tmp_path / "hier")
    assert verdicts(made) == [("same", "")]


def test_what_stays_inside_is_for_its_owner_only(made):
    inside = [path for path in made.rglob("*") if "share" not in path.relative_to(made).parts]
    assert {oct(path.stat().st_mode & 0o077) for path in [made, *inside]} == {"0o0"}


def test_a_way_through_a_folder_that_is_not_there_ends_where_it_says(study, notebook, tmp_path):
    path = notebook("# Rapport", PARAMETERS, SECTION, RESULTS)
    ran = run_report(study, path, out=tmp_path / "nog_niet" / ".." / "verslagen" / "x3")
    assert (tmp_path / "verslagen" / "x3" / manifest.NAME).is_file()
    assert all(file.is_file() for file in ran.files)
    assert not (tmp_path / "verslagen" / "x3" / manifest.HELD).exists()
    assert not (tmp_path / "nog_niet").exists()


def test_work_folders_of_the_dead_are_swept_and_of_the_living_not(tmp_path):
    dead, alive, unmarked = (tmp_path / f".werkbank-{name}" for name in ("dood", "levend", "zonder"))
    for folder in (dead, alive, unmarked):
        folder.mkdir()
    (dead / ALIVE).write_text("", encoding="ascii")
    with living(alive):
        sweep_dead(tmp_path)
        assert [folder.exists() for folder in (dead, alive, unmarked)] == [False, True, True]
    sweep_dead(tmp_path)
    assert not alive.exists()


def leaves(value, path=()):
    """Yield the place of every value in a JSON document, objects and lists that hold nothing among them."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inside:
        yield from leaves(one, (*path, name))
    if path and not inside:
        yield path


def flipped(content, path):
    """Return the document with one value changed: a letter, a number, a truth, or something where nothing was."""
    changed = json.loads(json.dumps(content))
    *way, last = path
    at = changed
    for name in way:
        at = at[name]
    old = at[last]
    at[last] = {
        str: lambda: ("b" if old.startswith("a") else "a") + old[1:], int: lambda: old + 1, float: lambda: old + 1,
        bool: lambda: not old, list: lambda: ["a"], dict: lambda: {"a": 1}, type(None): lambda: "a",
    }[type(old)]()  # fmt: skip
    return changed


def without(content, path):
    changed = json.loads(json.dumps(content))
    *way, last = path
    at = changed
    for name in way:
        at = at[name]
    del at[last]
    return changed


@pytest.fixture
def shared_too(made):
    """A batch of two reports that have copies to share, and what a batch writes beside them."""
    out = made.parent / "reeks"
    for name in ("een", "twee"):
        shutil.copytree(made, out / name)
        (out / name / "share").mkdir()
        for form in ("csv", "html", "json"):
            (out / name / "share" / f"klein.nl.{form}").write_text(form, encoding="utf-8")
        found = json.loads((out / name / manifest.NAME).read_text())
        entry = found["reports"]["klein.nl"]
        entry["files"] |= {f"share/{p.name}": manifest.sha256(p) for p in (out / name / "share").iterdir()}
        entry["share"] = {"parts": ["a"], **UNDECIDED, "also": ["x"], "register": "0" * 64}
        rewritten(out / name, found)
    (out / "share").mkdir()
    for file in ("index.html", "results.csv", "share/index.html", "share/results.csv"):
        (out / file).write_text(file, encoding="utf-8")
    manifest.seal(out, ["een", "twee"])
    assert verdicts(out, quick=True) == [("intact", "")] * 2
    return out


def test_whatever_field_of_a_manifest_is_changed_or_taken_out_is_found(shared_too):
    """Each field of each manifest, one at a time: the quick check, too, says that it is not what was written."""
    tried = 0
    for name in ("een/manifest.json", "batch.json"):
        content = (shared_too / name).read_text(encoding="utf-8")
        known = json.loads(content)
        for path in leaves(known):
            for change in (flipped, without):
                changed = change(known, path)
                for text in (
                    json.dumps(changed),
                    json.dumps(changed, ensure_ascii=False, indent=1, sort_keys=True) + "\n",
                ):
                    (shared_too / name).write_text(text, encoding="utf-8")
                    found = list(verify([shared_too], quick=True))
                    assert not all(one.good for one in found), (name, path, change.__name__)
                    tried += 1
        (shared_too / name).write_text(content, encoding="utf-8")
    assert tried > 200
    assert verdicts(shared_too, quick=True) == [("intact", "")] * 2


def test_whatever_file_is_changed_taken_or_added_is_found_and_named(shared_too):
    for path in sorted(path for path in shared_too.rglob("*") if path.is_file()):
        name, content = path.name, path.read_bytes()
        for changed in (bytes([content[0] ^ 1]) + content[1:], content + b" ", content[:-1], b"", None):
            path.unlink()
            if changed is not None:
                path.write_bytes(changed)
            found = [one for one in verify([shared_too], quick=True) if not one.good]
            assert any(name in f"{one.report} {one.detail}" for one in found), (path, changed)
            path.write_bytes(content)
        beside = path.with_name(f"meer-{name}")
        if path.parent.name == "share":
            beside.write_bytes(content)
            assert "foreign" in {one.verdict for one in verify([shared_too], quick=True)}, path
            beside.unlink()
    for folder in ("een", "twee"):
        (shared_too / folder).rename(shared_too.parent / "weg")
        assert ("lacking", f"{folder}/manifest.json") in verdicts(shared_too, quick=True)
        (shared_too.parent / "weg").rename(shared_too / folder)
    assert verdicts(shared_too, quick=True) == [("intact", "")] * 2


@pytest.mark.parametrize("named", [["manifest.json"], [], "x", 3])
def test_a_sealed_manifest_of_another_shape_is_named(made, named):
    found = json.loads((made / manifest.NAME).read_text())
    for field in ("inputs", "results", "reports"):
        (made / manifest.NAME).write_text(manifest.sealed({**found, field: named}), encoding="utf-8")
        for quick in (True, False):
            assert [one.good for one in verify([made], quick=quick)] == [False], (field, named)
    (made / manifest.NAME).write_text(manifest.sealed({**found, "reports": {"klein.nl": named}}), encoding="utf-8")
    assert [one.good for one in verify([made], quick=True)] == [False]


def test_a_field_that_was_changed_and_sealed_again_is_found_where_it_can_be(made, study, monkeypatch):
    """What the foot of the page says, what was made again says, and what cannot be so in one environment."""
    pristine = made.parent / "opnieuw"
    shutil.copytree(made, pristine)
    monkeypatch.setattr(runner, "run_held", lambda *_, out, **__: shutil.copytree(pristine, out))
    content = (made / manifest.NAME).read_text()
    known, passed = json.loads(content), set()
    assert verdicts(made, study=study) == [("same", "")]
    for path in leaves({k: v for k, v in known.items() if k != "seal"}):
        (made / manifest.NAME).write_text(manifest.sealed(flipped(known, path)), encoding="utf-8")
        if {one.verdict for one in verify([made], study=study)} == {"same"}:
            passed.add(path[-1])
        (made / manifest.NAME).write_text(content, encoding="utf-8")
    assert passed <= {"parameters", "remarks"}, "what a log said, and a parameter that this report does not have"


def test_a_report_of_an_older_version_is_called_so(made):
    found = json.loads((made / manifest.NAME).read_text())
    old = {k: v for k, v in found.items() if k != "seal"} | {"schema_version": 1}
    (made / manifest.NAME).write_text(json.dumps(old), encoding="utf-8")
    assert verdicts(made, quick=True) == [("older", "manifest.json")]
