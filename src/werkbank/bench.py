"""The one object that a notebook holds: a study, what was read, what was scored, and every number that follows from it.

    bench = werkbank.open("nabijheid", language="nl")
    bench.answers, bench.scores, bench.wide("strs-sf.conflict")  # tidy tables for one's own pandas, seaborn, pingouin
    bench.estimates, bench.facts, bench.claims  # the same numbers as in the report

Everything is computed when it is first asked for, and remembered. Tables are handed out as copies, so that nobody's own
work on them changes what a report says.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, NoReturn, cast

from werkbank import steps
from werkbank.appraisal import Evidence, appraise
from werkbank.appraisal.registered import claims_of_deviations, marked
from werkbank.catalogue import formulas, say
from werkbank.effects import by_own_alpha, describe, diagnose, estimate, of_headline, unit_means
from werkbank.effects.own_school import beside_others
from werkbank.effects.questions import outcome_waves
from werkbank.errors import FirstMendError, UnfitError
from werkbank.intake import Intake, read_answers
from werkbank.measurement.comparability import comparability
from werkbank.measurement.study_quality import study_quality
from werkbank.measurement.study_scores import Scores, scale_of, score_study
from werkbank.results import PRIVATE_MIME, Results
from werkbank.statistics.threads import one_thread
from werkbank.study import load_study
from werkbank.study.finding import find_study
from werkbank.synthesis.evidence import check_named

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from werkbank.cases.reading import CaseSeries
    from werkbank.effects import ManyWays
    from werkbank.intake.logbook import Logs
    from werkbank.intake.model import FileReading
    from werkbank.study import Study
    from werkbank.synthesis.review import Review
    from werkbank.underachievement.following import Followed
    from werkbank.underachievement.study import Examined

SEED = 20250901
# the parts of a study's results, each computed when a section or a user first asks for it
PARTS = (
    "effects", "associations", "within", "ways", "diagnostics", "measurement", "underachievement", "monitoring",
    "synthesis", "cases", "logs", "planning",
)  # fmt: skip
_AS = re.compile(r"\bas (\w+)")  # in a formula: the statistic to which it refers
UNITS = ("class", "teacher", "school")  # of pupils


@dataclass(frozen=True, eq=False, repr=False)
class Bench:
    """A study on the bench; `werkbank.open` makes one.

    Attributes
    ----------
    intake : Intake
        What was read, with every decision that was taken on the way.
    scored : Scores
        The scores with the keys that made them, and what is known about their quality.
    language : str
        Of what is shown: ``nl`` or ``en``; ``nl+en`` writes every section in both.
    seed : int
        Of everything that is drawn at random.
    only : mapping
        To which role and code the bench is limited (``{"school": "007"}``); empty: everyone.
    given : Results or None
        Results that stand instead of all computed ones: of a copy to share, or read back from a file.
    copy_to_share : bool
        Whether this is written to leave the school: it then has no pupil, no file and no unsuppressed result.
    """

    intake: Intake
    scored: Scores
    language: str
    seed: int = SEED
    only: Mapping[str, str] = field(default_factory=dict)
    given: Results | None = None
    copy_to_share: bool = False
    # the parts of a report that were shown, in their order: what `werkbank.finish` makes the files of
    shown: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def made(cls, intake: Intake, scored: Scores, results: Results, language: str, seed: int = SEED) -> Bench:
        """Return a bench on which the results are given and not computed."""
        return cls(intake, scored, language, seed, given=results)

    @property
    def study(self) -> Study:
        """What was declared."""
        return self.intake.study

    @property
    def files(self) -> tuple[FileReading, ...]:
        """How every file was read, a monitoring export and a table of studies among them when they were."""
        more = [*(self.followed.files if "monitoring" in self._parts else ())]
        more += [*(self.followed_cases.files if "cases" in self._parts else ())]
        more += [*(book.file for book in (self.logs.books if "logs" in self._parts else ()))]
        more += [*(self.reviewed.files if "synthesis" in self._parts else ())]
        return (*self.intake.files, *more)

    # --- tables for one's own work

    @property
    def answers(self) -> pd.DataFrame:
        """Every answer that could have been given, a row each.

        A pupil who answered no item of an outcome at a wave has no rows for it.

        Columns
        -------
        pupil, teacher : category
            Codes. The teacher is the one at assignment.
        class, school, arm : category
            As the file calls them, at assignment; NaN where not known.
        wave : category
            Which moment: pre, post, followup, followup2 and so on.
        informant : category
            Who answered: teacher, pupil, test.
        outcome : category
            What was measured, as the study file calls it: ``strs-sf``.
        item : category
            The item, by its number or column.
        value : float64
            The answer as it was given, before items are reversed; NaN where this item was not answered.
        """
        return self.intake.answers.copy()

    @property
    def scores(self) -> pd.DataFrame:
        """Every score, a row each: of one pupil, at one wave, by one informant, on one scale.

        Columns
        -------
        pupil, teacher, class, school, arm, wave, informant : category
            As in `answers`.
        outcome, scale : str
            What was measured and its scale: ``strs-sf`` and ``closeness``, which results call ``strs-sf.closeness``; an
            outcome with one score has its own name as scale.
        score : float64
            By the instrument's key; NaN where too few items were answered.
        n_items_answered, n_items : int64
            On how many of the scale's items it rests.
        """
        return self.scored.table.copy()

    def wide(self, outcome: str, by: str = "pupil") -> pd.DataFrame:
        """Return one outcome with a row a pupil, or a row a class: what most analyses start from.

        Parameters
        ----------
        outcome : str
            As results call it: ``strs-sf.conflict``, or ``taal``. `bench.outcomes` lists them.
        by : {"pupil", "class", "teacher", "school"}
            What a row is. A unit's scores are the means of those of its pupils that have that score; pupils whose
            unit is not known are in no row.

        Returns
        -------
        DataFrame
            Indexed by `by`.

        Columns
        -------
        pre, post, followup … : float64
            The score at each wave that the study names; NaN where not measured.
        teacher, class, school, arm : str
            At assignment; NaN where not known. Rows of units have those of which no unit has two.
        covariates : float64 or object
            By their own names; rows of units have the means of those that are numbers.
        n : int64
            Of units only: the number of pupils with a score at any wave.

        Raises
        ------
        KeyError
            No such outcome, or no such unit in this study; the message names those there are.
        """
        found = {key: waves for _, key, waves in outcome_waves(self.study, self.scored.table)}
        if outcome not in found:
            raise KeyError(f"no outcome {outcome}; there are {', '.join(found)}")
        table = found[outcome].rename_axis(columns=None).join(self.intake.pupils, how="left")
        table.index.name = "pupil"
        if by == "pupil":
            return table
        units = [unit for unit in UNITS if unit in table and table[unit].notna().any()]
        if by not in units:
            raise KeyError(f"no rows by {by}; there are {', '.join(['pupil', *units])}")
        grouped = table.groupby(by, observed=True)
        fixed = [role for role in ("arm", "school", "teacher") if role in table and role != by]
        several = {role: grouped[role].nunique().gt(1).any() for role in fixed}
        same = {role: grouped[role].first() for role in fixed if not several[role]}
        return grouped.mean(numeric_only=True).assign(n=grouped.size(), **same)

    @property
    def outcomes(self) -> list[str]:
        """How results call every scale that has a score."""
        return [key for _, key, _ in outcome_waves(self.study, self.scored.table)]

    @property
    def primary(self) -> str:
        """The outcome that comes first: the first primary one; the first of all where none is primary.

        Raises
        ------
        KeyError
            When the study has no scored outcome.
        """
        named = self.outcomes
        if not named:
            raise KeyError("this study has no outcome")
        return next((key for key in named if self.study.outcome(scale_of(key)[0]).role == "primary"), named[0])

    @property
    def formula(self) -> str:
        """What the main analyses compute, a line each: name, formula and source."""
        used = dict.fromkeys(e.method for e in self.results.where(kind="headline") if e.family)
        return self.formula_of(*used)

    @staticmethod
    def formula_of(*methods: str) -> str:
        """Return name, formula and source of some statistics, a line each, as the verification registry has them.

        A formula that refers to another one (``as mixed_kr, …``) is followed by that one.

        Raises
        ------
        KeyError
            For a name that the registry does not have.
        """
        known, told = formulas(), list(dict.fromkeys(methods))
        for method in told:  # which grows
            told += [name for name in _AS.findall(known[method]["formula"]) if name in known and name not in told]
        return "\n".join(f"{known[m]['name']}: {known[m]['formula']} ({known[m]['source']})" for m in told)

    @property
    def estimates(self) -> pd.DataFrame:
        """Every estimate, a row each; the columns are those of `werkbank.Estimate`."""
        return self.results.frame("estimates")

    @property
    def facts(self) -> pd.DataFrame:
        """Every described quantity, a row each; the columns are those of `werkbank.Fact`."""
        return self.results.frame("facts")

    @property
    def claims(self) -> pd.DataFrame:
        """What the design allows one to say, a row each; the columns are those of `werkbank.Claim`."""
        return self.results.frame("claims")

    # --- results

    @cached_property
    def results(self) -> Results:
        """The results that answer this study's questions: effects, and underachievement where it was declared."""
        if self.given is not None:
            return self.given
        asked = ["effects"] * bool(self.study.outcomes) + ["associations"] * bool(self.study.associations)
        asked += ["underachievement"] * bool(self.study.underachievement)
        others = {"synthesis": self.study.synthesis, "cases": self.study.single_case, "logs": self.study.logs}
        return self.part(*asked or [next((name for name, block in others.items() if block), "monitoring")])

    def part(self, *names: str) -> Results:
        """Return some of `PARTS` as one store, in their fixed order."""
        if self.given is not None:
            return self.given
        kept = self._parts
        for name in names:
            if name not in kept:
                kept[name] = one_thread(getattr(self, f"_{name}"))()  # in JupyterLab, too
        store = Results(self.study.model_dump(mode="json", by_alias=True, exclude_none=True))
        for name in sorted(names, key=PARTS.index):
            store = store.joined(kept[name])
        return store

    @cached_property
    def whole(self) -> Bench:
        """The bench of everyone, of whom this one may be a part (`only`)."""
        if not self.only or self.given is not None:
            return self
        intake = read_answers(self.study)
        return Bench(intake, score_study(intake), self.language, self.seed)

    def about(self, *names: str) -> Bench:
        """Return this bench with some of `PARTS` as its results.

        ``within`` is told of everyone, so that it has everyone's answers beside it.
        """
        key = tuple(sorted(names, key=PARTS.index))
        if self.given is None and key not in self._views:
            told = self.whole if "within" in key else self
            view = replace(self, intake=told.intake, scored=told.scored, given=self.part(*key))
            # what a section may need besides results is computed once for all
            view.__dict__.update({k: v for k, v in self.__dict__.items() if k in {"_parts", "_views"}})
            view.__dict__["_viewed"] = self if told is self else None
            self._views[key] = view
        return self if self.given is not None else self._views[key]

    @cached_property
    def _parts(self) -> dict[str, Results]:
        return {}

    @cached_property
    def _views(self) -> dict[tuple[str, ...], Bench]:
        return {}

    def _store(self, **parts: Any) -> Results:  # noqa: ANN401 - as Results has them
        return Results(self.study.model_dump(mode="json", by_alias=True, exclude_none=True), **parts)

    def _effects(self) -> Results:
        study, scores, pupils = self.study, self.scored, self.intake.pupils
        steps.begin("comparability")
        comparable = comparability(self.intake, scores.instruments, arms=False)
        found = self._store(
            estimates=tuple(marked(study, estimate(study, scores.table, pupils, self.seed))),
            facts=(*scores.facts, *comparable, *describe(study, scores.table, pupils)),
        )
        judged = [] if study.design.kind == "association" else appraise(study, found)  # there is no programme to judge
        return found.with_more(claims=[*judged, *claims_of_deviations(study)])

    def _associations(self) -> Results:
        from werkbank.appraisal.associations import claims_of_associations
        from werkbank.effects.associating import related_estimates, related_facts

        steps.begin("associating")
        asked = (self.study, self.scored.table, self.intake.pupils)
        found = self._store(
            estimates=tuple(related_estimates(*asked)), facts=(*self.scored.facts, *related_facts(*asked))
        )
        return found.with_more(claims=claims_of_associations(self.study, found))

    def _within(self) -> Results:
        """Return the whole study's answers, and beside them the classes of the part to which this bench is limited."""
        whole = self.whole
        if whole is self:
            return self.part("effects")
        asked = (self.study, whole.scored.table, whole.intake.pupils, self.only)
        return whole.part("effects").with_more(facts=[*unit_means(*asked), *beside_others(*asked)])

    def _ways(self) -> Results:
        changed = by_own_alpha(self.study, self.scored, self.intake.pupils)
        return self._store(facts=(*changed, *(self.ways.facts if self.ways else ())))

    def _diagnostics(self) -> Results:
        return self._store(facts=tuple(diagnose(self.study, self.scored.table, self.intake.pupils)))

    def _measurement(self) -> Results:
        steps.begin("measuring")
        return self._store(facts=(*self.scored.facts, *study_quality(self.intake, self.scored)))

    def _underachievement(self) -> Results:
        from werkbank.underachievement import stating

        steps.begin("underachieving")
        return self._store(
            estimates=tuple(stating.estimates(self.examined, self.study.privacy.min_cell)),
            facts=(
                *stating.facts(self.examined),
                *stating.causes(self.examined, self.logs if self.study.logs else None),
            ),
        )

    def _monitoring(self) -> Results:
        from werkbank.underachievement import following

        steps.begin("following")
        return self._store(facts=tuple(following.facts(self.followed)))

    def _synthesis(self) -> Results:
        from werkbank.synthesis.pooling import synthesised

        steps.begin("pooling")
        estimates, facts, claims = synthesised(self.reviewed, self.study.ci_level)
        return self._store(estimates=tuple(estimates), facts=tuple(facts), claims=tuple(claims))

    def _planning(self) -> Results:
        from werkbank.appraisal.planned import claims_of_plan
        from werkbank.planning.finding import facts

        return self._store(facts=tuple(facts(self.study, self.seed)), claims=tuple(claims_of_plan(self.study)))

    def _cases(self) -> Results:
        from werkbank.cases.measuring import measured

        steps.begin("cases")
        estimates, facts, claims = measured(self.study, self.followed_cases)
        return self._store(estimates=tuple(estimates), facts=tuple(facts), claims=tuple(claims))

    @cached_property
    def followed_cases(self) -> CaseSeries:
        """Cases followed day by day, as they were read: `followed_cases.days` has a row for each case and day."""
        from werkbank.cases.reading import read_cases

        return read_cases(self.study)

    def _logs(self) -> Results:
        from werkbank.cases.logs.measuring import measured

        estimates, facts = measured(self.study, self.logs, self.today)
        return self._store(estimates=tuple(estimates), facts=tuple(facts))

    @property
    def today(self) -> dt.date:
        """The day on which this runs: whether a period is over."""
        return dt.date.today()  # noqa: DTZ011 - a school's own day

    @cached_property
    def logs(self) -> Logs:
        """Logs of a programme as they were filled in: `logs.books` has each with its `rows`."""
        from werkbank.intake.once import logs_of

        return logs_of(self.study, self.intake.pupils.index if self.only else None)

    @cached_property
    def reviewed(self) -> Review:
        """The effects of several studies, as they were read: `reviewed.effects` has a row each."""
        from werkbank.synthesis.reading import review_of

        return review_of(self.study)

    @cached_property
    def ways(self) -> ManyWays | None:
        """The headline question answered in many ways; None where it has no test, no pre-test or no comparison."""
        if (same := self.__dict__.get("_viewed")) is not None:  # of the same pupils: computed once for all views
            return cast("ManyWays | None", same.ways)
        found = self.part("effects").estimates
        return of_headline(self.study, self.scored.table, self.intake.pupils, found, self.seed)

    @cached_property
    def examined(self) -> Examined:
        """Pupils judged by every method of underachievement that the study file names; of a part, against everyone."""
        from werkbank.underachievement.study import examine

        everyone = self.whole  # a school is held against all who took part
        among = None if everyone is self else self.intake.pupils.index
        return examine(self.study, everyone.scored.table, everyone.intake.pupils, among)

    @cached_property
    def followed(self) -> Followed:
        """Pupils of a monitoring export, followed over time."""
        from werkbank.underachievement.following import follow

        return follow(self.study, self.only)

    @cached_property
    def evidence(self) -> Evidence:
        """What the results say, looked up by question."""
        return Evidence(self.study, self.results)

    # --- what a notebook shows

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ANN401, ARG002
        title, *lines = self._read()
        shown = "\n".join(f"<li>{escape(line)}</li>" for line in lines)
        html = f"<p><strong>{escape(title)}</strong></p>\n<ul>\n{shown}\n</ul>"
        return {"text/plain": repr(self), "text/html": html, PRIVATE_MIME: {}}

    def __repr__(self) -> str:
        title, *lines = self._read()
        return "\n".join([title, *(f"- {line}" for line in lines)])

    def _read(self) -> list[str]:
        """Say what was read, and what of it a reader should know, in the bench's (first) language."""
        language, pupils = self.language.partition("+")[0], self.intake.pupils
        told = [self.study.title_in(language)]
        told += [say("intake.bench.file", language, path=f.path, n=f.n_rows) for f in self.intake.files]
        if len(pupils):
            told.append(say("intake.bench.pupils", language, n=len(pupils)))
        for role in ("class", "teacher", "school"):
            if role in pupils and (n := pupils[role].nunique()):
                told.append(say(f"intake.bench.{role}", language, n=n))
        if self.outcomes:
            told.append(say("intake.bench.outcomes", language, names=", ".join(self.outcomes)))
        # how a file was read is told with the file
        notes = [note for note in self.intake.notes if not note.key.startswith("intake.file_")]
        return [*told, *(note.sentence(language) for note in notes)]


