"""What ``werkbank archive`` does: a bundle from which, years later and elsewhere, every number can be made again.

An RO-Crate 1.1: a folder with ``ro-crate-metadata.json``. Pupils, teachers, classes, schools and blocks are codes; it
holds answers all the same, and says in every language that it is not to be shared.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import werkbank
from werkbank.bench import SEED, Bench
from werkbank.catalogue import LANGUAGES, say
from werkbank.errors import Problem, UnfitError, UsageError
from werkbank.intake.stored import to_text
from werkbank.measurement.study_scores import score_study
from werkbank.running import bundle, manifest
from werkbank.running.notebooks import notebook_folder, report_names
from werkbank.study import load_study

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from werkbank.intake.model import Intake
    from werkbank.study import Study

CODED = {"class": "k", "school": "s", "block": "b"}  # pupils and teachers have codes already
# of the study file: where answers lie, how names are spelled, and whose they are; none of it is a promise
LEFT_OUT = frozenset({"files", "aliases", "distinct", "school"})
OF_OTHERS = ("monitoring", "synthesis", "single_case")


def archive_command(asked: argparse.Namespace, tell: Callable[..., None]) -> dict[str, object]:
    """Archive a study; the bundle is looked over before it is said to be there.

    Returns
    -------
    dict
        What was made, as `--json` prints it: the folder, and which blocks of the study file are not in it.

    Raises
    ------
    UsageError
        The folder exists already.
    UnfitError
        A study that is not fit, or has no questionnaires or tests of pupils.
    """
    study = load_study(asked.study)
    speech = asked.language or study.language
    if not study.outcomes or not study.files:
        raise UnfitError([Problem("archive_nothing", study.file)], speech)
    place = Path(asked.out) if asked.out else Path(f"archive-{study.folder.name}")
    if place.exists():
        raise UsageError(say("planning.archive.there", speech, path=place.as_posix()))
    work = place.with_name(f".{place.name}.new")
    shutil.rmtree(work, ignore_errors=True)
    try:
        write_bundle(study, work, datetime.now(UTC).replace(microsecond=0), speech)
        differs = next((one for one in bundle.verified(work) if not one.good), None)
        if differs is not None:
            raise UsageError(say("planning.archive.not_again", speech, what=differs.detail))
        work.replace(place)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    left = [name for name in OF_OTHERS if getattr(study, name) is not None]
    tell(*[say("planning.archive.left_out", speech, names=", ".join(left))] * bool(left))
    tell(say("planning.archive.done", speech, path=place.as_posix()))
    return {"ok": True, "folder": place.as_posix(), "left_out": left}


def write_bundle(study: Study, place: Path, now: datetime, language: str) -> None:
    """Write a bundle into a new folder."""
    from werkbank.reporting.codebook import write_codebook

    bench = werkbank.open(study.folder / Path(study.file).name, language=language)
    intake = coded(bench.intake)
    kept = Bench(intake, score_study(intake), language, SEED)
    told = archived_study(study)
    results = replace(kept.part(*bundle.parts_of(study)), study=told)
    place.mkdir(parents=True)
    manifest.own(place)
    texts = _tables(kept, intake)
    texts["study.json"] = _json(told)
    texts["results.json"] = results.to_json(manifest.notice())
    texts["results.csv"] = results.to_csv(manifest.notice("row"))
    texts["lock.txt"] = _installed()
    texts["LICENCE.txt"] = "\n\n".join(say("planning.archive.licence", one) for one in LANGUAGES) + "\n"
    files: dict[str, str | bytes] = {**texts, **_notebooks(study), **_papers(study)}
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        manifest.put(place / name, content.encode() if isinstance(content, str) else content)
    write_codebook(study, place, language)
    for path in place.rglob("*"):
        manifest.own(path)
    bundle.describe(place, study.title_in(language), now, language)


def coded(intake: Intake) -> Intake:
    """Return an intake in which classes, schools and blocks are codes, too; codes keep the order of the names."""
    names: dict[str, dict[str, str]] = {}
    blocks, columns = intake.study.design.blocks, intake.study.columns.named()
    for role, letter in CODED.items():
        if role in intake.pupils:
            like = role if role != "block" else next((r for r in ("class", "school", "teacher") if blocks == r), role)
            if role == "block" and like == "teacher":
                continue  # its codes are those of the teachers
            known = sorted({str(x) for x in intake.pupils[role].dropna()})
            wide = max(2, len(str(len(known))))
            names[role] = {name: f"{letter}{i:0{wide}d}" for i, name in enumerate(known, start=1)}
            if like != role and like in names:
                names[role] = names[like]
    as_codes = {
        role: intake.pupils[role].astype(object).map(of, na_action="ignore").astype("str") for role, of in names.items()
    }
    pupils = intake.pupils.assign(**as_codes)
    key = columns.get("pupil")
    pupils = pupils.drop(columns=[key] if key in pupils else [])
    answers = intake.answers.copy(deep=False)
    for role, of in names.items():
        if role in answers:
            answers[role] = answers[role].cat.rename_categories(lambda name, of=of: of[str(name)])
    return replace(intake, pupils=pupils, answers=answers, notes=(), files=())


def archived_study(study: Study) -> dict[str, Any]:
    """Return the study file as a bundle keeps it: without files, spellings and school, which name people and places."""
    content: dict[str, Any] = study.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {name: value for name, value in content.items() if name not in LEFT_OUT}


def _tables(bench: Bench, intake: Intake) -> dict[str, str]:
    shapes, texts = {}, {}
    for name, table in (("answers", intake.answers), ("pupils", intake.pupils), ("scores", bench.scored.table)):
        texts[f"data/{name}.csv"], shapes[name] = to_text(table, manifest.notice("row"))
    return {**texts, "data/columns.json": _json(shapes)}


def _notebooks(study: Study) -> dict[str, str]:
    """Return the notebooks of a study's reports, and those that lie beside it, without what they showed."""
    shipped = [notebook_folder() / f"{name}.ipynb" for name in study.reports if name in report_names()]
    found = {}
    for path in [*shipped, *sorted(study.folder.glob("*.ipynb"))]:
        content = json.loads(path.read_text(encoding="utf-8"))
        for cell in content["cells"]:
            if cell["cell_type"] == "code":
                cell |= {"outputs": [], "execution_count": None}
        found[f"notebooks/{path.name}"] = _json(content)
    return found


def _papers(study: Study) -> dict[str, bytes]:
    """Return what lies beside a study and decides its results: own keys, the lot (codes only), the registration."""
    named = [*sorted((study.folder / "instruments").glob("*.yaml"))]
    named += [study.folder / str(study.design.lot)] * (study.lot is not None)
    named += [study.folder / str(study.design.preregistration)] * (study.registered is not None)
    return {path.resolve().relative_to(study.folder.resolve()).as_posix(): path.read_bytes() for path in named}


def _installed() -> str:
    found = {f"{d.metadata['Name']}=={d.version}" for d in metadata.distributions() if d.metadata["Name"]}
    return "\n".join(sorted(found, key=str.lower)) + "\n"


def _json(content: Any) -> str:  # noqa: ANN401 - JSON values
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
