"""What schools know together: from files that hold no pupil, and as one model over all pupils would have it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import yaml

import werkbank
from werkbank.cli import main
from werkbank.disclosure.rounding import rounded_estimate
from werkbank.errors import UnfitError
from werkbank.results import Estimate, Results
from werkbank.statistics.pooling.model import pool
from werkbank.statistics.pooling.one_stage import one_stage
from werkbank.statistics.pooling.shrinking import shrunken
from werkbank.statistics.printed import from_means
from werkbank.statistics.sizes import Sample
from werkbank.study import load_study
from werkbank.synthesis.reading import review_of

STUDY = {"title": "School", "design": {"kind": "randomised"}, "outcomes": [{"instrument": "strs-sf", "version": "B"}]}


def copy(folder, name, g, se, *, informant="teacher", notice=False, outcome="strs-sf.conflict", version="B"):
    """Write what a school sends: a copy to share with one effect (None: held back)."""
    study = {**STUDY, "outcomes": [{"instrument": "strs-sf", "version": version}]}
    hidden = {} if g is not None else {"note": "privacy.hidden"}
    size = Estimate("a", outcome, "g_adjusted_unit_means", g, informant=informant, contrast="x - y", wave_from="pre",
                    wave_to="post", se=se, kind="size", metric="sd", n=80, **hidden)  # fmt: skip
    path = folder / name / "share" / "evaluation.nl.json"
    path.parent.mkdir(parents=True)
    path.write_text(Results(study, (size,)).to_json("blijft binnen" if notice else ""), encoding="utf-8")


def network(folder, **block):
    here = folder / "samen"
    here.mkdir()
    told = {"title": "Samen", "language": "nl", "synthesis": {
        "results": ["*/share/*.json"], "outcome": "strs-sf.conflict", "better": "lower", **block}}  # fmt: skip
    (here / "study.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    return here


def test_each_schools_own_difference_is_read_and_turned(tmp_path):
    here = network(tmp_path)
    for i, g in enumerate((-0.4, -0.1, 0.1, -0.3)):
        copy(here, f"school{i}", g, 0.2)
    made = review_of(load_study(here))
    assert made.effects["g"].tolist() == [0.4, 0.1, -0.1, 0.3]
    assert made.effects["study"].tolist() == ["school0", "school1", "school2", "school3"]
    assert made.effects["variance"].tolist() == pytest.approx([0.04] * 4)


def test_what_was_held_back_or_not_measured_is_named(tmp_path):
    here = network(tmp_path)
    for i in range(3):
        copy(here, f"school{i}", -0.2, 0.2)
    copy(here, "klein", None, None)
    copy(here, "anders", 0.2, 0.2, outcome="strs-sf.closeness")
    made = review_of(load_study(here))
    assert made.n_studies == 3
    assert [note.key for note in made.notes] == ["intake.synthesis.not_measured", "intake.synthesis.held_back"]
    assert made.held_back == {"held_back": 1, "not_measured": 1}
    assert all("klein" in n.sentence("nl") or "anders" in n.sentence("nl") for n in made.notes)


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ({"informant": "pupil"}, "synthesis_mixture"),
        ({"version": "C"}, "synthesis_mixture"),
        ({"notice": True}, "synthesis_private"),
    ],
)
def test_unlike_or_private_results_are_refused(tmp_path, setting, code):
    here = network(tmp_path)
    for i in range(3):
        copy(here, f"school{i}", -0.2, 0.2)
    copy(here, "ander", -0.2, 0.2, **setting)
    with pytest.raises(UnfitError) as error:
        review_of(load_study(here))
    assert [problem.code for problem in error.value.problems] == [code]


def test_no_file_and_no_results(tmp_path):
    here = network(tmp_path)
    with pytest.raises(UnfitError) as error:
        review_of(load_study(here))
    assert [problem.code for problem in error.value.problems] == ["synthesis_no_file"]
    (here / "a" / "share").mkdir(parents=True)
    (here / "a" / "share" / "x.json").write_text(json.dumps({"a": 1}), encoding="utf-8")
    with pytest.raises(UnfitError) as error:
        review_of(load_study(here))
    assert [problem.code for problem in error.value.problems] == ["synthesis_no_results"]


def sixty(seed):
    """Sixty schools of 15 to 45 pupils an arm whose true effects differ: the truth, all pupils, and each school's g."""
    rng, parts, own = np.random.default_rng([20261130, seed]), [], []
    truth = rng.normal(-0.2, 0.15, 60)
    for i, at in enumerate(truth):
        n, m = rng.integers(15, 45, 2)
        a, b = rng.normal(at, 1, n), rng.normal(0, 1, m)
        effect = from_means(Sample.of(a), Sample.of(b))
        own.append((effect.g, effect.se))
        parts.append(pd.DataFrame({"site": f"{i:02}", "arm": ["T"] * n + ["C"] * m, "post": np.r_[a, b]}))
    return truth, pd.concat(parts), np.array(own)


