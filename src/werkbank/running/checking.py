"""What `check` knows: all that a report of the study will read, read; and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from babel import Locale

from werkbank.catalogue import has, say
from werkbank.errors import Problem, UnfitError, nearest

if TYPE_CHECKING:
    from werkbank.appraisal.associations import ForeseenAssociation
    from werkbank.appraisal.foreseen import Foreseen
    from werkbank.intake import FileReading, Intake, Note
    from werkbank.study import Study

NAMED = 8  # outcomes on one line
OF_ANSWERS = ("association", "evaluation", "measurement", "school", "thesis")  # reports that need answers of pupils
OF_A_PROGRAMME = ("evaluation", "school", "thesis")  # what they tell of is a change, or a difference between arms
TOLD = ("units_follow_arms", "attrition", "attrition_unknown")


@dataclass(frozen=True)
class Checked:
    """A study that is fit: its answers (pupils by their own numbers), every file that was read, every question."""

    intake: Intake
    files: tuple[FileReading, ...]
    questions: tuple[Foreseen, ...] = ()
    associations: tuple[ForeseenAssociation, ...] = ()

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was decided, converted or counted."""
        return self.intake.notes

    def foreseen(self, language: str) -> list[str]:
        """Return which questions will be answered and which not, and why: a line for all that share their reason."""
        alike: dict[tuple[Any, ...], list[Foreseen]] = {}
        for one in self.questions:
            c = one.counted
            key = (one.state, one.reason, one.against, c.contrast, c.wave_from, c.wave_to, tuple(c.units.items()))
            alike.setdefault(key, []).append(one)
        return [
            *(_line(ones, language) for ones in alike.values()),
            *(_association(one, self.intake.study, language) for one in self.associations),
        ]

    def unlabelled(self, language: str) -> list[str]:
        """Return in a sentence what has no name in `language`; nothing where all has one."""
        from werkbank.study.unlabelled import unlabelled

        found = unlabelled(self.intake.study, language)
        names = ", ".join(say(f"check.unlabelled.kind.{kind}", language, name=name) for kind, name in found)
        spoken = say(f"check.unlabelled.language.{language}", language)
        return [say("check.unlabelled.all", language, spoken=spoken, names=names)] if found else []

    def as_row(self, language: str) -> dict[str, Any]:
        """Return what was found as plain values, for a program that reads them."""
        files = [{"path": f.path, "rows": f.n_rows, "kind": f.kind, "sha256": f.sha256} for f in self.files]
        notes = [{"key": note.key, "sentence": note.sentence(language)} for note in self.notes]
        asked = [_as_row(one, language) for one in self.questions]
        asked += [_association_as_row(one, language) for one in self.associations]
        return {
            "fit": True, "pupils": len(self.intake.pupils), "files": files, "notes": notes, "questions": asked,
            "unlabelled": self.unlabelled(language), "problems": [],
        }  # fmt: skip


def check_report(study: Study, report: str) -> None:
    """Refuse a report of what the study file does not declare, before a notebook is started for it.

    Raises
    ------
    UnfitError
        ``monitoring_not_declared``, ``underachievement_not_declared``, ``synthesis_not_declared``,
        ``planning_not_declared``, ``outcomes_not_declared``, ``files_not_declared``, ``association_not_declared``,
        ``association_has_no_programme``.
    """
    needed: dict[str, object] = {"monitoring": study.monitoring, "underachievement": study.underachievement}
    needed |= {"synthesis": study.synthesis, "single_case": study.single_case, "planning": study.planning}
    needed |= dict.fromkeys(("programme", "pupil"), study.logs or None)
    needed |= dict.fromkeys(OF_ANSWERS, study.outcomes or None)
    if needed.get(report, "") is None:
        own = {name: name for name in ("monitoring", "underachievement", "synthesis", "single_case", "planning")}
        own |= {"programme": "logs", "pupil": "logs"}
        code = f"{own.get(report, 'outcomes')}_not_declared"
        raise UnfitError([Problem(code, study.file)], study.language)
    if report == "association" and not study.associations:
        raise UnfitError([Problem("association_not_declared", study.file)], study.language)
    if report in OF_A_PROGRAMME and study.design.kind == "association":
        raise UnfitError([Problem("association_has_no_programme", study.file, value=report)], study.language)
    if report in OF_ANSWERS and not study.files:  # a plan, of which nothing was measured yet
        raise UnfitError([Problem("files_not_declared", study.file)], study.language)


