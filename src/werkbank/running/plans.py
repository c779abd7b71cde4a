"""What ``werkbank plan`` says at once: will it show, and what may be said; from a study file, or from a few options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from werkbank.appraisal.planned import claims_of_plan
from werkbank.bench import SEED, Bench
from werkbank.catalogue import say
from werkbank.errors import Problem, UnfitError, UsageError
from werkbank.intake import read_answers
from werkbank.measurement.study_scores import score_study
from werkbank.planning.asking import asked as comparisons
from werkbank.planning.finding import facts
from werkbank.results import Results
from werkbank.study import Study, load_study

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

OPTIONS = ("units", "pupils", "icc", "r", "r_units", "blocks", "lost_pupils", "effect")


def plan_command(asked: argparse.Namespace, tell: Callable[..., None]) -> dict[str, object]:
    """Say in plain words whether a plan will show what matters, and with which sentences the report will open.

    Returns
    -------
    dict
        What was said, as `--json` prints it.

    Raises
    ------
    UsageError
        Neither a study file nor options; a value that cannot be.
    UnfitError
        A study file that is not fit, or plans nothing.
    """
    given = {name: _read(getattr(asked, name)) for name in OPTIONS if getattr(asked, name) is not None}
    if asked.study is None and "units" not in given:
        raise UsageError(say("planning.plan.cli.nothing", asked.speech))
    study = load_study(asked.study) if asked.study is not None else None
    speech = asked.language or (study.language if study is not None else asked.speech)
    study = _with(study, given, asked, speech)
    lines = said(study, speech)
    tell(*lines)
    if asked.out is not None:
        tell(say("planning.plan.cli.written", speech, path=_written(study, Path(asked.out), speech).as_posix()))
    if asked.study is not None or asked.out is not None:
        path = asked.out if asked.study is None else asked.study
        tell(say("planning.plan.cli.next", speech, path=path))
    return {"ok": True, "said": [line for line in lines if line]}


def said(study: Study, language: str) -> list[str]:
    """Return the verdict of every comparison and the sentences that the report will be allowed, without simulation."""
    from werkbank.reporting.planning import allowed, enough, verdict
    from werkbank.reporting.report import Report

    if study.planning is None:
        raise UnfitError([Problem("planning_not_declared", file=study.file)], language)
    intake = read_answers(study.model_copy(update={"files": [], "monitoring": None}))
    quick = study.planning.of_groups
    results = Results({}, facts=tuple(facts(study, SEED, quick=quick)), claims=tuple(claims_of_plan(study)))
    bench = Bench.made(intake, score_study(intake), results, language)
    if not quick:
        return _texts(enough(bench))
    report = Report(bench, language)
    return [*(_plain(verdict(report, one)) for one in comparisons(study)), *_texts(allowed(bench))]


def _texts(section: Any) -> list[str]:  # noqa: ANN401 - a section or nothing
    from werkbank.reporting.blocks import Bullets, Heading, Paragraph

    lines: list[str] = []
    for block in section.blocks[1:] if section is not None else ():
        if isinstance(block, Heading):
            lines += ["", _plain(block.text)]
        elif isinstance(block, Paragraph):
            lines.append(_plain(block.text))
        elif isinstance(block, Bullets):
            lines += [f"- {_plain(item)}" for item in block.items]
    return lines


def _plain(text: str) -> str:
    from werkbank.reporting.formats.document import plain

    return plain(text)


def _read(text: str) -> Any:  # noqa: ANN401 - a number, or several
    parts = [part.strip() for part in str(text).split(",")]
    try:
        numbers = [float(part) if set(part) & {".", "e"} else int(part) for part in parts]
    except ValueError:
        return text  # the model says what is wrong with it
    return numbers if len(numbers) > 1 else numbers[0]


def _with(study: Study | None, given: dict[str, Any], asked: argparse.Namespace, language: str) -> Study:
    """Return the study of a study file with options over it, or a study that options alone describe."""
    if study is not None and not given:
        return study
    if study is not None:
        arms, raw = list(study.arms), study.model_dump(mode="json", by_alias=True, exclude_none=True)
    else:
        raw = _bare(asked, language)
        arms = list(raw["arms"])
    if isinstance(given.get("units"), list):
        if len(given["units"]) != len(arms):
            raise UsageError(say("planning.plan.cli.nothing", language))
        given = {**given, "units": dict(zip(arms, given["units"], strict=True))}
    raw["planning"] = {**raw.get("planning", {}), **given}
    try:
        made = Study.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"] if part not in {"planning", "int", "float"})
        details = {"name": name or "planning", "value": str(first.get("input"))[:80], "reason": _why(first, language)}
        raise UsageError(say("cli.problem.parameter_value", language, **details)) from None
    if study is not None:
        made._folder, made._file = study.folder, study.file  # noqa: SLF001 - the same study, planned otherwise
    return made


def _why(error: Any, language: str) -> str:  # noqa: ANN401 - pydantic's own
    code = str(error.get("ctx", {}).get("error", ""))
    return say(f"problems.study_{code}.what", language) if error["type"] == "value_error" else str(error["msg"])


def _bare(asked: argparse.Namespace, language: str) -> dict[str, Any]:
    level, kind = asked.by or "class", asked.kind or "randomised"
    names = ("programma", "controle") if language == "nl" else ("programme", "control")
    arms = {} if kind == "single_group" else dict(zip(names, ("intervention", "control"), strict=True))
    columns = {"pupil": "pupil", **({level: level} if level != "pupil" else {}), **({"arm": "arm"} if arms else {})}
    blocks = {"blocks": "block"} if asked.blocks else {"blocks": False}
    return {
        "title": say("planning.plan.kind", language), "language": language,
        "design": {"kind": kind, "assigned_by": level, **blocks}, "columns": columns, "arms": arms,
        "outcomes": [{"name": "y", "label": say("planning.plan.outcome", language), "column": "y", "better": "higher",
                      "role": "primary"}],
        "reports": ["planning"],
    }  # fmt: skip


def _written(study: Study, folder: Path, language: str) -> Path:
    """Write the study file of a plan that options described, to be made one's own."""
    path = folder / "study.yaml"
    if path.exists():
        raise UsageError(say("planning.plan.cli.there", language, path=path.as_posix()))
    folder.mkdir(parents=True, exist_ok=True)
    content = study.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path
