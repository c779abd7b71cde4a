"""After a waiting list nobody is left who went without: later waves compare nobody, and say so."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

import werkbank
from werkbank.effects.questions import CONTROL_HAD_IT
from werkbank.errors import UnfitError
from werkbank.reporting import evaluation, school
from werkbank.reporting.blocks import Paragraph
from werkbank.reporting.thesis import method
from werkbank.running.checking import check_study
from werkbank.study import load_study


@pytest.fixture
def waited(tmp_path):
    """Write a study of ten classes whose control group was given the programme between post and followup."""

    def write(after="post", arms=(("A", "intervention"), ("B", "control"))):
        rng, rows = np.random.default_rng(3), ["id;klas;arm;pre;post;later"]
        for c in range(10):
            level = rng.normal()
            for p in range(8):
                x = level + rng.normal()
                gain = 1.0 * (c % 2 == 0)
                y, z = x + gain + rng.normal(), x + 1.0 + rng.normal()
                rows.append(f"p{c}-{p};k{c};{'AB'[c % 2]};{x:.2f};{y:.2f};{z:.2f}")
        (tmp_path / "d.csv").write_text("\n".join(rows), encoding="utf-8")
        content = {
            "title": "x",
            "design": {"kind": "randomised", "assigned_by": "class", "control_received_after": after},
            "files": [{"path": "d.csv"}],
            "columns": {"pupil": "id", "class": "klas", "arm": "arm"},
            "arms": dict(arms),
            "outcomes": [
                {"name": "y", "column": {"pre": "pre", "post": "post", "followup": "later"}, "better": "higher",
                 "informant": "test", "role": "primary"}
            ],
        }  # fmt: skip
        (tmp_path / "study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        return tmp_path / "study.yaml"

    return write


def test_no_estimate_compares_with_a_group_that_had_it_too(waited):
    bench = werkbank.open(waited())
    valued = [e for e in bench.results.estimates if e.contrast and e.estimate is not None]
    assert {e.wave_to for e in valued} == {"post"}
    (refused,) = [e for e in bench.results.estimates if e.wave_to == "followup" and e.contrast]
    assert (refused.note, refused.p, refused.family) == (CONTROL_HAD_IT, None, "")
    answers = {c.verdict for c in bench.results.claims_where(kind="answer") if "followup" in c.about[0]}
    assert answers == {CONTROL_HAD_IT}


def test_check_foresees_what_the_report_refuses(waited):
    found = {f.counted.wave_to: (f.state, f.reason) for f in check_study(load_study(waited())).questions}
    assert found == {"post": ("tested", ""), "followup": ("refused", CONTROL_HAD_IT)}


@pytest.mark.parametrize(("language", "said"), [("nl", "wachtlijst"), ("en", "waiting list")])
def test_every_report_says_who_waited(waited, language, said):
    bench = werkbank.open(waited(), language=language)
    for part in (evaluation.design, method.participants, school.one_page):
        assert said in " ".join(b.text for b in part(bench).blocks if isinstance(b, Paragraph))
    (later,) = [c for c in bench.results.claims_where(kind="quality") if c.topic == "followup"]
    assert later.verdict == "waited"


def test_without_a_waiting_list_every_wave_is_compared(waited):
    bench = werkbank.open(waited(after=None))
    assert {e.wave_to for e in bench.results.estimates if e.kind == "headline"} == {"post", "followup"}
    assert all(e.estimate is not None for e in bench.results.estimates if e.kind == "headline")


def test_a_waiting_list_needs_a_group_that_waited(waited):
    with pytest.raises(UnfitError, match="control_received_after"):
        load_study(waited(arms=(("A", "intervention"), ("B", "intervention"))))
