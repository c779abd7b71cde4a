"""Whether a questionnaire measured the same thing twice, or in both groups, and what may be said if it did not.

Four nested models are compared: *configural* (the same items belong together), *metric* (equal loadings), *scalar*
(equal intercepts, too), *strict* (equal residual variances, too). Only from (partial) scalar on does a difference in
means say something about pupils rather than about how items are answered.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from scipy import special

from werkbank.errors import UsageError
from werkbank.statistics.cfa import Cfa, FactorModel, fit_cfa
from werkbank.statistics.cfa.scores import ScoreTest, score_test

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from werkbank.statistics.cfa.fitting import Missing

Level = Literal["configural", "metric", "scalar", "strict"]
LEVELS: tuple[Level, ...] = ("configural", "metric", "scalar", "strict")
EQUAL = ("loadings", "intercepts", "residuals")
ANCHORS = 2  # items per factor that must stay equal for a partial model to mean anything (Steenkamp & Baumgartner 1998)
NAN = float("nan")
Z = float(special.ndtri(0.975))


@dataclass(frozen=True)
class Criteria:
    """When a step counts as held: no drop in CFI of more than `cfi_drop`, no rise in RMSEA of more than `rmsea_rise`.

    These are Chen's (2007) cut-offs for more than 300 rows; she asks for both signs before calling a model
    non-invariant, here one suffices: the burden is on those who want to compare means. The first model describes the
    answers when CFI is at least `configural_cfi` and the 90 % interval of RMSEA reaches down to `configural_rmsea`
    (RMSEA itself is erratic in models with few degrees of freedom; Kenny et al. 2015). `alpha` is that of the chi2
    difference test, reported beside the verdict: in large samples it rejects differences too small to matter. With
    `also_chi2` a step fails only when that test rejects it, too: in short scales and small samples CFI drops by chance
    (four items with loadings of .5, 240 rows: false alarms in 26 % of 250 simulated studies without, 8 % with).
    """

    cfi_drop: float = 0.010
    rmsea_rise: float = 0.015
    configural_cfi: float = 0.90
    configural_rmsea: float = 0.08
    alpha: float = 0.05
    also_chi2: bool = False
    source: str = "Chen (2007), Structural Equation Modeling 14, 464-504"


@dataclass(frozen=True)
class Step:
    """One model of the ladder, compared with the one before it.

    Attributes
    ----------
    level : str
    cfa : Cfa
    free : mapping loadings, intercepts or residuals -> items
        Exceptions from equality: a partial model.
    released : tuple of ScoreTest
        Those of them that were chosen by looking at the data, in that order.
    delta_chi2, delta_df, p_chi2 : chi2 difference test (NaN at configural)
    delta_cfi, delta_rmsea, delta_srmr : float
        This model minus the one before.
    held : bool or None
        By `Criteria`; None when it cannot be judged, for `reason`.
    held_by_chi2 : bool or None
    reason : str
        Why not judged or not held: `Cfa.reason`, saturated (df = 0: every data set fits), lower_level_not_held,
        too_few_anchors or misfit.
    """

    level: Level
    cfa: Cfa
    free: Mapping[str, Sequence[str]] = field(default_factory=dict)
    released: tuple[ScoreTest, ...] = ()
    delta_chi2: float = NAN
    delta_df: int = 0
    p_chi2: float = NAN
    delta_cfi: float = NAN
    delta_rmsea: float = NAN
    delta_srmr: float = NAN
    held: bool | None = None
    held_by_chi2: bool | None = None
    reason: str = ""

    @property
    def partial(self) -> bool:
        """Whether some items are exempt from equality at this level."""
        return any(self.free.get(what) for what in _equal(self.level))


@dataclass(frozen=True)
class LatentMean:
    """A factor's mean on a later occasion minus the first one, in standard deviations of the first occasion."""

    factor: str
    wave: str
    group: str
    difference: float
    se: float
    p: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class Invariance:
    """The verdict on comparability.

    Attributes
    ----------
    steps : tuple of Step
    level : str
        The highest level that held, with every level below it; empty when not even configural did.
    partial : bool
        Whether that took exceptions.
    allows : tuple of str
        What may be compared: structure (the same items belong together), associations (of the factor with other
        things), latent_means, score_means (of plain scale scores; only without exceptions), score_variances.
    latent_means : tuple of LatentMean
        Empty unless `allows` names latent_means: growth language is refused below (partial) scalar.
    criteria : Criteria
    """

    steps: tuple[Step, ...]
    level: str
    partial: bool
    allows: tuple[str, ...]
    latent_means: tuple[LatentMean, ...]
    criteria: Criteria

    def step(self, level: Level) -> Step:
        """Return the step of a level."""
        return next(step for step in self.steps if step.level == level)


