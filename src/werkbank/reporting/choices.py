"""Every choice behind a flag, in words: the table without which a list of flagged pupils means nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from babel.dates import format_date

if TYPE_CHECKING:
    from werkbank.reporting.blocks import Table
    from werkbank.reporting.flagged import Flagged
    from werkbank.study.underachievement import Cutoff, Measured


def table(found: Flagged) -> Table | None:
    """All choices, one a row."""
    say, block = found.say, found.block
    rows: list[tuple[str, str]] = [("expected", _expected(found))]
    rows += [("actual", _reliable(found, m)) for m in block.actual]
    rows += [("reference", text) for text in _references(found)]
    rows.append(
        (f"able{found.of_all}", say("method.all_able") if block.able is None else _cut(found, block.able, "able"))
    )
    rows.append(("main", found.method(found.main)))
    if others := [found.method(m) for m in found.methods[1:]]:
        rows.append(("compare", found.report.words.listed(others)))
    rows.append(("threshold", _threshold(found)))
    if "absolute" in found.methods:
        rows += [
            ("low", say("method.for_measure", measure=found.at(a), text=_cut(found, block.low, "low", a)))
            for a in found.last
        ]
    if {"regression", "random_intercept"} & set(found.methods):
        used = [_reliable(found, m) for m in block.predictors] or [found.measure(block.expected)]
        rows += [("predictors", text) for text in used]
    if "random_intercept" in found.methods:
        rows.append(("random_intercept", say(f"method.own_{block.random_intercept}")))
    if block.reference != "sample":
        rows.append(("min_group", say("method.min_group", n=block.min_group)))
    rows += [("moments", text) for text in _moments(found)]
    causes = [say(f"method.excluded_{name}") for name in block.excluded]
    rows.append(("excluded", found.report.words.listed(causes) or say("method.none_excluded")))
    rows.append(("interval", _interval(found)))
    told = [{"item": say(f"method.rows.{item}"), "choice": choice} for item, choice in rows]
    return found.table("choices", say("method.title"), "method", {"item": "text", "choice": "text"}, told)


def _expected(found: Flagged) -> str:
    kind = "ability" if found.block.expected.basis == "ability" else "earlier"
    return found.say(f"method.basis_{kind}", measure=_reliable(found, found.block.expected))


def _reliable(found: Flagged, said: Measured) -> str:
    name = found.measure(said)
    if said.reliability is None:
        return found.say("method.no_reliability", measure=name)
    values = {"measure": name, "value": found.report.words.bounded(said.reliability)}
    if source := found.report.words.text(said.reliability_source):
        return found.say("method.reliability_source", source=source, **values)
    return found.say("method.reliability", **values)


def _references(found: Flagged) -> list[str]:
    block, words = found.block, found.report.words
    general = words.say(f"underachievement.references.{block.reference}")
    own = [
        found.say(
            "method.for_measure",
            measure=found.measure(m),
            text=words.say(
                "underachievement.references.norm",
                group=words.text(m.norm.group),
                mean=found.number(m.norm.mean),
                sd=found.number(m.norm.sd),
            ),
        )
        for m in block.measures
        if m.norm is not None
    ]
    return [*([general] if len(own) < len(block.measures) else []), *own]


def _cut(found: Flagged, cut: Cutoff, which: str, actual: str | None = None) -> str:
    """A cut in words, with its score where that is the same for all pupils."""
    name = actual or next(iter(found.last))
    key: str = "mean_plus" if cut.rule == "mean" and cut.value else cut.rule
    value = found.report.words.share(cut.value) if cut.rule == "top_mean" else found.number(cut.value)
    key += found.of_all if key == "able_mean" else ""
    rule = found.say(f"method.cut_{key}", **{"score" if cut.rule == "score" else "value": value})
    tie = "ge" if cut.tie == ">=" else "gt"
    measure = found.measure(found.block.expected) if actual is None else found.actual(actual)
    text = found.say(f"method.{which}_{tie}", rule=rule, measure=measure)
    if cut.rule == "score":
        return text
    score = found.value(name, which, table="cuts")
    if score is None:
        return found.say("method.cut_varies", text=text)
    return found.say("method.cut_value", text=text, score=found.number(score))


def _threshold(found: Flagged) -> str:
    key = "threshold_ge" if found.block.tie == ">=" else "threshold_gt"
    text = found.say(f"method.{key}", value=found.number(found.block.threshold))
    regression = {"regression", "random_intercept"} & set(found.methods)
    return f"{text}. {found.say('method.residual')}" if regression else text


def _interval(found: Flagged) -> str:
    """How intervals are made: by schools or classes, and how many of these the pupils looked at sit in."""
    level = next((f.category for f in found.report.results.facts_where(what="underachievement_units")), "")
    counts = [e.n_clusters for e in found.shares if e.n_clusters is not None]
    if not level or not counts:
        return found.say("method.interval")
    return found.say(f"method.interval_{level}", n=found.count(max(counts)))


def _moments(found: Flagged) -> list[str]:
    words = found.report.words
    dated = [
        found.say("method.moment", wave=words.wave(w), date=format_date(day, "long", locale=words.language))
        for w, day in found.block.moments.items()
    ]
    return dated or [found.say("method.one_moment")]
