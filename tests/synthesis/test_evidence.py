"""The evidence base: every number has a source, none is invented, and what was computed is computed again."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats

import werkbank
from werkbank.catalogue import LANGUAGES
from werkbank.cli import main
from werkbank.errors import UnfitError
from werkbank.reporting.known import told
from werkbank.statistics.pooling.model import knapp_hartung, pool
from werkbank.statistics.pooling.robust import cr2
from werkbank.statistics.pooling.spread import prediction
from werkbank.study.finding import example_path
from werkbank.synthesis.evidence import evidence, outcomes

ROOT = Path(__file__).parents[2]


def benchmark(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CERTAINTIES = {"primary", "computed", "abstract", "unknown"}


@pytest.mark.parametrize("known", evidence(), ids=lambda known: known.id)
def test_an_entry_says_where_it_is_from_and_what_is_missing(known):
    assert known.certainty in CERTAINTIES
    assert set(known.label) == set(LANGUAGES)
    assert len(known.source) > 40
    assert known.licence
    if known.g is None or known.se is None:
        assert known.open
    if known.ci:
        assert known.ci[0] < known.g < known.ci[1]


def test_what_was_not_found_stays_open(capsys):
    assert next(known for known in evidence() if known.id == "kincade2020").g is None
    lines = told("nl", "closeness")
    assert any("niet gevonden" in line for line in lines)
    assert main(["evidence", "--outcome", "closeness", "--language", "en"]) == 0
    assert "not found" in capsys.readouterr().out
    assert main(["evidence", "--outcome", "nabijheid"]) == 2
    capsys.readouterr()
    assert main(["evidence", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == len(evidence())
    assert "psychosocial" in outcomes()


def test_expectancy_is_what_its_studies_give():
    pinned = json.loads((ROOT / "tests" / "oracles" / "meta.json").read_text(encoding="utf-8"))
    table = pd.DataFrame(pinned["studies"])
    fit = pool(table[7].to_numpy(), table[8].to_numpy())
    made, known = knapp_hartung(fit, never_narrower=False), next(k for k in evidence() if k.id == "raudenbush1985")
    assert [made.estimate[0], made.se[0], made.low[0], made.high[0]] == pytest.approx(
        [known.g, known.se, *known.ci], abs=6e-5
    )
    assert prediction(fit, made) == pytest.approx(known.prediction, abs=6e-5)


def test_public_tables_give_what_is_listed(shared):
    reviews = benchmark("prediction").reviews()
    raw = pd.read_csv(shared / "data" / "meta_wwc_wolf2022.csv", low_memory=False)
    wwc = reviews["WWC, Wolf & Harbatkin (2022)"]
    kind, social = (
        raw["category"].reindex(wwc.index),
        (raw["interpersonal"] + raw["intrapersonal"]).reindex(wwc.index) > 0,
    )
    tables = {
        "dietrichson2021": reviews["Dietrichson et al. (2021)"], "wwc_independent_broad": wwc[kind == "broad"],
        "wwc_independent_narrow": wwc[kind == "narrow"], "wwc_researcher": wwc[kind == "researcher"],
        "wwc_developer": wwc[kind == "developer"], "wwc_social": wwc[social],
    }  # fmt: skip
    of = {known.id: known for known in evidence()}
    for name, table in tables.items():
        fit = pool(table["g"].to_numpy(), table["v"].to_numpy(), studies=table["study"].to_numpy(), rho=0.6)
        mean, known = cr2(fit), of[name]
        assert table["study"].nunique() == known.studies
        found = [mean.estimate[0], mean.se[0], mean.low[0], mean.high[0], *prediction(fit, mean)]
        assert found == pytest.approx([known.g, known.se, *known.ci, *known.prediction], abs=6e-5)


@pytest.mark.usefixtures("shared")
def test_prediction_intervals_cover_what_is_reported_and_for_the_reason_that_is_given():
    """Of 1,334 and 1,553 real effects; studies leave in eight parts here, one by one where the page was made."""
    made = benchmark("prediction")
    page = (ROOT / "docs" / "prediction.md").read_text(encoding="utf-8")
    for name, table in made.reviews().items():
        line = next(line for line in page.splitlines() if line.startswith(f"| {name}")).split(" | ")
        within, below, above = (float(cell.strip(" |")) for cell in line[-3:])
        parts = table["study"].rank(method="dense").astype(int) % 8
        place = made.left_out(table, parts.to_numpy())
        assert [(place == at).mean() for at in (0, -1, 1)] == pytest.approx([within, below, above], abs=0.015)
        assert within > 0.8
        assert above > 1.5 * below
        # the reason: about their mean, and in units of what the model expects, effects are peaked and lean to the right
        fit = pool(table["g"].to_numpy(), table["v"].to_numpy(), studies=table["study"].to_numpy(), rho=0.6)
        z = (table["g"] - fit.beta[0]) / np.sqrt(fit.between + fit.within + table["v"])
        assert stats.kurtosis(z) > 1
        assert stats.skew(z) > 0.5


def test_the_file_is_plain_data():
    rows = yaml.safe_load((ROOT / "src" / "werkbank" / "synthesis" / "evidence.yaml").read_text(encoding="utf-8"))
    assert len({row["id"] for row in rows}) == len(rows)


@pytest.fixture
def named_study(tmp_path):
    """The example nabijheid, with entries of the evidence base named beside its results."""

    def make(*names):
        folder = tmp_path / "studie"
        shutil.copytree(example_path("nabijheid").parent, folder, ignore=lambda _, found: {"reports"} & {*found})
        file = folder / "study.yaml"
        told = yaml.safe_load(file.read_text(encoding="utf-8")) | {"evidence": list(names)}
        file.write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
        return folder

    return make


def test_a_study_lays_known_effects_beside_its_own_and_says_what_its_measures_are(named_study):
    from werkbank.reporting import tables
    from werkbank.reporting.report import Report

    bench = werkbank.open(named_study("duong2019", "steenbergenhu2020_psychosocial"), language="nl")
    made = tables.evidence(Report(bench.about("effects"), "nl"))
    assert [row["size"] for row in made.rows] == [0.61, 0.22]
    low, high = made.rows[1]["size_ci"]
    assert (low, high) == pytest.approx((0.22 - 1.96 * 0.067, 0.22 + 1.96 * 0.067), abs=1e-4)
    _, rated, own, maker = made.notes
    assert rated.startswith("Ingevuld door wie aan de aanpak meedeed: nabijheid")
    assert "nabijheid volgens de leerling" in own
    assert "rekentoets" in maker
    assert all("0,40" in note and "0,10" in note for note in (rated, own, maker))


def test_evidence_that_is_not_there_is_refused(named_study):
    with pytest.raises(UnfitError) as error:
        werkbank.open(named_study("kincade2020", "duong2018"))
    assert [p.code for p in error.value.problems] == ["evidence_without_number", "evidence_unknown"]
    assert "duong2019" in error.value.problems[1].sentence("nl")
