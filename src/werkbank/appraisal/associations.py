"""What may be said of questions without a programme: that scores go together, and never more than that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from werkbank.appraisal.registered import deviations
from werkbank.effects.associating import Related, related
from werkbank.measurement.study_scores import scale_of
from werkbank.results import Claim

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from werkbank.results import Estimate, Results
    from werkbank.study import Study

ALPHA = 0.05
FEW_GROUPS = 10  # below it a slope between groups is tested with hardly any power
MUCH_LOST = 0.20  # of those enrolled
GRADE = "association"


def claims_of_associations(study: Study, results: Results) -> list[Claim]:
    """Judge what questions without a programme allow one to say.

    Returns
    -------
    list of Claim
        Of `kind` grade: always an association, whatever the numbers are; reason; quality, by `topic` (direction,
        moment, source, levels, complete, tests, checks, plan); and for each slope, product and square an answer, whose
        `topic` is its part (within, between, cross, overall), `verdict` clear, fragile (not after correction), unsure
        (not by CR2), unclear or untested, and `side` higher or lower.
    """
    heads = [e for e in results.where(grouped_by="association") if e.family and e.kind != "correction"]
    refused = [e for e in results.where(grouped_by="association") if e.note.startswith("association_")]
    about = tuple(e.id for e in heads)
    made = [Claim("association/grade", about, GRADE, "association.grade", kind="grade", verdict=GRADE)]
    made.append(Claim("association/reason", (), GRADE, "association.reason", kind="reason", verdict="no_programme"))
    made += [
        replace(claim, id=f"association/quality/{claim.topic}/{i}",
                sentence=f"association.quality.{claim.topic}.{claim.verdict}")
        for i, claim in enumerate(_quality(study, results), start=1)
    ]  # fmt: skip
    return [*made, *(_answer(results, e) for e in [*heads, *(e for e in refused if e not in heads)])]


def _answer(results: Results, test: Estimate) -> Claim:
    smaller = results.estimate(id=f"{test.id}/association_p_holm") or results.estimate(id=f"{test.id}/association_p_bh")
    verdict = "untested" if test.p is None else "unclear"
    if test.p is not None and test.p < ALPHA:
        verdict = "clear" if smaller is None or (smaller.p or 0.0) < ALPHA else "fragile"
        if verdict == "clear" and not _confirmed(results, test):
            verdict = "unsure"
    side = ("higher" if (test.estimate or 0.0) > 0 else "lower") if verdict not in {"unclear", "untested"} else ""
    kind = {"product": "product", "square": "square"}.get(test.method.split("_")[1], "slope")
    part = test.method.rpartition("_")[2]
    sentence = f"{verdict}_{side}".strip("_")
    return Claim(
        f"answer/{test.id}", tuple(e.id for e in (test, smaller) if e is not None), GRADE,
        f"association.answer.{kind}.{sentence}", {"outcome": test.outcome, "wave": test.wave_to}, kind="answer",
        topic=part, verdict=verdict, side=side, outcome=test.outcome, wave_from=test.wave_from, wave_to=test.wave_to,
        role=test.role, test=test.id,
    )  # fmt: skip


def _confirmed(results: Results, test: Estimate) -> bool:
    """Whether CR2 finds what the mixed model finds within groups: where slopes differ, the latter is too sure.

    At slopes with an SD of .20 it rejects a true null 13 to 15 times in a hundred (benchmarks/calibration_associations
    .json), CR2 five or six times.
    """
    if not test.method.endswith("_within"):
        return True
    check = _check(results, test)
    return check is None or check.p is None or check.p < ALPHA


def _check(results: Results, test: Estimate) -> Estimate | None:
    method = f"association_cr2_{test.method.rpartition('_')[2]}"
    named = {"group": test.group, "other": test.other, "moderator": test.moderator, "outcome": test.outcome}
    return next(iter(results.where(method=method, **named)), None)


def _claim(topic: str, verdict: str, status: str, **values: Any) -> Claim:  # noqa: ANN401 - JSON values
    return Claim("", (), "description", "", values, kind="quality", topic=topic, verdict=verdict, status=status)


def _quality(study: Study, results: Results) -> Iterator[Claim]:
    facts = {key: {f.table: f.value for f in results.facts_where(what=f"association_{key}")}
             for key in ("enrolled", "used", "groups", "level")}  # fmt: skip
    slopes = [e for e in results.where(kind="association") if e.family]
    yield _claim("direction", "one_way", "attention")
    earlier = {e.group for e in slopes if e.wave_from}
    yield _claim("moment", "earlier", "information") if earlier else _claim("moment", "same", "attention")
    yield from _sources(study, slopes)
    few = [n for n in facts["groups"].values() if isinstance(n, int) and n < FEW_GROUPS]
    if not facts["groups"]:
        alone = set(facts["level"].values()) == {"pupil"} and bool(study.columns.named().keys() & {"class", "teacher"})
        yield _claim("levels", "ignored" if alone else "none", "attention" if alone else "information")
    elif few:
        yield _claim("levels", "few", "attention", n=min(few))
    else:
        yield _claim("levels", "enough", "met")
    yield _complete(facts["enrolled"], facts["used"])
    yield from _tests(slopes)
    yield from _checks(results, slopes)
    yield _plan(study)


def _sources(study: Study, slopes: list[Estimate]) -> Iterator[Claim]:
    """Say where outcome and predictor were filled in by the same people, whose mood or style is in both."""
    same: dict[str, None] = {}
    for e in slopes:
        if study.is_outcome(e.other) and study.outcome(scale_of(e.other)[0]).informant == e.informant != "test":
            same[e.informant] = None
    if same:
        yield _claim("source", "same", "attention", raters=list(same))
    else:
        yield _claim("source", "others", "met")


def _complete(enrolled: Mapping[str, object], used: Mapping[str, object]) -> Claim:
    shares = [1 - float(str(used[k])) / float(str(n)) for k, n in enrolled.items() if n and k in used]
    if not shares or max(shares) == 0:
        return _claim("complete", "all", "met")
    high = max(shares) > MUCH_LOST
    return _claim("complete", "many_lost" if high else "some_lost", "attention" if high else "information",
                  share_overall=max(shares))  # fmt: skip


def _tests(slopes: list[Estimate]) -> Iterator[Claim]:
    n = sum(e.p is not None for e in slopes)
    yield _claim("tests", "one" if n < 2 else "corrected", "met", n=n)


def _checks(results: Results, slopes: list[Estimate]) -> Iterator[Claim]:
    """Say whether the check that holds where slopes differ between groups comes to the same."""
    pairs = [(e, other) for e in slopes if (other := _check(results, e)) is not None]
    pairs = [(e, other) for e, other in pairs if e.p is not None and other.p is not None]
    apart = sum((float(e.p or 0.0) < ALPHA) != (float(other.p or 0.0) < ALPHA) for e, other in pairs)
    if pairs:
        yield _claim("checks", "disagree" if apart else "agree", "attention" if apart else "met", n=apart)


def _plan(study: Study) -> Claim:
    if (registered := study.registered) is not None:
        changed = deviations(study)
        verdict = "late" if not registered.in_time else "deviated" if changed else "kept"
        return _claim("plan", verdict, "met" if verdict == "kept" else "attention")
    planned = bool(study.design.preregistration)
    return _claim("plan", "planned" if planned else "unplanned", "met" if planned else "attention")


@dataclass(frozen=True)
class ForeseenAssociation:
    """What will become of one question without a programme, of which only counts are told.

    `reason` is a key under ``association.note``, "" where it is answered; `held`: only within groups, of which there
    are too few to say anything between them.
    """

    asked: Related
    reason: str
    held: bool = False

    @property
    def state(self) -> str:
        """Tested, or refused."""
        return "refused" if self.reason else "tested"


def foresee_associations(study: Study, scores: pd.DataFrame, pupils: pd.DataFrame) -> tuple[ForeseenAssociation, ...]:
    """Say of every question of ``associations:`` whether a report will answer it.

    Raises
    ------
    UnfitError
        As `related`.
    """
    made = []
    for q in related(study, scores, pupils) if study.associations else ():
        found = q.answered() if q.names else "not_estimable"
        made.append(
            ForeseenAssociation(q, found)
            if isinstance(found, str)
            else ForeseenAssociation(
                q, "" if any(t.p is not None for t in found.tests.values()) else "untested", found.held
            )
        )
    return tuple(made)
