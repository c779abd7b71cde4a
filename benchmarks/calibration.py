"""How often each test rejects when the programme did nothing: simulated, per number of classes, ICC and class size.

``python benchmarks/calibration.py`` runs a quick size; ``--reps 5300`` the full one (Monte-Carlo SE .003 at .05), which
``--write`` turns into docs/calibration.md. Under no effect the CI covers the truth exactly when the test does not
reject, so coverage is one minus the rate shown.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from scipy import special

from werkbank.effects import multilevel as ml

RAW = Path(__file__).with_suffix(".json")
CLASSES = (6, 8, 12, 20)
CELLS = {  # ICC and class size: the corners and the ordinary unequal classes
    "outcome": ((0.05, "10"), (0.05, "10-30"), (0.15, "10-30"), (0.25, "10-30"), (0.25, "30")),
    "waves": ((0.05, "10"), (0.15, "10-30"), (0.25, "30")),
}
SIZES = {"10": (10, 10), "30": (30, 30), "10-30": (10, 30)}
OUTCOME = ("OLS, classes ignored", "class means", "randomisation", "Kenward-Roger", "Satterthwaite", "CR2")
WAVES = ("class intercept only", "class means", "randomisation", "Kenward-Roger")


def outcome_cell(rng, k, icc, low, high, reps):
    """One post-test with the pre-test as covariate; classes assigned."""
    p = np.empty((reps, len(OUTCOME)))
    for r in range(reps):
        arm = rng.permutation(np.arange(k) % 2)
        c = np.repeat(np.arange(k), rng.integers(low, high + 1, k))
        n, treated = len(c), arm[c].astype(float)
        # pre and post correlate .6, within classes and between them
        z = rng.normal(size=(2, k))[:, c] * icc**0.5 + rng.normal(size=(2, n)) * (1 - icc) ** 0.5
        pre, y = z[0], 0.6 * z[0] + 0.8 * z[1]
        X, names = np.column_stack([np.ones(n), treated, pre]), ["one", "treated", "pre"]
        mixed = ml.fit(y, X, {"class": c}, names)
        p[r] = (
            ols_p(X, y),
            ml.cluster_means_test(y, treated, c, {"pre": pre}).p,
            ml.randomisation_test(y, treated, c, {"pre": pre}, max_exact=1000, draws=999, seed=r).p,
            ml.test(mixed, "treated").p,
            ml.test(mixed, "treated", "satterthwaite").p,
            ml.cr2_test(ml.cluster_robust(y, X, c, names), "treated").p,
        )
    return p


def waves_cell(rng, k, icc, low, high, reps):
    """Three waves: class ICC, half as much class by wave; is the change from pre to post the same in both arms."""
    p = np.empty((reps, len(WAVES)))
    names = ["one", "w1", "w2", "arm", "arm:w1", "arm:w2"]
    for r in range(reps):
        arm = rng.permutation(np.arange(k) % 2)
        class_of = np.repeat(np.arange(k), rng.integers(low, high + 1, k))
        n = len(class_of)
        pupil, w = np.repeat(np.arange(n), 3), np.tile([0, 1, 2], n)
        c = class_of[pupil]
        treated = arm[c].astype(float)
        y = rng.normal(size=k)[c] * icc**0.5 + rng.normal(size=(k, 3))[c, w] * (icc / 2) ** 0.5
        y += rng.normal(size=n)[pupil] * 0.4**0.5 + rng.normal(size=3 * n) * (0.6 - 1.5 * icc) ** 0.5
        X = np.column_stack([np.ones(3 * n), w == 1, w == 2, treated, treated * (w == 1), treated * (w == 2)])
        groups = {"class": c, "pupil": pupil}
        change = y[w == 1] - y[w == 0]
        p[r] = (
            ml.test(ml.fit(y, X, groups, names), "arm:w1").p if r < reps // 20 else np.nan,
            ml.cluster_means_test(change, arm[class_of], class_of).p,
            ml.randomisation_test(change, arm[class_of], class_of, max_exact=1000, draws=999, seed=r).p,
            ml.test(ml.fit(y, X, groups, names, waves=w, waves_of=["class"]), "arm:w1").p,
        )
    return p


def ols_p(X, y):
    inverse = np.linalg.inv(X.T @ X)
    beta = inverse @ X.T @ y
    df = len(y) - X.shape[1]
    se = np.sqrt(((y - X @ beta) ** 2).sum() / df * inverse[1, 1])
    return 2 * special.stdtr(df, -abs(beta[1] / se))


def rates(p):
    """Share of p < .05 among the tests that could be made, and their number."""
    made = np.isfinite(p)
    return (np.where(made, p, 1) < 0.05).sum(axis=0) / np.maximum(made.sum(axis=0), 1), made.sum(axis=0)


def run(reps, seed=20240911):
    """Return {(model, classes, icc, size): (rates, numbers of tests)}."""
    out, start = {}, time.perf_counter()
    cells = [(name, k, icc, size) for name, grid in CELLS.items() for k in CLASSES for icc, size in grid]
    for number, (name, k, icc, size) in reversed(list(enumerate(cells))):
        cell = outcome_cell if name == "outcome" else waves_cell
        rng = np.random.default_rng([seed, number])
        out[name, k, icc, size] = rates(cell(rng, k, icc, *SIZES[size], reps))
        rate = " ".join(f"{x:.4f}" for x in out[name, k, icc, size][0])
        RAW.write_text(json.dumps([[*key, reps, *(x.tolist() for x in value)] for key, value in out.items()]))
        print(f"{time.perf_counter() - start:6.0f} s  {name:8} {k:3} {icc:.2f} {size:6} {rate}", flush=True)
    return out


def headline(model, k):
    """Position of the headline test among the columns of `model`."""
    names = {"cluster-means": "class means", "kenward-roger": "Kenward-Roger"}
    return (OUTCOME if model == "outcome" else WAVES).index(names[ml.headline_method(k // 2, k // 2)])


def page(out, reps):
    """Return the summary as Markdown."""
    lines = []
    for model, columns, title in (("outcome", OUTCOME, TITLE_OUTCOME), ("waves", WAVES, TITLE_WAVES)):
        lines += [f"## {title}", "", f"| classes | ICC | pupils a class | {' | '.join(columns)} |"]
        lines += ["|" + "---|" * (len(columns) + 3)]
        for (name, k, icc, size), (rate, _) in sorted(out.items()):
            if name == model:
                cells = [f"{x:.3f}" for x in rate]
                cells[headline(model, k)] = f"**{cells[headline(model, k)]}**"
                lines.append(f"| {k} | {icc:.2f} | {size} | {' | '.join(cells)} |")
        lines.append("")
    heads = {key: rate[headline(key[0], key[1])] for key, (rate, _) in out.items()}
    outside = {key: x for key, x in heads.items() if not 0.04 <= x <= 0.06}
    summary = (
        f"{reps:,} studies a cell (Monte-Carlo SE {np.sqrt(0.05 * 0.95 / reps):.4f} at .05). The headline test (bold) "
        f"rejects between {min(heads.values()):.3f} and {max(heads.values()):.3f}; coverage of its 95 % CI is at least "
        f"{1 - max(heads.values()):.3f}. Cells outside .04-.06: {len(outside)} of {len(heads)}"
    )
    missed = "; ".join(f"{key[0]} {key[1]} classes, ICC {key[2]:.2f}, {key[3]}: {x:.3f}" for key, x in outside.items())
    return INTRODUCTION + summary + (f" ({missed})." if outside else ".") + "\n\n" + "\n".join(lines)


TITLE_OUTCOME = "One post-test, adjusted for the pre-test"
TITLE_WAVES = "Three waves: change from pre to post"
INTRODUCTION = """# Calibration: how often the tests see an effect that is not there

Written by `python benchmarks/calibration.py --reps 5300 --write`. Classes are assigned, half to each arm; nothing was
done to anyone; tests at .05.

"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=100)
    parser.add_argument("--write", action="store_true", help="write docs/calibration.md")
    parser.add_argument("--render", action="store_true", help="only write the page again, from calibration.json")
    given = parser.parse_args()
    if given.render:
        raw = json.loads(RAW.read_text())
        out, reps = {tuple(row[:4]): (np.array(row[5]), row[6]) for row in raw}, raw[0][4]
    else:
        out, reps = run(given.reps), given.reps
    if given.write or given.render:
        (RAW.parents[1] / "docs" / "calibration.md").write_text(page(out, reps), encoding="utf-8")


if __name__ == "__main__":
    main()
