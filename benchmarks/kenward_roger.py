"""Kenward-Roger and the fit itself against R (lme4, pbkrtest), lme-python and statsmodels: ratios in one run.

``python benchmarks/kenward_roger.py [--lme-python /path/to/a/python/that/has/it] [--statsmodels]``

Every engine gets the same CSV file and times only its own call, in processor time so that a busy machine does not
count (the best of some repetitions); what is missing on this machine is left out. Model: y ~ treat + pre + (1 | class),
about 25 pupils a class.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from statsmodels.regression.mixed_linear_model import MixedLM

from werkbank.statistics.multilevel import fit, test

R_SCRIPT = """
suppressMessages({library(lme4); library(pbkrtest)})
a <- commandArgs(TRUE); d <- read.csv(a[1]); d$class <- factor(d$class)
best <- function(k, f) min(sapply(seq_len(k), function(i) sum(system.time(f())[1:2])))
model <- y ~ treat + pre + (1 | class)
out <- list(fit = best(3, function() lmer(model, d)))
# lme4's default stops at a relative 1e-6 of the variance: the estimates compared come from a stricter search
m <- lmer(model, d, control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10)))
out$estimates <- unname(c(fixef(m), as.data.frame(VarCorr(m))$vcov))
if (a[2] == "kr") {
  out$kr <- best(1, function() { v <<- vcovAdj(m); nu <<- get_Lb_ddf(m, c(0, 1, 0)) })
  out$treat <- c(sqrt(v[2, 2]), nu)
}
cat(jsonlite::toJSON(out, digits = 15, auto_unbox = TRUE))
"""
LME_PYTHON = """
import json, sys, time, polars as pl, lme_python
d = pl.read_csv(sys.argv[1]).with_columns(pl.concat_str(pl.lit("c"), pl.col("class").cast(pl.String)).alias("class"))
def best(k, f):
    t = []
    for _ in range(k):
        start = time.process_time(); result = f(); t.append(time.process_time() - start)
    return min(t), result
fit_time, fit = best(3, lambda: lme_python.lmer("y ~ treat + pre + (1 | class)", d))
out = {"fit": fit_time}
if sys.argv[2] == "kr":
    out["kr"], _ = best(1, lambda: fit.with_kenward_roger(d))
    out["treat"] = [None, fit.kenward_roger_dfs[1]]
print(json.dumps(out))
"""


def simulate(n, path):
    rng = np.random.default_rng(n)
    c = np.sort(rng.integers(0, n // 25, n))
    frame = pd.DataFrame({"class": c, "treat": c % 2, "pre": rng.normal(size=n)})
    frame["y"] = 0.2 * frame.treat + 0.5 * frame.pre + 0.4 * rng.normal(size=n // 25)[c] + rng.normal(size=n)
    frame.to_csv(path, index=False)
    return pd.read_csv(path)


def best(repetitions, call):
    times = []
    for _ in range(repetitions):
        start = time.process_time()
        result = call()
        times.append(time.process_time() - start)
    return min(times), result


def ours(frame):
    X = np.column_stack([np.ones(len(frame)), frame.treat, frame.pre])
    y, groups = frame.y.to_numpy(), {"class": frame["class"].to_numpy()}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fit_time, fitted = best(7, lambda: fit(y, X, groups, ["one", "treat", "pre"]))
    kr_time, tested = best(7, lambda: test(fitted, "treat"))
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    estimates = [*fitted.beta, fitted.variances["class"], fitted.residual]
    return {"fit": fit_time, "kr": kr_time, "treat": [tested.se, tested.df], "estimates": estimates, "memory": memory}


def elsewhere(command, path, what):
    done = subprocess.run([*command, str(path), what], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"   ({command[0]} failed: {done.stderr.strip().splitlines()[-1:]})")
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def statsmodels(frame):
    X = np.column_stack([np.ones(len(frame)), frame.treat, frame.pre])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {"fit": best(1, lambda: MixedLM(frame.y, X, groups=frame["class"]).fit())[0]}


def report(n, what, engines, mine):
    print(f"\n{n:,} rows, {what}: werkbank {mine[what] * 1e3:.2f} ms")
    for name, theirs in engines.items():
        if theirs and what in theirs:
            print(f"   {name:12} {theirs[what] * 1e3:12.1f} ms   {theirs[what] / mine[what]:10,.0f} x")
    r = engines.get("R")
    key = "estimates" if what == "fit" else "treat"
    if r and key in r:
        apart = max(abs(a - b) / max(abs(b), 1e-3) for a, b in zip(mine[key], r[key], strict=True))
        print(f"   largest relative difference from R: {apart:.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lme-python", help="a Python interpreter that has lme-python and polars")
    parser.add_argument("--statsmodels", action="store_true", help="also its fit (16 s at 200,000 rows)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "fit.R"
        script.write_text(R_SCRIPT)
        for n in (2_000, 5_000, 200_000):
            path, what = Path(folder) / f"{n}.csv", "kr" if n < 10_000 else "fit"
            frame = simulate(n, path)
            mine, engines = ours(frame), {}
            if shutil.which("Rscript"):
                engines["R"] = elsewhere(["Rscript", str(script)], path, what)
            if given.lme_python:
                engines["lme-python"] = elsewhere([given.lme_python, "-c", LME_PYTHON], path, what)
            if given.statsmodels:
                engines["statsmodels"] = statsmodels(frame)
            for part in ("fit", "kr"):
                report(n, part, engines, mine)
            total = mine["fit"] + mine["kr"]
            print(f"   fit and Kenward-Roger together {total * 1e3:.1f} ms, {mine['memory']:.0f} MB more memory")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
