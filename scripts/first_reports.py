"""How far `werkbank new --from` gets on files of many kinds: docs/first-report.md's table, each report really made.

Run by hand (some minutes): the shipped examples, files generated as tests/drafting has them, and real files of others
where ../shared/data is there.
"""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "drafting"))

from files_to_draft import KINDS  # noqa: E402 - the tests' own files

from werkbank.drafting.making import new_from  # noqa: E402
from werkbank.errors import UnfitError, WerkbankError  # noqa: E402
from werkbank.running.checking import check_study  # noqa: E402
from werkbank.running.runner import run_report  # noqa: E402
from werkbank.study import load_study  # noqa: E402

PAGE = ROOT / "docs" / "first-report.md"
BESIDE = [above / "shared" / "data" for above in ROOT.parents]
SHARED = next((folder for folder in BESIDE if folder.is_dir()), BESIDE[0])
OPEN = ("?", "unknown")  # what is no guess: `check` asks it, or the report says that it was not said
START, END = "<!-- table: scripts/first_reports.py -->", "<!-- end of table -->"


@dataclass(frozen=True)
class File:
    """Files of one study, what is true of them, and what their owner had to say for a report."""

    files: list[Path]
    truth: dict[str, str]
    said: dict[str, str] = field(default_factory=dict)


def raw(name: str) -> list[Path]:
    """Return the raw files of a shipped example."""
    return sorted((ROOT / "data" / "examples" / name / "raw").iterdir())


REAL = {
    "example baumann": File(
        raw("baumann"),
        {"columns.arm": "group", "design.kind": "randomised", "design.assigned_by": "pupil", "waves.pretest": "pre",
         "waves.post.test": "post", "arms.Basal": "control", "outcome1.informant": "test", "outcome1.better": "higher"},
        {"control": "Basal"}),
    "example bdf": File(
        raw("bdf"),
        {"columns.pupil": "pupilNR", "columns.class": "classNR", "columns.school": "schoolNR",
         "columns.arm": "mixedgra", "waves.PRET": "pre", "waves.POST": "post", "lang.informant": "test",
         "arit.informant": "test", "lang.better": "higher", "covariates.sex": "yes"}),
    "example nabijheid (three files)": File(
        raw("nabijheid"),
        {"columns.pupil": "leerlingnr", "columns.teacher": "lk", "columns.class": "groep", "columns.school": "school",
         "columns.arm": "conditie", "columns.wave": "meting", "design.kind": "randomised",
         "design.assigned_by": "class", "arms.LLInC": "intervention", "arms.controle": "control",
         "waves.T2": "followup",
         "strs.instrument": "strs-sf", "strs.version": "B", "nab.informant": "pupil", "nab.range": "1-5",
         "rekenen.informant": "test", "rekenen.better": "higher", "covariates.sekse": "yes"}),
    "example klassenspel (single cases)": File(raw("klassenspel"), {"columns.class": "classID"}),
    "example volgsysteem (monitoring)": File(raw("volgsysteem"), {"columns.pupil": "leerling"}),
}  # fmt: skip
OTHERS = {
    "clean_base (nine rounds by hand)": File(
        [SHARED.parent / "faults" / "clean_base" / "raw" / "metingen.csv"],
        {"columns.pupil": "leerlingnr", "columns.teacher": "lk", "columns.class": "groep", "columns.school": "school",
         "columns.arm": "conditie", "design.kind": "controlled", "design.assigned_by": "class",
         "arms.interventie": "intervention", "arms.controle": "control", "waves.T0": "pre", "waves.T1": "post",
         "strs.instrument": "strs-sf", "strs.version": "B", "strs.informant": "teacher", "primary": "strs"}),
    "mental_abacus.csv": File(
        [SHARED / "mental_abacus.csv"],
        {"columns.pupil": "subid", "columns.class": "class_num", "columns.arm": "group", "columns.wave": "year",
         "waves.2015": "pre", "waves.2016": "post", "arms.CNTL": "control", "arms.MA": "intervention",
         "design.kind": "randomised", "design.assigned_by": "class", "arithmeticTotal.informant": "test",
         "pvAvg.informant": "test", "gonogo.informant": "test"}),
    "early_intervention.csv": File(
        [SHARED / "early_intervention.csv"],
        {"columns.pupil": "id", "columns.arm": "trt", "columns.wave": "age", "waves.1.0": "pre",
        "arms.Y": "intervention",
         "arms.N": "control", "cog.better": "higher", "cog.informant": "test"}),
    "electric_company.csv": File(
        [SHARED / "electric_company.csv"],
        {"columns.arm": "treatment", "arms.1": "intervention", "arms.0": "control", "waves.pre_test": "pre",
         "waves.post_test": "post", "design.kind": "randomised", "outcome.informant": "test"}),
    "MASS_anorexia.csv": File(
        [SHARED / "MASS_anorexia.csv"],
        {"columns.arm": "Treat", "arms.Cont": "control", "arms.CBT": "intervention", "arms.FT": "intervention",
         "waves.Pre": "pre", "waves.Post": "post", "wt.better": "higher"}),
    "jacobson_1989.csv": File(
        [SHARED / "jacobson_1989.csv"],
        {"columns.pupil": "subject", "columns.wave": "time", "waves.pre": "pre", "waves.post": "post",
         "design.kind": "single_group", "das.better": "lower", "gds.better": "lower"}),
    "eef_crt.csv": File(
        [SHARED / "eef_crt.csv"],
        {"columns.school": "School", "columns.arm": "Intervention", "arms.1": "intervention", "arms.0": "control",
         "design.kind": "randomised", "design.assigned_by": "school", "waves.Prettest": "pre",
         "outcome.informant": "test"}),
    "jsp.csv": File(
        [SHARED / "jsp.csv"],
        {"columns.pupil": "id", "columns.class": "class", "columns.school": "school", "columns.wave": "year",
         "waves.0": "pre", "waves.1": "post", "math.informant": "test", "english.informant": "test"}),
    "sasr_items.csv (answers in words)": File(
        [SHARED / "sasr_items.csv"], {"SASR.range": "1-5", "SASR.instrument": "own", "design.kind": "single_group"}),
}  # fmt: skip


