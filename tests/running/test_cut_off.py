"""Groups that a score beforehand formed hardly overlap on it: `check` asks, and reports say what that takes away."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml

import werkbank
from werkbank.cli import main

ASKED = "De groepen overlappen vooraf nauwelijks."


def study(folder, *, kind="controlled", chosen):
    """A study of 160 pupils; `chosen` says from the scores before who gets the programme."""
    rng = np.random.default_rng(4)
    able = rng.normal(50, 10, 160)
    before, after = able + rng.normal(0, 5, 160), able + rng.normal(0, 5, 160)
    arm = np.where(chosen(before, rng), "hulp", "geen")
    rows = [
        (f"p{i:03}", arm[i], wave, round(x, 1)) for i in range(160) for wave, x in (("T0", before[i]), ("T1", after[i]))
    ]
    pd.DataFrame(rows, columns=["id", "arm", "m", "taal"]).to_csv(folder / "d.csv", index=False)
    told = {
        "title": "Hulp", "language": "nl", "design": {"kind": kind, "assigned_by": "pupil"},
        "files": [{"path": "d.csv"}], "columns": {"pupil": "id", "arm": "arm", "wave": "m"},
        "arms": {"hulp": "intervention", "geen": "control"}, "waves": {"T0": "pre", "T1": "post"},
        "outcomes": [
            {"name": "taal", "column": "taal", "range": [-50, 150], "better": "higher", "informant": "test",
             "role": "primary"},
        ],
    }  # fmt: skip
    (folder / "study.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    return folder


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.8])
@pytest.mark.parametrize("side", ["low", "high"])
def test_a_cut_is_asked_about_and_said(tmp_path, capsys, share, side):
    def cut(before, _):
        border = np.quantile(before, share)
        return before < border if side == "low" else before >= border

    folder = study(tmp_path, chosen=cut)
    assert main(["check", str(folder)]) == 0
    assert ASKED in capsys.readouterr().out
    results = werkbank.open(folder).part("effects")
    (claim,) = results.claims_where(topic="baseline")
    assert (claim.verdict, claim.status) == ("apart", "attention")
    assert abs(dict(claim.values)["g"]) >= 2


@pytest.mark.parametrize("by_lot", [False, True])
def test_groups_that_overlap_are_not_asked_about(tmp_path, capsys, by_lot):
    def leaning(before, rng):
        return (rng.random(160) < 0.5) if by_lot else (before + rng.normal(0, 12, 160) < 45)

    folder = study(tmp_path, kind="randomised" if by_lot else "controlled", chosen=leaning)
    assert main(["check", str(folder)]) == 0
    assert ASKED not in capsys.readouterr().out
    (claim,) = werkbank.open(folder).part("effects").claims_where(topic="baseline")
    assert claim.verdict != "apart"
