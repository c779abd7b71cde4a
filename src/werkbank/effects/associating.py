"""Questions without a programme: which scores of whom they rest on, and what the answers are."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.effects.asking import role_of_outcome
from werkbank.effects.comparison import numeric
from werkbank.effects.kinds import KIND, metric_of
from werkbank.effects.multiplicity import adjusted
from werkbank.effects.questions import identifier, interval_level, outcome_waves
from werkbank.effects.units import LEVELS, unit_names
from werkbank.errors import Problem, UnfitError
from werkbank.remembering import remembered
from werkbank.results import Estimate, Fact
from werkbank.statistics.associations import Associations, associations
from werkbank.statistics.quantity import Quantity, not_computed
from werkbank.statistics.within_between import Asked, Term

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from werkbank.study.associations import Association
    from werkbank.study.model import Study

OUTCOME, GROUP, ABOVE = "the outcome", "the group", "above the group"
HEADS = ("association_within", "association_between", "association_overall")


@dataclass(frozen=True)
class Related:
    """One question: an outcome, its predictors, and the rows of those who have all that it needs.

    `number` is its place in the study file, from 1; `names` and `moderators` are called as results call them: a scale
    or a column. `level` is pupil where groups do not count. `lost` counts who is not in `table`, by what they lack
    first: a group, the outcome, a predictor or covariate by its name. `words` has of a column of two words what 0 and
    1 stand for.
    """

    number: int
    key: str
    informant: str
    role: str
    wave: str
    predictors_wave: str
    names: tuple[str, ...]
    moderators: tuple[str, ...]
    bent: tuple[str, ...]
    level: str
    table: pd.DataFrame
    covariates: tuple[str, ...]
    enrolled: int
    lost: Mapping[str, int]
    ci_level: float
    above: str = ""
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def grouped(self) -> bool:
        """Whether groups count."""
        return self.level != "pupil"

    @property
    def n_groups(self) -> int | None:
        """How many groups there are; None where they do not count."""
        return int(self.table[GROUP].nunique()) if self.grouped else None

    def answered(self, asked: Asked | None = None) -> Associations | str:
        """Return the slopes of this question, with a product or square when that is asked."""
        held = [name for name in self.covariates if name not in {*self.names, asked.moderator if asked else ""}]
        group, above = (GROUP, self.above) if self.grouped else ("", "")
        return associations(
            self.table, OUTCOME, self.names, covariates=numeric(self.table, held), group=group, above=above,
            asked=asked, level=self.ci_level,
        )  # fmt: skip


@remembered(1)
def related(study: Study, scores: pd.DataFrame, pupils: pd.DataFrame) -> Iterator[Related]:
    """Yield every question of ``associations:``, an outcome with several scales as one question for each.

    Raises
    ------
    UnfitError
        ``association_scale_unknown``, ``association_not_measured``, ``association_words``: with every problem found.
    """
    known = {key: (outcome.informant, waves) for outcome, key, waves in outcome_waves(study, scores)}
    problems: list[Problem] = []
    made: list[Related] = []
    for at, asked in enumerate(study.associations):
        try:
            made += _asked(study, asked, len(made) + 1, known, pupils, f"associations.{at}")
        except UnfitError as error:
            problems += error.problems
    if problems:
        raise UnfitError(problems, study.language)
    yield from made


def _asked(
    study: Study,
    asked: Association,
    number: int,
    known: Mapping[str, tuple[str, pd.DataFrame]],
    pupils: pd.DataFrame,
    place: str,
) -> list[Related]:
    keys = _scales(study, [asked.outcome], known, place)
    names = _scales(study, asked.predictors, known, place)
    bent = [n for name in asked.bent for n in _scales(study, [name], known, place)]
    moderators = _scales(study, asked.moderators, known, place)
    made: list[Related] = []
    for key in keys:
        others = tuple(name for name in names if name != key)
        wave, before = _waves(study, asked, key, [*others, *moderators], known, place)
        read = {n: _values(study, n, before, known, pupils, place) for n in dict.fromkeys([*others, *moderators])}
        table = pd.DataFrame(
            {OUTCOME: known[key][1][wave].reindex(pupils.index), **{n: v for n, (v, _) in read.items()}}
        )
        found = Related(
            number + len(made), key, known[key][0], role_of_outcome(study, key), wave, before, others,
            tuple(name for name in moderators if name != key), tuple(name for name in bent if name != key),
            "pupil", table, (), len(pupils), {}, interval_level(study),
            words={n: words for n, (_, words) in read.items() if words},
        )  # fmt: skip
        made.append(_complete(study, asked, found, pupils))
    return made


def _scales(study: Study, names: Sequence[str], known: Mapping[str, tuple[str, pd.DataFrame]], place: str) -> list[str]:
    """Return scales as results call them: an outcome of several scales stands for each that is no composite."""
    made: list[str] = []
    for name in names:
        if not study.is_outcome(name) or name in known:
            made.append(name)
            continue
        scales = [key for key in known if key.split(".")[0] == name] if "." not in name else []
        if not scales:
            valid = [key for key in known if key.split(".")[0] == name.split(".")[0]]
            details = {"valid": ", ".join(valid) or "–"}
            raise UnfitError([Problem("association_scale_unknown", study.file, place, value=name, details=details)])
        made += scales
    return list(dict.fromkeys(made))


def _waves(
    study: Study,
    asked: Association,
    key: str,
    others: Sequence[str],
    known: Mapping[str, tuple[str, pd.DataFrame]],
    place: str,
) -> tuple[str, str]:
    """Return the moment of the outcome and that of its predictors: as declared, or the first at which all were had."""
    of_others = [list(known[name][1]) for name in others if name in known]
    here = list(known[key][1])
    if asked.wave is None and asked.predictors_wave is None:
        together = [wave for wave in here if all(wave in waves for waves in of_others)]
        if together:
            return together[0], together[0]
    wave = asked.wave or here[0]
    before = asked.predictors_wave or wave
    lacking = [key] * (wave not in here) + [n for n in others if n in known and before not in known[n][1]]
    if lacking:
        at = {name: "/".join(known[name][1]) for name in [key, *(n for n in others if n in known)]}
        details = {"name": lacking[0], "valid": "; ".join(f"{name}: {waves}" for name, waves in at.items())}
        wanted = wave if lacking[0] == key else before
        raise UnfitError([Problem("association_not_measured", study.file, place, value=wanted, details=details)])
    return wave, before


def _values(
    study: Study,
    name: str,
    wave: str,
    known: Mapping[str, tuple[str, pd.DataFrame]],
    pupils: pd.DataFrame,
    place: str,
) -> tuple[pd.Series, tuple[str, str] | None]:
    """Return a predictor of every pupil, and of two words which is 0 and which 1 (in the order of the alphabet)."""
    if name in known:
        return known[name][1][wave].reindex(pupils.index).astype(float), None
    values = pupils.get(name, pd.Series(np.nan, pupils.index))
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(float), None
    words = sorted(values.dropna().astype(str).unique())
    if len(words) != 2:
        details = {"n": len(words)}
        raise UnfitError([Problem("association_words", study.file, place, value=name, details=details)])
    return values.astype(object).map({words[0]: 0.0, words[1]: 1.0}).astype(float), (words[0], words[1])


def _complete(study: Study, asked: Association, q: Related, pupils: pd.DataFrame) -> Related:
    """Return a question with its groups, its covariates and the rows that are complete; and count the others."""
    named: list[str] = [one for one in LEVELS if unit_names(pupils, one) is not None and one != study.unit]
    level: str = asked.level or next(iter(named), "pupil")
    level = level if level in named else "pupil"
    needed = {OUTCOME: q.table[OUTCOME], **{n: q.table[n] for n in q.table if n != OUTCOME}}
    table, above = q.table, ""
    if level != "pupil":
        of_pupil = unit_names(pupils, level)
        table = table.assign(**{GROUP: of_pupil})
        needed = {GROUP: table[GROUP], **needed}
        if level != "school" and "school" in named:
            table, above = table.assign(**{ABOVE: unit_names(pupils, "school")}), ABOVE
            table[ABOVE] = table[ABOVE].fillna("")
    # whoever was given a programme differs by it: arms are held constant where there are any
    beside = [c for c in study.covariates if c in pupils and c not in table]
    beside += ["arm"] if study.compared and "arm" in pupils else []
    table = table.assign(**{name: pupils[name] for name in beside})
    needed |= {name: table[name] for name in beside}
    lost, left = {}, pd.Series(data=True, index=table.index)
    for name, column in needed.items():
        lacking = left & column.isna()
        lost[name] = int(lacking.sum())
        left &= ~lacking
    return replace(q, level=level, table=table.loc[left], above=above, covariates=tuple(beside),
                   lost={name: n for name, n in lost.items() if n})  # fmt: skip


def related_estimates(study: Study, scores: pd.DataFrame, pupils: pd.DataFrame) -> list[Estimate]:
    """Answer every question of ``associations:``.

    Returns
    -------
    list of Estimate
        Per question and predictor the slope within groups (``association_within``), between them (``_between``) or,
        where groups do not count, of all (``_overall``), which are the tests of its family; the same in SDs of the
        level (``_sd``) and by CR2 (``association_cr2_within`` …, of products and squares too); the slope between minus
        within (``association_context``). Per moderator the product (``association_product_within``, ``_cross``,
        ``_between``, ``_overall``) and per bent predictor the square (``association_square_within`` …), all
        exploratory, with the slope at one SD below and above the mean (``association_slope_at``; `level` low or high,
        `criterion` the part).
        `other` is the predictor, `moderator` the moderator, of a square the predictor again. At the end the corrected
        p values, by family: Holm of what was to be confirmed, Benjamini-Hochberg of the rest. A question without an
        answer has one estimate without a value, the reason in `note`.
    """
    made: list[Estimate] = []
    for q in related(study, scores, pupils):
        found = q.answered()
        made += _refused(q, found) if isinstance(found, str) else _slopes(q, found)
        for asked in [*(Asked(n, m) for m in q.moderators for n in q.names), *(Asked(n) for n in q.bent)]:
            more = q.answered(asked)
            made += _refused(q, more, asked) if isinstance(more, str) else _further(q, more, asked)
    return [*made, *_corrected(made)]


def _slopes(q: Related, found: Associations) -> list[Estimate]:
    made: list[Estimate] = []
    for term, test in found.tests.items():
        head = f"association_{term.part}"
        one = _estimate(q, head, test, found, term)
        made.append(replace(one, family=f"association_{q.role}", note=one.note or "groups_held" * found.held))
        made.append(_estimate(q, f"{head}_sd", found.standardised[term], found, term))
        if term in found.robust:
            made.append(_estimate(q, f"association_cr2_{term.part}", found.robust[term], found, term))
    for name, test in found.context.items():
        made.append(_estimate(q, "association_context", test, found, Term("slope", name, "")))
    # a predictor that does not differ at all, or of which groups are too few, is told of
    answered = {term.predictor for term in found.tests}
    missing = {name: "predictor_constant" if q.table[name].nunique() < 2 else "too_few_groups" for name in q.names}
    return [*made, *(_refusal(q, why, name) for name, why in missing.items() if name not in answered)]


def _further(q: Related, found: Associations, asked: Asked) -> list[Estimate]:
    kind = "product" if asked.moderator else "square"
    terms = [term for term in found.tests if term.kind != "slope"]
    made = []
    for term in terms:
        one = _estimate(q, f"association_{kind}_{term.part}", found.tests[term], found, term)
        made.append(replace(one, role="exploratory", family="association_further"))
        if term.part in {"within", "between"} and term in found.robust:
            check = _estimate(q, f"association_cr2_{term.part}", found.robust[term], found, term)
            made.append(replace(check, id=f"{check.id}/{kind}", role="exploratory"))
        for where in ("low", "high"):
            if (term, where) in found.simple:
                at = _estimate(q, "association_slope_at", found.simple[term, where], found, term)
                place = identifier(at.id, kind, term.part, where)
                made.append(replace(at, id=place, level=where, criterion=term.part, role="exploratory"))
    return made or _refused(q, "too_few_groups", asked)


def _estimate(q: Related, method: str, test: Quantity, found: Associations, term: Term) -> Estimate:
    by = term.moderator or (term.predictor if term.kind == "square" else "")
    return Estimate(
        id=identifier("association", str(q.number), q.key, q.wave, term.predictor, *([by] if by else []), method),
        outcome=q.key, method=method, estimate=_plain(test.value), informant=q.informant, wave_to=q.wave,
        wave_from=q.predictors_wave if q.predictors_wave != q.wave else "", se=_plain(test.se), df=_plain(test.df),
        statistic=_plain(test.statistic), p=_plain(test.p), ci_low=_plain(test.ci_low), ci_high=_plain(test.ci_high),
        ci_level=q.ci_level, standardiser=test.standardiser, n=found.n, n_clusters=found.n_groups or None,
        role="exploratory" if q.role == "exploratory" else "confirmatory", note=test.note, kind=KIND[method],
        metric=metric_of(method, test.standardiser), moderator=by, other=term.predictor,
        grouped_by="association", group=str(q.number),
    )  # fmt: skip


def _plain(value: float | None) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None


def _refused(q: Related, reason: str, asked: Asked | None = None) -> list[Estimate]:
    if asked is None:
        return [_refusal(q, reason, name) for name in q.names]
    return [_refusal(q, reason, asked.predictor, asked)]


def _refusal(q: Related, reason: str, name: str, asked: Asked | None = None) -> Estimate:
    part = "within" if q.grouped else "overall"
    method = f"association_{part}"
    if asked is not None:
        method = f"association_{'product' if asked.moderator else 'square'}_{part}"
    term = Term("slope" if asked is None else "product" if asked.moderator else "square", name, part,
                asked.moderator if asked else "")  # fmt: skip
    none = Associations({}, {}, {}, {}, {}, len(q.table), q.n_groups or 0)
    return _estimate(q, method, not_computed(f"association_{reason}"), none, term)


def _corrected(made: Sequence[Estimate]) -> list[Estimate]:
    """Return the corrected p of every test, by family."""
    families: dict[str, list[Estimate]] = defaultdict(list)
    for one in made:
        if one.family and one.p is not None:
            families[one.family].append(one)
    found = []
    for members in families.values():
        explored = all(one.role == "exploratory" for one in members)
        method = "association_p_bh" if explored else "association_p_holm"
        smaller = adjusted([float(one.p or 0.0) for one in members], "fdr_bh" if explored else "holm")
        for one, p in zip(members, smaller, strict=True):
            bare = replace(one, se=None, df=None, statistic=None, ci_low=None, ci_high=None, note="", standardiser="")
            found.append(
                replace(bare, id=f"{one.id}/{method}", method=method, estimate=float(p), p=float(p),
                        kind=KIND[method], metric="p", criterion=one.method)
            )  # fmt: skip
    return found


def related_facts(study: Study, scores: pd.DataFrame, pupils: pd.DataFrame) -> list[Fact]:
    """Say of every question who was in it and who lacked what, and how its scores go together pair by pair.

    ``association_enrolled``, ``association_used``, ``association_groups``, ``association_lost`` (`category`: what was
    lacking), ``association_level`` (the groups), ``association_r`` (Pearson's r of two of its scores, `parts`), of all
    pupils together and therefore without a test.
    """
    made: list[Fact] = []
    for q in related(study, scores, pupils):
        counts: dict[str, int | str | None] = {
            "association_enrolled": q.enrolled, "association_used": len(q.table), "association_groups": q.n_groups,
            "association_level": q.level,
        }  # fmt: skip
        made += [_fact(q, what, value) for what, value in counts.items() if value is not None]
        made += [_fact(q, "association_lost", n, name) for name, n in q.lost.items()]
        names = [OUTCOME, *dict.fromkeys([*q.names, *q.moderators])]
        r = q.table[names].astype(float).corr() if len(q.table) > 2 else None
        for i, one in enumerate(names):
            for other in names[i + 1 :]:
                value = None if r is None or pd.isna(r.loc[one, other]) else float(r.loc[one, other])
                pair = tuple(q.key if name == OUTCOME else name for name in (one, other))
                fact = _fact(q, "association_r", value, "/".join(pair))
                made.append(replace(fact, parts=pair, n=len(q.table)))
    return made


def _fact(q: Related, what: str, value: float | str | None, category: str = "") -> Fact:
    place = identifier("association", str(q.number), q.key, q.wave, what, *([category] if category else []))
    names = {GROUP: "group", OUTCOME: "outcome"}
    return Fact(place, what, value, q.key, q.informant, wave=q.wave, n=len(q.table), kind="association",
                table=str(q.number), category=names.get(category, category))  # fmt: skip
