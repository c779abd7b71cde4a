"""Programme templates: what is known of a programme, as data; what is not known is left open, and never filled in.

A template is ``templates/<name>.yaml`` with codes; its sentences stand in ``locale/<language>/programmes.yaml``. The
techniques are one controlled vocabulary, by the recommendations of the guide on teacher-pupil relationships (NRO).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from werkbank.catalogue import has, say, shipped
from werkbank.errors import UsageError, nearest

FOLDER = Path(__file__).with_name("templates")
# of the TIDieR checklist: what a description of a programme holds
TIDIER = (
    "name", "why", "materials", "procedures", "provider", "how", "where", "when_and_how_much", "tailoring",
    "modifications", "fidelity_planned", "fidelity_actual",
)  # fmt: skip
Level = Literal["relation", "class", "school"]
Who = Literal["teacher", "coach", "pupil", "parent", "school", "peers"]
Warning_ = Literal[
    "selected_on_outcome", "rater_gives", "six_sessions", "spill_over", "class_level", "no_dose", "not_alone"
]


class Technique(BaseModel):
    """One technique: which recommendation of the guide it belongs to (1-6; "" none)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    recommendation: str = ""


class Template(BaseModel):
    """What is known of a programme beforehand."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    level: Level
    school: tuple[Literal["po", "vo"], ...] = ()
    gives: tuple[Who, ...] = ()
    gets: tuple[Who, ...] = ()
    roles: tuple[Literal["target", "transfer", "control"], ...] = ()
    techniques: tuple[str, ...]
    logs: tuple[str, ...] = ()
    planned: dict[str, float] = {}
    not_found: tuple[str, ...] = ()
    fidelity: tuple[str, ...] = ()
    warnings: tuple[Warning_, ...] = ()
    source: str = Field(description="a key under programmes.source")

    @model_validator(mode="after")
    def _known(self) -> Template:
        unknown = set(self.techniques) - {one.name for one in techniques()}
        if unknown:
            raise ValueError(f"{self.name}: no technique {', '.join(sorted(unknown))}")
        return self

    def tidier(self, item: str) -> dict[str, str] | None:
        """Return what is known under an item of the TIDieR checklist, in both languages; None where nothing is."""
        key = f"programmes.tidier.{self.name}.{item}" if item != "name" else f"programmes.title.{self.name}"
        return {one: say(key, one) for one in ("nl", "en")} if has(key, "nl") else None

    @property
    def recommendations(self) -> tuple[str, ...]:
        """The recommendations of the guide that its techniques cover."""
        covered = {one.name: one.recommendation.split(".")[0] for one in techniques()}
        return tuple(sorted({covered[name] for name in self.techniques} - {""}))


@cache
def techniques() -> tuple[Technique, ...]:
    """Return the controlled vocabulary, in the order of the guide; those from elsewhere last."""
    raw: dict[str, dict[str, Any]] = shipped(FOLDER.parent / "techniques.yaml")
    return tuple(Technique(name=name, **(told or {})) for name, told in raw.items())


def template_names() -> list[str]:
    """Return the names of every template."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


@cache
def template(name: str) -> Template:
    """Return the template `name`.

    Raises
    ------
    KeyError
        When there is none.
    """
    if name not in template_names():
        raise KeyError(name)
    return Template.model_validate(shipped(FOLDER / f"{name}.yaml"))


def elements() -> dict[str, tuple[str, ...]]:
    """Return which programmes have a technique, of every technique that one has, in the vocabulary's order."""
    names = template_names()
    having = {one.name: tuple(name for name in names if one.name in template(name).techniques) for one in techniques()}
    return {name: programmes for name, programmes in having.items() if programmes}


def short_title(name: str, language: str) -> str:
    """Return how a programme is called where there is little room: its title up to the colon."""
    return say(f"programmes.title.{name}", language).partition(":")[0]


def explained(name: str, language: str) -> list[str]:
    """Return the lines that explain a programme: facts, dose, techniques, roles, fidelity list, logs, warnings.

    Raises
    ------
    UsageError
        When there is no such programme; the message names the nearest.
    """
    if name not in template_names():
        raise UsageError(say("cli.problem.no_programme", language, name=name, **nearest(name, template_names())))
    one = template(name)

    def words(kind: str, codes: tuple[str, ...]) -> str:
        return ", ".join(say(f"programmes.{kind}.{code}", language) for code in codes) or "–"

    lines = [f"{name}: {say(f'programmes.title.{name}', language)}"]
    facts = {item: text for item in TIDIER[1:] if (text := one.tidier(item)) is not None}
    lines += [f"- {say(f'report.tidier.{item}', language)}: {text[language]}" for item, text in facts.items()]
    planned = ", ".join(say(f"programmes.planned.{what}", language, n=f"{n:g}") for what, n in one.planned.items())
    told = {
        "level": words("level", (one.level,)), "school": words("school", one.school), "gives": words("who", one.gives),
        "gets": words("who", one.gets), "roles": words("role", one.roles), "dose": planned or "–",
        "techniques": words("technique", one.techniques), "recommendations": ", ".join(one.recommendations) or "–",
        "fidelity": words("part", one.fidelity), "logs": ", ".join(one.logs) or "–",
    }  # fmt: skip
    lines += [f"- {say(f'programmes.label.{label}', language)}: {text}" for label, text in told.items()]
    if one.not_found:
        missing = ", ".join(say(f"programmes.not_found.{what}", language) for what in one.not_found)
        lines.append(say("programmes.label.not_found", language, what=missing))
    lines += [f"! {say(f'programmes.warning.{warning}', language)}" for warning in one.warnings]
    return [*lines, say("programmes.label.source", language, source=say(f"programmes.source.{one.source}", language))]


def listed(language: str) -> list[str]:
    """Return a line a programme, and the logs that there are."""
    from werkbank.programmes.forms import form_names

    width = max(map(len, [*template_names(), *form_names()]))
    lines = [f"{name:<{width}}  {say(f'programmes.title.{name}', language)}" for name in template_names()]
    logs = [f"{name:<{width}}  {say(f'logs.log.{name}', language)}" for name in form_names()]
    heads = [say(f"programmes.listed.{what}", language) for what in ("programmes", "logs")]
    return [heads[0], *lines, "", heads[1], *logs]
