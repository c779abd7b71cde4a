"""The last cell of a report's notebook: its results for the runner, or its files for who runs it by hand."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import say
from werkbank.errors import UsageError
from werkbank.reporting.own import Shown
from werkbank.reporting.sharing import write_shared
from werkbank.reporting.showing import OWN
from werkbank.results import PRIVATE_MIME
from werkbank.running import manifest
from werkbank.running.kept import placed
from werkbank.running.notebooks import notebook_folder
from werkbank.running.pages import pages
from werkbank.study.finding import ROOT

if TYPE_CHECKING:
    from werkbank.bench import Bench

FORMATS = ("html", "pdf", "docx")
FOLDER = "by-hand"


@dataclass(frozen=True)
class Finished:
    """What was written, and where: what the last cell of a notebook shows."""

    files: tuple[Path, ...]
    sentence: str

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ANN401, ARG002
        listed = "\n".join(f"<li>{escape(path.as_posix())}</li>" for path in self.files)
        html = f"<p>{escape(self.sentence)}</p>\n<ul>\n{listed}\n</ul>"
        return {"text/plain": repr(self), "text/html": html, PRIVATE_MIME: {}}

    def __repr__(self) -> str:
        return "\n".join([self.sentence, *(f"- {path.as_posix()}" for path in self.files)])


def finish(bench: Bench, results: str = "") -> Finished | None:
    """Write what the parts shown in this notebook make together: ``werkbank.finish``, the last cell of a report.

    Parameters
    ----------
    bench : Bench
        On which the parts were shown.
    results : str
        The file to which the results go, when ``werkbank run`` runs the notebook: it then makes the report's files,
        and the copy to share. Empty when the notebook is run by hand: the report is then written here, as a page, PDF
        and Word document with its results, in ``reports/<study>/by-hand``. What was shown by `werkbank.show` stands in
        it; other outputs and text cells of a user's own do not, because nothing here sees them: `werkbank run` does.

    Returns
    -------
    Finished or None
        What was written by hand, and where.

    Raises
    ------
    UsageError
        When no part was shown, so that there is nothing to write.
    """
    if all(key.startswith(OWN) for key in bench.shown):
        raise UsageError(say("cli.finish.nothing", bench.language.partition("+")[0]))
    read = tuple(dict.fromkeys(name for part, _ in bench.shown.values() for name in part.reads))
    whole = bench.about(*(read or ("effects",)))
    if results:
        Path(results).write_text(whole.results.to_json(), encoding="utf-8")
        write_shared(Path(results).with_name("share.json"), _with_shown(whole, bench))
        return None
    return _by_hand(whole, bench)


def _with_shown(whole: Bench, bench: Bench) -> Bench:
    from dataclasses import replace

    return replace(whole, shown=bench.shown)


def _by_hand(whole: Bench, bench: Bench) -> Finished:
    study, base = bench.study, _base()
    place = base / "reports" / study.folder.name / FOLDER
    name = next(key for key in bench.shown if not key.startswith(OWN)).partition(":")[0].split(".")[2]
    texts: dict[str, str | bytes] = {}
    for language in bench.language.split("+"):
        texts |= {f"{name}.{language}.{form}": page for form, page in _pages(bench, language, name).items()}
    texts[f"{name}.results.json"] = whole.results.to_json(manifest.notice())
    texts[f"{name}.results.csv"] = whole.results.to_csv(manifest.notice("row"))
    new = not place.exists()
    place.mkdir(parents=True, exist_ok=True)
    manifest.own(place if new else None)
    for file, text in texts.items():
        manifest.put(place / file, text if isinstance(text, bytes) else text.encode())
    asked = study.folder.relative_to(base) if study.folder.is_relative_to(base) else study.folder
    command = shlex.join(["werkbank", "run", asked.as_posix(), "--report", name])
    told = say("cli.finish.by_hand", bench.language.partition("+")[0], command=command)
    return Finished(tuple(place / file for file in texts), told)


def _base() -> Path:
    """Return the folder whose ``reports`` get the files: where JupyterLab was started, else the present one.

    In the project's own notebooks folder, which is packed and published, nothing is written: its parent is used.
    """
    here = Path(os.environ.get(ROOT) or Path.cwd()).resolve()
    return here.parent if here == notebook_folder().resolve() else here


def _pages(bench: Bench, language: str, name: str) -> dict[str, str | bytes]:
    """Return the report in one language: what was shown, and what a user added by `werkbank.show`, in their order."""
    shown = [made for _, each in bench.shown.values() for made in each]
    items = [made if isinstance(made, Shown) else made.to_json() for made in shown]
    doubts = tuple(note.sentence(language) for note in bench.intake.notes if note.key == "privacy.key.run")
    footer = {"notebook": f"{name}.ipynb", "seed": str(bench.seed)}
    return pages(placed(items, language), bench.study, language, FORMATS, footer, inside=True, notes=doubts)
