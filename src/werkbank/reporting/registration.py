"""A registration to read: what is promised, in words; and in later reports what became of it, field by field."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import has, say
from werkbank.effects.asking import role_of_outcome
from werkbank.effects.questions import contrasts, equivalence_bound
from werkbank.measurement.study_scores import instruments_of, scale_key
from werkbank.reporting.blocks import Bullets, Heading, Paragraph, Section, Table
from werkbank.reporting.numbers import Column
from werkbank.reporting.words import Words
from werkbank.study.sealed import seal_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from werkbank.reporting.blocks import Block
    from werkbank.reporting.report import Report
    from werkbank.study import Study
    from werkbank.study.registration import Registered

HERE = "planning.register"
AS_WRITTEN = frozenset({"registration", "where", "covariates", "mediators", "dose", "received"})
CODE = re.compile(r"[A-Za-z_]+")


def registration_section(
    study: Study, registered: Registered, language: str, fields: Sequence[tuple[str, str, str]]
) -> Section:
    """Return what a registration promises as one section.

    Parameters
    ----------
    fields : sequence of (field, item, value)
        Every promised field and its value as text, so that nothing that is compared later stays out of the page.
    """
    words = Words(study, instruments_of(study), language)
    blocks: list[Block] = [Heading(_say(language, "heading.registration"))]
    blocks += [
        Paragraph(_dated(registered, language), "lead"),
        Paragraph(_data(registered, language), _tone(registered)),
    ]
    for name, write in _PARTS.items():
        said = list(write(study, words))
        if said:
            blocks += [Heading(_say(language, f"heading.{name}"), 3), *said]
    rows = tuple(
        {"field": field_in_words(field, item, language), "value": value_in_words(field, value, language)}
        for field, item, value in fields
    )
    columns = tuple(Column(key, _say(language, f"column.{key}")) for key in ("field", "value"))
    blocks += [Heading(_say(language, "heading.all"), 3), Table("tab-registered", _say(language, "all"), columns, rows)]
    digest = seal_of(registered)
    blocks.append(Paragraph(_say(language, "hash", hash=digest, study=registered.study_file,
                                 study_hash=registered.study_sha256), "note"))  # fmt: skip
    return Section("registration", language, tuple(blocks))


def became(report: Report) -> Iterator[Block]:
    """Yield in a later report when the plan was registered, and every deviation from it; nothing without one."""
    registered, words = report.study.registered, report.words
    if registered is None:
        return
    yield Heading(words.say(f"{HERE}.heading.became"), 3)
    changed = report.results.claims_where(kind="deviation")
    yield Paragraph(f"{_dated(registered, report.language)} {_data(registered, report.language)}")
    if not changed:
        yield Paragraph(words.say(f"{HERE}.kept"))
    else:
        columns = tuple(Column(key, words.say(f"{HERE}.column.{key}")) for key in ("field", "then", "now"))
        rows = tuple(
            {"field": field_in_words(c.values["field"], c.values["item"], report.language),
             **{key: value_in_words(c.values["field"], c.values[key], report.language) for key in ("then", "now")}}
            for c in changed
        )  # fmt: skip
        yield Table("tab-deviations", words.say(f"{HERE}.deviations"), columns, rows)
    yield Paragraph(words.say(f"{HERE}.marks"), "note")


def field_in_words(field: str, item: str, language: str) -> str:
    """Return what a field of a study file is about."""
    key = f"{HERE}.field.{field.replace('.', '_')}"
    said = say(key, language) if has(key, language) else _say(language, "field_other", field=field)
    return _say(language, "of_item", field=said, item=item) if item else said


def value_in_words(field: str, value: str, language: str) -> str:
    """Return a value of a field with its codes as words; texts of the user stand as they are."""
    if field.partition(".")[0] in AS_WRITTEN:
        return value or "–"

    def spoken(found: re.Match[str]) -> str:
        key = f"{HERE}.value.{found[0]}"
        return say(key, language) if has(key, language) else found[0]

    return CODE.sub(spoken, value) if value else "–"


def _dated(registered: Registered, language: str) -> str:
    return _say(language, "dated", on=registered.made.strftime("%Y-%m-%d %H:%M"))


def _data(registered: Registered, language: str) -> str:
    files = ", ".join(one.file for one in registered.data.files)
    return _say(language, f"data.{registered.data.state}", files=files, n=registered.data.n_outcomes)


def _tone(registered: Registered) -> Any:  # noqa: ANN401 - a tone
    return "plain" if registered.in_time else "warning"


def _hypotheses(study: Study, words: Words) -> Iterator[Block]:
    given = study.registration.hypotheses if study.registration else []
    if given:
        yield Bullets(tuple(words.text(text) for text in given))
        return
    lines = []
    for outcome, wave in _primary(study, words):
        for name, weights in contrasts(study).items():
            arms = {side: words.listed([words.arm(a) for a, w in weights.items() if w * sign > 0])
                    for side, sign in (("treated", 1), ("control", -1))}  # fmt: skip
            kind = "compared" if name else "single"
            lines.append(words.say(f"{HERE}.hypothesis.{kind}", outcome=outcome, wave=words.wave(wave), **arms))
    yield Paragraph(words.say(f"{HERE}.derived"))
    yield Bullets(tuple(lines)) if lines else Paragraph(words.say(f"{HERE}.no_primary"))


def _primary(study: Study, words: Words) -> list[tuple[str, str]]:
    if study.primary:
        return [(words.outcome(asked.outcome) if "." in asked.outcome else words.text(
            study.outcome(asked.outcome).label, asked.outcome), asked.wave) for asked in study.primary]  # fmt: skip
    first = next((w for w in study.waves.values() if w not in {"baseline", "pre"}), "post")
    return [(words.text(o.label, o.id), first) for o in study.outcomes if o.role == "primary"]


def _design(study: Study, words: Words) -> Iterator[Block]:
    design = study.design
    unit = words.say(f"report.unit.{study.unit if design.assigned_by == 'pupil' else design.assigned_by}.many")
    said = [words.say(f"report.design.kind_{design.kind}", units=unit)]
    if study.arms:
        said.append(words.say(f"{HERE}.arms", arms=words.listed([words.arm(a) for a in study.arms])))
    if design.blocks:
        said.append(words.say(f"{HERE}.blocks", blocks=design.blocks))
    if study.lot is not None:
        drawn = study.lot.drawn.date().isoformat() if study.lot.drawn else "–"
        said.append(words.say(f"{HERE}.lot", on=drawn, source=study.lot.seed.source))
    yield Bullets(tuple(said))


def _outcomes(study: Study, words: Words) -> Iterator[Block]:
    rows = []
    for outcome in study.outcomes:
        for scale in outcome.scales or list(words.instruments[outcome.id].scales):
            key = scale_key(outcome.id, scale)
            better = words.instruments[outcome.id].direction(scale)
            who = "–" if outcome.informant == "unknown" else words.rater(outcome.informant)
            rows.append(
                {"outcome": words.outcome(key), "informant": who,
                 "role": words.say(f"report.outcome_role.{role_of_outcome(study, key)}"),
                 "better": words.say(f"instruments.direction.{better}")}
            )  # fmt: skip
    if rows:
        columns = tuple(Column(k, words.say(f"{HERE}.column.{k}")) for k in ("outcome", "informant", "role", "better"))
        yield Table("tab-registered-outcomes", words.say(f"{HERE}.outcomes"), columns, tuple(rows))
        waves = dict.fromkeys([*study.waves.values()] or ["pre", "post"])
        yield Paragraph(words.say(f"{HERE}.waves", waves=words.listed([words.wave(w) for w in waves])))


def _analysis(study: Study, words: Words) -> Iterator[Block]:
    design = study.design
    kind = "single" if design.kind == "single_group" else "pupils" if design.assigned_by == "pupil" else "units"
    kind += "_blocks" * bool(design.blocks and kind != "single")
    said = [words.say(f"{HERE}.analysis.{kind}")]
    if study.covariates:
        said.append(words.say(f"{HERE}.covariates", names=words.covariates(study.covariates)))
    said.append(words.say(f"{HERE}.tests", bound=words.decimal(equivalence_bound(study), 2)))
    if study.moderators or study.mediators or study.dose:
        said.append(words.say(f"{HERE}.explored"))
    yield Bullets(tuple(said))


def _missing(study: Study, words: Words) -> Iterator[Block]:
    given = study.registration
    own = [given.missing, given.exclusions] if given else []
    said = [words.say(f"{HERE}.missing"), *(words.text(text) for text in own if text)]
    if study.where:
        said.append(words.say(f"{HERE}.where", where=study.where))
    yield Bullets(tuple(said))


def _stopping(study: Study, words: Words) -> Iterator[Block]:
    given, plan = study.registration, study.planning
    said = []
    if plan is not None and plan.cases is None:
        units = plan.units if isinstance(plan.units, int) else ", ".join(f"{a}: {n}" for a, n in plan.units.items())
        said.append(words.say(f"{HERE}.planned", units=units, pupils=plan.pupils))
    said.append(words.text(given.stopping) if given and given.stopping else words.say(f"{HERE}.no_stopping"))
    yield Bullets(tuple(said))


_PARTS = {"hypotheses": _hypotheses, "design": _design, "outcomes": _outcomes, "analysis": _analysis,
          "missing": _missing, "stopping": _stopping}  # fmt: skip


def _say(language: str, key: str, **values: object) -> str:
    return say(f"{HERE}.{key}", language, **values)
