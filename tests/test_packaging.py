"""What is shipped: a wheel with notebooks, examples, keys and sentences; no registry and no machine is named."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.conftest import lacking

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_a_plain_install_has_all_that_a_report_needs(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"werkbank/_notebooks/{notebook.name}" in names
    for example in ("baumann", "bdf", "nabijheid"):
        assert f"werkbank/_examples/{example}/study.yaml" in names
        assert any(n.startswith(f"werkbank/_examples/{example}/raw/") for n in names)
    source = ROOT / "src"
    for kept in source.rglob("*"):
        if kept.is_file() and "__pycache__" not in kept.parts:
            assert kept.relative_to(source).as_posix() in names, kept


def test_an_installed_wheel_runs_without_the_project(wheel, tmp_path):
    # unpacked on a path of its own, with the dependencies of this environment
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "import werkbank, werkbank.running.notebooks as n; from pathlib import Path;"
        "assert 'site' in werkbank.__file__, werkbank.__file__;"
        "study = werkbank.load_study(werkbank.example_path('baumann'));"
        "assert len(werkbank.read_answers(study).pupils) == 66;"
        "assert Path(n.notebook_path('evaluation')).is_file()"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); {code}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        lacking("not a git checkout: nothing is tracked")
    return [ROOT / name for name in listed.stdout.split("\n") if name and (ROOT / name).is_file()]


def test_no_registry_host_and_no_path_of_a_machine_is_committed():
    # written in two halves, so that this file does not name what it looks for
    hosts = re.compile("|".join(["python" + "hosted", r"py" + r"pi\.org", "npm" + "js", r"deb\." + "debian"]))
    paths = re.compile(r"(?<![\w.])/(tmp|work|root|home)/[a-z]")
    bad = []
    for path in tracked():
        if path.suffix in {".png", ".pdf", ".docx", ".xlsx", ".sav", ".csv"}:
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        if hosts.search(text):
            bad.append((path.name, "registry"))
        if path.suffix in {".md", ".toml", ".yaml", ".yml", ".ipynb", ".json", ".html"} and paths.search(text):
            bad.append((path.name, "path"))
    assert not bad


def test_lock_files_pin_every_package_by_hash_and_name_no_index():
    for name in ("requirements.lock", "requirements-test.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        pins = re.findall(r"^[a-z0-9_.-]+==", text, flags=re.MULTILINE)
        blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
        assert len(pins) == len(blocks)
        assert all("--hash=sha256:" in block for block in blocks)


def test_every_dependency_of_the_project_is_locked():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = {re.split(r"[<>=\[; ]", d)[0].lower() for d in project["project"]["dependencies"]}
    locked = set(re.findall(r"^([a-z0-9_.-]+)==", (ROOT / "requirements.lock").read_text("utf-8"), flags=re.MULTILINE))
    assert wanted <= locked
