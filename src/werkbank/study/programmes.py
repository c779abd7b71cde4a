"""The programme of a study: filled in from a template where one is named, and which of its warnings are true here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.catalogue import say
from werkbank.programmes.registry import TIDIER, template, template_names

if TYPE_CHECKING:
    from werkbank.programmes.registry import Template
    from werkbank.study.model import Programme, Study

FEW_SESSIONS = 6


def template_of(study: Study) -> Template | None:
    """Return the template that a study's programme was filled in from; None for one of one's own."""
    name = getattr(study.programme, "template", None)
    return template(name) if name else None


def named(programme: str | Programme | None) -> str | None:
    """Return the template that a study file means: by its name, however it is written; None for one of one's own."""
    if isinstance(programme, str):
        plain = programme.strip().casefold().replace(" ", "-")
        return plain if plain in template_names() else None
    return programme.template if programme is not None else None


def prefilled(given: Programme) -> list[str]:
    """Return the TIDieR items that come from the template and not from the study file."""
    if given.template is None:
        return []
    known = template(given.template)
    return [item for item in TIDIER if (text := known.tidier(item)) is not None and getattr(given, item) == text]


def warnings(study: Study) -> list[str]:
    """Return the template's warnings that this study's design makes true.

    Of a study of logs alone nothing is known of its design: all that its template warns of are told.
    """
    known = template_of(study)
    if known is None:
        return []
    design, planned = study.design, [log.planned for log in study.logs if log.planned is not None]
    sessions = [one.sessions for one in planned if one.sessions is not None]
    took_part = {*design.given_by, *design.received_by} - {"pupil"}
    true = {
        "selected_on_outcome": design.selected_on is not None,
        "rater_gives": design.raters_are_implementers is True
        or bool(took_part & {outcome.informant for outcome in study.outcomes}),
        "spill_over": "transfer" in {*study.arms.values(), *study.roles.values()} or study.columns.role is not None,
        "class_level": True,
        "six_sessions": bool(sessions) and max(sessions) <= FEW_SESSIONS,
        "no_dose": not planned and study.dose is None,
        "not_alone": True,
    }
    alone = not study.outcomes
    return [name for name in known.warnings if true[name] or (alone and name not in {"no_dose", "six_sessions"})]


def told(study: Study, language: str) -> list[str]:
    """Return in sentences what comes from the template, what it covers, and which of its warnings hold here."""
    known = template_of(study)
    if known is None or study.programme is None or isinstance(study.programme, str):
        return []
    items = [say(f"report.tidier.{item}", language) for item in prefilled(study.programme)]
    techniques = ", ".join(say(f"programmes.technique.{one}", language) for one in known.techniques)
    title, source = (say(f"programmes.{key}", language) for key in (f"title.{known.name}", f"source.{known.source}"))
    lines = []
    if items:
        lines.append(say("programmes.told.from_template", language, name=title, source=source, items=", ".join(items)))
    if techniques:
        key = "covers" if known.recommendations else "techniques"
        covered = {"recommendations": ", ".join(known.recommendations)} if known.recommendations else {}
        lines.append(say(f"programmes.told.{key}", language, techniques=techniques, **covered))
    return [*lines, *(say(f"programmes.warning.{name}", language) for name in warnings(study))]