@dataclass(frozen=True)
class UnfitBench:
    """What `open` gives in a notebook when the study is not fit: its problems to be read, and nothing to work with."""

    error: UnfitError
    language: str

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):  # what Python or Jupyter looks for
            raise AttributeError(name)
        raise FirstMendError(say("problems.first_mend", self.language))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ANN401, ARG002
        shown = "\n".join(f"<li>{escape(p.sentence(self.language))}</li>" for p in self.error.problems)
        first = say("problems.unfit", self.language)
        html = f"<p><strong>{escape(first)}</strong></p>\n<ul>\n{shown}\n</ul>"
        return {"text/plain": repr(self), "text/html": html, PRIVATE_MIME: {}}

    def __repr__(self) -> str:
        problems = [p.sentence(self.language) for p in self.error.problems]
        return "\n".join([say("problems.unfit", self.language), *(f"- {line}" for line in problems)])


def open_study(
    study: str | Path,
    *,
    language: str | None = None,
    only: Mapping[str, str] | None = None,
    seed: int = SEED,
) -> Bench:
    """Read, check and score a study, and put it on the bench: ``werkbank.open``.

    Parameters
    ----------
    study : str or path
        A study.yaml, the folder that holds one, or the name of an example. A relative path is looked for in the
        present folder, in the folder where JupyterLab was started, and in the folders above the present one.
    language : {"nl", "en"}, optional
        Of what is shown; the study's own when left out.
    only : mapping of str to str, optional
        A role and a code, ``{"school": "007"}``: a bench of these pupils only.
    seed : int
        Of everything that is drawn at random.

    Raises
    ------
    UsageError
        When there is no such study.
    UnfitError
        With every problem of the study file or the data. In a notebook the problems are shown instead, and whatever
        is asked of the bench afterwards says that the study must be mended first.

    Examples
    --------
    >>> import werkbank
    >>> bench = werkbank.open("baumann", language="en")
    >>> bench.wide("lezen1")[["arm", "pre", "post"]].shape
    (66, 3)
    """
    spoken = language.partition("+")[0] if language else None
    try:
        declared = load_study(find_study(study, spoken or "en"))
        check_named(declared)
        # a study of a monitoring export alone has no answers that could be limited
        limits = dict(only or {}) if declared.files else {}
        intake = read_answers(declared, limits)
        scored = score_study(intake)
    except UnfitError as error:
        if _in_a_notebook():
            return UnfitBench(error, spoken or error.language)  # type: ignore[return-value]
        raise
    return Bench(intake, scored, language or declared.language, seed, dict(only or {}))


def _in_a_notebook() -> bool:
    """Whether this runs in IPython, which shows what the last line of a cell gives."""
    shell = sys.modules.get("IPython")
    return shell is not None and shell.get_ipython() is not None


@dataclass(frozen=True)
class Peek:
    """The first rows of a table, to look at: shown in a notebook, and kept in no report and no notebook."""

    rows: pd.DataFrame
    n: int

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ANN401, ARG002
        return {"text/plain": repr(self), "text/html": self.rows.to_html(), PRIVATE_MIME: {}}

    def __repr__(self) -> str:
        return f"{self.rows}\n({self.n} rows)"


def peek(table: pd.DataFrame, n: int = 5) -> Peek:
    """Show the first rows of a table in a notebook, and nowhere else: ``werkbank.peek(bench.scores)``.

    Parameters
    ----------
    table : DataFrame
        Any table; those of a bench know pupils by codes.
    n : int
        How many rows.

    Returns
    -------
    Peek
        What a cell shows. ``werkbank run`` leaves it out of the report and of the notebook that is kept.
    """
    return Peek(table.head(n), len(table))
