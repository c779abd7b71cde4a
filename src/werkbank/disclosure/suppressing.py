"""Results -> the results that may be shared: small counts and what rests on them hidden, shares capped, no extremes."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from werkbank.disclosure.flow import arms_of, kind, moment, of_association, slots, system
from werkbank.disclosure.magnitudes import Magnitudes, magnitudes
from werkbank.disclosure.protecting import hide
from werkbank.disclosure.rounding import ENROLLED, rounded_claim, rounded_estimate, rounded_fact
from werkbank.disclosure.signals import about, behind, follows
from werkbank.results import Estimate, Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from werkbank.disclosure.protecting import Counts
    from werkbank.results import Claim, Results

HIDDEN = "privacy.hidden"  # the note of a number that is not shown
MIN_CELL = {"school": 6, "export": 10}  # NCO: no information on 5 or fewer; CBS remote access: 10 in a research export
CAPS = (0.05, 0.95)
BARE = ("estimate", "se", "df", "statistic", "p", "ci_low", "ci_high", "n", "n_clusters")
ALIKE = 0.995  # a correlation beyond this says that all lie on one line
LEFT = 10  # residual degrees of freedom that a model must leave: the rule of thumb of UK output checking
MANY = 20  # with two digits of a mean: the last one may lie anywhere in a fifth of it
LOST = "pupils_without_post"
Place = tuple[str, str, str, str]  # what, outcome, arm, wave of a fact


def suppress(
    results: Results,
    min_cell: int = MIN_CELL["school"],
    also: Iterable[str] = (),
    bare: AbstractSet[str] = frozenset(),
    cells: Mapping[str, int] | None = None,
) -> Results:
    """Return a copy of `results` that may be shared.

    Parameters
    ----------
    results : Results
        Of one report.
    min_cell : int
        The smallest count that may be shown: 6 in what a school shares, 10 in a research export (``MIN_CELL``).
    also, bare : iterable of str, set of str
        Counts that must be hidden because of other reports (`together`); those in `bare` with all that rests on them.
        An id in `bare` is a result that must be hidden itself (`deliveries`).
    cells : mapping of str to int, optional
        By the id of an estimate the smallest number of people behind its indicators (`cells.smallest_cells`). What
        rests on an indicator and is not in it, is hidden.

    Returns
    -------
    Results
        Every count of fewer than `min_cell` people, every statistic that rests on fewer (or on an unknown number), and
        as many other counts as it takes, have value None and the note ``HIDDEN``: see `protecting.hide`. Minimum,
        maximum and whatever ``kinds.yaml`` calls never are left out; a comparison one arm of which is that small is
        hidden, because with the other arm's mean it tells that arm's. Shares lie between .05 and .95. Degrees of
        freedom go where they would give a hidden n away. A claim that tells a hidden number is replaced by one that
        says that it is hidden; the grade of the study does not change.

    Every number that is shown is rounded (`rounding`), so that neither how many people nor a sum can be found from its
    decimals, and so that whoever knows the scores of all but one is left with a tenth of the scale for the last one
    (`leeway`). What matches no kind of ``kinds.yaml`` is hidden.

    Notes
    -----
    Of an outcome whose few answers can be counted from a mean and an SD (`patterns`) nothing is shown that was made of
    the scores. Zero is shown in the flow (nobody was lost) and hidden in a table of categories, where it says of
    everyone that they are not in that category; so is a category that holds all but a few. Rules and sources: decision
    023 and docs/privacy.md.
    """
    given, results = _published(results)
    counts = system(results, min_cell)
    made = _without(results, counts, hide(counts, min_cell, also), min_cell, bare, cells or {})
    return made.with_more(estimates=given.estimates, facts=given.facts, claims=given.claims)


def _published(results: Results) -> tuple[Results, Results]:
    """Return what was made of published numbers, in which there is nobody to protect, and the rest."""
    estimates = tuple(e for e in results.estimates if kind(e.method) == "published")
    facts = tuple(f for f in results.facts if kind(f.what) == "published")
    known = {*(e.id for e in estimates), *(f.id for f in facts)}
    claims = tuple(c for c in results.claims if c.about and set(c.about) <= known)
    given = replace(
        results, estimates=tuple(map(_printed, estimates)), facts=tuple(map(_printed, facts)), claims=claims
    )
    rest = replace(
        results,
        estimates=tuple(e for e in results.estimates if e.id not in known),
        facts=tuple(f for f in results.facts if f.id not in known),
        claims=tuple(c for c in results.claims if c not in claims),
    )
    return given, rest


def _printed(item: Any) -> Any:  # noqa: ANN401 -- a fact or an estimate, and the same again
    """Return a result from print with no more decimals than a copy shows: their number tells nothing there."""
    floats = {f.name: getattr(item, f.name) for f in fields(item)}
    return replace(item, **{name: round(x, 4) for name, x in floats.items() if isinstance(x, float)})


def few(n: float | None, min_cell: int) -> bool:
    """Whether `n` people are too few to be shown; nobody is not."""
    return n is not None and 0 < n < min_cell


def few_behind(results: Results, item: Fact | Estimate, arms: Iterable[str], min_cell: int) -> bool:
    """Whether one of the arms behind a result is so small that it tells of that arm, or is not counted anywhere."""
    at = {"outcome": item.outcome, "wave": item.wave if isinstance(item, Fact) else moment(item)}
    if isinstance(item, Estimate) and item.contrast and not item.arms:
        return True  # a comparison that does not say of whom
    for arm in arms:
        counts = [
            results.number(what="pupils_enrolled", arm=arm),
            results.number(what="pupils_analysed", arm=arm, **at),
        ]
        uncounted = arm != "" and all(n is None for n in counts)  # of everyone, the n of the result itself says it
        if uncounted or any(few(n, min_cell) for n in counts):
            return True
    return False


def saturated(e: Estimate, results: Results) -> bool:
    """Whether a model leaves its pupils fewer than `LEFT` residual degrees of freedom.

    Counted over pupils, whose answers are to be protected; where classes are the unit the test has fewer.
    """
    adjusted = len(results.study.get("covariates") or ()) if "covariates" in e.method else 0
    return e.n is not None and e.n - (max(len(e.arms), 1) + 1 + adjusted) < LEFT


def _without(
    results: Results,
    counts: Counts,
    hidden: AbstractSet[str],
    min_cell: int,
    bare: AbstractSet[str],
    cells: Mapping[str, int],
) -> Results:
    names = slots(results)
    shown = magnitudes(results, min_cell)

    def seen(item: Fact | Estimate, slot: str, number: float | None) -> bool:
        name = names.get((item.id, slot), "")
        return name in counts.costs and name not in hidden and counts.values[name] == number

    def rests(item: Fact | Estimate) -> bool:
        """Whether what this rests on may be known, here and beside other reports."""
        told = behind(item, results) if about(item) else []
        alone = item.outcome not in shown.few and not {item.id, names.get((item.id, "n"), "")} & bare
        return alone and all(n in counts.costs and n not in hidden for n in told)

    def lone(item: Fact | Estimate) -> bool:
        return few_behind(results, item, arms_of(item), min_cell)

    facts = [_fact(f, min_cell, seen, rests(f)) for f in results.facts if kind(f.what) != "never"]
    facts = [_bare(f) if f.id in bare or _rests_on_few(f, results, shown, min_cell) else f for f in facts]
    flow = {(f.what, f.outcome, f.arm, f.wave) for f in facts if kind(f.what) == "flow" and f.note == HIDDEN}
    facts = [rounded_fact(_of_flow(f, flow), results, shown, min_cell) for f in facts]
    estimates = []
    for e in results.estimates:
        alone = not rests(e) or (not about(e) and (lone(e) or _told(e, results, shown, cells, min_cell)))
        kept = _estimate(e, min_cell, alone=alone, shown=seen(e, "n", e.n))
        estimates.append(rounded_estimate(kept, results, shown, min_cell))
    gone = {f.id for f in facts if f.note == HIDDEN} | {e.id for e in estimates if e.note == HIDDEN}
    gone |= {f.id for f in results.facts} - {f.id for f in facts}
    open_n = {e.id for e in estimates if e.n is not None}
    claims = tuple(
        rounded_claim(_claim(c, gone, open_n, flow, results), results, shown, min_cell) for c in results.claims
    )
    # claims cap the share that was lost by themselves; a table of it shows none beyond the caps
    return replace(results, estimates=tuple(estimates), facts=tuple(map(_within_caps, facts)), claims=claims)


def _rests_on_few(f: Fact, results: Results, shown: Magnitudes, min_cell: int) -> bool:
    """Whether too few people are behind a fact, or nothing says how many."""
    match kind(f.what):
        case "magnitude":
            return f.id not in shown.values
        case "lost_ones":
            return not (results.number(what=LOST, outcome=f.outcome, arm=f.arm, wave=f.wave) or 0) >= min_cell
        case "statistic" if f.what in ENROLLED:
            return (f.n or 0) < MANY
        case "statistic":
            alike = f.what.startswith(("r_", "retest")) and isinstance(f.value, float) and abs(f.value) > ALIKE
            return alike or (not about(f) and few_behind(results, f, arms_of(f), min_cell))
        case "unknown" | "indicator":
            return True
    return False


def _told(e: Estimate, results: Results, shown: Magnitudes, cells: Mapping[str, int], min_cell: int) -> bool:
    """Whether an estimate tells of few: behind an indicator, in a model that fits them, or beside two means."""
    by = e.moderator or kind(e.method) == "indicator" or "covariates" in e.method
    if by and cells.get(e.id, 0) < min_cell:
        return True
    split = e.method == "gain_difference" and any(
        (e.outcome, arm, e.wave_from, e.wave_to) in shown.split for arm in e.arms
    )
    return split or saturated(e, results)


def _within_caps(f: Fact) -> Fact:
    inside = not isinstance(f.value, float | int) or CAPS[0] <= abs(f.value) <= CAPS[1]
    return f if inside or kind(f.what) != "lost" else _bare(f)


def _fact(f: Fact, min_cell: int, seen: Any, rests: bool) -> Fact:  # noqa: ANN401, FBT001 - a local function
    n = f.n if seen(f, "n", f.n) else None
    match kind(f.what):
        case "flow" | "attribute" if not follows(f):
            keep, value = seen(f, "value", f.value), f.value
        case "attribute":
            keep, value = rests, f.value
        case "plain":
            keep, value = True, f.value
        case "share":
            keep, value = _share(f.value, f.n, min_cell)
            keep = keep and rests and seen(f, "share", round(float(f.value or 0) * (f.n or 0)))
        case _:
            whole = isinstance(f.value, int) and not isinstance(f.value, bool)  # a count that nobody has classified
            keep, value = f.n is not None and f.n >= min_cell and not whole and rests, f.value
    if f.value is None:
        return replace(f, n=n)
    return replace(f, value=value, n=n) if keep else replace(f, value=None, n=None, note=HIDDEN)


def _share(value: Any, n: int | None, min_cell: int) -> tuple[bool, Any]:  # noqa: ANN401 - a fact's value
    """Return whether a share of `n` people may be shown, and how."""
    if not isinstance(value, int | float) or n is None or min(value * n, (1 - value) * n) < min_cell - 1e-9:
        return False, None
    return True, min(max(value, CAPS[0]), CAPS[1])


def _of_flow(f: Fact, flow: AbstractSet[Place]) -> Fact:
    """What was lost in a comparison follows from the flow of its arms: with theirs it is hidden."""
    # how many pupils a unit has, times the number of units, is how many there are
    if f.what == "size_mean" and ("pupils_enrolled", "", f.arm, "") in flow:
        return replace(f, value=None, n=None, note=HIDDEN)
    if f.value is not None and kind(f.what) == "lost" and _uncounted(f, flow):
        return replace(f, value=None, n=None, note=HIDDEN)
    return replace(f, n=None) if f.what == "dropout_difference" else f


def _uncounted(item: Fact | Estimate, flow: AbstractSet[Place]) -> bool:
    """Whether it is hidden how many were assigned to, or analysed in, an arm of this comparison."""
    return any(
        {("pupils_enrolled", "", arm, ""), ("pupils_analysed", item.outcome, arm, moment(item))} & flow
        for arm in arms_of(item)
    )


def _bare(f: Fact) -> Fact:
    return f if f.value is None else replace(f, value=None, n=None, note=HIDDEN)


def _estimate(e: Estimate, min_cell: int, *, alone: bool, shown: bool) -> Estimate:
    bare = dict.fromkeys(BARE)
    keep = e.n is not None and e.n >= min_cell and kind(e.method) not in {"never", "unknown"} and not alone
    if kind(e.method) == "share" and keep:
        keep, value = _share(e.estimate, e.n, min_cell)
        e = replace(e, estimate=value, ci_low=_capped(e.ci_low), ci_high=_capped(e.ci_high)) if keep else e
    if e.estimate is None and e.p is None:
        return e if shown else replace(e, n=None)
    if not keep:
        return replace(e, **bare, note=HIDDEN)  # type: ignore[arg-type]
    # without classes, and of slopes within them, the degrees of freedom are n less a few
    return e if shown else replace(e, n=None, df=e.df if e.n_clusters and not of_association(e) else None)


def _capped(value: float | None) -> float | None:
    return None if value is None else min(max(value, CAPS[0]), CAPS[1])


def _claim(
    c: Claim, gone: AbstractSet[str], open_n: AbstractSet[str], flow: AbstractSet[Place], results: Results
) -> Claim:
    """Return a claim as it may be told: as it is, without its numbers, or without n."""
    if gone & set(c.about):
        return _hidden(c)
    if c.values.get("share_overall") is not None:
        tests = [item for key in c.about if isinstance(item := results.item(key), Estimate)]
        if any(_uncounted(test, flow) for test in tests):
            return _hidden(c)
        return replace(c, values={**c.values, "share_overall": _capped(c.values["share_overall"])})
    if c.kind == "answer" and c.test not in open_n:
        return replace(c, values={k: v for k, v in c.values.items() if k != "n"})
    return c


def _hidden(c: Claim) -> Claim:
    kept = {k: v for k, v in c.values.items() if k in {"status", "outcome", "wave", "contrast", "arm", "role"}}
    sentence = f"privacy.claim.{'outcome' if {'outcome', 'wave', 'contrast'} <= kept.keys() else 'plain'}"
    if c.kind == "answer":  # without its numbers it can say no more than that there is one
        c, kept, sentence = replace(c, grade="description"), {**kept, "also": []}, "privacy.claim.too_few"
    # clear, higher, lower or high would tell as much as the numbers
    return replace(c, sentence=sentence, values=kept, verdict="hidden", side="")
