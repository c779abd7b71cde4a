"""Flags and alerts per second for many schools, against the same written with pandas groupby-apply.

Run: python benchmarks/monitoring.py [--schools 6000]. The slow version runs on a sample of schools and is scaled up in
proportion (it is linear in pupils); the sample's size is printed. Both must agree before a ratio is printed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time

import numpy as np
import pandas as pd
from scipy.stats import norm

from werkbank.underachievement.alerts import Rule, watch
from werkbank.underachievement.criteria import Criteria, Measure
from werkbank.underachievement.durations import durations
from werkbank.underachievement.methods import find

PUPILS, MOMENTS, SEM = 250, 6, 5.0
CRITERIA = Criteria("difference", Measure("iq", "school", 0.9, "ability"), Measure("ability", "school", 0.9))
RULE = Rule(sem={"rekenen": SEM}, confirm=1, rate=0.05)


def generated(schools: int, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = schools * PUPILS
    days = np.array([0, 142, 367, 509, 733, 874]) + rng.integers(-9, 10, (n, MOMENTS))
    iq = rng.normal(size=n)
    level = 100 + 15 * (0.6 * iq + 0.8 * rng.normal(size=n))
    score = level[:, None] + days / 365.25 * rng.normal(12, 2, n)[:, None] + rng.normal(0, SEM, (n, MOMENTS))
    return pd.DataFrame(
        {
            "pupil": np.repeat(np.arange(n, dtype=np.int32), MOMENTS),
            "school": np.repeat(np.arange(n, dtype=np.int32) // PUPILS, MOMENTS),
            "subject": pd.Categorical.from_codes(np.zeros(n * MOMENTS, dtype=np.int8), ["rekenen"]),
            "moment": np.tile(np.arange(MOMENTS, dtype=np.int8), n),
            "date": np.datetime64("2022-01-20") + days.ravel().astype("timedelta64[D]"),
            "iq": np.repeat(100 + 15 * iq, MOMENTS),
            "ability": score.ravel(),
        }
    )


def fast(scores: pd.DataFrame) -> tuple[int, int, int]:
    flags = pd.concat(
        [find(rows.set_index("pupil"), CRITERIA).table["flag"].astype(bool) for _, rows in scores.groupby("moment")]
    )
    ordered = scores.sort_values(["moment", "pupil"], kind="stable")
    kinds = durations(ordered[["pupil", "subject", "date"]].assign(flag=flags.to_numpy()))
    return int(flags.sum()), int((kinds["kind"] == "chronic").sum()), watch(scores, RULE).n_alerts


def slow(scores: pd.DataFrame) -> tuple[int, int, int]:
    def flagged(group: pd.DataFrame) -> pd.Series:
        z = (group[["iq", "ability"]] - group[["iq", "ability"]].mean()) / group[["iq", "ability"]].std()
        return (group["iq"] >= group["iq"].quantile(0.9)) & (z["iq"] - z["ability"] >= 1)

    flags = scores.groupby(["school", "moment"], group_keys=False)[["iq", "ability"]].apply(flagged)
    scores = scores.assign(flag=flags)

    def chronic(group: pd.DataFrame) -> bool:
        start = None
        for day, flag in group.sort_values("date")[["date", "flag"]].itertuples(index=False):
            start = (start or day) if flag else None
            if start is not None and (day - start).days >= 183:
                return True
        return False

    def low(group: pd.DataFrame) -> float:
        ordered = group.sort_values("date")
        t = ordered["date"].to_numpy().astype("datetime64[D]").astype(float) / 365.25
        y = ordered["ability"].to_numpy()
        intercept = np.polyfit(t[:-1] - t[-1], y[:-1], 1)[1]
        dt = t[:-1] - t[:-1].mean()
        variance = 1 + 1 / len(dt) + (t[-1] - t[:-1].mean()) ** 2 / (dt @ dt)
        return float(norm.cdf((y[-1] - intercept) / (SEM * np.sqrt(variance))))

    def alerts(p: pd.Series) -> int:
        ordered = np.sort(p.to_numpy())
        below = np.flatnonzero(ordered <= 0.05 * np.arange(1, len(ordered) + 1) / len(ordered))
        return int(below[-1] + 1) if len(below) else 0

    by_pupil = scores.groupby(["school", "pupil"])
    n_chronic = int(by_pupil[["date", "flag"]].apply(chronic).sum())
    p = by_pupil[["date", "ability"]].apply(low)
    return int(flags.sum()), n_chronic, int(p.groupby("school").apply(alerts).sum())


def timed(work, schools: int, answer) -> None:
    scores = generated(schools)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    counts = work(scores)
    seconds = time.perf_counter() - start
    answer.put((counts, seconds, before / 1024, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def in_own_process(work, schools: int):
    answer: multiprocessing.Queue = multiprocessing.get_context("spawn").Queue()
    process = multiprocessing.get_context("spawn").Process(target=timed, args=(work, schools, answer))
    process.start()
    result = answer.get()
    process.join()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schools", type=int, default=6000)
    parser.add_argument("--sample", type=int, default=8, help="schools for the slow version")
    options = parser.parse_args()
    small = in_own_process(fast, options.sample)
    sample = in_own_process(slow, options.sample)
    if small[0] != sample[0]:
        raise SystemExit(f"the two versions disagree: {small[0]} and {sample[0]}")
    counts, seconds, before, peak = in_own_process(fast, options.schools)
    n = options.schools * PUPILS * MOMENTS
    extrapolated = sample[1] * options.schools / options.sample
    print(f"{options.schools} schools x {PUPILS} pupils x {MOMENTS} moments = {n:,} results")
    print(f"flags {counts[0]:,}, chronic {counts[1]:,}, alerts {counts[2]:,}")
    print(f"werkbank: {seconds:.1f} s, {n / seconds:,.0f} results/s; peak {peak:,.0f} MB (data alone {before:,.0f})")
    print(f"groupby-apply: {sample[1]:.1f} s for {options.sample} schools; scaled to all: {extrapolated:,.0f} s")
    print(f"ratio {extrapolated / seconds:.0f}x")


if __name__ == "__main__":
    main()
