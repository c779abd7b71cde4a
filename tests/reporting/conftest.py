"""Whole reports of the example studies and of hard cases, made once by the real pipeline."""

from __future__ import annotations

from functools import cache

import pytest
from tests.conftest import whole_example

SEED = 1
HARD = {
    # one class in each arm: nothing about the programme can be said
    "one_class": {"kind": "randomised", "assigned_by": "class"},
    # a single group in classes
    "single": {"kind": "single_group"},
}


def reading(bench):
    """Return what the writer of a section reads from a bench."""
    from werkbank.reporting.report import Report

    return Report(bench, bench.language)


def made(study):
    from werkbank.appraisal import appraise
    from werkbank.effects import describe, estimate
    from werkbank.intake import read_answers
    from werkbank.measurement.study_scores import score_study
    from werkbank.results import Results

    intake = read_answers(study)
    scores = score_study(intake)
    found = Results(
        study.model_dump(mode="json", by_alias=True, exclude_none=True),
        tuple(estimate(study, scores.table, intake.pupils, SEED)),
        (*scores.facts, *describe(study, scores.table, intake.pupils)),
    )
    return intake, scores, found.with_more(claims=appraise(study, found))


@cache
def example(name):
    bench = whole_example(name)
    return bench.intake, bench.scored, bench.part("effects")


def hard_study(name, folder):
    """Write a small study with own items: one of them runs against the rest, one pupil lacks the second wave."""
    import numpy as np
    import yaml

    from werkbank.study import load_study

    rng = np.random.default_rng(5)
    single = name == "single"
    rows = ["pupil;klas;arm;wave;i1;i2;i3;i4"]
    for pupil in range(40):
        klas = f"k{pupil % 4 if single else pupil % 2}"
        level = rng.normal()
        for wave in ("T0", "T1") if pupil != 3 else ("T0",):
            good = [int(np.clip(round(3 + level + rng.normal(0, 0.6)), 1, 5)) for _ in range(4)]
            good[3] = 6 - good[3]  # meant to be reversed; the study file does not say so
            rows.append(";".join([f"p{pupil}", klas, ("nieuw", "gewoon")[pupil % 2], wave, *map(str, good)]))
    (folder / "raw.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    columns = {"pupil": "pupil", "class": "klas", "wave": "wave"} | ({} if single else {"arm": "arm"})
    content = {
        "title": "Moeilijk <geval> & co",
        "design": HARD[name],
        "files": [{"path": "raw.csv"}],
        "columns": columns,
        "waves": {"T0": "pre", "T1": "post"},
        "outcomes": [
            {
                "name": "welbevinden",
                "items": ["i1", "i2", "i3", "i4"],
                "range": [1, 5],
                "better": "higher",
                "role": "primary",
            }
        ],
    }
    if not single:
        content["arms"] = {"nieuw": "intervention", "gewoon": "control"}
    (folder / "study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return load_study(folder / "study.yaml")


@pytest.fixture(scope="session")
def pipeline():
    """Give the way from a study to what its reports are written from."""
    return made


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    """Give the Report of an example or a hard case in a language."""
    from werkbank.bench import Bench

    @cache
    def parts(name):
        return made(hard_study(name, tmp_path_factory.mktemp(name))) if name in HARD else example(name)

    return cache(lambda name, language: Bench.made(*parts(name), language))


@pytest.fixture(scope="session")
def sections(report):
    """Give every section of a report, in the order of its notebook."""
    from werkbank.reporting import appendices as ap
    from werkbank.reporting import evaluation as ev

    parts = (ev.summary, ev.design, ev.flow, ev.measures, ev.before_after, ev.estimates, ev.robustness, ev.mechanisms)
    parts = (*parts, ev.meaning, ap.all_estimates, ap.all_mechanisms, ap.losses, ap.scores, ap.keys, ap.readings)

    @cache
    def all_of(name, language):
        shown = report(name, language)
        made = [part(shown) for part in (*parts, ap.provenance)]
        return tuple(section for section in made if section is not None)

    return all_of


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """Give (intake, scores, results) of a small study."""
    from tests.disclosure.conftest import small_study

    return cache(lambda seed: made(small_study(tmp_path_factory.mktemp(f"small{seed}"), seed)))
