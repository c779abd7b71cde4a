"""Six drawn studies and more of every design that schools have, each answered a second time by another road.

What is held together: the lead's difference, SE, df, p, interval and numbers (`recomputed`), what is said of it, and
all that is made from it: sizes, equivalence, what could have been seen, verdicts, evidence, leaving one out, and the
multiverse.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from tests.effects import generated as drawn
from tests.effects import recomputed

import werkbank
from werkbank.effects import describe, estimate
from werkbank.effects.multiverse import multiverse
from werkbank.statistics.pooling.one_stage import one_stage
from werkbank.study.model import Study

PAIR = {"T": 1.0, "C": -1.0}
ONE_EACH = {"T": 1, "C": 1}
# three seeds of six in every run, the others in the long one
SIX = [*range(3), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 6))]


@dataclass(frozen=True)
class Answered:
    """A drawn study with all that werkbank makes of it."""

    of: drawn.Drawn
    study: Study
    scores: pd.DataFrame
    made: list
    facts: list
    claims: list

    @property
    def leads(self):
        return [e for e in self.made if e.kind == "headline"]

    @property
    def lead(self):
        (lead,) = self.leads
        return lead

    @property
    def cautions(self):
        return {f.category: f.value for f in self.facts if f.what == "caution"}

    @property
    def covariates(self):
        return {f.item: f.value for f in self.facts if f.what == "covariate"}

    @property
    def verdicts(self):
        return {c.verdict for c in self.claims if c.kind == "answer"}

    def beside(self, lead, method):
        where = {"outcome": lead.outcome, "contrast": lead.contrast, "wave_to": lead.wave_to, "method": method}
        return next((e for e in self.made if all(getattr(e, k) == v for k, v in where.items())), None)


def answered(of, *, waves=None, **more):
    """Answer a drawn study, whose arms are those that its pupils have."""
    said = {**of.design, **more}
    arms = sorted(set(of.pupils["arm"]), reverse=True)
    by, kind, blocks = said.pop("by"), said.pop("kind", "randomised"), said.pop("blocks", None)
    columns = {"pupil": "id", "class": "class", "school": "school", "teacher": "teacher", "arm": "arm"}
    raw = {
        "title": "drawn",
        "design": {"kind": kind, "assigned_by": by, "blocks": False if blocks is None else blocks or None},
        "files": [{"path": "x.csv"}],
        "columns": columns,
        "arms": {arm: "control" if arm == "C" else "intervention" for arm in arms},
        "outcomes": [{"name": "y", "column": "y", "better": "higher", "role": "primary"}],
        **said,
    }
    study = Study.model_validate(raw)
    scores = pd.concat(
        [
            pd.DataFrame({"pupil": s.index, "wave": w, "outcome": "y", "scale": "y", "score": s.to_numpy()})
            for w, s in (waves or of.waves).items()
        ],
        ignore_index=True,
    ).assign(n_items=5, n_items_answered=5)
    made, facts = estimate(study, scores, of.pupils, 1), describe(study, scores, of.pupils)
    results = werkbank.Results({}, tuple(made), tuple(facts))
    claims = werkbank.appraise(study, results)
    werkbank.Results({}, tuple(made), tuple(facts), tuple(claims)).to_json()
    return Answered(of, study, scores, made, facts, list(claims))


def agrees(lead, told):
    """Hold a lead to what was computed by the other road."""
    got = (lead.estimate, lead.se, lead.df, lead.p, lead.ci_low, lead.ci_high)
    assert got == pytest.approx((told.estimate, told.se, told.df, told.p, *told.interval()), rel=1e-8, abs=1e-12)
    assert (lead.n, lead.n_clusters) == (told.n, told.n_units)


# pupils drawn within schools --------------------------------------------------------------------------------------

SITES = {
    "three": (1, 3, {}),
    "eight": (2, 8, {}),
    "small": (3, 6, {"smallest": 2, "largest": 6}),
    "twelve": (4, 12, {}),
    "forty": (5, 40, {"smallest": 2, "largest": 8}),
    "two": (6, 2, {}),
    "one_pupil_in_some": (7, 20, {"smallest": 1, "largest": 5}),
}


@pytest.mark.parametrize("declared", [False, True])
@pytest.mark.parametrize("name", SITES)
def test_pupils_within_schools(name, declared):
    seed, schools, sizes = SITES[name]
    of = drawn.within_schools(seed, schools, **sizes)
    if declared:
        of = replace(of, pupils=of.pupils.assign(block=of.pupils["school"]))
    found = answered(of, blocks="school" if declared else "")
    agrees(found.lead, recomputed.of_sites(of.rows(block="school"), PAIR, ["pre"]))
    assert found.lead.method == "sites_fixed"
    assert ("blocks_undeclared" in found.cautions) != declared
    assert (found.beside(found.lead, "sites_like_these") is not None) == (found.lead.n_clusters >= 6)
    # nothing stands beside it that forgets the schools
    assert not {"ancova", "hedges_g", "g_bootstrap", "post_difference"} & {e.method for e in found.made}


def test_the_effect_that_was_put_in_lies_in_the_interval_as_often_as_it_should():
    inside = 0
    for seed in range(40):
        of = drawn.within_schools(seed + 100, 6, effect=0.4)
        told = recomputed.of_sites(of.rows(block="school"), PAIR, ["pre"])
        inside += told.interval()[0] < of.truth < told.interval()[1]
    assert stats.binom.sf(40 - inside - 1, 40, 0.05) > 0.001


@pytest.mark.parametrize("seed", SIX)
def test_schools_at_random_are_the_mixed_model(seed):
    import statsmodels.formula.api as smf

    of = drawn.within_schools(seed + 10, 10)
    found = answered(of, blocks="")
    rows = of.rows().assign(treated=lambda d: (d["arm"] == "T").astype(float))
    known = smf.mixedlm("post ~ treated + pre", rows, groups=rows["school"]).fit(reml=True)
    mixed = found.beside(found.lead, "sites_mixed")
    assert mixed.estimate == pytest.approx(known.params["treated"], abs=1e-4)
    assert mixed.se == pytest.approx(known.bse["treated"], rel=0.02)  # Kenward and Roger's is a little larger
    assert mixed.p == pytest.approx(2 * stats.t.sf(abs(mixed.estimate / mixed.se), mixed.df))


@pytest.mark.parametrize("seed", SIX[:2])
def test_schools_whose_effects_differ_are_one_model_of_all_pupils(seed):
    of = drawn.within_schools(seed + 10, 10)
    found = answered(of, blocks="")
    made = found.beside(found.lead, "sites_one_stage")
    known = one_stage(of.rows(block="school"), PAIR, covariates=["pre"], site="block")
    assert [made.estimate, made.se, made.p] == pytest.approx([known.mean.value, known.mean.se, known.mean.p])
    assert (made.kind, made.metric, made.df, made.n_clusters) == ("sites", "points", 9, 10)


@pytest.mark.parametrize("seed", SIX)
def test_schools_that_lost_an_arm_drop_out_and_are_counted(seed):
    of = drawn.within_schools(seed + 20, 8)
    if seed % 2:  # by pupils who were not measured afterwards, or from the start
        of = replace(of, post=of.post.where((of.pupils["school"] != "s01") | (of.pupils["arm"] == "T")))
    else:
        of.pupils.loc[of.pupils["school"] == "s01", "arm"] = "T"
    found = answered(of, blocks="")
    agrees(found.lead, recomputed.of_sites(of.rows(block="school"), PAIR, ["pre"]))
    assert found.lead.n_clusters == 7
    assert "sites_with_one_arm" in found.cautions
    lost = sum(f.value for f in found.facts if f.what == "pupils_in_broken_block")
    assert lost == (of.rows()["school"] == "s01").sum()


# pupils one by one ------------------------------------------------------------------------------------------------

ALONE = {
    "equal": (1, {"T": 30, "C": 30}, None, set()),
    "one_to_four": (2, {"T": 10, "C": 40}, {"T": 2.0}, {"unequal_numbers"}),
    "five": (3, {"T": 5, "C": 5}, None, set()),
    "three_to_nine": (4, {"T": 3, "C": 9}, {"T": 2.0}, {"few_units", "unequal_numbers"}),
    "large": (5, {"T": 200, "C": 100}, {"C": 2.0}, set()),
    "three_arms": (6, {"T": 20, "U": 25, "C": 24}, {"U": 1.5}, set()),
    "four_arms": (7, {"T": 20, "U": 20, "V": 15, "C": 30}, {"V": 2.0}, set()),
}


@pytest.mark.parametrize("name", ALONE)
def test_pupils_one_by_one(name):
    seed, per_arm, spread, cautions = ALONE[name]
    of = drawn.one_by_one(seed, per_arm, spread=spread)
    found = answered(of)
    assert len(found.leads) == len(per_arm) - 1
    for lead in found.leads:
        weights = {lead.contrast.removesuffix(" - C"): 1.0, "C": -1.0}
        agrees(lead, recomputed.of_pupils(of.rows(), weights, ["pre"]))
        assert lead.method == "hc2"
    assert cautions <= set(found.cautions)


@pytest.mark.parametrize(
    ("per_arm", "note"), [({"T": 2, "C": 2}, "too_few_for_slope"), ({"T": 2, "C": 9}, "two_against_more")]
)
def test_two_pupils_have_a_difference_and_no_test(per_arm, note):
    lead = answered(drawn.one_by_one(1, per_arm)).lead
    assert (lead.note, lead.p, lead.se) == (note, None, None)
    assert lead.estimate is not None


# classes, with arms that differ in number and spread --------------------------------------------------------------

CLASSES = {
    "3v3": (1, {"T": 3, "C": 3}, None, "randomised"),
    "3v9": (2, {"T": 3, "C": 9}, {"T": 0.6}, "randomised"),
    "4v16": (3, {"T": 4, "C": 16}, {"T": 0.6}, "randomised"),
    "12v12": (4, {"T": 12, "C": 12}, None, "randomised"),
    "3v3 chosen": (5, {"T": 3, "C": 3}, None, "controlled"),
    "4v5 chosen": (6, {"T": 4, "C": 5}, {"C": 0.9}, "controlled"),
    "2v2": (7, {"T": 2, "C": 2}, None, "randomised"),
    "8v7": (8, {"T": 8, "C": 7}, None, "randomised"),
    "8v8": (9, {"T": 8, "C": 8}, {"T": 0.9}, "randomised"),
    "5v5v5": (10, {"T": 5, "U": 5, "C": 5}, None, "randomised"),
    "6v8v7": (11, {"T": 6, "U": 8, "C": 7}, {"U": 0.9}, "randomised"),
    "four arms": (12, {"T": 3, "U": 4, "V": 9, "C": 4}, {"V": 0.8}, "randomised"),
    "four arms chosen": (13, {"T": 4, "U": 4, "V": 4, "C": 3}, None, "controlled"),
}


@pytest.mark.parametrize("name", CLASSES)
def test_classes(name):
    seed, per_arm, spread, kind = CLASSES[name]
    of = drawn.of_classes(seed, per_arm, spread=spread, kind=kind)
    found = answered(of)
    within = kind == "randomised" and sum(per_arm.values()) < 16
    again = recomputed.of_units_within if within else recomputed.of_units_between
    for lead in found.leads:
        arm = lead.contrast.removesuffix(" - C")
        agrees(lead, again(of.rows(unit="class"), {arm: 1.0, "C": -1.0}))
        assert lead.method == ("unit_means_within" if within else "unit_means_between")
    numbers = sorted(per_arm[a] for a in ("T", "C"))
    assert ("few_units" in found.cautions) >= (numbers[0] < 4)
    if len(per_arm) > 2:
        holm = [e.p for e in found.made if e.method == "p_holm_pairs"]
        pairs = sorted(e.p for e in found.made if e.method == "pairwise")
        assert min(holm) == pytest.approx(min(1.0, len(pairs) * pairs[0]))


@pytest.mark.parametrize(
    ("per_arm", "kind", "note"),
    [
        ({"T": 1, "C": 1}, "randomised", "refused_too_few_units"),
        ({"T": 1, "C": 4}, "randomised", "refused_too_few_units"),
        ({"T": 2, "C": 5}, "randomised", "two_against_more"),
        ({"T": 2, "C": 18}, "randomised", "two_against_more"),
        ({"T": 2, "C": 2}, "controlled", "not_drawn_too_few_units"),
        ({"T": 3, "C": 2}, "controlled", "not_drawn_too_few_units"),
    ],
)
def test_what_too_few_classes_cannot_carry_is_refused_with_its_reason(per_arm, kind, note):
    found = answered(drawn.of_classes(3, per_arm, kind=kind))
    assert (found.lead.note, found.lead.p, found.lead.ci_low) == (note, None, None)
    assert (found.lead.estimate is None) == (note == "refused_too_few_units")
    assert not [e for e in found.made if e.method in {"tost", "bayes_factor_log"} and e.estimate is not None and e.p]
    assert found.verdicts == {"refused_too_few_units" if found.lead.estimate is None else "untested"}


@pytest.mark.parametrize("per_arm", [{"T": 5, "C": 5}, {"T": 4, "C": 9}, {"T": 3, "C": 3}, {"T": 9, "C": 9}])
def test_a_score_before_that_whole_classes_share_is_adjusted_for_between_them(per_arm):
    of = drawn.of_classes(4, per_arm)
    of = replace(of, pre=of.pre.groupby(of.pupils["class"]).transform("mean"))
    found = answered(of)
    assert found.lead.method == "unit_means_between"
    agrees(found.lead, recomputed.of_units_between(of.rows(unit="class"), PAIR))
    assert found.beside(found.lead, "mixed_kr").p is not None


def test_a_score_before_that_two_classes_an_arm_share_is_not_used_and_that_is_said():
    of = drawn.of_classes(4, {"T": 2, "C": 2})
    of = replace(of, pre=of.pre.groupby(of.pupils["class"]).transform("mean"))
    found = answered(of)
    agrees(found.lead, recomputed.of_units_within(of.rows(unit="class"), PAIR, ()))
    assert "pre_same_within_units" in found.cautions
    assert "pre_same_within_units" in {c.verdict for c in found.claims if c.topic == "analysis"}


@pytest.mark.parametrize("seed", SIX)
def test_a_slip_in_one_class_does_not_make_pupils_of_classes(seed):
    of = drawn.of_classes(seed + 30, {"T": 5, "C": 5}, smallest=8)
    of.pupils.iloc[:3, of.pupils.columns.get_loc("arm")] = "C"  # of the first class, which is coached
    found = answered(of, by="pupil")
    rows = of.rows(unit="class")
    agrees(found.lead, recomputed.of_units_within(rows[rows["class"] != "k00"], PAIR))
    assert "mixed_units_left_out" in found.cautions
    assert sum(f.value for f in found.facts if f.what == "pupils_without_unit") == (rows["class"] == "k00").sum()
    # said to have been assigned as a whole, it is no class that could be compared
    assert answered(of, by="class").lead.note == "units_in_more_than_one_arm"


# pairs and strata -------------------------------------------------------------------------------------------------

BLOCKS = {
    "2 pairs": (12, [ONE_EACH] * 2, "block_differences"),
    "3 pairs": (11, [ONE_EACH] * 3, "block_differences"),
    "4 pairs": (1, [ONE_EACH] * 4, "block_differences"),
    "6 pairs": (2, [ONE_EACH] * 6, "block_differences"),
    "8 pairs": (3, [ONE_EACH] * 8, "block_differences"),
    "40 pairs": (4, [ONE_EACH] * 40, "block_differences"),
    "3 strata of 2v2": (5, [{"T": 2, "C": 2}] * 3, "fixed_blocks"),
    "8 strata of 2v2": (6, [{"T": 2, "C": 2}] * 8, "block_differences"),
    "2 strata of 4v4": (10, [{"T": 4, "C": 4}] * 2, "fixed_blocks"),
    "5 strata of 1v3": (7, [{"T": 1, "C": 3}] * 5, "block_differences"),
    "4 strata of 1v3": (8, [{"T": 1, "C": 3}] * 4, "fixed_blocks"),
    "mixed strata": (9, [ONE_EACH, {"T": 2, "C": 1}, {"T": 3, "C": 2}], "fixed_blocks"),
    "pairs and a stratum": (18, [ONE_EACH] * 3 + [{"T": 2, "C": 2}], "fixed_blocks"),
    "a pair that lost a class": (14, [ONE_EACH] * 5 + [{"T": 1}], "block_differences"),
    "a stratum that lost an arm": (16, [{"T": 2, "C": 2}] * 4 + [{"T": 2}], "fixed_blocks"),
}
AGAIN = {"block_differences": recomputed.of_differences, "fixed_blocks": recomputed.of_fixed_blocks}


@pytest.mark.parametrize("name", BLOCKS)
def test_classes_within_pairs_and_strata(name):
    seed, blocks, method = BLOCKS[name]
    of = drawn.classes_in_blocks(seed, blocks)
    found = answered(of)
    slope = "within" if sum(sum(block.values()) for block in blocks) < 16 else "between"
    assert found.lead.method == method
    agrees(found.lead, AGAIN[method](of.rows(unit="class"), PAIR, slope))
    whole = [block for block in blocks if len(block) == 2]
    assert ("blocks_dropped" in found.cautions) == (len(whole) < len(blocks))
    alike = all(block["T"] == block["C"] for block in whole)
    assert (found.beside(found.lead, "randomisation_test") is not None) == alike
    # models beside it know the blocks: levels a point apart would swell an SE without them
    assert all(found.beside(found.lead, m) is not None for m in ("mixed_kr", "cr2"))


@pytest.mark.parametrize("name", [name for name in BLOCKS if "lost" not in name])
def test_schools_that_all_have_both_arms_are_blocks_until_it_is_said(name):
    seed, blocks, method = BLOCKS[name]
    of = drawn.classes_in_blocks(seed, blocks, column="school")
    found = answered(of)
    slope = "within" if sum(sum(block.values()) for block in blocks) < 16 else "between"
    agrees(found.lead, AGAIN[method](of.rows(unit="class", block="school"), PAIR, slope))
    assert found.cautions["blocks_undeclared"] == "school"
    assert found.lead.method == method


@pytest.mark.parametrize("seed", SIX)
def test_a_pair_whose_class_was_not_measured_leaves_whole(seed):
    of = drawn.classes_in_blocks(seed + 40, [ONE_EACH] * (5 + seed), smallest=1, largest=12)
    of = replace(of, post=of.post.where(of.pupils["class"] != "k02"))
    found = answered(of)
    slope = "within" if 2 * (5 + seed) < 16 else "between"
    agrees(found.lead, recomputed.of_differences(of.rows(unit="class"), PAIR, slope))
    assert found.lead.n_clusters == 2 * (4 + seed)
    lost = sum(f.value for f in found.facts if f.what == "pupils_in_broken_block")
    assert lost == (of.rows()["class"] == "k03").sum()


@pytest.mark.parametrize("seed", SIX)
def test_three_arms_within_strata_use_the_blocks_that_have_what_is_compared(seed):
    whole, part = {"T": 1, "U": 1, "C": 1}, {"U": 1, "C": 1}
    of = drawn.classes_in_blocks(seed + 50, [whole] * 4 + [part] * (seed % 3))
    leads = {e.contrast: e for e in answered(of).leads}
    assert set(leads) == {"T - C", "U - C"}
    for contrast, lead in leads.items():
        used = recomputed.in_blocks(of.rows(unit="class"), {contrast[0]: 1.0, "C": -1.0})
        means = used.groupby(["block", "arm"])["post"].mean()
        assert lead.n == used["arm"].isin([contrast[0], "C"]).sum()
        assert lead.df <= means.index.get_level_values("block").nunique() - 1


# coached teachers, target and other pupils ------------------------------------------------------------------------

ROLES = {
    "8+8": (1, 8, 8, {}),
    "5+5": (2, 5, 5, {}),
    "4+8": (3, 4, 8, {}),
    "15+15": (4, 15, 15, {}),
    "10+20": (5, 10, 20, {}),
    "8+8 nobody nominated": (6, 8, 8, {"nominated": False}),
    "3+9": (7, 3, 9, {}),
    "2+2": (8, 2, 2, {}),
    "24+6 nobody nominated": (9, 24, 6, {"nominated": False}),
}


@pytest.mark.parametrize("name", ROLES)
def test_teachers_with_target_and_other_pupils(name):
    seed, coached, controls, how = ROLES[name]
    of = drawn.with_roles(seed, coached, controls, **how)
    found = answered(of)
    rows, slope = of.rows(unit="teacher"), "within" if coached + controls < 16 else "between"
    assert {e.contrast for e in found.leads} == {"target - C", "transfer - C"}
    for lead in found.leads:
        agrees(lead, recomputed.of_roles(rows, lead.contrast.split(" - ")[0], "C", slope))
        assert lead.method == "role_means"
    (between,) = [e for e in found.made if e.method == "role_pairs"]
    assert (between.kind, between.family, between.note) == ("role", "", "roles_chosen")
    assert between.df == coached - (2 if slope == "between" else 1)
    assert ("not_like_with_like" in found.cautions) == (not how.get("nominated", True))


@pytest.mark.parametrize("absent", ["target", "transfer"])
@pytest.mark.parametrize("seed", range(3))
def test_a_role_that_was_not_measured_costs_the_other_nothing(absent, seed):
    of = drawn.with_roles(seed + 60, 6, 6)
    of = replace(of, post=of.post.where((of.pupils["arm"] != "T") | (of.pupils["role"] != absent)))
    leads = {e.contrast: e for e in answered(of).leads}
    kept = "transfer" if absent == "target" else "target"
    agrees(leads[f"{kept} - C"], recomputed.of_roles(of.rows(unit="teacher"), kept, "C", "within"))
    assert leads[f"{absent} - C"].note == "refused_too_few_units"


# covariates -------------------------------------------------------------------------------------------------------


def with_covariates(of, seed, unit):
    """Covariates of pupils and of units: some say something, some nothing, some the same again."""
    rng = np.random.default_rng([seed, 9])
    pupils, n = of.pupils, len(of.pupils)
    pupils = pupils.assign(age=rng.normal(10, 1, n), sex=rng.choice(["f", "m"], n), always=1.0, never=np.nan)
    pupils = pupils.assign(months=pupils["age"] * 12)
    if unit in pupils:
        names_of = sorted(pupils[unit].unique())
        pupils["size"] = pupils[unit].map(dict(zip(names_of, rng.normal(0, 1, len(names_of)), strict=True)))
    return replace(of, pupils=pupils, post=of.post + 0.4 * (pupils["age"] - 10))


NAMES = ["age", "months", "always", "sex", "never"]
DROPPED = {"months": "follows_from_others", "always": "no_variation", "never": "nothing_known"}


@pytest.mark.parametrize("seed", SIX)
@pytest.mark.parametrize("design", ["pupils", "sites", "within", "between"])
def test_covariates_that_say_nothing_are_named_and_the_others_adjusted_for(design, seed):
    make = {
        "pupils": lambda: drawn.one_by_one(seed, {"T": 30 + seed, "C": 25}),
        "sites": lambda: drawn.within_schools(seed, 6 + seed),
        "within": lambda: drawn.of_classes(seed, {"T": 4 + seed % 3, "C": 5}),
        "between": lambda: drawn.of_classes(seed, {"T": 9 + seed, "C": 10}, kind="controlled"),
    }[design]
    unit = {"pupils": "", "sites": "school"}.get(design, "class")
    of = with_covariates(make(), seed, unit)
    asked = [*NAMES, *(["size"] if unit else [])]
    found = answered(of, covariates=asked, **({"blocks": ""} if unit == "school" else {}))
    rows = of.rows(unit=unit, block=unit) if unit else of.rows()
    rows = rows.assign(male=(rows["sex"] == "m").astype(float))
    inner = ["age", "male"]
    told = {
        "pupils": lambda: recomputed.of_pupils(rows, PAIR, ["pre", *inner]),
        "sites": lambda: recomputed.of_sites(rows, PAIR, ["pre", *inner]),
        "within": lambda: recomputed.of_units_within(rows, PAIR, ["pre", *inner]),
        "between": lambda: recomputed.of_units_between(rows, PAIR, ["pre", "size"], inner),
    }[design]()
    agrees(found.lead, told)
    of_unit = {"sites": "same_in_a_block", "within": "within_slope_only", "between": "used"}
    expected = {"age": "used", "sex": "used", **DROPPED} | ({"size": of_unit[design]} if unit else {})
    assert found.covariates == expected


@pytest.mark.parametrize("pairs", [6, 9, 12])
def test_covariates_within_pairs_are_said_to_be_used_only_where_they_are(pairs):
    of = with_covariates(drawn.classes_in_blocks(pairs, [ONE_EACH] * pairs), pairs, "class")
    level = of.pupils["block"].str[1:].astype(float) ** 2
    of = replace(of, pupils=of.pupils.assign(of_block=level))
    found = answered(of, covariates=["of_block", "size", "age", "always"])
    between = 2 * pairs >= 16
    said = (
        {"of_block": "follows_from_others", "size": "used"}
        if between
        else dict.fromkeys(("of_block", "size"), "within_slope_only")
    )
    if pairs == 9:  # one covariate per ten classes: the first has the place
        said["size"] = "too_many_for_units"
    assert found.covariates == {**said, "age": "used", "always": "no_variation"}
    assert found.lead.df == pairs - 1 - (1 + (said["size"] == "used") if between else 0)
    # a covariate that is the same for a whole block stops no model
    assert all(found.beside(found.lead, m).p is not None for m in ("mixed_kr", "cr2"))


@pytest.mark.parametrize("design", ["pupils", "sites", "classes"])
def test_a_covariate_that_is_the_arm_is_refused_for_that_reason(design):
    of = {
        "pupils": lambda: drawn.one_by_one(1, {"T": 20, "C": 20}),
        "sites": lambda: drawn.within_schools(1, 6),
        "classes": lambda: drawn.of_classes(1, {"T": 10, "C": 10}),
    }[design]()
    of.pupils["method"] = np.where(of.pupils["arm"] == "T", "new", "old")
    lead = answered(of, covariates=["method"], **({"blocks": ""} if design == "sites" else {})).lead
    assert (lead.note, lead.p) == ("not_estimable", None)


# for whom ---------------------------------------------------------------------------------------------------------

FOR_WHOM = {"5v5": 1, "4v9": 2, "12v12": 3, "3v3": 4, "2v2": 5, "22v20": 6}


@pytest.mark.parametrize("name", FOR_WHOM)
@pytest.mark.parametrize("by", ["age", "pre"])
def test_for_whom_among_pupils_of_a_class(name, by):
    treated, controls = map(int, name.split("v"))
    of = drawn.of_classes(FOR_WHOM[name], {"T": treated, "C": controls}, smallest=3)
    of.pupils["age"] = np.random.default_rng(1).normal(size=len(of.pupils))
    found = answered(of, moderators=[{"outcome": "y"} if by == "pre" else {"column": "age"}])
    told = recomputed.of_moderation(of.rows(unit="class"), PAIR, by)
    (test,) = [e for e in found.made if e.method == "moderation"]
    assert (test.estimate, test.se, test.df, test.p) == pytest.approx(
        (told.estimate, told.se, told.df, told.p), rel=1e-7
    )
    assert test.role == "exploratory"
    assert "moderation" not in {e.method for e in answered(of).made}  # only when it is asked


@pytest.mark.parametrize("pairs", [5, 7, 9])
def test_for_which_class_within_pairs_knows_the_pairs(pairs):
    import statsmodels.api as sm

    of = drawn.classes_in_blocks(pairs, [ONE_EACH] * pairs, level=3.0)
    names_of = sorted(of.pupils["class"].unique())
    values = np.random.default_rng(pairs).normal(size=len(names_of))
    of.pupils["experience"] = of.pupils["class"].map(dict(zip(names_of, values, strict=True)))
    found = answered(of, moderators=[{"column": "experience"}])
    (test,) = [e for e in found.made if e.method == "moderation"]
    means = recomputed.means_of(of.rows(unit="class"), ["pre", "experience"], ("arm", "block"))
    arms = recomputed.by_arm(means["arm"])
    by = arms.mul(means["experience"] - means["experience"].mean(), axis=0).add_suffix(" by")
    blocks = pd.get_dummies(means["block"], drop_first=True, dtype=float)
    X = pd.concat([arms, by, means[["pre"]], blocks], axis=1)
    known = (
        sm.OLS(means["post"], X)
        .fit(cov_type="HC2")
        .t_test((X.columns == "T by").astype(float) - (X.columns == "C by").astype(float))
    )
    assert (test.estimate, test.se) == pytest.approx((known.effect.item(), known.sd.item()), rel=1e-8)


# of any size, and nothing to judge by -----------------------------------------------------------------------------

DESIGNS = {
    "pupils": lambda seed: drawn.one_by_one(seed, {"T": 25, "C": 30}),
    "sites": lambda seed: replace(drawn.within_schools(seed, 7), design={"by": "pupil", "blocks": ""}),
    "within": lambda seed: drawn.of_classes(seed, {"T": 5, "C": 4}),
    "between": lambda seed: drawn.of_classes(seed, {"T": 10, "C": 9}, kind="controlled"),
    "pairs": lambda seed: drawn.classes_in_blocks(seed, [ONE_EACH] * 6),
    "many pairs": lambda seed: drawn.classes_in_blocks(seed, [ONE_EACH] * 9),
    "strata": lambda seed: drawn.classes_in_blocks(seed, [{"T": 2, "C": 2}] * 4),
    "unequal strata": lambda seed: drawn.classes_in_blocks(seed, [{"T": 1, "C": 3}] * 5),
    "roles": lambda seed: drawn.with_roles(seed, 7, 7),
}


@cache
def base(design, seed):
    """One answered study of a design, for all that is asked of it."""
    return answered(DESIGNS[design](seed))


@pytest.mark.parametrize(("factor", "shift"), [(1e6, 0.0), (1e-6, 0.0), (1e8, 3e9), (1e-6, 5.0)])
@pytest.mark.parametrize("design", DESIGNS)
def test_no_unit_of_a_scale_changes_a_test_or_a_sentence(design, factor, shift):
    first = base(design, 11)
    other = answered(first.of, waves={w: s * factor + shift for w, s in first.of.waves.items()})
    known = {e.id: e for e in other.made}
    assert set(known) == {e.id for e in first.made}
    for e in first.made:
        for part in ("statistic", "df", "p"):
            here, there = getattr(e, part), getattr(known[e.id], part)
            assert (here is None) == (there is None), (e.id, part)
            assert here is None or there == pytest.approx(here, rel=1e-4, abs=1e-7), (e.id, part)
    assert Counter((c.topic, c.verdict, c.side) for c in first.claims) == Counter(
        (c.topic, c.verdict, c.side) for c in other.claims
    )


@pytest.mark.parametrize("size", [1.5, 20.0, 2000.0, 2e6])
@pytest.mark.parametrize("design", DESIGNS)
def test_an_effect_of_any_size_has_all_its_numbers(design, size):
    of = DESIGNS[design](12)
    treated = (of.pupils["arm"] == "T").to_numpy()
    found = answered(replace(of, post=of.post + size * treated))
    for lead in found.leads:
        assert lead.p is not None
        assert lead.estimate == pytest.approx(size, abs=1.5)
        assert lead.ci_low < lead.estimate < lead.ci_high
        log = found.beside(lead, "bayes_factor_log")
        assert np.isfinite(log.estimate)
        factor = found.beside(lead, "bayes_factor_jzs")
        assert factor is None or factor.estimate == pytest.approx(np.exp(log.estimate))


NOTHING = {
    "nobody differs afterwards": lambda of: {"pre": of.pre, "post": of.post * 0 + 3},
    "nobody differs at all": lambda of: {"pre": of.pre * 0 + 3, "post": of.post * 0 + 3},
    "all stay as they were": lambda of: {"pre": of.pre, "post": of.pre},
    "all gain one third": lambda of: {"pre": 1e3 * of.pre, "post": 1e3 * of.pre + 1 / 3},
    "perfectly apart": lambda of: {"pre": of.pre, "post": (of.pupils["arm"] == "T").astype(float)},
}


@pytest.mark.parametrize("what", NOTHING)
@pytest.mark.parametrize("design", DESIGNS)
def test_where_nothing_is_left_that_varies_rounding_is_not_judged(design, what):
    of = DESIGNS[design](21)
    found = answered(of, waves=NOTHING[what](of))
    assert {(e.note, e.p) for e in found.leads} == {("no_residual_variation", None)}
    tested = {e.method for e in found.made if e.p is not None}
    assert not {"cr2", "mixed_kr", "sites_like_these", "sites_heterogeneity", "randomisation_test", "tost"} & tested
    if what.startswith("all"):  # otherwise gains do vary
        assert not {name for name in tested if "gain" in name}
    assert found.verdicts == {"untested"}


@pytest.mark.parametrize("design", DESIGNS)
def test_a_flat_score_before_is_left_out_and_said(design):
    of = DESIGNS[design](13)
    found = answered(replace(of, pre=of.pre * 0 + 3))
    assert "pre_without_variation" in found.cautions
    bare = answered(of, waves={"post": of.post})
    assert [(e.estimate, e.se, e.df) for e in found.leads] == [
        pytest.approx((e.estimate, e.se, e.df)) for e in bare.leads
    ]


# what is made of the lead -----------------------------------------------------------------------------------------

SIZES = ("g_adjusted", "g_hc2", "g_adjusted_unit_means", "g_unit_means")


def pooled_sd(rows, arms):
    groups = [rows.loc[rows["arm"] == arm, "post"] for arm in arms]
    df = sum(len(g) - 1 for g in groups)
    return np.sqrt(sum(g.var(ddof=1) * (len(g) - 1) for g in groups) / df), df


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("seed", [31, 32])
def test_sizes_equivalence_and_what_could_be_seen_stand_on_the_leads_error(design, seed):
    found = base(design, seed)
    for lead in found.leads:
        size = next(e for name in SIZES if (e := found.beside(lead, name)) is not None)
        assert (size.p, size.df, size.n) == (pytest.approx(lead.p), pytest.approx(lead.df), lead.n)
        assert size.estimate / size.se == pytest.approx(lead.estimate / lead.se)
        if design not in {"roles", "pairs", "many pairs", "strata", "unequal strata", "sites"}:
            s, df = pooled_sd(found.of.rows(), ["T", "C"])
            assert size.estimate == pytest.approx(lead.estimate / s * (1 - 3 / (4 * df - 1)), rel=2e-4)
        tost = found.beside(lead, "tost")
        one_sided = [stats.t.cdf(sign * (size.estimate - sign * 0.2) / size.se, size.df) for sign in (1, -1)]
        assert tost.p == pytest.approx(max(one_sided))
        half = stats.t.ppf(0.95, size.df) * size.se
        assert (tost.ci_low, tost.ci_high) == pytest.approx((size.estimate - half, size.estimate + half))
        said = [dict(c.values) for c in found.claims if c.topic == "detectable" and c.contrast == lead.contrast]
        (seen,) = [values["mdes"] for values in said if "mdes" in values]
        assert seen == pytest.approx((stats.t.ppf(0.975, lead.df) + stats.t.ppf(0.8, lead.df)) * size.se)
        clear = {"different": True, "both": True, "equivalent": False, "undecided": False}
        (answer,) = [c for c in found.claims if c.kind == "answer" and c.contrast == lead.contrast]
        said = next((v for k, v in clear.items() if answer.verdict.startswith(k)), None)
        assert said is None or said == (lead.p < 0.05)


def jzs(t, size, df):
    """BF10 by the integral over g as Rouder et al. (2009) print it."""

    def density(g):
        spread = 1 + size * 0.5 * g
        fit = (1 + t**2 / (spread * df)) ** (-(df + 1) / 2)
        return spread**-0.5 * fit * (2 * np.pi) ** -0.5 * g**-1.5 * np.exp(-1 / (2 * g))

    return integrate.quad(density, 0, np.inf, limit=200)[0] / (1 + t**2 / df) ** (-(df + 1) / 2)


@pytest.mark.parametrize("design", DESIGNS)
def test_evidence_counts_what_was_assigned(design):
    found = base(design, 31)
    for lead in found.leads:
        t, rows = lead.estimate / lead.se, found.of.rows()
        if lead.method == "block_differences":
            n = rows["block"].nunique()
            counts, df = (n,), n - 1
        else:
            of = {"pupils": None, "sites": None, "roles": "teacher"}.get(design, "class")
            counts = tuple(
                len(rows[rows["arm"] == a]) if of is None else rows.loc[rows["arm"] == a, of].nunique() for a in "TC"
            )
            df = sum(counts) - 2
        size = counts[0] if len(counts) == 1 else counts[0] * counts[1] / sum(counts)
        log = found.beside(lead, "bayes_factor_log")
        assert np.exp(log.estimate) == pytest.approx(jzs(t, size, df), rel=1e-5)
        assert (log.note == "bayes_approximate") == (abs(lead.df - df) > 1e-6)


@pytest.mark.parametrize("design", [name for name in DESIGNS if name not in {"pupils", "roles"}])
def test_leaving_one_out_is_the_lead_without_it(design):
    found = base(design, 32)
    of = {"sites": "school", "within": "class", "between": "class"}.get(design, "block")
    rows = found.of.rows(unit="class" if of != "school" else "school", block=of if of != "class" else "class")
    if of == "class":
        again = recomputed.of_units_within if design == "within" else recomputed.of_units_between
        ways = [again(rows[rows[of] != name], PAIR) for name in rows[of].unique()]
    elif of == "school":
        ways = [recomputed.of_sites(rows[rows[of] != name], PAIR, ["pre"]) for name in rows[of].unique()]
    else:
        slope = "within" if rows["class"].nunique() < 16 else "between"
        ways = [AGAIN[found.lead.method](rows[rows[of] != name], PAIR, slope) for name in rows[of].unique()]
    for end, told in (("lowest", min(ways)), ("highest", max(ways))):
        agrees(found.beside(found.lead, f"one_left_out_{end}"), told)


@pytest.mark.parametrize("design", [name for name in DESIGNS if name != "roles"])
def test_the_first_of_many_ways_is_the_lead(design):
    found = base(design, 31)
    table = multiverse(found.study, found.scores, found.of.pupils, ("y", "T - C"), 1, most=3)
    size = next(e for name in SIZES if (e := found.beside(found.lead, name)) is not None)
    same = table[(table["model"] == found.lead.method) & (table["outliers"] == "kept") & ~table["normal_ranks"]]
    assert np.isclose(same["p"], found.lead.p).any()
    assert np.isclose(same["effect"], size.estimate, rtol=1e-6).any()
    assert set(table["n"]) <= set(range(found.lead.n + 1))