def check_reports(study: Study) -> None:
    """Refuse a study file that names reports which do not exist, or of what it does not declare.

    Raises
    ------
    UnfitError
        With all of them: ``study_unknown_value``, and what `check_report` raises.
    """
    from werkbank.running.notebooks import report_names

    own = sorted(path.name for path in study.folder.glob("*.ipynb"))
    known, problems = [*report_names(), *own], []
    for name in [*study.reports] if "reports" in study.model_fields_set else [study.first_report]:
        try:
            if name in known:
                check_report(study, name)
            elif not (name.endswith(".ipynb") and (study.folder / name).is_file()):
                problems.append(Problem("study_unknown_value", study.file, "reports", None, name, nearest(name, known)))
        except UnfitError as unfit:
            problems += unfit.problems
    if problems:
        raise UnfitError(problems, study.language)


def check_study(study: Study) -> Checked:
    """Read all that a study names: its answers, and its pupil-monitoring export; and foresee what can be answered.

    Raises
    ------
    UnfitError
        With every problem of the first of these that is not fit.
    """
    from werkbank.intake.reading import read_answers
    from werkbank.synthesis.evidence import check_named

    check_named(study)
    check_reports(study)
    intake = read_answers(study)
    files = intake.files
    if study.monitoring is not None:
        from werkbank.underachievement.following import follow

        files = (*files, *follow(study).files)
    if study.single_case is not None:
        from werkbank.cases.reading import read_cases

        followed = read_cases(study)
        files = (*files, *followed.files)
        intake = replace(intake, notes=(*intake.notes, *followed.notes))
    if study.logs:
        from werkbank.intake.logbook import read_logs

        logs = read_logs(study, enrolled=intake.pupils.index)
        files = (*files, *(book.file for book in logs.books))
        intake = replace(intake, notes=(*intake.notes, *logs.notes))
    if study.synthesis is not None:
        from werkbank.intake.model import Note
        from werkbank.synthesis.reading import review_of

        reviewed = review_of(study)
        files = (*files, *reviewed.files)
        counted = {"n_effects": len(reviewed.effects), "n": reviewed.n_studies}
        read = Note("intake.synthesis.read", counted)
        intake = replace(intake, notes=(*intake.notes, read, *reviewed.notes))
    if study.planning is not None and not study.files:  # what will be answered, from what is expected
        from werkbank.appraisal.planned import foreseen

        return Checked(intake, files, foreseen(study))
    if not study.outcomes:
        return Checked(intake, files)
    return Checked(intake, files, *_questions(intake))


def _questions(intake: Intake) -> tuple[tuple[Foreseen, ...], tuple[ForeseenAssociation, ...]]:
    from werkbank.appraisal.associations import foresee_associations
    from werkbank.appraisal.counting import counted
    from werkbank.appraisal.foreseen import foresee
    from werkbank.measurement.study_scores import instruments_of, table_of_scores

    study = intake.study
    keys = instruments_of(study)
    scores = table_of_scores(intake, keys)
    if study.underachievement is not None:
        from werkbank.underachievement.study import examine

        try:
            examine(study, scores, intake.pupils)  # refuses what its part of a report would refuse
        except UnfitError as unfit:
            problems = [replace(one, file=one.file or study.file) for one in unfit.problems]
            raise UnfitError(problems, study.language) from None
    related = foresee_associations(study, scores, intake.pupils)
    if study.design.kind == "association":
        return (), related
    return foresee(study, counted(study, keys, scores, intake.pupils)), related


def _association(one: ForeseenAssociation, study: Study, language: str) -> str:
    q = one.asked
    n, groups = len(q.table), q.n_groups
    count = "" if groups is None else say(f"report.count.{q.level}", language, n=groups, n_text=str(groups))
    values = {
        "outcome": q.key, "predictors": ", ".join(q.names) or "–",
        "moment": say("report.wave_only", language) if study.one_moment else _wave(q.wave, language),
        "n": say("report.count.pupil", language, n=n, n_text=str(n)),
        "groups": say("association.check.in_groups", language, count=count) if count else "",
        "reason": say(f"association.note.{_why(one)}", language) if one.reason else "",
    }  # fmt: skip
    state = "refused" if one.reason else "held" if one.held else "tested"
    return say(f"association.check.{state}", language, **values)


