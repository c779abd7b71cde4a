"""Studies of every design that a school really has, drawn with a seed and a known effect."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Drawn:
    """A study as a school would have it: pupils (arm, class … at assignment), scores, and the effect put in."""

    pupils: pd.DataFrame
    pre: pd.Series
    post: pd.Series
    truth: float
    design: dict = field(default_factory=dict)

    @property
    def waves(self):
        return {"pre": self.pre, "post": self.post}

    def rows(self, **columns):
        """One row per pupil with all scores, with `unit` and `block` as columns."""
        made = self.pupils.assign(pre=self.pre, post=self.post)
        return made.assign(**{name: made[of] for name, of in columns.items()}).dropna(subset=["pre", "post"])


def placed(sizes, **of_unit):
    """One row per pupil of units of these sizes; every column gives one value per unit."""
    at = np.repeat(np.arange(len(sizes)), sizes)
    index = pd.Index([f"p{i:05d}" for i in range(len(at))], name="pupil")
    return at, pd.DataFrame({name: np.asarray(values, dtype=object)[at] for name, values in of_unit.items()}, index)


def names(prefix, n):
    return [f"{prefix}{i:02d}" for i in range(n)]


def scored(rng, pupils, at, effect, *, level=None, spread=0.3, slope=0.6):
    """Scores before and after: units differ by `spread` (one number, or one per unit) and by `level`."""
    n, k = len(at), int(at.max()) + 1
    own = rng.normal(0, 1, k) * np.broadcast_to(spread, k) + (0 if level is None else np.asarray(level))
    pre = rng.normal(0, 1, n) + 0.5 * own[at] + rng.normal(0, 0.3, k)[at]
    post = slope * pre + own[at] + np.asarray(effect) + rng.normal(0, 0.7, n)
    return pd.Series(pre, pupils.index), pd.Series(post, pupils.index)


def within_schools(seed, schools=8, effect=0.3, *, smallest=8, largest=30, together=False):
    """Pupils drawn within schools; the share of the treated follows the school's level."""
    rng = np.random.default_rng([seed, 1])
    sizes = rng.integers(smallest, largest + 1, schools)
    level = rng.normal(0, 0.8, schools)
    share = np.linspace(0.25, 0.75, schools)[np.argsort(np.argsort(level))]
    at, pupils = placed(sizes, school=names("s", schools))
    arm = np.full(len(at), "C", dtype=object)
    for s, n in enumerate(sizes):
        of = rng.permutation(np.flatnonzero(at == s))
        treated = int(np.clip(round(share[s] * n), 1, n - 1)) if n > 1 else int(together)
        arm[of[:treated]] = "T"
    pupils["arm"] = arm
    pre, post = scored(rng, pupils, at, effect * (arm == "T"), level=level, spread=0.0)
    return Drawn(pupils, pre, post, effect, {"by": "pupil"})


def of_classes(seed, per_arm, effect=0.3, *, smallest=5, largest=30, spread=None, kind="randomised", slope=0.6):
    """Whole classes in arms; `per_arm` is {arm: classes}, `spread` {arm: SD of class effects}."""
    rng = np.random.default_rng([seed, 2])
    arms = np.array([arm for arm, k in per_arm.items() for _ in range(k)], dtype=object)
    sizes = rng.integers(smallest, largest + 1, len(arms))
    at, pupils = placed(sizes, arm=arms, **{"class": names("k", len(arms))})
    sd = np.array([(spread or {}).get(arm, 0.3) for arm in arms])
    first = next(iter(per_arm))
    pre, post = scored(rng, pupils, at, effect * (pupils["arm"] == first).to_numpy(), spread=sd, slope=slope)
    return Drawn(pupils, pre, post, effect, {"by": "class", "kind": kind})


def classes_in_blocks(seed, blocks, effect=0.3, *, smallest=6, largest=25, column="block", level=1.0):
    """Classes assigned within blocks; `blocks` lists {arm: classes} for every block."""
    rng = np.random.default_rng([seed, 3])
    of = [(b, arm) for b, counts in enumerate(blocks) for arm, k in counts.items() for _ in range(k)]
    sizes = rng.integers(smallest, largest + 1, len(of))
    arms = np.array([arm for _, arm in of], dtype=object)
    at, pupils = placed(sizes, arm=arms, **{"class": names("k", len(of)), column: [f"b{b:02d}" for b, _ in of]})
    high = rng.normal(0, level, len(blocks))[[b for b, _ in of]]
    pre, post = scored(rng, pupils, at, effect * (pupils["arm"] == "T").to_numpy(), level=high, spread=0.25)
    return Drawn(pupils, pre, post, effect, {"by": "class", "blocks": "block" if column == "block" else ""})


def with_roles(seed, coached, controls, effect=0.5, *, nominated=True, targets=2, others=4):
    """Coached teachers with target and other pupils, and control teachers, who nominated too or not."""
    rng = np.random.default_rng([seed, 4])
    arms = ["T"] * coached + ["C"] * controls
    sizes = rng.integers(targets + others, targets + others + 3, len(arms))
    at, pupils = placed(sizes, arm=arms, teacher=names("t", len(arms)))
    place = pupils.groupby("teacher").cumcount()
    role = np.where(place < targets, "target", "transfer").astype(object)
    pupils["role"] = np.where((pupils["arm"] == "T") | nominated, role, None)
    gain = effect * ((pupils["arm"] == "T") & (role == "target")).to_numpy()
    pre, post = scored(rng, pupils, at, gain - 0.5 * (role == "target"))
    columns = {"pupil": "id", "teacher": "teacher", "arm": "arm", "role": "role"}
    return Drawn(pupils, pre, post, effect, {"by": "teacher", "columns": columns})


def one_by_one(seed, per_arm, effect=0.3, spread=None):
    """Pupils assigned one by one."""
    rng = np.random.default_rng([seed, 5])
    arms = np.array([arm for arm, k in per_arm.items() for _ in range(k)], dtype=object)
    index = pd.Index([f"p{i:05d}" for i in rng.permutation(len(arms))], name="pupil")
    pupils = pd.DataFrame({"arm": arms}, index)
    sd = np.array([(spread or {}).get(arm, 0.7) for arm in arms])
    pre = pd.Series(rng.normal(size=len(arms)), index)
    post = 0.6 * pre + effect * (arms == next(iter(per_arm))) + rng.normal(size=len(arms)) * sd
    return Drawn(pupils, pre, post, effect, {"by": "pupil"})
