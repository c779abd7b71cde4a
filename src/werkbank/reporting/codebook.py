"""The codebook of a study: every variable, how it came about and how sensitive it is; as csv, and as a page to read."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import say
from werkbank.measurement.study_scores import instruments_of, scale_key, scale_label
from werkbank.reporting.blocks import Bullets, Heading, Paragraph, Section, Table
from werkbank.reporting.numbers import Column
from werkbank.study import text_in

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from werkbank.instruments import Instrument
    from werkbank.study import Study
    from werkbank.study.model import Outcome

COLUMNS = (
    "variable", "label", "kind", "columns", "items", "reversed", "score", "low", "high", "direction", "missing",
    "source", "sensitivity",
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
    keys = instruments_of(study)
    named = study.columns.named()
    rows = [_plain(study, role, column, SENSITIVITY.get(role, "none"), language) for role, column in named.items()]
    rows += [_plain(study, "covariate", column, "indirect", language) for column in study.pupil_columns]
    for outcome in study.outcomes:
        key = keys[outcome.id]
        rows += [_scale(study, keys, outcome, scale, language) for scale in outcome.scales or key.scored]
    return rows


def codebook_section(study: Study, language: str) -> Section:
    """Return the codebook as a section, with the paragraphs on availability and citation, and the terms used."""
    rows = codebook(study, language)

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
            Bullets(tuple(say(f"glossary.{term}", language) for term in TERMS)),
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


def _plain(study: Study, role: str, column: str, sensitivity: str, language: str) -> Row:
    row = dict.fromkeys(COLUMNS, "")
    codes: dict[str, str] = dict(study.arms if role == "arm" else study.waves if role == "wave" else {})
    known = {
        "variable": column if role == "covariate" else role,
        "label": say(f"codebook.role.{role}", language),
        "kind": say(f"codebook.kind.{'code' if codes else 'covariate' if role == 'covariate' else 'id'}", language),
        "columns": column,
        "items": ", ".join(f"{code} = {meaning}" for code, meaning in codes.items()),
        "sensitivity": say(f"codebook.sensitivity.{sensitivity}", language),
    }
    return row | known


def _scale(study: Study, keys: dict[str, Instrument], outcome: Outcome, name: str, language: str) -> Row:
    key = keys[outcome.id]
    scale, variable = key.scales.get(name), scale_key(outcome.id, name)
    low, high = key.score_range(name)
    kind = "ready" if outcome.column is not None else "scale" if scale else "composite"
    parts = (
        scale.items if scale else tuple(f"{weight:g} x {part}" for part, weight in key.composites[name].weights.items())
    )
    return {
        "variable": variable,
        "label": scale_label(study, keys, variable, language),
        "kind": say(f"codebook.kind.{kind}", language),
        "columns": _written(outcome.items if outcome.column is None else outcome.column),
        "items": "" if kind == "ready" else ", ".join(parts),
        "reversed": ", ".join(scale.reversed) if scale else "",
        "score": say(f"codebook.score.{scale.score}", language) if scale and kind != "ready" else "",
        "low": "" if abs(low) == float("inf") else f"{low:g}",
        "high": "" if abs(high) == float("inf") else f"{high:g}",
        "direction": say(f"codebook.direction.{key.direction(name)}", language),
        "missing": ", ".join(f"{code:g}" if isinstance(code, float) else str(code) for code in outcome.missing),
        "source": key.source or say("codebook.own", language),
        "sensitivity": say("codebook.sensitivity.confidential", language),
    }


def _written(columns: str | Sequence[str] | Mapping[Any, str | list[str]] | None) -> str:
    if isinstance(columns, Mapping):
        return "; ".join(f"{wave}: {_written(given)}" for wave, given in columns.items())
    return columns if isinstance(columns, str) else ", ".join(columns or [])
