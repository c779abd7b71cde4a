"""Simulate `nabijheid`: a closeness and conflict trial in which the true effect is known.

Classes are drawn by lot; the teacher fills in STRS-SF version B about each pupil, the pupil answers six own items, and
an arithmetic test is taken, at three waves. Answers are rounded at random to the whole numbers around the latent value,
so that the mean of an item is the latent mean except where the scale ends; `true_effects` computes what remains by
brute force: the same children with and without the programme.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20260901
WAVES = ("T0", "T1", "T2")
CLOSENESS = (1, 3, 5, 6, 7, 9, 15)  # STRS-SF version B
CONFLICT = (2, 4, 8, 10, 11, 12, 13, 14)
# what the programme does to the latent mean, in points, at T1 and T2
EFFECTS = {"closeness": (0.40, 0.30), "conflict": (-0.30, -0.15), "pupil": (0.15, 0.10), "arithmetic": (0.0, 0.0)}


@dataclass(frozen=True)
class Size:
    """How large the trial is."""

    classes: int = 24
    classes_per_school: int = 3
    pupils_low: int = 11
    pupils_high: int = 19


def simulate(seed: int = SEED, size: Size | None = None) -> dict[str, pd.DataFrame]:
    """Return the files of the trial: background, teacher ratings, pupil answers with the test."""
    size = size or Size()
    rng = np.random.default_rng(seed)
    pupils = _pupils(rng, size)
    latent = _latent(rng, pupils, treated=(pupils["conditie"] == "LLInC").to_numpy())
    present = _present(rng, pupils, latent)
    teacher, pupil = [], []
    for t, wave in enumerate(WAVES):
        here = present[:, t]
        key = pupils.loc[here, ["leerlingnr"]].assign(meting=wave)
        close = _answers(rng, latent["closeness"][here, t], len(CLOSENESS))
        conflict = _answers(rng, latent["conflict"][here, t], len(CONFLICT))
        items = {f"strs_{i}": close[:, k] for k, i in enumerate(CLOSENESS)}
        items |= {f"strs_{i}": conflict[:, k] for k, i in enumerate(CONFLICT)}
        # item 4 of the conflict scale is keyed as the others in version B; nothing is reversed
        ordered = {name: items[name] for name in sorted(items, key=lambda n: int(n.split("_")[1]))}
        teacher.append(key.assign(**ordered))
        own = _answers(rng, latent["pupil"][here, t], 6)
        test = np.clip(np.round(latent["arithmetic"][here, t] * 2) / 2, 0, 60)
        pupil.append(key.assign(**{f"nab_{k + 1}": own[:, k] for k in range(6)}, rekenen=test))
    teachers = pd.concat(teacher, ignore_index=True)
    by_teacher = teachers.merge(pupils[["leerlingnr", "lk", "groep", "school"]], on="leerlingnr")
    front = ["leerlingnr", "lk", "groep", "school", "meting"]
    by_teacher = by_teacher[[*front, *[c for c in by_teacher if c.startswith("strs_")]]]
    return {
        "achtergrond": _background(seed, pupils),
        "leraren": _moved(by_teacher),
        "leerlingen": pd.concat(pupil, ignore_index=True),
    }


def true_effects(seed: int = 1, repeats: int = 40) -> dict[str, tuple[float, float]]:
    """Return the true difference in mean score at T1 and T2, computed on the same children twice."""
    sums = {name: np.zeros(2) for name in EFFECTS}
    for r in range(repeats):
        rng = np.random.default_rng([seed, r])
        pupils = _pupils(rng, Size(classes=240))
        state = rng.bit_generator.state
        means = {}
        for treated in (True, False):
            rng.bit_generator.state = state  # the same children, with and without
            latent = _latent(rng, pupils, treated=np.full(len(pupils), treated))
            means[treated] = {name: _expected(latent[name][:, 1:], name).mean(axis=0) for name in EFFECTS}
        for name in EFFECTS:
            sums[name] += means[True][name] - means[False][name]
    return {name: (float(s[0] / repeats), float(s[1] / repeats)) for name, s in sums.items()}


def _expected(latent: np.ndarray, name: str) -> np.ndarray:
    # item errors are normal with SD .7 and answers end at 1 and 5: average over the error
    if name == "arithmetic":
        return np.clip(latent, 0, 60)
    z, w = np.polynomial.hermite_e.hermegauss(21)
    return np.sum(np.clip(latent[..., None] + 0.7 * z, 1, 5) * w, axis=-1) / w.sum()


def _pupils(rng: np.random.Generator, size: Size) -> pd.DataFrame:
    per_class = rng.integers(size.pupils_low, size.pupils_high + 1, size.classes)
    klass = np.repeat(np.arange(size.classes), per_class)
    school = klass // size.classes_per_school
    # the lot is drawn over classes, as many in each arm
    arm = rng.permutation(np.repeat(["LLInC", "controle"], [size.classes - size.classes // 2, size.classes // 2]))
    n = len(klass)
    return pd.DataFrame(
        {
            "leerlingnr": [f"LL{i + 1:04d}" for i in range(n)],
            "lk": [f"L{c + 1:03d}" for c in klass],
            "groep": [f"K{c + 1:03d}" for c in klass],
            "school": [f"S{s + 1:02d}" for s in school],
            "conditie": arm[klass],
            "sekse": rng.choice(["m", "v"], n),
            "jaargroep": (5 + (klass % 4)),
            "_class": klass,
        }
    )


def _background(seed: int, pupils: pd.DataFrame) -> pd.DataFrame:
    # its own stream of random numbers: columns that came later leave every answer as it was
    rng = np.random.default_rng([seed, 2])
    klass = pupils["_class"].to_numpy()
    n = int(klass.max()) + 1
    # how effective the teacher felt before (1-5), and how many conversations a coached one had; the truth is that
    # neither makes any difference to the effect
    efficacy = np.clip(rng.normal(3.6, 0.5, n), 1, 5).round(1)
    conversations = pd.array(rng.integers(3, 9, n)[klass], dtype="Int64")
    conversations[(pupils["conditie"] != "LLInC").to_numpy()] = pd.NA
    background = pupils[["leerlingnr", "conditie", "sekse", "jaargroep"]]
    return background.assign(doelmatigheid=efficacy[klass], gesprekken=conversations)


def _latent(rng: np.random.Generator, pupils: pd.DataFrame, *, treated: np.ndarray) -> dict[str, np.ndarray]:
    n, klass = len(pupils), pupils["_class"].to_numpy()
    girl = (pupils["sekse"] == "v").to_numpy()[:, None]
    # mean, drift per wave, SD pupil, SD class, SD class-by-wave, SD occasion, difference of girls
    shape = {
        "closeness": (3.45, 0.05, 0.45, 0.20, 0.08, 0.22, 0.15),
        "conflict": (2.25, 0.03, 0.50, 0.18, 0.08, 0.24, -0.20),
        "pupil": (3.40, -0.03, 0.50, 0.15, 0.06, 0.30, 0.10),
        "arithmetic": (27.0, 3.0, 7.5, 2.5, 0.8, 3.0, -0.5),
    }
    out = {}
    warm = rng.normal(size=(n, 1))  # what closeness and conflict of one pair share
    for name, (mean, drift, sd_pupil, sd_class, sd_class_wave, sd_occasion, girls) in shape.items():
        sign = {"closeness": 0.6, "conflict": -0.6, "pupil": 0.4, "arithmetic": 0.0}[name]
        own = sign * warm + np.sqrt(1 - sign**2) * rng.normal(size=(n, 1))
        n_class = klass.max() + 1
        level = rng.normal(size=(n_class, 1)) * sd_class + rng.normal(size=(n_class, 3)) * sd_class_wave
        value = mean + drift * np.arange(3) + sd_pupil * own + level[klass] + girls * girl
        value = value + rng.normal(size=(n, 3)) * sd_occasion
        value[:, 1:] += np.where(treated[:, None], np.array(EFFECTS[name]), 0.0)
        out[name] = value
    return out


def _present(rng: np.random.Generator, pupils: pd.DataFrame, latent: dict[str, np.ndarray]) -> np.ndarray:
    # pupils in much conflict leave somewhat more often, alike in both arms (missing at random given the pre-test)
    conflict = latent["conflict"][:, 0] - 2.25
    leave = 1 / (1 + np.exp(-(-2.9 + 0.7 * conflict)))
    gone_post = rng.random(len(pupils)) < leave
    gone_follow = gone_post | (rng.random(len(pupils)) < 1.4 * leave)
    return np.column_stack([rng.random(len(pupils)) > 0.02, ~gone_post, ~gone_follow])


def _answers(rng: np.random.Generator, latent: np.ndarray, k: int) -> np.ndarray:
    value = np.clip(latent[:, None] + 0.7 * rng.normal(size=(len(latent), k)), 1, 5)
    whole = np.floor(value + rng.random(value.shape)).clip(1, 5)
    skipped = rng.random(value.shape) < 0.015
    return np.where(skipped, np.nan, whole)


def _moved(ratings: pd.DataFrame) -> pd.DataFrame:
    # three pupils change class after the first wave: real schools do this, so the report must cope
    ratings = ratings.copy()
    movers = ratings.loc[ratings["meting"] == "T1", "leerlingnr"].iloc[[5, 60, 120]].tolist()
    classes = ratings["groep"].unique()
    for pupil in movers:
        later = (ratings["leerlingnr"] == pupil) & (ratings["meting"] != "T0")
        new = classes[(list(classes).index(ratings.loc[later, "groep"].iloc[0]) + 1) % len(classes)]
        other = ratings.loc[ratings["groep"] == new, ["lk", "school"]].iloc[0]
        ratings.loc[later, ["groep", "lk", "school"]] = [new, other["lk"], other["school"]]
    return ratings


def write(folder: Path, files: dict[str, pd.DataFrame]) -> None:
    """Write the files as a Dutch spreadsheet would: semicolons, decimal commas, empty cells for no answer."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in files.items():
        whole = [c for c in table if c.startswith(("strs_", "nab_"))]
        as_whole = table.astype(dict.fromkeys(whole, "Int64"))  # written as 4, not 4.0
        as_whole.to_csv(folder / f"{name}.csv", sep=";", decimal=",", index=False, lineterminator="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--classes", type=int, default=Size.classes)
    options = parser.parse_args()
    write(options.folder, simulate(options.seed, Size(classes=options.classes)))