def test_two_stages_equal_one_within_the_rounding_and_the_weighting(tmp_path):
    """Sixty schools: from their copies to share, rounded to hundredths, and from all pupils in one model."""
    here = network(tmp_path)
    truth, pupils, own = sixty(1)
    one = one_stage(pupils, {"T": 1.0, "C": -1.0})
    exact = pool(-own[:, 0], own[:, 1] ** 2)
    for i, (g, se) in enumerate(own):
        size = Estimate("a", "x", "g_adjusted", g, se=se, kind="size", metric="sd")
        told = rounded_estimate(size, None, None, 6)  # as a copy to share rounds it
        copy(here, f"school{i:02}", told.estimate, told.se)
    bench = werkbank.open(here)
    made = bench.results.estimate(kind="pooled")
    # of rounding, to a hundredth: a fifth of it in the mean, one per cent in its standard error
    assert made.estimate == pytest.approx(exact.beta[0], abs=0.002)
    assert made.se == pytest.approx(float(np.sqrt(exact.covariance[0, 0])), rel=0.01)
    # of weighting (each school's own SD and so its own g against one SD for all): a hundredth, five per cent
    assert made.estimate == pytest.approx(-one.standardised, abs=0.01)
    assert made.se == pytest.approx(one.mean.se / one.residual**0.5, rel=0.05)
    drawn = np.array([e.estimate for e in bench.results.where(kind="shrunken")])
    raw = np.array([e.estimate for e in bench.results.where(kind="study")])
    assert np.mean((drawn + truth) ** 2) < 0.5 * np.mean((raw + truth) ** 2)


def test_schools_drawn_towards_the_others_err_less_and_their_intervals_cover():
    raw, drawn, covered = [], [], []
    for seed in range(40):
        truth, _, own = sixty(seed)
        g, se = np.round(own, 2).T
        made = shrunken(pool(g, se**2))
        raw.append(np.mean((g - truth) ** 2))
        drawn.append(np.mean((made.estimate - truth) ** 2))
        covered.append(np.mean((made.low <= truth) & (truth <= made.high)))
    assert np.mean(drawn) < 0.4 * np.mean(raw)
    assert 0.93 <= np.mean(covered) <= 0.97


def test_pooling_is_one_command(tmp_path, capsys):
    files = []
    for i, g in enumerate((-0.4, -0.1, -0.2, -0.3)):
        copy(tmp_path, f"school{i}", g, 0.2)
        files.append(str(tmp_path / f"school{i}" / "share" / "evaluation.nl.json"))
    out = tmp_path / "samen"
    assert main(["pool", *files, "--outcome", "strs-sf.conflict", "--better", "lower", "--out", str(out)]) == 0
    made = Results.from_json((out / "report" / "results.json").read_text(encoding="utf-8"))
    assert made.estimate(kind="pooled").n_clusters == 4
    assert made.estimate(kind="pooled").estimate > 0
    page = (out / "report" / "synthesis.en.html").read_text(encoding="utf-8")
    assert "school3" in page
    assert main(["pool", *files[:3], "--out", str(out)]) == 2
    assert main(["pool", str(tmp_path / "none.json"), "--outcome", "x", "--out", str(tmp_path / "b")]) == 3
    assert not (tmp_path / "b").exists()
    capsys.readouterr()
