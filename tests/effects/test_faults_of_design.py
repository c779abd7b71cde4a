"""Studies whose design was once ignored: what an analysis that knows it must find. Their data lie elsewhere."""

from dataclasses import dataclass

import pandas as pd
import pytest
import yaml

import werkbank
from werkbank.effects.classes import mixed_difference
from werkbank.effects.questions import questions
from werkbank.study.model import Study


@dataclass(frozen=True)
class Answered:
    """A fault study with its estimates, facts and claims."""

    study: Study
    estimates: list
    facts: list
    claims: list

    def only(self, method, **where):
        """Return the one estimate by a method."""
        (e,) = [e for e in self.estimates if e.method == method and all(getattr(e, k) == v for k, v in where.items())]
        return e

    @property
    def cautions(self):
        """What weighs on the answers."""
        return {f.category for f in self.facts if f.what == "caution"}


@pytest.fixture
def answered(shared):
    """Return a maker of answered fault studies."""

    def answer(name):
        study = werkbank.load_study(shared / "faults" / name)
        intake = werkbank.read_answers(study)
        return of_tables(study, werkbank.score_study(intake).table, intake.pupils)

    return answer


def of_tables(study, scores, pupils):
    """Answer a study from its tables."""
    estimates, facts = werkbank.estimate(study, scores, pupils, 1), werkbank.describe(study, scores, pupils)
    claims = werkbank.appraise(study, werkbank.Results({}, tuple(estimates), tuple(facts)))
    return Answered(study, estimates, facts, claims)


def test_lots_within_schools_are_no_effect_of_the_schools(answered):
    # shares differ between schools with their level: ignored, 1.47 [0.03, 2.90] where nothing is
    found = answered("design_blocks_ignored")
    lead = found.only("sites_fixed")
    assert (lead.kind, lead.n, lead.n_clusters) == ("headline", 360, 12)
    assert lead.estimate == pytest.approx(-0.0167, abs=5e-5)
    assert lead.p == pytest.approx(0.98, abs=0.005)
    assert found.only("sites_like_these").df == 11
    assert "blocks_undeclared" in found.cautions
    assert {"blocks_undeclared"} <= {c.verdict for c in found.claims if c.topic == "analysis"}
    # nothing that leaves the schools out stands beside it
    assert not {"hedges_g", "ancova", "g_bootstrap"} & {e.method for e in found.estimates}


def test_pairs_of_classes_are_reassigned_within_their_school(answered):
    found = answered("design_lots_within_schools")
    assert found.only("randomisation_smallest_p").estimate == pytest.approx(1 / 128)
    lead = found.only("block_differences")
    assert (lead.kind, lead.n_clusters) == ("headline", 16)
    assert lead.df == 6  # eight pairs, one slope between them
    # a model with a column for every school takes them for the same eight pairs
    assert found.only("mixed_kr").estimate == pytest.approx(lead.estimate)


def test_target_and_transfer_pupils_are_compared_by_teacher(shared):
    folder = shared / "faults" / "design_target_and_transfer"
    study = Study.model_validate(yaml.safe_load((folder / "study.yaml").read_text()))
    rows = pd.read_csv(next((folder / "raw").iterdir())).set_index("ll")
    pupils = pd.DataFrame({"arm": rows["rol"], "teacher": rows["lk"], "class": rows["klas"]})
    named = {"outcome": "closeness", "scale": "closeness"}
    scores = pd.concat(
        [pd.DataFrame({"pupil": rows.index, "wave": w, "score": rows[w], **named}) for w in ("pre", "post")]
    )
    found = of_tables(study, scores, pupils)
    roles = {e.contrast: e for e in found.estimates if e.method == "role_means"}
    assert set(roles) == {"doel - controle", "transfer - controle"}
    assert all(e.n_clusters == 30 and 10 < e.df <= 28 and e.p > 0.2 for e in roles.values())
    between = found.only("role_pairs")
    assert (between.contrast, between.df, between.n_clusters) == ("doel - transfer", 13, 15)
    assert (between.kind, between.family, between.note) == ("role", "", "roles_chosen")
    assert "not_like_with_like" in found.cautions
    # the way out that was once advised takes pupils as independent
    assert not {e.method for e in found.estimates} & {"hc2", "ancova", "hedges_g", "mixed_kr"}


def test_a_large_change_has_a_logarithm_and_no_crash(answered):
    found = answered("design_large_effect_crash")
    log = found.only("bayes_factor_log")
    assert log.estimate > 100
    assert not [e for e in found.estimates if e.method == "bayes_factor_jzs"]
    werkbank.Results({}, tuple(found.estimates)).to_json()


def test_four_arms_without_a_pre_test_have_their_omnibus_and_no_word_of_before(answered):
    found = answered("design_count_and_likert")
    for outcome in ("absence", "liking"):
        test = found.only("omnibus", outcome=outcome)
        assert len(test.arms) == 4
        assert 0 < test.p < 1
        assert len([e for e in found.estimates if e.method == "pairwise" and e.outcome == outcome]) == 6
    assert {e.method for e in found.estimates if e.kind == "headline"} == {"unit_means_post"}


def test_a_constant_covariate_is_dropped_and_named(answered, shared):
    found = answered("covconst")
    uses = {f.item: f.value for f in found.facts if f.what == "covariate"}
    assert uses == {"age": "used", "konst": "no_variation"}
    mixed = found.only("mixed_kr")
    assert mixed.p is not None
    assert mixed.n == found.only("unit_means_between").n == 96
    # nothing is lost without it: it is named, and no weakness
    (left,) = [c for c in found.claims if c.verdict in {"covariates_left_out", "covariates_idle"}]
    assert (left.verdict, left.status) == ("covariates_idle", "information")
    assert dict(left.values)["covariates"] == ["konst"]
    # with the pupil's own score before and age alone, as lmer does when it drops the column
    study = werkbank.load_study(shared / "faults" / "covconst")
    intake = werkbank.read_answers(study)
    (q,) = questions(study, werkbank.score_study(intake).table, intake.pupils)
    own = mixed_difference(q.whole, q.weights, q.adjusting.adjusted_for).test
    assert (own.value, own.se, own.p) == pytest.approx((0.5944, 0.1248, 0.0036), abs=1e-4)
    assert own.df == pytest.approx(5.70, abs=0.01)


def test_a_pre_test_without_variation_is_said_and_not_used(answered):
    found = answered("floorpre")
    assert "pre_without_variation" in found.cautions
    lead = found.only("unit_means_post")
    assert (lead.kind, lead.wave_from) == ("headline", "pre")
    assert found.only("mixed_kr").estimate == pytest.approx(lead.estimate)
    assert not [e for e in found.estimates if "ancova" in e.method]
