"""The quality panel: what a reader must know before believing a number. Every report has it, always."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from werkbank.appraisal.evidence import SIZES, Evidence, question
from werkbank.appraisal.precision import acceptable, minimum_detectable
from werkbank.appraisal.registered import deviations
from werkbank.effects.multiplicity import number_of_tests
from werkbank.results import Claim
from werkbank.statistics.standards import baseline_equivalence
from werkbank.study.model import WAVES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from werkbank.results import Estimate

ALPHA = 0.05
# SDs before: arms that a cut of a normal score made differ by 2.4 or more, wherever it lies between 5 and 95 %
APART = 2.0
# what stands beside the lead and answers the same question -> in what it differs from it
CHECKS = {
    "mixed_kr": "pupils_count", "cr2": "pupils_count", "ancova": "one_spread", "ancova_covariates": "one_spread",
    "ancova_unit_means": "one_spread", "post_difference": "one_spread", "post_difference_unit_means": "one_spread",
    "sites_fixed_pooled": "one_spread", "sites_mixed": "one_spread", "randomisation_test": "lots",
}  # fmt: skip
FOR_THE_MISSING = ("multiple_imputation", "waves_model")  # also count those who miss a score that the lead needs
IDLE = ("no_variation", "follows_from_others")  # a covariate without which nothing is lost
# what the WWC says of a difference beforehand -> what the panel says
ALIKE = {"satisfied": "equal", "with_adjustment": "adjusted", "not_satisfied": "unequal", "unknown": "unknown"}


def quality_panel(evidence: Evidence) -> list[Claim]:
    """Return the panel: at least one claim for every topic, in the order of `TOPICS`.

    A claim's value `status` is met, attention, information or unknown; a topic about which nothing is known says so.
    """
    return [
        replace(claim, id=f"quality/{topic}/{i}", topic=topic, sentence=f"claims.quality.{topic}.{claim.verdict}")
        for topic, claims in TOPICS.items()
        for i, claim in enumerate(claims(evidence), start=1)
    ]


def _claim(variant: str, status: str, about: tuple[str, ...] = (), **values: Any) -> Claim:  # noqa: ANN401 - JSON values
    made = Claim("", about, "description", "", {"status": status, **values}, kind="quality", verdict=variant)
    return replace(made, status=status)


def _of(test: Estimate, variant: str, status: str, about: tuple[str, ...], **values: Any) -> Claim:  # noqa: ANN401 - JSON values
    """Return a claim about one question."""
    named = {"outcome": test.outcome, "wave": test.wave_to, "contrast": test.contrast}
    made = _claim(variant, status, about, **values, **named)
    return replace(made, outcome=test.outcome, contrast=test.contrast, wave_from=test.wave_from, wave_to=test.wave_to)


def _numbers(e: Evidence) -> Iterator[Claim]:
    for arm in e.arms:
        pupils, units = (e.results.fact(what=f"{what}_enrolled", arm=arm) for what in ("pupils", "units"))
        if pupils is None or pupils.value is None:
            yield _claim("unknown", "unknown", arm=arm)
        elif units is None or units.value is None:
            yield _claim("pupils", "information", (pupils.id,), arm=arm, pupils=pupils.value)
        else:
            few = "attention" if int(units.value) < 2 and e.arms != [""] else "information"
            about = (pupils.id, units.id)
            yield _claim("units", few, about, arm=arm, pupils=pupils.value, units=units.value, unit=e.unit)


def _detectable(e: Evidence) -> Iterator[Claim]:
    known = False
    for test in e.primary:
        size = e.beside(test, *SIZES)
        mdes = minimum_detectable(size.se, test.df) if size is not None else None
        if size is None or mdes is None:
            yield _of(test, "unknown", "unknown", (test.id,))
        else:
            known, kind = True, "difference" if test.contrast else "change"
            in_points = minimum_detectable(test.se, test.df)
            values = {"mdes": mdes, "points": in_points, "share_power": 0.80, "alpha": 0.05}
            yield _of(test, kind, "information", (size.id, test.id), **values)
    if known:
        yield _claim("missed", "information")


def _control(e: Evidence) -> Iterator[Claim]:
    kind = e.study.design.kind
    status = {"single_group": "attention", "controlled": "attention", "randomised": "met"}[kind]
    yield _claim(kind, status, unit=e.study.design.assigned_by)


def _unit(e: Evidence) -> Iterator[Claim]:
    if any(t.note == "refused_too_few_units" for t in e.tests):
        yield _claim("refused", "attention", tuple(t.id for t in e.tests if t.estimate is None), unit=e.unit)
    elif any(t.note == "units_in_more_than_one_arm" for t in e.tests):
        yield _claim("shared", "attention", tuple(t.id for t in e.tests if t.estimate is None), unit=e.unit)
    if e.tests and not any(t.estimate is not None for t in e.tests):
        return  # nothing was analysed, by whatever unit
    if e.one_arm_grouped:
        yield _claim(
            "one_arm", "met", tuple(t.id for t in e.primary), unit=e.unit, control=e.study.design.individual_arms
        )
        return
    if e.unit == "pupil":
        yield _claim("pupil_single" if e.arms == [""] else "pupil", "met")
    else:
        single = "single" if e.arms == [""] else "means"
        yield _claim(single, "met", tuple(t.id for t in e.primary), unit=e.unit)
    if e.unit != "pupil" and e.study.design.assigned_by == "pupil" and e.arms != [""]:
        yield _claim("contradicts", "attention", unit=e.unit)


def _analysis(e: Evidence) -> Iterator[Claim]:
    """What weighs on the lead of each primary question, and where it and a check beside it do not agree."""
    if not any(t.estimate is not None for t in e.tests):
        yield _claim("nothing", "information")
        return
    found = False
    for test in e.primary:
        for fact in e.results.facts_where(what="caution", **question(test)):
            found = True
            unit = fact.value if fact.category.startswith("blocks_undeclared") else e.unit
            yield _of(test, fact.category, "attention", (fact.id, test.id), unit=unit)
        unused = [f for f in e.results.facts_where(what="covariate", **question(test)) if f.value != "used"]
        for variant, status in (("covariates_left_out", "attention"), ("covariates_idle", "information")):
            of = [f for f in unused if (f.value in IDLE) is (variant == "covariates_idle")]
            if of:
                found = found or status == "attention"
                about, names = tuple(f.id for f in of), [f.item for f in of]
                yield _of(test, variant, status, about, covariates=names, unit=e.unit)
        if test.estimate is not None and test.p is None:
            found = True
            yield _of(test, "no_test", "attention", (test.id,), unit=e.unit)
        others = _disagreeing(e, test, CHECKS)
        beside = _disagreeing(e, test, FOR_THE_MISSING)
        # with the same pupils it is not those who are missing that make the difference
        missing = [other for other in beside if (other.n or 0) > (test.n or 0)]
        if others := [*others, *(other for other in beside if other not in missing)]:
            found = True
            yield _disagreement(e, test, others)
        for other in missing[:1]:
            found = True
            yield _of(test, "missing_disagrees", "attention", (test.id, other.id), method=other.method, unit=e.unit)
    if not found:
        yield _claim("none", "met")


def _disagreeing(e: Evidence, test: Estimate, methods: Iterable[str]) -> list[Estimate]:
    """Return the checks of the same question whose p is below .05 where the lead's is not, or the other way round."""
    beside = [e.beside(test, method) for method in methods]
    tested = [other for other in beside if other is not None and other.p is not None]
    return [other for other in tested if test.p is not None and ((other.p or 0) < ALPHA) != (test.p < ALPHA)]


