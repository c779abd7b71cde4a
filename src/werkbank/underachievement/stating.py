"""What was found, as estimates and facts for the one store; never a pupil, only counts."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank.intake.ledger import shown
from werkbank.results import Estimate, Fact, plain
from werkbank.underachievement.agreement import against, judged_by_all, pairwise, which_by_which
from werkbank.underachievement.fairness import flag_rates, residuals_by_group
from werkbank.underachievement.kinds import profile_counts, relative_or_absolute
from werkbank.underachievement.reasons import crossed

if TYPE_CHECKING:
    from werkbank.intake.logbook import Logbook, Logs
    from werkbank.underachievement.methods import Finding
    from werkbank.underachievement.regression import Prediction
    from werkbank.underachievement.study import Examined

ROOT = "underachievement"
KINDS = ("chronic", "situational", "not flagged")
MOVED = ("not flagged", "relative", "absolute")


def estimates(examined: Examined, min_cell: int) -> list[Estimate]:
    """Return shares, chance levels, agreement and rates by group.

    ``outcome`` is what was achieved, ``wave_to`` the moment, ``criterion`` the method, of agreement with ``other``; of
    a group of pupils ``grouped_by`` and ``group`` name the column and its value. ``contrast`` says the same for a
    reader. All exploratory, because a flag tests no hypothesis.

    Parameters
    ----------
    examined : Examined
    min_cell : int
        Groups in which fewer pupils could be told apart have no numbers.
    """
    found: list[Estimate] = []
    for (actual, wave, method), f in examined.findings.items():
        at = {"outcome": actual, "wave_to": wave, "contrast": method, "criterion": method, "role": "exploratory"}
        found += [_estimate(name, at, **values) for name, values in _shares(f).items()]
    for actual, wave in examined.last.items():
        at = {"outcome": actual, "wave_to": wave, "role": "exploratory"}
        found += _agreement(examined, actual, at)
        found += _fairness(examined, actual, at, min_cell)
        found += _varied(examined, actual, at)
    return found


def facts(examined: Examined) -> list[Fact]:
    """Return counts, cuts, kinds, durations, gates and what the regressions explain."""
    found: list[Fact] = []
    for (actual, wave, method), f in examined.findings.items():
        found += _of_finding(f, _At("found", actual, wave, method))
    for actual, wave in examined.last.items():
        here = _At("", actual, wave)
        for which in ("able", "low"):
            cut = examined.cuts[actual, which]
            found.append(_fact(replace(here, table="cuts"), which, "underachievement_cut", cut))
        found += _gates(examined, actual, here)
        found += _durations(examined, actual, here)
        found += _moves(examined, actual)
        found += _overlap(examined, actual, here)
        for v in examined.varied[actual]:
            name, n = f"{v.varied}={v.value}", None if v.finding is None else v.finding.n_flagged
            found.append(_fact(replace(here, table="varied"), name, "underachievement_varied_flagged", n))
    for breadth, n in examined.broad["breadth"].value_counts().items():
        found.append(_fact(_At("breadth"), str(breadth), "underachievement_duration", int(n), len(examined.broad)))
    for name, table in examined.patterns.items():
        seen = table["pattern"].dropna()
        found.append(_fact(_At("selective"), name, "underachievement_selective", int(seen.sum()), len(seen)))
    if examined.block.profiles:
        labels = examined.pupils[examined.block.profiles].dropna().astype(str).str.strip()
        for profile, n in profile_counts(labels).items():
            found.append(_fact(_At("profiles"), profile, "underachievement_count", n, len(labels)))
    return found


def causes(examined: Examined, logs: Logs | None) -> list[Fact]:
    """Return how many pupils have each cause in a log of causes, flagged and not flagged apart.

    ``criterion`` is flagged or not_flagged, ``category`` the cause, ``n`` those with a line; table unwritten has how
    many have none. Several such logs are read as one.
    """
    books = [book for book in logs.books if _tells_causes(book)] if logs is not None else []
    if not books:
        return []
    lines, found = pd.concat([book.rows for book in books], ignore_index=True), list[Fact]()
    known = dict.fromkeys(cause for book in books for cause in book.form.columns["cause"].of)
    for actual, wave in examined.last.items():
        for side in crossed(examined.flags(actual)[examined.methods[0]], lines, known):
            here = _At("reasons", actual, wave, side.side)
            found += [_fact(here, c, "underachievement_cause", n, side.n) for c, n in side.counts.items()]
            unwritten = replace(here, table="unwritten")
            found.append(_fact(unwritten, "unknown", "underachievement_unwritten", side.unknown))
    return found


def _tells_causes(book: Logbook) -> bool:
    return book.form.about == "pupil" and "cause" in book.form.columns and book.form.columns["cause"].kind == "choice"


def _shares(f: Finding) -> dict[str, dict[str, Any]]:
    flagged = f.table.loc[f.table["flag"].fillna(value=False).astype(bool), "probability"]
    share: dict[str, Any] = {"estimate": f.share, "ci_low": f.ci_low, "ci_high": f.ci_high, "n": f.n_able}
    share |= {"n_clusters": f.n_units, "df": f.n_units - 1 if f.n_units else None, "note": " ".join(f.notes)}
    found: dict[str, dict[str, Any]] = {"share": share, "chance": {"estimate": f.chance, "n": f.n_judged}}
    if f.criteria.method != "nomination":
        found["se_gap"] = {"estimate": f.se_gap, "n": f.n_judged}
        found["true_gap"] = {"estimate": flagged.mean() if len(flagged) else None, "n": f.n_flagged}
    return found


def _of_finding(f: Finding, at: _At) -> list[Fact]:
    """Return everything that is counted in one finding."""
    counts = {"pupils": f.n, "both": f.n_both, "judged": f.n_judged, "able": f.n_able, "flagged": f.n_flagged}
    found = [_fact(at, name, "underachievement_count", n) for name, n in counts.items()]
    found.append(_fact(at, "correlation", "underachievement_correlation", f.correlation, f.n_both))
    if f.clustered:
        found.append(_fact(at, f.clustered, "underachievement_units", f.n_units))
    kinds = relative_or_absolute(f)
    found += [_fact(at, k, "underachievement_kind", int((kinds == k).sum())) for k in ("relative", "absolute")]
    return found if f.prediction is None else [*found, *_of_prediction(f.prediction, at)]


def _of_prediction(p: Prediction, at: _At) -> list[Fact]:
    """Return what the regression says; `n` is that of its fit, which needs every predictor."""
    row = "underachievement_" + ("regression" if p.icc is None else "random_intercept")
    rows = [] if p.icc is None else [("icc", row, p.icc)]
    rows += [("r2", row, p.r2), ("see", row, p.see), ("cv_r2", "underachievement_cv_r2", p.cv_r2)]
    found = [_fact(at, name, what, value, p.n) for name, what, value in rows]
    of = replace(at, table="coefficients")
    return [*found, *(_fact(of, name, row, value, p.n) for name, value in p.coefficients.items())]


def _gates(examined: Examined, actual: str, at: _At) -> list[Fact]:
    g = examined.gates[actual]
    counts: dict[str, int | None] = {name: getattr(g, f"n_{name}") for name in ("both", "discrepancy", "duration")}
    counts |= {"signal": g.n_signal, "not_established": g.n_not_established}
    causes: dict[str, int | None] = {cause: n for cause, n in g.not_established.items() if cause != "any"}
    if actual not in set(examined.lasting["subject"]):  # a gate that nobody was led to is not a gate nobody passed
        counts |= dict.fromkeys(set(counts) - {"both", "discrepancy"})
        causes = dict.fromkeys(causes)
    row, gates, of_causes = "underachievement_gates", replace(at, table="gates"), replace(at, table="causes")
    found = [_fact(gates, name, row, n, g.n) for name, n in counts.items()]
    found += [_fact(of_causes, cause, row, n, g.n) for cause, n in causes.items()]
    return [*found, _fact(gates, "share_both", row, g.share_both, g.n)]


def _durations(examined: Examined, actual: str, at: _At) -> list[Fact]:
    mine = examined.lasting[examined.lasting["subject"] == actual]["kind"]
    counts = {k.replace(" ", "_"): (mine == k).sum() for k in KINDS} if len(mine) else {}
    lasting, row, n = replace(at, table="duration"), "underachievement_duration", int(mine.notna().sum())
    return [_fact(lasting, kind, row, count, n) for kind, count in counts.items()]


def _moves(examined: Examined, actual: str) -> list[Fact]:
    """Return how many pupils went from each kind to each other from one moment to the next, by the main method.

    ``parts`` are the kinds before and after (not_flagged, relative, absolute), ``wave`` the later moment; ``n`` pupils
    who were judged at both.
    """
    main, found = examined.methods[0], list[Fact]()
    waves = [wave for named, wave, method in examined.findings if (named, method) == (actual, main)]
    kinds = {wave: relative_or_absolute(examined.findings[actual, wave, main]).dropna() for wave in waves}
    for before, after in itertools.pairwise(waves):
        both = pd.DataFrame({"before": kinds[before], "after": kinds[after]}).dropna()
        counts = both.value_counts()
        for pair in itertools.product(MOVED, repeat=2):
            n, names = int(counts.get(pair, 0)), tuple(kind.replace(" ", "_") for kind in pair)
            fact = _fact(_At("moves", actual, after), "-".join(names), "underachievement_moved", n, len(both))
            found.append(replace(fact, parts=names, wave_from=before, wave_to=after))
    return found


def _overlap(examined: Examined, actual: str, at: _At) -> list[Fact]:
    """How many able pupils each combination of methods flagged: what an UpSet figure draws."""
    flags = judged_by_all(examined.flags(actual))
    if flags.shape[1] < 2 or flags.empty:
        return []
    found = []
    for row in which_by_which(flags).to_dict("records"):
        by = tuple(method for method in examined.methods if row[method])
        here, n = replace(at, table="overlap"), int(row["n"])
        fact = _fact(here, "+".join(by) or "none", "underachievement_count", n, len(flags))
        found.append(replace(fact, parts=by))
    return found


def _agreement(examined: Examined, actual: str, at: dict[str, Any]) -> list[Estimate]:
    flags = judged_by_all(examined.flags(actual))
    if flags.shape[1] < 2 or flags.empty:
        return []
    found = [
        _estimate(name, _two(at, row["a"], row["b"]), **_interval(row, name), n=row["n"])
        for row in pairwise(flags, examined.units).to_dict("records")
        for name in ("kappa", "phi", "jaccard")
    ]
    standard = examined.methods[0]
    found += [
        _estimate(name, _two(at, row["method"], standard), **_interval(row, name), n=row[f"{name}_n"])
        for row in against(flags, standard, examined.units).to_dict("records")
        for name in ("sensitivity", "specificity")
    ]
    return found


def _two(at: dict[str, Any], method: str, other: str) -> dict[str, Any]:
    return {**at, "contrast": f"{method} x {other}", "criterion": method, "other": other}


def _interval(row: dict[Any, Any], name: str) -> dict[str, Any]:
    return {"estimate": row[name], "ci_low": row[f"{name}_low"], "ci_high": row[f"{name}_high"]}


def _fairness(examined: Examined, actual: str, at: dict[str, Any], min_cell: int) -> list[Estimate]:
    found: list[Estimate] = []
    main = examined.flags(actual)[examined.methods[0]]
    residual = next((m for m in ("regression", "random_intercept") if m in examined.methods), None)
    for group in examined.block.fairness:
        codes = examined.pupils[group.column].map(shown).replace("", np.nan)
        rows = [("flag_rate", row) for row in flag_rates(main, codes, min_cell, examined.units).to_dict("records")]
        if residual is not None:
            gap = -examined.finding(actual, residual).table["gap"]
            by_group = residuals_by_group(gap, codes, min_cell, examined.units).rename(columns={"mean": "share"})
            rows += [("residual", row) for row in by_group.to_dict("records")]
        for name, row in rows:
            values = {k: row[k] for k in ("ci_low", "ci_high", "n", "n_clusters", "se", "df") if k in row}
            method = residual if name == "residual" else examined.methods[0]
            where = {**at, "contrast": f"{group.column}={row['group']}", "criterion": method}
            where |= {"grouped_by": group.column, "group": str(row["group"])}
            found.append(
                _estimate(name, where, **values, estimate=row["share"], note="hidden" if row["hidden"] else "")
            )
    return found


def _varied(examined: Examined, actual: str, at: dict[str, Any]) -> list[Estimate]:
    """Say what one other choice at a time finds, and how many of those flagged now it flags as well."""
    found = []
    for v in examined.varied[actual]:
        where = {**at, "contrast": f"{v.varied}={v.value}", "grouped_by": v.varied, "group": v.value}
        where |= {"criterion": examined.methods[0] if v.varied != "method" else v.value}
        share = {} if v.finding is None else _shares(v.finding)["share"]
        found.append(_estimate("varied", where, **{"estimate": None, **share}))
        found.append(_estimate("kept", where, estimate=v.kept.value, n=v.kept.n))
    return found


@dataclass(frozen=True)
class _At:
    """Where a fact belongs: its table and, as far as it is of one, what was achieved, the moment and the method."""

    table: str
    actual: str = ""
    wave: str = ""
    method: str = ""


METRICS = {"se_gap": "", "residual": "", "kappa": "", "phi": ""}  # the others are shares of pupils
ROWS = {"share": "underachievement_share", "chance": "underachievement_chance", "se_gap": "underachievement_se_gap",
        "true_gap": "underachievement_true_gap", "kappa": "kappa_flags", "phi": "phi_flags", "jaccard": "jaccard_flags",
        "sensitivity": "sensitivity_flags", "specificity": "sensitivity_flags", "flag_rate": "flag_rate_by_group",
        "varied": "underachievement_varied", "kept": "underachievement_kept",
        "residual": "residual_by_group"}  # fmt: skip


def _estimate(name: str, at: dict[str, Any], **values: Any) -> Estimate:  # noqa: ANN401 - an Estimate's fields
    where = f"{at['outcome']}/{at['wave_to'] or 'once'}/{at['contrast'].replace(' ', '')}"
    numbers = {k: plain(v) for k, v in values.items()}
    numbers |= {k: int(numbers[k]) for k in ("n", "n_clusters") if numbers.get(k) is not None}
    metric = METRICS.get(name, "share")
    made = Estimate(id=f"{ROOT}/{where}/{name}", method=ROWS[name], estimand=name, **{**at, **numbers})
    return replace(made, kind=ROOT, metric=metric)


# before the name of a category in an id; a table without one stands there by its own name
IN_ID = {"found": "", "coefficients": "b_", "cuts": "cut_", "causes": "gates/not_established_"}


def _fact(at: _At, category: str, what: str, value: float | None, n: int | None = None) -> Fact:
    name = f"{IN_ID.get(at.table, f'{at.table}/')}{category}"
    where = [at.actual, at.wave or "once"] * bool(at.actual) + [at.method] * bool(at.method)
    made = Fact("/".join([ROOT, *where, name]), what, plain(value), at.actual, "", "", at.wave, n, kind=ROOT)
    return replace(made, table=at.table, category=category, criterion=at.method)