def invariance(
    data: pd.DataFrame,
    model: FactorModel,
    *,
    group: Sequence[object] | None = None,
    missing: Missing = "fiml",
    search: bool = False,
    criteria: Criteria | None = None,
) -> Invariance:
    """Test whether items measured the same at several waves, in several groups, or both.

    Parameters
    ----------
    data : DataFrame, one row per pupil
    model : FactorModel
        With its waves; `free` names items that are exempt from equality, chosen before seeing these data. `equal`
        must be empty: the levels set it.
    group : sequence, as long as `data`, optional
    missing : {"fiml", "complete"}
    search : bool
        Where a level does not hold, free the item with the largest score test and try again, as long as two items per
        factor stay equal. What was freed stays free in higher levels, and takes its intercept (and residual) along.
        Such a model was fitted to these very data: call it exploratory.
    criteria : Criteria, optional

    Returns
    -------
    Invariance

    Raises
    ------
    UsageError
        When there is only one occasion, or `model.equal` is not empty.

    Notes
    -----
    Identified by mean 0 and variance 1 on the first occasion, freed later; residuals of repeated items covary over
    waves. Vandenberg & Lance (2000); Chen (2007); Byrne, Shavelson & Muthén (1989) for partial invariance. Chi2
    ignores that pupils share a class. Checked against lavaan 0.6-14.
    """
    if model.equal:
        raise UsageError("leave `equal` empty: the levels of invariance set it")
    if len(model.waves) < 2 and len(set(group if group is not None else ())) < 2:
        raise UsageError("invariance needs at least two waves or two groups")
    criteria, model = criteria or Criteria(), replace(model, identification="variance")
    steps: list[Step] = []
    free: dict[str, tuple[str, ...]] = {what: tuple(model.free.get(what, ())) for what in EQUAL}
    for level in LEVELS:
        step = _step(data, group, missing, model, level, free, steps[-1] if steps else None, criteria)
        while search and step.held is False and step.reason == "misfit" and (found := _worst(step, data, group)):
            free = _released(free, found)
            freer = _step(data, group, missing, model, level, free, steps[-1], criteria)
            step = replace(freer, released=(*step.released, found))
        steps.append(step)
    return _verdict(tuple(steps), criteria)


def _equal(level: Level) -> tuple[str, ...]:
    return EQUAL[: LEVELS.index(level)]