def _disagreement(e: Evidence, test: Estimate, others: list[Estimate]) -> Claim:
    """Name every check that disagrees, and in what they differ from the lead: of what was in them, nothing else."""
    why = [CHECKS[other.method] for other in others if other.method in CHECKS]
    flat = e.results.facts_where(what="caution", category="pre_without_variation", **question(test))
    if test.wave_from and not flat and {"mixed_kr", "cr2"} & {other.method for other in others}:
        why.append("class_means")
    also = [f"claims.why.{reason}" for reason in (*dict.fromkeys(why), "lead_counts")]
    values = {"methods": [other.method for other in others], "unit": e.unit, "also": also}
    variant = "lead_alone" if (test.p or 0) < ALPHA else "checks_alone"
    return _of(test, variant, "attention", (test.id, *(other.id for other in others)), **values)


def _followup(e: Evidence) -> Iterator[Claim]:
    later = [w for w in e.waves if WAVES.index(w) > WAVES.index("post")]
    if not later:
        yield _claim("none", "attention")
    elif e.study.control_has_waited(later[0]):  # nobody is left who went without
        yield _claim("waited", "attention", last=later[-1], after=e.study.design.control_received_after)
    else:
        yield _claim("later", "met", last=later[-1])


def _raters(e: Evidence) -> Iterator[Claim]:
    design, parts = e.study.design, dict[str, dict[str, None]]()
    for outcome in e.study.outcomes:
        if part := e.part_of_rater(outcome.id):
            parts.setdefault(part, {})[outcome.informant] = None
    told = {"gave": "givers", "got": "receivers", "took_part": "implementers"}
    for part, raters in parts.items():
        yield _claim(told[part], "attention", raters=list(raters))
    if not parts:
        known = bool(design.given_by or design.received_by)
        by = {True: ("implementers", "attention"), False: ("others", "met"), None: ("unknown", "unknown")}
        yield _claim("others", "met") if known else _claim(*by[design.raters_are_implementers])


