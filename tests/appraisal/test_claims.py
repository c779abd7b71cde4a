"""Claims over many kinds of studies: nobody is told more than the design and the numbers carry."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from werkbank.appraisal import Evidence, appraise, check_text
from werkbank.appraisal.quality import TOPICS
from werkbank.catalogue import topic_sentences
from werkbank.reporting.words import Words
from werkbank.results import Estimate, Fact, Results
from werkbank.study import Study

ARMS = {"nieuw": "intervention", "gewoon": "control"}


def a_study(kind="randomised", by="pupil", **design):
    columns = {"pupil": "p", "class": "k", "teacher": "l", "school": "s"} if by != "pupil" else {"pupil": "p"}
    return Study.model_validate(
        {
            "title": "Proef",
            "design": {"kind": kind, "assigned_by": by, **design},
            "files": [{"path": "x.csv"}],
            "columns": columns | ({} if kind == "single_group" else {"arm": "a"}),
            "arms": {} if kind == "single_group" else ARMS,
            "outcomes": [
                {"name": "taal", "column": "t", "range": [0, 60], "better": "higher", "role": "primary"},
                {"name": "rekenen", "column": "r", "range": [0, 60], "better": "higher"},
            ],
        }
    )


def results_of(study, estimate=2.0, half=1.0, corrected=0.01, enrolled=100, analysed=(95, 95), units=12, note=""):
    single = study.design.kind == "single_group"
    arms, contrast = ([""], "") if single else (list(ARMS), "nieuw - gewoon")
    by_unit = study.design.assigned_by != "pupil"
    suffix = "_unit_means" if by_unit else ""
    base = {
        "contrast": contrast,
        "wave_from": "pre",
        "wave_to": "post",
        "n": 190,
        "n_clusters": 24 if by_unit else None,
    }
    found, facts = [], []
    for outcome in ("taal", "rekenen"):
        head = ("change" if by_unit else "mean_change") if single else "ancova"
        test = Estimate(
            f"{outcome}/{head}",
            outcome,
            head + (suffix if not single or by_unit else ""),
            estimate,
            kind="headline",
            **base,
        )
        size = ("smcr" if single else "g_adjusted") + suffix
        if note:
            found.append(dataclasses.replace(test, estimate=None, note=note))
        else:
            p = 0.001 if abs(estimate) > half else 0.4
            numbers = {"se": half / 2, "df": 22.0, "p": p, "ci_low": estimate - half, "ci_high": estimate + half}
            found.append(dataclasses.replace(test, family="primary", **numbers))
            small = {"se": half / 8, "ci_low": (estimate - half) / 4, "ci_high": (estimate + half) / 4}
            found.append(Estimate(f"{outcome}/{size}", outcome, size, estimate / 4, standardiser="sd", **base, **small))
            found.append(
                Estimate(f"{outcome}/p_holm", outcome, "p_holm", corrected, p=corrected, family="primary", **base)
            )
        for arm, n in zip(arms, analysed, strict=False):
            at = {"outcome": outcome, "arm": arm, "wave": "post", "wave_from": "pre", "wave_to": "post"}
            facts.append(Fact(f"{outcome}/{arm}/analysed", "pupils_analysed", n, **at))
            if by_unit:
                facts.append(Fact(f"{outcome}/{arm}/units", "units_analysed", units, **at))
    for arm in arms:
        facts.append(Fact(f"{arm}/enrolled", "pupils_enrolled", enrolled, arm=arm))
        facts += [Fact(f"{arm}/{w}", "pupils_measured", enrolled, arm=arm, wave=w) for w in ("pre", "post")]
        if by_unit:
            facts.append(Fact(f"{arm}/units", "units_enrolled", units, arm=arm))
    return Results({}, tuple(found), tuple(facts))


def said(study, results, language="nl"):
    words = Words(study, {}, language)
    return {claim.id: words.claim(claim) for claim in appraise(study, results)}


def answer(study, results, outcome="taal"):
    return next(c for c in appraise(study, results) if c.id.startswith(f"answer/{outcome}/"))


def test_lots_over_pupils_carry_an_effect():
    claim = answer(a_study(), results_of(a_study()))
    assert (claim.grade, claim.sentence) == ("effect", "claims.answer.effect.clear_higher")
    assert "mogen we dit verschil met gewoon aan nieuw toeschrijven" in said(a_study(), results_of(a_study()))[claim.id]


def test_without_lots_a_difference_is_a_difference():
    study = a_study("controlled")
    claim = answer(study, results_of(study))
    assert claim.grade == "association"
    assert check_text(said(study, results_of(study))[claim.id], "association", "nl") == []


def test_a_single_group_changes_and_nothing_more():
    study = a_study("single_group")
    claim = answer(study, results_of(study, estimate=-2.0))
    assert (claim.grade, claim.sentence) == ("change", "claims.answer.change.clear_lower")
    assert "daalde" in said(study, results_of(study, estimate=-2.0))[claim.id]


@pytest.mark.parametrize("analysed", [(95, 70), (40, 40)])
def test_attrition_takes_the_effect_away(analysed):
    study = a_study()
    results = results_of(study, analysed=analysed)
    assert answer(study, results).grade == "association"
    assert "claims.reasons.attrition" in {c.sentence for c in appraise(study, results)}


def test_attrition_of_whole_classes_counts_too():
    study = a_study(by="class")
    results = results_of(study)
    assert answer(study, results).grade == "effect"
    lost = [dataclasses.replace(f, value=7) if f.id == "taal/nieuw/units" else f for f in results.facts]
    assert answer(study, dataclasses.replace(results, facts=tuple(lost))).grade == "association"


def test_lost_classes_are_judged_beside_lost_pupils():
    study = a_study(by="class")
    results = results_of(study)
    lost = [dataclasses.replace(f, value=7) if f.id == "taal/nieuw/units" else f for f in results.facts]
    few = dataclasses.replace(results, facts=tuple(lost))
    panel = {c.verdict: c for c in appraise(study, few) if c.topic == "attrition"}
    assert panel["units_high"].status == "attention"
    assert panel["units_high"].values["share_overall"] == pytest.approx(5 / 24)
    assert "klassen" in said(study, few)[panel["units_high"].id]
    assert {c.verdict for c in appraise(study, results) if c.topic == "attrition"} == {"low"}


def test_38_of_44_schools_left_is_no_reassurance():
    study = a_study(by="class")
    results = results_of(study)
    arms = [f.arm for f in results.facts if f.what == "units_enrolled"]
    counts = {f"{arm}/units": 22 for arm in arms} | {f"taal/{arm}/units": 19 for arm in arms}
    facts = tuple(dataclasses.replace(f, value=counts.get(f.id, f.value)) for f in results.facts)
    lost = dataclasses.replace(results, facts=facts)
    panel = {c.verdict: c for c in appraise(study, lost) if c.topic == "attrition"}
    assert set(panel) == {"low_but_units", "units_low"}
    assert {c.status for c in panel.values()} == {"attention"}
    text = said(study, lost)[panel["units_low"].id]
    assert "44" in text
    assert "38" in text
    assert "binnen de grens" not in " ".join(said(study, lost).values())


def test_pupils_have_no_lost_units():
    study = a_study()
    results = results_of(study, analysed=(95, 70))
    assert {c.verdict for c in appraise(study, results) if c.topic == "attrition"} == {"high"}


def test_unknown_attrition_is_not_taken_for_none():
    study = a_study()
    results = dataclasses.replace(results_of(study), facts=())
    assert answer(study, results).grade == "association"


def test_pupils_said_to_be_drawn_while_whole_classes_follow_the_arms_carry_no_effect():
    study = a_study()
    results = results_of(study)
    facts = (*results.facts, Fact("u", "units_enrolled", 6, arm="nieuw"), Fact("v", "units_enrolled", 6, arm="gewoon"))
    results = dataclasses.replace(results, facts=facts)
    assert answer(study, results).grade == "association"
    assert "quality/unit/2" in said(study, results)


def test_fewer_than_two_units_are_refused_in_plain_words():
    study = a_study(by="class")
    results = results_of(study, note="refused_too_few_units", units=1)
    claim = answer(study, results)
    assert claim.grade == "description"
    text = said(study, results)[claim.id]
    assert "niet mogelijk" in text
    assert "minder dan twee klassen" in text
    assert "fewer than two classes" in said(study, results, "en")[claim.id]


def test_an_interval_beside_zero_that_does_not_survive_holm_is_called_fragile():
    study = a_study()
    assert answer(study, results_of(study, corrected=0.08)).sentence.endswith("fragile_higher")
    assert answer(study, results_of(study, estimate=0.5)).sentence.endswith("unclear")


def with_equivalence(results, half=0.12, p=0.01):
    """Add what an equivalence test of ±0.20 SD found about every question."""
    made = [
        dataclasses.replace(
            e,
            id=f"{e.outcome}/tost",
            method="tost",
            family="",
            p=p,
            ci_low=e.estimate - half,
            ci_high=e.estimate + half,
        )
        for e in results.estimates
        if e.standardiser
    ]
    return results.with_more(estimates=made)


def test_nothing_relevant_is_said_only_where_the_equivalence_interval_lies_within_its_bounds():
    for kind, word in (("randomised", "effect"), ("controlled", "verschil"), ("single_group", "verandering")):
        study = a_study(kind)
        results = results_of(study, estimate=0.2)
        claim = answer(study, with_equivalence(results))
        assert claim.sentence.endswith(".equivalent")
        text = said(study, with_equivalence(results))[claim.id]
        assert f"geen relevant{'e' * (kind == 'single_group')} {word}" in text
        for half, p in ((0.16, 0.06), (0.16, 0.01), (0.12, 0.06)):
            unclear = answer(study, with_equivalence(results, half, p))
            assert unclear.sentence.endswith(".unclear")
            assert check_text(said(study, with_equivalence(results, half, p))[unclear.id], "effect", "nl") == []


def test_a_clear_difference_within_the_bounds_is_both():
    study = a_study()
    results = with_equivalence(results_of(study, estimate=0.4, half=0.3), half=0.06)
    claim = answer(study, results)
    assert claim.sentence.endswith("clear_higher")
    assert claim.values["also"] == ["claims.also.within_bounds"]


@pytest.mark.parametrize(("informant", "says"), [("teacher", True), ("pupil", False), ("test", False)])
def test_the_sentence_itself_says_that_those_who_took_part_filled_it_in(informant, says):
    study = a_study(raters_are_implementers=True)
    first = study.outcomes[0].model_copy(update={"informant": informant})
    study = study.model_copy(update={"outcomes": [first, *study.outcomes[1:]]})
    claim = answer(study, results_of(study))
    assert ("betrokken waren, vulden dit zelf in" in said(study, results_of(study))[claim.id]) is says


@pytest.mark.parametrize(
    ("waves", "arms", "variant"),
    [
        ("scalar", None, "comparable_waves"),
        (None, "strict", "comparable_arms"),
        ("scalar", "strict", "comparable"),
        ("metric", None, "not_comparable"),
        ("strict", "metric", "not_comparable"),
        ("unknown", None, "not_shown"),
    ],
)
def test_the_panel_tells_of_what_was_examined_whether_scales_may_be_compared(waves, arms, variant):
    study = a_study()
    levels = {"invariance_level": waves, "invariance_level_arms": arms}
    facts = [Fact(what, what, level, "taal", wave="post") for what, level in levels.items() if level]
    found = [c for c in appraise(study, results_of(study).with_more(facts=facts)) if "comparability" in c.id]
    assert [c.sentence for c in found] == [f"claims.quality.comparability.{variant}"]


@pytest.mark.parametrize(
    ("design", "key", "status"),
    [
        ({"raters_are_implementers": True}, "claims.quality.raters.implementers", "attention"),
        ({"raters_are_implementers": False}, "claims.quality.raters.others", "met"),
        ({}, "claims.quality.raters.unknown", "unknown"),
        ({"selected_on": "taal"}, "claims.quality.selection.compared", "attention"),
        ({"preregistration": "osf.io/x"}, "claims.quality.preregistration.planned", "met"),
    ],
)
def test_the_panel_repeats_what_was_declared(design, key, status):
    study = a_study(**design)
    claims = {c.sentence: c for c in appraise(study, results_of(study))}
    assert claims[key].values["status"] == status


def test_a_negative_item_is_in_the_panel():
    study = a_study()
    fact = Fact("taal/pre/item_rest_lowest", "item_rest_lowest", -0.2, "taal", wave="pre")
    results = results_of(study).with_more(facts=[fact])
    assert "quality/reliability/1" in {c.id for c in appraise(study, results) if c.values.get("outcomes") == ["taal"]}


DESIGNS = st.builds(
    a_study,
    kind=st.sampled_from(["single_group", "controlled", "randomised"]),
    by=st.sampled_from(["pupil", "class", "teacher", "school"]),
    selected_on=st.sampled_from([None, "taal"]),
    raters_are_implementers=st.sampled_from([None, True, False]),
)


@settings(max_examples=80, deadline=None)
@given(
    study=DESIGNS,
    estimate=st.sampled_from([-3.0, -0.2, 0.0, 0.2, 3.0]),
    corrected=st.sampled_from([0.0001, 0.03, 0.2, 1.0]),
    analysed=st.tuples(st.integers(0, 100), st.integers(0, 100)),
    note=st.sampled_from(["", "", "", "refused_too_few_units", "units_in_more_than_one_arm"]),
    bare=st.booleans(),
)
def test_no_sentence_says_more_than_design_and_numbers(study, estimate, corrected, analysed, note, bare):
    results = results_of(study, estimate=estimate, corrected=corrected, analysed=analysed, note=note)
    if bare:
        results = dataclasses.replace(results, facts=())
    claims = appraise(study, results)
    evidence = Evidence(study, results)
    assert {c.id.split("/")[1] for c in claims if c.id.startswith("quality/")} == set(TOPICS)
    for language in ("nl", "en"):
        words = Words(study, {}, language)
        for claim in claims:
            text = words.claim(claim)
            assert check_text(text, claim.grade, language) == [], claim.id
            assert "None" not in text
            assert "{" not in text
    for test in evidence.tests:
        claim = next(c for c in claims if c.id == f"answer/{test.id}")
        if claim.sentence.endswith(("clear_higher", "clear_lower")):
            assert test.ci_low * test.ci_high > 0
            assert corrected < 0.05
            assert ("higher" in claim.sentence) is (test.estimate > 0)
        if claim.grade == "effect":
            assert study.design.kind == "randomised"
            assert min(analysed) > 0
    Results.from_json(results.with_more(claims=claims).to_json())


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("level", ["metric", "configural", "none"])
def test_growth_is_refused_where_the_scale_did_not_measure_the_same(level, language):
    study = a_study("single_group")
    results = results_of(study)
    names = ("taal", "rekenen")
    facts = [Fact(f"{name}/invariance", "invariance_level", level, name, wave="post") for name in names]
    claims = [c for c in appraise(study, results.with_more(facts=facts)) if c.id.startswith("answer/")]
    assert claims
    for claim in claims:
        assert claim.grade == "description"
        assert claim.sentence == "claims.answer.not_comparable"
    sentence = topic_sentences("claims", language)["answer"]["not_comparable"]
    assert not [word for word in ("rose", "fell", "steeg", "daalde") if word in sentence]


@pytest.mark.parametrize(
    ("method", "n", "verdict"),
    [
        ("multiple_imputation", 200, "missing_disagrees"),
        ("waves_model", 200, "missing_disagrees"),
        ("waves_model", 190, "lead_alone"),
    ],
)
def test_one_sentence_says_that_those_who_miss_a_score_change_the_conclusion(method, n, verdict):
    study = a_study()
    found = results_of(study)
    lead = next(e for e in found.estimates if e.kind == "headline")
    other = dataclasses.replace(lead, id=f"x/{method}", method=method, kind="check", family="", p=0.4, n=n)
    claims = appraise(study, dataclasses.replace(found, estimates=(*found.estimates, other)))
    said = [c for c in claims if c.verdict in {"missing_disagrees", "lead_alone", "checks_alone"}]
    named = [(c.verdict, c.values["method"] if "method" in c.values else c.values["methods"]) for c in said]
    assert named == [(verdict, method if verdict == "missing_disagrees" else [method])]
