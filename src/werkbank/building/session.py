"""One user at the form: messages in, plain values out; the same for a page and for JupyterLab.

The files lie in a folder of this session, which ends with it, until the study is written to its own.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from werkbank.building.fields import instruments, programmes, sections
from werkbank.building.form import Drafted, Form, default_name, drafted
from werkbank.building.making import Making
from werkbank.building.mending import way_out
from werkbank.building.placing import FILES, placed
from werkbank.catalogue import say, topic_sentences
from werkbank.drafting.seen import see
from werkbank.errors import UnfitError, UsageError, WerkbankError
from werkbank.intake.opening import KINDS
from werkbank.study.schema import schema_text
from werkbank.study.templates import FOLDER, new_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from werkbank.building.fields import Section
    from werkbank.drafting.seen import SeenFile
    from werkbank.errors import Problem

ROWS = 8  # of a file that are shown
COLUMNS = 40  # of them; a count says how many more there are
RAW = "raw"
EXAMPLE = "nabijheid"


class Session:
    """What the form talks to.

    Parameters
    ----------
    root : path
        The folder in which a study's folder is made, and ``reports/`` beside it.
    language : {"nl", "en"}
        In which the form begins.
    name : str, optional
        Of the study's folder; the title gives it when it is left out.
    files : sequence of paths, optional
        Files to begin with; they are copied.
    """

    def __init__(self, root: Path, language: str, name: str = "", files: Sequence[Path] = ()) -> None:
        self.root, self._name = root, name
        self._work = tempfile.TemporaryDirectory(prefix="werkbank-form-")
        self.folder = Path(self._work.name)
        (self.folder / RAW).mkdir()
        (self.folder / "study.schema.json").write_text(schema_text(), encoding="utf-8")
        self.form = Form(language)
        self._files: list[str] = []
        self._seen: dict[str, list[SeenFile]] = {}
        self._unread: dict[str, UnfitError] = {}
        self._checked: tuple[str, dict[str, Any]] = ("", {})
        self._made: Path | None = None
        self._making: Making | None = None
        self._lock = threading.RLock()
        for file in files:
            self._take(file.name, file.read_bytes())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End what is being made, and take away the copies of the files that were looked at."""
        if self._making is not None:
            self._making.end()
        self._work.cleanup()

    @property
    def busy(self) -> bool:
        """Whether a report is being made."""
        return self._making is not None and not self._making.over

    def answer(self, message: Mapping[str, Any], content: bytes | None = None) -> dict[str, Any]:
        """Answer one message of the form.

        Parameters
        ----------
        message : mapping
            ``do``: begin, read, drop, suggest, check, write, run, example or progress; ``form``: the state of the form
            (language, title, answers), where it changed; what `do` needs besides.
        content : bytes, optional
            Of the file that is read.

        Returns
        -------
        dict
            Plain values. ``error`` is a sentence where what was asked could not be done, ``place`` its field.
        """
        does: dict[str, Callable[[Mapping[str, Any], bytes | None], dict[str, Any]]] = {
            "begin": self._begin, "read": self._read, "drop": self._drop, "suggest": self._suggest,
            "check": self._check, "write": self._write, "run": self._run, "example": self._example,
            "progress": self._progress,
        }  # fmt: skip
        do = does.get(str(message.get("do")))
        if do is None:
            return {"error": say("building.problem.message", self.form.language)}
        if do == self._progress:  # asked while others wait
            return self._progress(message, content)
        with self._lock:
            if "form" in message:
                self.form = Form.of(message["form"], self.form)
            try:
                return do(message, content)
            except WerkbankError as error:
                return {"error": str(error), "place": str(error.more.get("place", ""))}
            except OSError as error:
                return {"error": say("building.problem.disk", self.form.language, reason=error.strerror or str(error))}

    @property
    def made(self) -> Path | None:
        """The folder of the study, once it was saved."""
        return self._made

    def page(self) -> Path | None:
        """Return the report that was made last."""
        return self._making.page if self._making is not None else None

    # what the messages do

    def _begin(self, _message: Mapping[str, Any], _content: bytes | None) -> dict[str, Any]:
        language = self.form.language
        return {
            "words": topic_sentences("building", language)["page"],
            "instruments": [asdict(one) for one in instruments()],
            "programmes": [asdict(one) for one in programmes(language)],
            "kinds": list(KINDS),
            "answers": dict(self.form.answers),
            "own": self.form.own,
            "running": self.busy,
            **self._view(),
        }

    def _read(self, message: Mapping[str, Any], content: bytes | None) -> dict[str, Any]:
        if content is not None:
            self._take(Path(str(message.get("name", "")).replace("\\", "/")).name, content)
        else:
            path = self.root / str(message.get("path", ""))
            if not path.is_file():
                problem = say("building.problem.no_file", self.form.language, path=str(message.get("path", "")))
                return {"error": problem, "place": FILES}
            self._take(path.name, path.read_bytes())
        return self._view()

    def _drop(self, message: Mapping[str, Any], _content: bytes | None) -> dict[str, Any]:
        name = str(message.get("name", ""))
        if name in self._files:
            (self.folder / RAW / name).unlink()
            self._files.remove(name)
            self._forget(name)
        return self._view()

    def _suggest(self, _message: Mapping[str, Any], _content: bytes | None) -> dict[str, Any]:
        return self._view()

    def _check(self, _message: Mapping[str, Any], _content: bytes | None) -> dict[str, Any]:
        made = self._drafted()
        if made is None:
            return {"checked": False, "problems": [], "fit": False}
        text, shown = made.text, sections(made, self._every())
        if self._checked[0] != text:
            self._checked = (text, self._looked(made, shown))
        return {"checked": True, **self._checked[1]}

    def _write(self, _message: Mapping[str, Any], _content: bytes | None) -> dict[str, Any]:
        made = self._drafted()
        if made is None:
            return {"error": say("building.problem.no_files", self.form.language), "place": FILES}
        return {"folder": self._written(made).relative_to(self.root).as_posix()}

    def _run(self, message: Mapping[str, Any], content: bytes | None) -> dict[str, Any]:
        if self.busy:
            return {"running": True}
        found = self._check(message, content)
        if not found["fit"]:
            return {"running": False, **found}
        told = self._write(message, content)
        if "error" in told:
            return {"running": False, **told}
        folder = self.root / told["folder"]
        self._making = Making(folder, self.root / "reports" / folder.name, self.form.language)
        return {"running": True, **told}

    def _example(self, _message: Mapping[str, Any], _content: bytes | None) -> dict[str, Any]:
        from werkbank.study.finding import example_path

        if not self.busy:
            study, out = example_path(EXAMPLE).parent, self.root / "reports" / EXAMPLE
            self._making = Making(study, out, self.form.language)
        return {"running": True}

    def _progress(self, _message: Mapping[str, Any], _content: bytes | None) -> dict[str, Any]:
        making = self._making
        if making is None:
            return {"running": False}
        told: dict[str, Any] = {"running": not making.over, "step": making.told, "part": making.part}
        if making.over:
            told |= {"report": making.page.name if making.page else "", "files": making.files}
            told |= {"error": making.failed} if making.failed else {}
        return told

    # files

    def _take(self, name: str, content: bytes) -> None:
        language = self.form.language
        if not name or Path(name).suffix.lower() not in KINDS or name.startswith("."):
            raise _at(FILES, say("drafting.problem.kind", language, path=name or "–", valid=", ".join(KINDS)))
        known = {one.lower(): one for one in self._files}
        if name.lower() in known:  # chosen again, after it was mended
            name = known[name.lower()]
        else:
            self._files.append(name)
        (self.folder / RAW / name).write_bytes(content)
        self._forget(name)

    def _forget(self, name: str) -> None:
        self._seen.pop(name, None)
        self._unread.pop(name, None)
        self._checked = ("", {})

    def _every(self) -> list[SeenFile]:
        """Return every file that can be read, read once."""
        for name in self._files:
            if name not in self._seen and name not in self._unread:
                try:
                    self._seen[name] = see(self.folder, [f"{RAW}/{name}"], self.form.language)
                except UnfitError as unfit:
                    self._unread[name] = unfit
        return [file for name in self._files for file in self._seen.get(name, [])]

    def _drafted(self) -> Drafted | None:
        files = self._every()
        if not files or self._unread:
            return None
        return drafted(self.form, files, self._named())

    def _named(self) -> str:
        return self._name or self.form.folder or default_name(self.form.language)

    # what is shown

    def _view(self) -> dict[str, Any]:
        files, language = self._every(), self.form.language
        refused = [(FILES, p.sentence(language)) for unfit in self._unread.values() for p in unfit.problems]
        made, shown = self._drafted(), []
        if made is not None:
            shown = sections(made, files)
            refused += list(made.refused.items())
        return {
            "language": language,
            "title": self.form.title,
            "files": [self._file(name) for name in self._files],
            "sections": [asdict(one) for one in shown],
            "text": "" if made is None else made.text,
            "folder": self._named(),
            "guessed": 0 if made is None else len(made.draft.guesses),
            "problems": [{"place": place, "sentence": sentence} for place, sentence in refused],
        }

    def _file(self, name: str) -> dict[str, Any]:
        tables = [_preview(file) for file in self._seen.get(name, [])]
        return {"name": name, "tables": tables, "read": name in self._seen}

    # check, write, run

    def _looked(self, made: Drafted, shown: list[Section]) -> dict[str, Any]:
        from werkbank.running.checking import check_study
        from werkbank.study import load_study

        language = self.form.language
        (self.folder / "study.yaml").write_text(made.text, encoding="utf-8")
        try:
            found = check_study(load_study(self.folder))
        except UnfitError as unfit:
            return {"fit": False, "problems": [self._problem(one, made, shown) for one in unfit.problems]}
        told = {"foreseen": found.foreseen(language), "notes": [note.sentence(language) for note in found.notes]}
        return {"fit": True, "problems": [], "pupils": len(found.intake.pupils), **told}

    def _problem(self, one: Problem, made: Drafted, shown: list[Section]) -> dict[str, Any]:
        """Return a problem with its place; the folder in which the files were looked at says nothing to a user."""
        bare = replace(one, file=one.file.removeprefix(f"{self.folder.as_posix()}/"))
        place = placed(one, made, shown)
        mend = None if self.form.own else way_out(one, place, made)
        return {"place": place, "sentence": bare.sentence(self.form.language), "code": one.code, "mend": mend}

    def _written(self, made: Drafted) -> Path:
        """Write the study to its own folder: a new one, or the one that this session made before."""
        folder = self.root / self._named()
        if self._made != folder:
            try:
                with new_folder(folder, self.form.language) as begun:
                    self._fill(begun, made)
            except UsageError as error:
                raise _at("title", str(error)) from None
            self._made = folder
        else:
            self._fill(folder, made)
        return folder

    def _fill(self, folder: Path, made: Drafted) -> None:
        for old in (folder / RAW).iterdir():
            if old.name not in self._files:
                old.unlink()
        for name in self._files:
            shutil.copyfile(self.folder / RAW / name, folder / RAW / name)
        (folder / "study.yaml").write_text(made.text, encoding="utf-8")
        shutil.copyfile(FOLDER / f"README.{self.form.language}.md", folder / "README.md")


def _at(place: str, sentence: str) -> UsageError:
    error = UsageError(sentence)
    error.more = {"place": place}
    return error


def _preview(file: SeenFile) -> dict[str, Any]:
    """Return the first rows of a file as werkbank reads them; an empty cell is ""."""
    names = list(file.columns)[:COLUMNS]
    columns = [file.columns[name] for name in names]
    rows = [[seen.texts[seen.codes[i]] if seen.codes[i] >= 0 else "" for seen in columns]
            for i in range(min(ROWS, file.n_rows))]  # fmt: skip
    return {
        "name": file.name, "rows": file.n_rows, "columns": len(file.columns), "heads": names, "cells": rows,
        "header": file.header or 1,
    }  # fmt: skip