def _selection(e: Evidence) -> Iterator[Claim]:
    chosen = e.study.design.selected_on
    if chosen is None:
        yield _claim("none", "information")
    else:
        kind = "single" if e.arms == [""] else "compared"
        yield _claim(kind, "attention", outcome=chosen)


def _attrition(e: Evidence) -> Iterator[Claim]:
    for test in e.primary:
        lost = e.lost(test)
        # few pupils lost may be whole schools lost, where these are small; no unit lost is no news
        units = {level: u for level, u in e.lost_units(test).items() if u.left < u.assigned} if test.contrast else {}
        if lost is None:
            yield _of(test, "unknown", "unknown", (test.id,))
        elif not test.contrast:
            yield _of(test, "single", "information", (test.id,), share_overall=lost[0])
        else:
            verdict = "high" if not acceptable(*lost) else "low_but_units" if units else "low"
            values: dict[str, Any] = {"share_overall": lost[0], "points_differential": 100 * lost[1]}
            values |= {"unit": next(iter(units))} if verdict == "low_but_units" else {}
            yield _of(test, verdict, "met" if verdict == "low" else "attention", (test.id,), **values)
        for level, unit in units.items():
            # the boundary takes it that one leaves without another: of whole units it is never more than not exceeded
            verdict = "units_low" if acceptable(unit.overall, unit.differential) else "units_high"
            values = {"share_overall": unit.overall, "points_differential": 100 * unit.differential}
            counts = {"left": unit.left, "assigned": unit.assigned}
            yield _of(test, verdict, "attention", (test.id,), unit=level, **counts, **values)


