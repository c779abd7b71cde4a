"""Target pupils, others, and control teachers: teacher means by role, like with like."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from werkbank.statistics.roles import role_effects


def coaching(coached=6, control=9, seed=1, *, nominated=True):
    rng = np.random.default_rng(seed)
    teacher = np.repeat(np.arange(coached + control), 6)
    role = np.tile(["target"] * 2 + ["transfer"] * 4, coached + control)
    u = rng.normal(size=coached + control)[teacher] * 0.5
    rows = pd.DataFrame({"teacher": teacher, "role": role, "pre": rng.normal(size=len(teacher))})
    rows["arm"] = np.where(teacher < coached, "coached", "control")
    rows["post"] = (
        0.5 * rows.pre + u + rng.normal(size=len(teacher)) + 0.8 * (rows.arm == "coached") * (role == "target")
    )
    return rows if nominated else rows.assign(role=rows.role.where(rows.arm == "coached", "none"))


def by_hand(rows, roles):
    """Teachers' means of a role at equal pre-test; the slope is that within teacher and role, of everybody."""
    cells = rows.groupby(["teacher", "role"])
    dev = rows[["pre", "post"]] - cells[["pre", "post"]].transform("mean")
    b = (dev.pre * dev.post).sum() / (dev.pre**2).sum()
    r = (rows.post - b * rows.pre)[rows.role.isin(roles)]
    return r.groupby([rows.arm, rows.teacher]).mean()


def test_each_role_against_the_same_role_by_the_rule():
    rows = coaching()
    found = role_effects(rows, "coached", "control", "within")
    for role in ("target", "transfer"):
        r = by_hand(rows, [role])
        welch = stats.ttest_ind(r["coached"], r["control"], equal_var=False)
        test = found.against_control[role]
        assert (test.test.statistic, test.df_welch) == pytest.approx((welch.statistic, welch.df), rel=1e-8)
        assert found.like_with_like[role]
    assert found.teachers == {"target": (6, 9), "transfer": (6, 9), "between": (6,)}


def test_between_the_roles_it_is_a_paired_t_of_the_coached_teachers():
    rows = coaching()
    found = role_effects(rows, "coached", "control", "within")
    paired = stats.ttest_rel(*(by_hand(rows, [role])["coached"] for role in ("target", "transfer")))
    got = found.between_roles
    assert (got.statistic, got.df, got.p) == pytest.approx((paired.statistic, 5, paired.pvalue), rel=1e-8)


def test_control_teachers_who_nominated_nobody_give_all_their_pupils_and_it_is_said():
    rows = coaching(nominated=False)
    found = role_effects(rows, "coached", "control", "within")
    assert found.like_with_like == {"target": False, "transfer": False}
    r = by_hand(rows, ["target", "none"])
    assert found.against_control["target"].test.value == pytest.approx(
        r["coached"].mean() - r["control"].mean(), rel=1e-8
    )


def test_a_teacher_with_one_role_only_is_in_no_comparison_between_roles_and_named():
    rows = coaching()
    rows = rows[(rows.teacher != 2) | (rows.role == "transfer")]
    found = role_effects(rows, "coached", "control", "within")
    assert found.one_role_only == ("2",)
    assert found.teachers == {"target": (5, 9), "transfer": (6, 9), "between": (5,)}


def test_without_a_pre_test_and_with_a_slope_between():
    rows = coaching(coached=8)
    bare = role_effects(rows, "coached", "control", "within", pre=None)
    means = rows[rows.arm == "coached"].pivot_table("post", "teacher", "role")
    paired = stats.ttest_rel(means.target, means.transfer)
    assert bare.between_roles.statistic == pytest.approx(paired.statistic, rel=1e-9)
    pre = rows[rows.arm == "coached"].pivot_table("pre", "teacher", "role")
    line = stats.linregress(pre.target - pre.transfer, means.target - means.transfer)
    between = role_effects(rows, "coached", "control", "between").between_roles
    assert (between.value, between.se, between.df) == pytest.approx(
        (line.intercept, line.intercept_stderr, 6), rel=1e-8
    )


def test_too_few_teachers_give_the_difference_alone():
    found = role_effects(coaching(coached=1, control=4), "coached", "control", "within")
    assert found.against_control["target"].refusal == "too_few_units"
    assert found.between_roles.p is None
    assert np.isfinite(found.between_roles.value)


def test_covariates_of_pupils_are_adjusted_for_in_every_answer_and_those_of_teachers_where_df_allow():
    rng = np.random.default_rng(8)
    rows = coaching(coached=14, control=14)
    rows["age"] = rng.normal(size=len(rows))
    rows["years"] = rng.normal(size=28)[rows["teacher"]]
    rows["post"] += 2.0 * rows["age"]
    found = role_effects(rows, "coached", "control", "within", pupil_level=["age"], teacher_level=["years"])
    cells = rows.groupby(["teacher", "role"])
    own = ["pre", "age", "post"]
    dev = rows[own] - cells[own].transform("mean")
    b = np.linalg.lstsq(dev[["pre", "age"]], dev["post"], rcond=None)[0]
    r = rows["post"] - rows[["pre", "age"]] @ b
    means = r[rows["role"] == "target"].groupby([rows["arm"], rows["teacher"]]).mean()
    known = stats.ttest_ind(means["coached"], means["control"])
    assert found.against_control["target"].test.statistic == pytest.approx(known.statistic, rel=1e-8)
    # the slopes within teachers cannot hold what is the same for all of a teacher's pupils, and that is said
    assert found.left_out["target"] == {"years": "within_slope_only"}
    assert found.left_out["between"] == {"years": "same_in_a_block"}
    pairs = r[rows["arm"] == "coached"].groupby([rows["teacher"], rows["role"]]).mean().unstack()  # noqa: PD010
    paired = stats.ttest_rel(pairs["target"], pairs["transfer"])
    assert found.between_roles.statistic == pytest.approx(paired.statistic, rel=1e-8)
    plain = role_effects(rows, "coached", "control", "within")
    assert found.against_control["target"].test.se < plain.against_control["target"].test.se
    between = role_effects(rows, "coached", "control", "between", pupil_level=["age"], teacher_level=["years"])
    assert between.left_out["target"] == {}


@pytest.mark.parametrize(("coached", "control", "spread"), [(6, 6, 1.0), (4, 8, 2.0), (6, 6, 2.0), (12, 12, 2.0)])
def test_generated_studies_are_called_an_effect_in_five_per_cent(coached, control, spread):
    rng = np.random.default_rng(coached)
    teachers, studies = coached + control, 100
    teacher = np.repeat(np.arange(teachers), 6)
    role = np.tile(["target"] * 2 + ["transfer"] * 4, teachers)
    is_coached = teacher < coached
    p = {"target": [], "transfer": [], "between": []}
    for _ in range(studies):
        u = rng.normal(0, 0.5, teachers)[teacher] + rng.normal(0, 0.3, (teachers, 2))[teacher, (role == "target") * 1]
        pre = rng.normal(size=len(teacher))
        post = 0.5 * pre + np.where(is_coached, spread, 1.0) * u + rng.normal(size=len(teacher))
        rows = pd.DataFrame({"teacher": teacher, "role": role, "pre": pre, "post": post})
        rows["arm"] = np.where(is_coached, "coached", "control")
        found = role_effects(rows, "coached", "control", "within")
        for name in ("target", "transfer"):
            p[name].append(found.against_control[name].test.p)
        p["between"].append(found.between_roles.p)
    for values in p.values():
        assert np.mean(np.array(values) < 0.05) < 0.05 + 3 * (0.05 * 0.95 / studies) ** 0.5
