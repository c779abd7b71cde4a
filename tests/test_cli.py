"""The whole command, as a user gives it: what it prints, what it leaves and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from werkbank.cli import main

STUDY = """\
title: Onderzoek
language: nl
design: {kind: controlled, assigned_by: class}
files: [{path: raw/metingen.csv}]
columns: {pupil: leerling, class: groep, arm: conditie, wave: meting}
arms: {interventie: intervention, controle: control}
waves: {T0: pre, T1: post}
outcomes:
  - {name: vertrouwen, informant: pupil, items: [v1, v2], range: [1, 5], better: higher, role: primary}
  - {name: taal, column: taal, range: [0, 60], better: higher}
"""


def rows() -> list[str]:
    lines = ["leerling;groep;conditie;meting;v1;v2;taal"]
    for i in range(24):
        arm = "interventie" if i % 4 < 2 else "controle"
        for wave, step in (("T0", 0), ("T1", 2)):
            lines.append(f"p{i:02};k{i % 4};{arm};{wave};{1 + i % 4};{1 + (i + 1) % 5};{20 + i + step},5")
    return lines


@dataclass(frozen=True)
class Broken:
    """One way to break the study above: replace in the study file, replace in the data, or give other bytes."""

    words: str
    study: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    more: dict[str, bytes] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        text, table = STUDY, "\n".join(rows()) + "\n"
        for old, new in self.study.items():
            assert old in text
            text = text.replace(old, new)
        for old, new in self.data.items():
            assert old in table
            table = table.replace(old, new, 1)
        (folder / "raw").mkdir(parents=True)
        (folder / "study.yaml").write_text(text, encoding="utf-8")
        (folder / "raw" / "metingen.csv").write_bytes(table.encode() if self.raw is None else self.raw)
        for name, content in self.more.items():
            (folder / name).write_bytes(content)
        return folder / "study.yaml"


BROKEN = {
    "a key that does not exist": Broken("‘outcomes’", study={"outcomes:": "outcome:"}),
    "a value that does not exist": Broken("‘controlled’", study={"kind: controlled": "kind: control"}),
    "no YAML": Broken("leesbare YAML", study={"arms: {": "arms: {{["}),
    "a tab in YAML": Broken("leesbare YAML", study={"language: nl": "language:\tnl\n\tx: 1"}),
    "an alias in YAML": Broken("*", study={"title: Onderzoek": "title: &t Onderzoek\nsource: *t"}),
    "an outcome without a direction": Broken("better", study={", range: [0, 60], better: higher": ""}),
    "two outcomes of one name": Broken("dezelfde naam", study={"name: taal": "name: vertrouwen"}),
    "a control arm in a single group": Broken("single_group", study={"kind: controlled": "kind: single_group"}),
    "an instrument that does not exist": Broken(
        "strs-sf", study={"items: [v1, v2], range: [1, 5], better: higher": 'instrument: strs-fs, items: "v{item}"'}
    ),
    "an instrument without its version": Broken(
        "A, B", study={"items: [v1, v2], range: [1, 5], better: higher": 'instrument: strs-sf, items: "v{item}"'}
    ),
    "a file that is not there": Broken("bestaat niet", study={"raw/metingen.csv": "raw/meting.csv"}),
    "a file outside the study": Broken("../", study={"raw/metingen.csv": "../../etc/passwd"}),
    "a file of another kind": Broken(
        "metingen.docx", study={"raw/metingen.csv": "raw/metingen.docx"}, more={"raw/metingen.docx": b"PK"}
    ),
    "an empty file": Broken("leeg", raw=b""),
    "a header and nothing else": Broken("rij", raw=(rows()[0] + "\n").encode()),
    "a column that is not there": Broken("v2", data={";v2;": ";w2;"}),
    "a column twice": Broken("v1", data={";v1;v2;": ";v1;v1;"}),
    "an answer out of range": Broken("rij 3", data={"p00;k0;interventie;T1;1;2": "p00;k0;interventie;T1;11;2"}),
    "an answer that is no number": Broken("veel", data={"p00;k0;interventie;T1;1;2": "p00;k0;interventie;T1;veel;2"}),
    "a pupil twice at a wave": Broken("p00", data={"p00;k0;interventie;T1": "p00;k0;interventie;T0"}),
    "a pupil in two arms": Broken("p00", data={"p00;k0;interventie;T1": "p00;k0;controle;T1"}),
    "an unknown arm": Broken("interventei", data={"p00;k0;interventie": "p00;k0;interventei"}),
    "an unknown wave": Broken("T9", data={"p00;k0;interventie;T1": "p00;k0;interventie;T9"}),
    "a row without a pupil": Broken("rij 2", data={"p00;k0;interventie;T0": ";k0;interventie;T0"}),
    "a row that is too long": Broken("rij 2", data={"20,5\n": "20,5;9;9\n"}),
    "a pupil that became a number": Broken("E+", data={"p00;k0;interventie;T0": "1,2E+10;k0;interventie;T0"}),
    "a workbook that is none": Broken(
        "metingen.xlsx", study={"raw/metingen.csv": "raw/metingen.xlsx"}, more={"raw/metingen.xlsx": b"no workbook"}
    ),
    "an SPSS file that is none": Broken(
        "metingen.sav", study={"raw/metingen.csv": "raw/metingen.sav"}, more={"raw/metingen.sav": b"no SPSS"}
    ),
    "bytes that are no text": Broken("metingen.csv", raw=bytes(range(256)) * 40),
}


def werkbank(*words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "werkbank", *words],
        cwd=cwd, env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": "", **env}, capture_output=True, text=True,
        check=False, timeout=120, encoding="utf-8",
    )  # fmt: skip


@pytest.fixture
def given(tmp_path, monkeypatch, capfd):
    """Give a command: in this process, as most tests do, or in one of its own, as a user does."""

    def give(*words, alone=False):
        if alone:
            done = werkbank(*words, cwd=tmp_path)
            return done.returncode, done.stdout, done.stderr
        with monkeypatch.context() as patch:
            patch.chdir(tmp_path)
            patch.setenv("LANG", "C.UTF-8")
            patch.delenv("LC_ALL", raising=False)
            code = main(list(words))
        return code, *capfd.readouterr()

    return give


@pytest.mark.parametrize(("name", "alone"), [(name, i % 9 == 0) for i, name in enumerate(BROKEN)])
def test_a_broken_input_gives_a_list_and_nothing_else(given, tmp_path, name, alone):
    file = BROKEN[name].write(tmp_path / "studie")
    before = sorted(tmp_path.rglob("*"))
    code, printed, complained = given("run", file.relative_to(tmp_path).as_posix(), alone=alone)
    assert code == 3, complained
    heading, *problems = complained.splitlines()
    assert heading.startswith(("Er is 1 probleem", f"Er zijn {len(problems)} problemen"))
    assert problems
    assert all(line.startswith("  ") and " → " in line for line in problems), problems
    assert any(BROKEN[name].words in line for line in problems), problems
    assert "Traceback" not in printed + complained
    assert str(Path.home()) + "/" not in complained
    assert sorted(tmp_path.rglob("*")) == before, "something was written"


def test_all_problems_of_a_study_are_told_at_once(tmp_path):
    data = {"p00;k0;interventie;T1;1;2": "p00;k0;interventie;T1;11;2", "p01;k1;interventie": "p01;k1;interventei"}
    file = Broken("", data={**data, "p02;k2;controle;T1": "p02;k2;controle;T9"}).write(tmp_path / "studie")
    done = werkbank("check", str(file), cwd=tmp_path)
    assert done.returncode == 3
    assert all(word in done.stderr for word in ("11", "interventei", "T9"))


def test_the_language_can_be_chosen(tmp_path):
    file = Broken("", data={"T1;1;2": "T1;11;2"}).write(tmp_path / "studie")
    assert "1 problem was found" in werkbank("check", str(file), "--language", "en", cwd=tmp_path).stderr
    assert "1 probleem" in werkbank("check", str(file), cwd=tmp_path, LANG="en_GB.UTF-8").stderr
    english = Broken("", data={"T1;1;2": "T1;11;2"}, study={"language: nl": "language: en"}).write(tmp_path / "study")
    assert "1 problem was found" in werkbank("check", str(english), cwd=tmp_path, LANG="nl_NL.UTF-8").stderr


def test_a_fit_study_is_said_to_be_fit(tmp_path):
    file = Broken("").write(tmp_path / "studie")
    done = werkbank("check", str(file), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "rijen 48" in done.stdout
    assert "leerlingen 24" in done.stdout


def test_help_is_quick_and_names_what_works(tmp_path):
    spent = []
    for _ in range(5):
        before = os.times()
        done = werkbank("--help", cwd=tmp_path)
        after = os.times()
        spent.append(after.children_user + after.children_system - before.children_user - before.children_system)
    assert done.returncode == 0
    for command in ("demo", "new", "check", "run", "instruments", "schema", "lab"):
        assert f"\n    {command}" in done.stdout
    # the fastest of five, in processor time: the machine may be busy, the code is not
    assert min(spent) < 0.3


def test_help_speaks_the_language_of_the_machine(tmp_path):
    assert "maak een rapport" in werkbank("--help", cwd=tmp_path, LANG="nl_NL.UTF-8").stdout
    assert "make a report" in werkbank("--help", cwd=tmp_path, LANG="de_DE.UTF-8").stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["rnu"], "‘run’"),
        (["run"], "STUDY"),
        (["run", "x", "--ouut", "y"], "--ouut"),
        (["run", "x", "--language", "fr"], "fr"),
        (["instruments", "sdc"], "‘sdq’"),
        (["new", "x", "--example", "random"], "‘randomised’"),
        (["run", "x", "--report", "evaluatie"], "‘evaluation’"),
        (["run", "x", "--format", "pfd"], "html"),
    ],
    ids=" ".join,
)
def test_a_wrong_command_names_the_way_out(tmp_path, words, told):
    done = werkbank(*words, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_new_study_is_checked_next(tmp_path):
    assert werkbank("new", "data/mijn studie", cwd=tmp_path).returncode == 0
    done = werkbank("check", "data/mijn studie", cwd=tmp_path)
    assert done.returncode == 3
    assert "raw/" in done.stderr
    assert werkbank("new", "data/mijn studie", cwd=tmp_path).returncode == 2


def test_instruments_are_listed_and_explained(tmp_path):
    listed = werkbank("instruments", cwd=tmp_path).stdout
    assert "strs-sf" in listed
    explained = werkbank("instruments", "strs-sf", "--language", "nl", cwd=tmp_path).stdout
    assert "version: B" in explained
    assert "48 + closeness − conflict" in explained


def test_schema_is_printed_as_it_is_committed(tmp_path):
    root = Path(__file__).parents[1]
    printed = werkbank("schema", cwd=tmp_path).stdout
    assert printed == (root / "schema" / "study.schema.json").read_text(encoding="utf-8")


def test_a_place_that_cannot_be_written_is_a_fault_of_the_machine(tmp_path):
    file = Broken("").write(tmp_path / "studie")
    (tmp_path / "vol").write_text("a file, not a folder")
    done = werkbank("run", str(file), "--out", "vol/uit", cwd=tmp_path)
    assert done.returncode == 4
    assert "vol" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    command = f"{sys.executable} -m werkbank schema | head -1"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S602
    assert done.stderr == ""
    assert done.stdout == "{\n"


def test_every_sentence_exists_in_both_languages_with_the_same_values():
    import re

    from werkbank.catalogue import topic_sentences

    def flat(node, path=""):
        if isinstance(node, str):
            return {path: sorted(re.findall(r"(?<!{){(\w+)[!}]", node))}
        return {k: v for name, child in node.items() for k, v in flat(child, f"{path}.{name}").items()}

    assert flat(topic_sentences("cli", "nl")) == flat(topic_sentences("cli", "en"))


def test_the_handler_of_a_signal_is_put_back(capsys):
    from werkbank.cli import main

    def mine(*_):
        return None

    before = signal.signal(signal.SIGTERM, mine)
    try:
        for words, code in ((["--help"], None), (["nosuch"], 2), (["instruments"], 0)):
            if code is None:
                with pytest.raises(SystemExit):
                    main(words)
            else:
                assert main(words) == code
            assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)
    assert capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "offered"),
    [("werkbank che", {"check", "check-privacy"}), ("werkbank run --lang", {"--language"}), ("werkbank zzz", set())],
)
def test_a_shell_completes_what_is_typed(tmp_path, line, offered):
    answer = tmp_path / "answer"
    asked = {"_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "_ARGCOMPLETE_STDOUT_FILENAME": str(answer)}
    done = werkbank(cwd=tmp_path, COMP_LINE=line, COMP_POINT=str(len(line)), **asked)
    assert (done.returncode, done.stdout) == (0, "")
    assert {word.strip() for word in answer.read_text(encoding="utf-8").split("\n")} - {""} == offered