def _baseline(e: Evidence) -> Iterator[Claim]:
    if e.arms == [""]:
        yield _claim("single", "information")
        return
    for test in e.primary:
        fact = e.results.fact(what="baseline_difference", **question(test))
        if fact is None or fact.value is None or isinstance(fact.value, str):
            yield _of(test, "unknown", "unknown", (test.id,))
            continue
        variant = ALIKE[baseline_equivalence(fact.value)]
        if variant != "equal" and e.grade(test) == "effect":
            variant = "by_lot"  # equivalence is asked where lots did not divide, or attrition undid them (WWC)
        elif abs(fact.value) >= APART and e.study.design.kind == "controlled":
            variant = "apart"
        status = "met" if variant == "equal" else "attention" if variant in {"unequal", "apart"} else "information"
        yield _of(test, variant, status, (fact.id,), g=fact.value)


def _reliability(e: Evidence) -> Iterator[Claim]:
    alphas = [f for f in e.results.facts_where(what="alpha") if isinstance(f.value, float)]
    if against := e.against:
        names = list(dict.fromkeys(f.outcome for f in against))
        yield _claim("negative", "attention", tuple(f.id for f in against), outcomes=names)
    if not alphas:
        yield _claim("unknown", "unknown")
        return
    low, high = min(alphas, key=lambda f: float(f.value or 0)), max(alphas, key=lambda f: float(f.value or 0))
    values = {"r_low": low.value, "r_high": high.value, "lowest": low.outcome, "wave": low.wave}
    yield _claim("one" if low is high else "range", "information", (low.id, high.id), **values)


def _comparability(e: Evidence) -> Iterator[Claim]:
    asked = {t.outcome for t in e.primary}
    levels = [f for what in ("", "_arms") for f in e.results.facts_where(what=f"invariance_level{what}")]
    levels = [f for f in levels if f.outcome in asked]
    low = [f for f in levels if f.value not in {"strict", "scalar", "unknown"}]
    if not levels:
        yield _claim("not_examined", "unknown")
    elif low:
        names = list(dict.fromkeys(f.outcome for f in low))
        yield _claim("not_comparable", "attention", tuple(f.id for f in low), outcomes=names)
    else:
        known = all(f.value != "unknown" for f in levels)
        seen = {f.what.removeprefix("invariance_level") for f in levels}  # measurements, groups, or both
        of = "comparable" if len(seen) > 1 else "comparable_arms" if "_arms" in seen else "comparable_waves"
        yield _claim(of if known else "not_shown", "met" if known else "unknown", tuple(f.id for f in levels))


def _multiplicity(e: Evidence) -> Iterator[Claim]:
    tests = [t for t in e.tests if t.p is not None]
    corrected = any(e.results.where(method=method) for method in ("p_holm", "p_bh"))
    if not tests:
        yield _claim("none", "information")
    elif len(tests) == 1:
        yield _claim("one", "met", (tests[0].id,))
    else:
        # one correction is named: the one that was made; a family of one test needs none
        every = e.results.estimates
        made = [m for m in ("p_holm", "p_bh") if any(number_of_tests(x, every) > 1 for x in e.results.where(method=m))]
        variant = "_".join(["corrected", *made]) if made else "families_of_one" if corrected else "uncorrected"
        yield _claim(variant, "met" if corrected else "attention", tuple(t.id for t in tests), n=len(tests))


def _preregistration(e: Evidence) -> Iterator[Claim]:
    where = e.study.design.preregistration
    if (registered := e.study.registered) is not None:
        changed, on = deviations(e.study), registered.made.date().isoformat()
        variant = "late" if not registered.in_time else "deviated" if changed else "kept"
        yield _claim(variant, "met" if variant == "kept" else "attention", on=on, n_changed=len(changed))
        return
    yield _claim("planned", "met", where=where) if where else _claim("unplanned", "attention")


# what is judged -> how, in the order of the panel
TOPICS = {
    "numbers": _numbers, "detectable": _detectable, "control": _control, "unit": _unit,
    "analysis": _analysis, "followup": _followup,
    "raters": _raters, "selection": _selection, "attrition": _attrition, "baseline": _baseline,
    "reliability": _reliability, "comparability": _comparability, "multiplicity": _multiplicity,
    "preregistration": _preregistration,
}  # fmt: skip