def _why(one: ForeseenAssociation) -> str:
    return one.reason if one.reason == "untested" else f"association_{one.reason}"


def _association_as_row(one: ForeseenAssociation, language: str) -> dict[str, Any]:
    q = one.asked
    return {
        "association": q.number, "outcome": q.key, "informant": q.informant, "role": q.role,
        "predictors": list(q.names), "moderators": list(q.moderators), "curved": list(q.bent), "level": q.level,
        "wave_from": q.predictors_wave if q.predictors_wave != q.wave else "", "wave_to": q.wave,
        "pupils": len(q.table), "groups": q.n_groups, "state": one.state, "grade": "association",
        "reason": one.reason, "sentence": say(f"association.note.{_why(one)}", language) if one.reason else "",
    }  # fmt: skip


def _line(ones: list[Foreseen], language: str) -> str:
    first = ones[0]
    c = first.counted
    names = list(dict.fromkeys(one.counted.outcome for one in ones))
    more = say("check.and_more", language, n=len(names) - NAMED) if len(names) > NAMED else ""
    moment = "check.moment.none"
    if c.wave_to:
        moment = f"check.moment.{'from' if c.wave_from else 'at'}"
    values = {
        "outcomes": ", ".join(names[:NAMED]) + more,
        "moment": say(moment, language, wave_from=_wave(c.wave_from, language), wave_to=_wave(c.wave_to, language)),
        "units": _units(c.units, c.unit, language),
        "reason": reason(first, language),
        "grade": " ".join([say(f"check.grade.{first.grade}", language), *_against(first, language)]),
        "contrast": c.contrast,
    }
    compared = "compared" if c.contrast else "single"
    return say(f"check.{first.state}.{compared}", language, **values)


def reason(one: Foreseen, language: str) -> str:
    """Return why a question gets no test, in the words of the report where it has them; "" where it gets one."""
    if not one.reason:
        return ""
    key = next(k for k in (f"check.reasons.{one.reason}", f"effects.notes.{one.reason}") if has(k, language))
    return say(key, language, **_called(one, language))


def _against(one: Foreseen, language: str) -> list[str]:
    """Return what else keeps an answer from being an effect, besides what the grade's own sentence says."""
    told = [why for why in one.against if why in TOLD]
    said = [say(f"claims.reasons.{why}", language, **_called(one, language)) for why in told]
    return [*said, *[say("check.apart", language)] * one.counted.apart]


def _called(one: Foreseen, language: str) -> dict[str, str]:
    unit = {f"unit_{name}": say(f"report.unit.{one.counted.unit}.{name}", language) for name in ("one", "many")}
    return {**unit, "persons": say("report.unit.pupil.many", language)}


def _wave(wave: str, language: str) -> str:
    if not wave or has(f"report.wave.{wave}", language):
        return say(f"report.wave.{wave}", language) if wave else ""
    number = wave.removeprefix("followup")
    return say(f"report.wave_later.{Locale(language).ordinal_form(int(number))}", language, number=number)


def _units(units: Any, unit: str, language: str) -> str:  # noqa: ANN401 - a mapping of counts
    counts = {arm: say(f"report.count.{unit}", language, n=n, n_text=str(n)) for arm, n in units.items()}
    return "; ".join(f"{arm}: {count}" if arm else count for arm, count in counts.items()) or "–"


def _as_row(one: Foreseen, language: str) -> dict[str, Any]:
    c = one.counted
    where = {"outcome": c.outcome, "informant": c.informant, "contrast": c.contrast, "role": c.role}
    where |= {"wave_from": c.wave_from, "wave_to": c.wave_to, "unit": c.unit}
    found = {"units": dict(c.units), "pupils": dict(c.pupils), "state": one.state, "grade": one.grade}
    why = {"reason": one.reason, "sentence": reason(one, language), "against": list(one.against)}
    return {**where, **found, **why}
