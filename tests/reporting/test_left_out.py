"""Rows that a study file leaves out stand with their number before the pupil flow, and never in a copy to share."""

from __future__ import annotations

import pytest
import yaml
from tests.intake import bad_inputs as bad

import werkbank
from werkbank.reporting import evaluation
from werkbank.reporting.blocks import Bullets
from werkbank.reporting.sharing import shared_bench


@pytest.fixture
def bench(tmp_path):
    changes, _ = bad.SAID["forms that were not finished"]
    study, files = bad.written(changes)
    (tmp_path / "m.csv").write_text(files["m.csv"], encoding="utf-8")
    study["where"] = 'Finished == "True"'
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study, sort_keys=False), encoding="utf-8")
    return werkbank.open(tmp_path / "study.yaml", language="nl")


def lists(section):
    return [text for block in section.blocks if isinstance(block, Bullets) for text in block.items]


def test_rows_left_out_are_counted_before_the_flow(bench):
    (said,) = lists(evaluation.flow(bench))
    assert "16 van de 80 rijen" in said
    assert lists(evaluation.flow(shared_bench(bench))) == []