def generated(folder: Path) -> dict[str, File]:
    """Return the files of the tests."""
    made = {}
    for n, (name, kind) in enumerate(KINDS.items()):
        (folder / f"source{n}").mkdir()
        made[f"made: {name}"] = File(kind.write(folder / f"source{n}"), kind.truth, kind.said)
    return made


def tried(name: str, file: File, folder: Path) -> str:
    """Return a row of the table: rounds, guesses right and wrong, what was left open, whether the report was made."""
    plain = re.sub(r"\W+", "-", name).strip("-").lower()
    made = new_from(folder / plain, file.files, "en")
    settled, opened = made.settled, [guess.place for guess in made.guesses if guess.open]
    told = {place: value for place, value in file.truth.items() if value is not None}
    judged = {place: value for place, value in told.items() if settled.get(place, "?") not in OPEN}
    unsaid = [place for place in told if settled.get(place) == "unknown"]
    wrong = [place for place, value in judged.items() if settled[place] != value]
    lacking = [place for place in told if place not in settled]
    rounds, study = 2, made.folder
    try:
        check_study(load_study(study))
    except UnfitError:
        rounds = 3
        if file.said:
            study = new_from(folder / f"{plain}-said", file.files, "en", file.said).folder
    try:
        check_study(load_study(study))
        run_report(study, "evaluation", out=folder / "reports" / plain)
        end = str(rounds)
    except WerkbankError:
        end = "–"
    right = len(judged) - len(wrong)
    said = ", ".join([*opened, *unsaid, *(f"{place} (not found)" for place in lacking)]) or "–"
    return f"| {name} | {end} | {len(made.guesses)} | {right} | {', '.join(wrong) or '–'} | {said} |"


def main() -> None:
    """Write the table into docs/first-report.md."""
    rows = ["| file | rounds to a report | marks | right, of what is known | wrong | left open, or not found |"]
    rows.append("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as work:
        files = {**REAL, **(OTHERS if SHARED.is_dir() else {}), **generated(Path(work))}
        for name, file in files.items():
            rows.append(tried(name, file, Path(work)))
            print(rows[-1], flush=True)
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.split(START)[0], text.split(END)[1]
    PAGE.write_text("\n".join([before + START, *rows, END]) + after, encoding="utf-8")


if __name__ == "__main__":
    main()
