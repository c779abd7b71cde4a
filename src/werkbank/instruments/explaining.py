"""A scoring key in words: what ``werkbank instruments`` prints."""

from __future__ import annotations

import math
from typing import Any

from werkbank.catalogue import say
from werkbank.errors import UsageError, nearest
from werkbank.instruments.model import Instrument, MissingRule
from werkbank.instruments.registry import names, template, variants


def listed() -> list[str]:
    """Return one line a key: its name and title."""
    width = max(map(len, names()))
    return [f"{name:<{width}}  {variants(name)[0].title}" for name in names()]


def explained(name: str, language: str) -> list[str]:
    """Return the lines that explain key `name` in every form that circulates; a frame ends in YAML to be filled in.

    Raises
    ------
    UsageError
        When there is no such key; the message names the nearest.
    """
    if name not in names():
        raise UsageError(say("cli.problem.no_instrument", language, name=name, **nearest(name, names())))
    lines: list[str] = []
    for form in variants(name):
        lines += ["", *_form(form, language)] if lines else _form(form, language)
    if any(form.status == "frame" for form in variants(name)):
        lines += ["", say("cli.instruments.frame", language, name=name), "", *template(name).splitlines()]
    return lines


def rows(name: str | None, language: str) -> list[dict[str, Any]]:
    """Return every form of key `name`, or of all keys, as plain values for a program.

    Raises
    ------
    UsageError
        When there is no such key.
    """
    if name is not None:
        explained(name, language)
    forms = [form for one in ([name] if name else names()) for form in variants(one)]
    return [
        {
            "name": form.name, "title": form.title, "version": form.version, "order": form.order,
            "status": form.status, "informants": list(form.informant),
            "range": [end if math.isfinite(end) else None for end in form.range], "items": list(form.items),
            "scales": {scale: list(form.scales[scale].items) for scale in form.scales},
        }
        for form in forms
    ]  # fmt: skip


def _form(form: Instrument, language: str) -> list[str]:
    chosen = [f"{axis}: {value}" for axis, value in (("version", form.version), ("order", form.order)) if value]
    # a frame's range may be unknown
    low, high = (f"{end:g}" if math.isfinite(end) else "?" for end in form.range)
    lines = [
        " · ".join([f"{form.name}: {form.title}", *chosen]),
        say("cli.instruments.answers", language, low=low, high=high, informants=", ".join(form.informant)),
        *(_scale(form, scale, language) for scale in form.scales),
        *(_composite(form, scale, language) for scale in form.composites),
        say(f"instruments.status.{form.status}", language),
        say(f"instruments.certainty.{form.certainty}", language),
        say("cli.instruments.source", language, source=form.source),
    ]
    return [*lines, *(text[language] for text in (form.licence, form.notes) if language in text)]


def _scale(form: Instrument, name: str, language: str) -> str:
    scale = form.scales[name]
    values = {
        "scale": name,
        "label": form.label(name, language),
        "k": len(scale.items) or scale.size or 0,
        "items": ", ".join(scale.items) or "?",
        "direction": say(f"instruments.direction.{scale.direction}", language),
        "score": say(f"instruments.score.{scale.score}", language),
        "missing": _missing(scale.missing, len(scale.items) or scale.size or 1, language),
    }
    if scale.reversed:
        return say("cli.instruments.scale_reversed", language, reversed=", ".join(scale.reversed), **values)
    return say("cli.instruments.scale", language, **values)


def _missing(rule: MissingRule, k: int, language: str) -> str:
    kind = "default" if rule == MissingRule() else "rule"
    return say(f"instruments.missing.{kind}", language, needed=rule.needed(k), k=k, source=rule.source)


def _composite(form: Instrument, name: str, language: str) -> str:
    made = form.composites[name]
    terms = [(made.constant, f"{abs(made.constant):g}")] if made.constant else []
    terms += [(w, scale if abs(w) == 1 else f"{abs(w):g} × {scale}") for scale, w in made.weights.items()]
    formula = " ".join(f"{'−' if sign < 0 else '+'} {term}" for sign, term in terms).removeprefix("+ ")
    return say("cli.instruments.composite", language, scale=name, label=form.label(name, language), formula=formula)