def _step(
    data: pd.DataFrame,
    group: Sequence[object] | None,
    missing: Missing,
    model: FactorModel,
    level: Level,
    free: Mapping[str, tuple[str, ...]],
    before: Step | None,
    criteria: Criteria,
) -> Step:
    kept = {what: free[what] for what in _equal(level) if free[what]}
    cfa = fit_cfa(data, replace(model, equal=_equal(level), free=kept), group=group, missing=missing)
    step = Step(level, cfa, kept)
    if not cfa.admissible:
        return replace(step, reason=cfa.reason)
    if before is None:
        return _judge_configural(step, criteria)
    if not before.cfa.admissible:
        return replace(step, reason="lower_level_not_held")
    now, was = cfa.fit, before.cfa.fit
    delta_chi2, delta_df = max(now.chi2 - was.chi2, 0.0), now.df - was.df
    p = float(special.chdtrc(delta_df, delta_chi2)) if delta_df else NAN
    step = replace(
        step,
        delta_chi2=delta_chi2,
        delta_df=delta_df,
        p_chi2=p,
        delta_cfi=now.cfi - was.cfi,
        delta_rmsea=now.rmsea - was.rmsea,
        delta_srmr=now.srmr - was.srmr,
        held_by_chi2=p >= criteria.alpha if delta_df else None,
    )
    if not (before.held or before.reason == "saturated"):
        return replace(step, reason="lower_level_not_held")
    # a saturated model before has no RMSEA (NaN): then the drop in CFI decides alone
    misfit = step.delta_cfi < -criteria.cfi_drop or step.delta_rmsea > criteria.rmsea_rise
    misfit = misfit and not (criteria.also_chi2 and step.held_by_chi2)
    few = any(_anchors(model, kept, what) < ANCHORS for what in _equal(level)[:2])
    reason = "too_few_anchors" if few else "misfit" if misfit else ""
    return replace(step, held=not reason, reason=reason)


def _judge_configural(step: Step, criteria: Criteria) -> Step:
    fit = step.cfa.fit
    if fit.df == 0:
        return replace(step, reason="saturated")
    fits = fit.cfi >= criteria.configural_cfi and fit.rmsea_low <= criteria.configural_rmsea
    return replace(step, held=fits, held_by_chi2=fit.p >= criteria.alpha, reason="" if fits else "misfit")


def _anchors(model: FactorModel, free: Mapping[str, Sequence[str]], what: str) -> int:
    return min(len(set(items) - set(free.get(what, ()))) for items in model.factors.values())


def _worst(step: Step, data: pd.DataFrame, group: Sequence[object] | None) -> ScoreTest | None:
    """Return the largest score test among the items whose release leaves enough that is equal."""
    if step.level == "configural":
        return None
    what, model = _equal(step.level)[-1], step.cfa.model
    tests = []
    for item in set(model.items) - set(model.free.get(what, ())):
        free = _released({w: tuple(model.free.get(w, ())) for w in EQUAL}, ScoreTest(what, item, NAN, 0, NAN))
        if what == "residuals" or _anchors(model, free, what) >= ANCHORS:
            tests.append(score_test(step.cfa, what, item, data, group=group))
    return max((test for test in tests if test.chi2 > 0), key=lambda test: (test.chi2, test.item), default=None)


def _released(free: Mapping[str, tuple[str, ...]], test: ScoreTest) -> dict[str, tuple[str, ...]]:
    onward = EQUAL[EQUAL.index(test.what) :]
    return {w: tuple(dict.fromkeys((*items, test.item))) if w in onward else items for w, items in free.items()}


def _verdict(steps: tuple[Step, ...], criteria: Criteria) -> Invariance:
    reached = [step for step in steps if step.held]
    if not reached:
        return Invariance(steps, "", False, (), (), criteria)
    top, partial = reached[-1].level, any(step.partial for step in reached)
    allows = ["structure"]
    if top != "configural":
        allows.append("associations")
    scalar = next((step for step in reached if step.level == "scalar"), None)
    if scalar:
        allows += ["latent_means"] if scalar.partial else ["latent_means", "score_means"]
    if top == "strict" and not partial:
        allows.append("score_variances")
    return Invariance(steps, top, partial, tuple(allows), _latent_means(scalar.cfa) if scalar else (), criteria)


def _latent_means(cfa: Cfa) -> tuple[LatentMean, ...]:
    places = {o.factor(name): (name, o.wave) for o in cfa.model.occasions(("",)) for name in cfa.model.factors}
    return tuple(
        LatentMean(
            *places[q.row],
            group=q.group,
            difference=q.estimate,
            se=q.se,
            p=float(2 * special.ndtr(-abs(q.estimate / q.se))),
            ci_low=q.estimate - Z * q.se,
            ci_high=q.estimate + Z * q.se,
        )
        for q in cfa.of("factor_mean")
        if not q.fixed
    )
