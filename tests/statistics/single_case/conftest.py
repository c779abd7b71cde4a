"""The public single-case files, and what R computed on them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from werkbank.statistics.single_case.panel import panel

FILES = {
    "gruenkewilbert2014_score": ("sc_gruenkewilbert2014.csv", "case", "mt", "phase", "score", "higher"),
    "huber2014_compliance": ("sc_huber2014.csv", "case", "mt", "phase", "compliance", "higher"),
    "leidig2018_engagement": ("sc_leidig2018_gbg.csv", "case", "mt", "phase", "academic_engagement", "higher"),
    "leidig2018_disruption": ("sc_leidig2018_gbg.csv", "case", "mt", "phase", "disruptive_behavior", "lower"),
    "mckissick_disruptions": (
        "sc_mckissick.csv",
        "Case_pseudonym",
        "Session_number",
        "Condition",
        "Outcome",
        "lower",
    ),
    "schmidt2007_disruptive": (
        "sc_schmidt2007.csv",
        "Case_pseudonym",
        "Session_number",
        "Condition",
        "Outcome",
        "lower",
    ),
    "schmidt2007_on_task": ("sc_schmidt2007.csv", "Case_pseudonym", "Session_number", "Condition", "Outcome", "higher"),
}
BEHAVIOUR = {"schmidt2007_disruptive": "Disruptive Behavior", "schmidt2007_on_task": "On Task Behavior"}


@pytest.fixture(scope="session")
def worked():
    """Values worked by hand and small published examples."""
    path = Path(__file__).parents[2] / "oracles" / "single_case.json"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def pinned(shared):
    """Everything that R computed on the public files."""
    return json.loads((shared / "oracles" / "single_case.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def tables(shared):
    """File and outcome -> case, time, condition, treated, y; and which direction is better."""
    found = {}
    for name, (file, case, time, condition, outcome, better) in FILES.items():
        raw = pd.read_csv(shared / "data" / file)
        if name in BEHAVIOUR:
            raw = raw[raw["Behavior_type"] == BEHAVIOUR[name]]
        table = pd.DataFrame(
            {
                "case": raw[case].astype(str),
                "time": raw[time].astype(float),
                "condition": raw[condition],
                "treated": (raw[condition] != "A").astype(float),
                "y": raw[outcome].astype(float),
            }
        )
        found[name] = table.reset_index(drop=True), better
    return found


@pytest.fixture(scope="session")
def panels(tables):
    return {name: panel(t["case"], t["time"], t["treated"], t["y"]) for name, (t, _) in tables.items()}
