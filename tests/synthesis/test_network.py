"""What schools know together: from files that hold no pupil, and as one model over all pupils would have it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import yaml

import werkbank
from werkbank.cli import main
from werkbank.errors import UnfitError
from werkbank.results import Estimate, Results
from werkbank.statistics.pooling.model import pool
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
    assert {note.key: note.values["study"] for note in made.notes} == {
        "intake.synthesis.held_back": "klein", "intake.synthesis.not_measured": "anders",
    }  # fmt: skip
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


def test_two_stages_equal_one_within_the_rounding(tmp_path):
    """Sixty schools: from their rounded copies, and from all pupils at once with inverse-variance weights."""
    rng, here, exact = np.random.default_rng(20261130), network(tmp_path), []
    truth = rng.normal(-0.2, 0.15, 60)
    for i, at in enumerate(truth):
        a, b = rng.normal(at, 1, 30), rng.normal(0, 1, 30)
        effect = from_means(Sample.of(a), Sample.of(b))
        exact.append((-effect.g, effect.variance))
        copy(here, f"school{i:02}", round(effect.g, 2), round(effect.se, 2))
    bench = werkbank.open(here)
    one = pool(*np.array(exact).T)
    made = bench.results.estimate(kind="pooled")
    # declared: g and its standard error to a hundredth; weights then differ by a few per cent
    assert made.estimate == pytest.approx(one.beta[0], abs=0.005)
    assert made.se == pytest.approx(float(np.sqrt(one.covariance[0, 0])), rel=0.03)
    drawn = np.array([e.estimate for e in bench.results.where(kind="shrunken")])
    own = np.array([e.estimate for e in bench.results.where(kind="study")])
    assert np.mean((drawn + truth) ** 2) < np.mean((own + truth) ** 2)


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
