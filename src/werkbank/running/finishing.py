"""The last cell of a report's notebook: its results for the runner, or its files for who runs it by hand."""

from __future__ import annotations

import os
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import say
from werkbank.errors import UsageError
from werkbank.reporting.sharing import write_shared
from werkbank.results import PRIVATE_MIME
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
        and Word document with its results, in ``reports/<study>/by-hand``.

    Returns
    -------
    Finished or None
        What was written by hand, and where.

    Raises
    ------
    UsageError
        When no part was shown, so that there is nothing to write.
    """
    if not bench.shown:
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
    from werkbank.running import manifest
    from werkbank.running.pages import pages

    study, base = bench.study, Path(os.environ.get(ROOT) or Path.cwd())
    place = base / "reports" / study.folder.name / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    name = next(iter(bench.shown)).partition(":")[0].rpartition(".")[2]
    written = []
    for language in bench.language.split("+"):
        sections = [s.to_json() for _, made in bench.shown.values() for s in made if s.language == language]
        footer = {"notebook": f"{name}.ipynb", "seed": str(bench.seed)}
        for form, content in pages(sections, study, language, FORMATS, footer, inside=True).items():
            path = place / f"{name}.{language}.{form}"
            manifest.put(path, content if isinstance(content, bytes) else content.encode())
            written.append(path)
    stores = {"results.json": whole.results.to_json(manifest.notice())}
    stores["results.csv"] = whole.results.to_csv(manifest.notice("row"))
    for file, text in stores.items():
        manifest.put(place / file, text.encode())
        written.append(place / file)
    speech = bench.language.partition("+")[0]
    return Finished(tuple(written), say("cli.finish.by_hand", speech, study=study.folder.name, report=name))
