"""The codebook of a study: every variable, how it came about and how sensitive it is; as csv, and as a page to read."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import say
from werkbank.instruments.theories import tags
from werkbank.measurement.study_scores import instruments_of, scale_key
from werkbank.reporting.blocks import Bullets, Heading, Paragraph, Section, Table
from werkbank.reporting.numbers import Column
from werkbank.reporting.words import Words
from werkbank.study import text_in

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from werkbank.study import Study
    from werkbank.study.model import Outcome

COLUMNS = (
    "variable", "label", "kind", "columns", "items", "reversed", "score", "low", "high", "direction", "missing",
    "theory", "level", "source", "sensitivity",
)  # fmt: skip
# who someone is; what could tell who someone is; what was answered in confidence; what is nobody's secret
SENSITIVITY = {"pupil": "direct", "teacher": "direct", "class": "indirect", "school": "indirect", "arm": "none"}
TERMS = ("n", "mean", "sd", "ci", "p", "standardised")

Row = dict[str, str]


def codebook(study: Study, language: str) -> list[Row]:
    """Return one row for every variable: roles, covariates, then every scale of every outcome.

    `items` are numbers or column names, never wording. `low` and `high` are those of the score; empty where a ready
    score was declared without a range. `sensitivity` is direct (tells who someone is; replaced by a code), indirect
    (may tell it together with others), confidential (an answer) or none.

    Raises
    ------
    UnfitError
        As `werkbank.measurement.study_scores.instruments_of` does.
    """
    words = Words(study, instruments_of(study), language)
    named = study.columns.named()
    rows = [_plain(words, role, column, SENSITIVITY.get(role, "none")) for role, column in named.items()]
    rows += [_plain(words, "covariate", column, "indirect") for column in study.pupil_columns]
    for outcome in study.outcomes:
        scored = outcome.scales or words.instruments[outcome.id].scored
        rows += [_scale(words, outcome, scale) for scale in scored]
    return rows


def codebook_section(study: Study, language: str) -> Section:
    """Return the codebook as a section, with the paragraphs on availability and citation, and the terms used."""
    rows = codebook(study, language)
    words = Words(study, instruments_of(study), language)

    def text(key: str, **values: object) -> str:
        return say(f"codebook.{key}", language, **values)

    columns = tuple(Column(key, text(f"column.{key}")) for key in COLUMNS)
    table = Table("tab-codebook", text("title"), columns, tuple(rows), (text("note"),))
    return Section(
        "codebook",
        language,
        (
            Heading(text("heading")),
            Paragraph(text("lead", n=len(rows))),
            table,
            Heading(text("availability.heading"), 3),
            Paragraph(availability(study, language)),
            Heading(text("citation.heading"), 3),
            Paragraph(citation(language)),
            Heading(text("terms"), 3),
            Bullets(tuple(words.say(f"glossary.{term}") for term in TERMS)),
        ),
    )


def availability(study: Study, language: str) -> str:
    """Return the data-availability paragraph that a paper about this study asks for."""
    if study.simulated:
        return say("codebook.availability.simulated", language)
    if study.source:
        return say("codebook.availability.source", language, source=text_in(study.source, language))
    return say("codebook.availability.confidential", language, min_cell=study.privacy.min_cell)


def citation(language: str) -> str:
    """Return how to cite the software, in APA style, with the version that is running."""
    return say("codebook.citation.software", language, version=version("werkbank"))


def write_codebook(study: Study, folder: Path, language: str) -> tuple[Path, Path]:
    """Write ``codebook.csv`` (semicolons in Dutch, as spreadsheets there expect) and ``codebook.html``."""
    from werkbank.reporting.page import render

    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, delimiter=";" if language == "nl" else ",", lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {k: f"'{v}" if v[:1] in {"=", "+", "@"} else v for k, v in row.items()} for row in codebook(study, language)
    )
    page = render(
        [codebook_section(study, language)], language=language, title=study.title_in(language),
        simulated=study.simulated, provenance={"werkbank": version("werkbank")},
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    files = folder / "codebook.csv", folder / "codebook.html"
    files[0].write_text(out.getvalue(), encoding="utf-8-sig")
    files[1].write_text(page, encoding="utf-8")
    return files


def _plain(words: Words, role: str, column: str, sensitivity: str) -> Row:
    study = words.study
    codes: dict[str, str] = dict(study.arms if role == "arm" else study.waves if role == "wave" else {})
    kind = "code" if codes else "covariate" if role == "covariate" else "id"
    return dict.fromkeys(COLUMNS, "") | {
        "variable": column if role == "covariate" else role,
        "label": words.covariate(column) if role == "covariate" else words.say(f"codebook.role.{role}"),
        "kind": words.say(f"codebook.kind.{kind}"),
        "columns": column,
        "items": ", ".join(f"{code} = {meaning}" for code, meaning in codes.items()),
        "sensitivity": words.say(f"codebook.sensitivity.{sensitivity}"),
    }


def _scale(words: Words, outcome: Outcome, name: str) -> Row:
    key = words.instruments[outcome.id]
    scale, variable = key.scales.get(name), scale_key(outcome.id, name)
    low, high = key.score_range(name)
    kind = "ready" if outcome.column is not None else "scale" if scale else "composite"
    parts = (
        scale.items if scale else tuple(f"{weight:g} x {part}" for part, weight in key.composites[name].weights.items())
    )
    return {
        "variable": variable,
        "label": words.outcome(variable),
        "kind": words.say(f"codebook.kind.{kind}"),
        "columns": _written(outcome.items if outcome.column is None else outcome.column),
        "items": "" if kind == "ready" else ", ".join(parts),
        "reversed": ", ".join(scale.reversed) if scale else "",
        "score": words.say(f"codebook.score.{scale.score}") if scale and kind != "ready" else "",
        "low": "" if math.isinf(low) else f"{low:g}",
        "high": "" if math.isinf(high) else f"{high:g}",
        "direction": words.say(f"codebook.direction.{key.direction(name)}"),
        "missing": ", ".join(f"{code:g}" if isinstance(code, float) else str(code) for code in outcome.missing),
        "theory": _theory(words, outcome),
        "level": _level(words, outcome),
        "source": key.source or words.say("codebook.own"),
        "sensitivity": words.say("codebook.sensitivity.confidential"),
    }


def _theory(words: Words, outcome: Outcome) -> str:
    """Return what the study file says, else what is known of the key; nothing where neither says it."""
    if outcome.theory is not None:
        return words.text(outcome.theory)
    theory, _ = tags(outcome.instrument)
    return words.say(f"codebook.theory.{theory}") if theory else ""


def _level(words: Words, outcome: Outcome) -> str:
    level = outcome.level or tags(outcome.instrument)[1]
    return words.say(f"codebook.level.{level}") if level else ""


def _written(columns: str | Sequence[str] | Mapping[Any, str | list[str]] | None) -> str:
    if isinstance(columns, Mapping):
        return "; ".join(f"{wave}: {_written(given)}" for wave, given in columns.items())
    return columns if isinstance(columns, str) else ", ".join(columns or [])
