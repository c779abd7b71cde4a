"""Who gave, who got, who rated: the caveat names the right person, in every combination and both languages."""

import itertools

import pytest
from tests.appraisal.test_claims import a_study, answer, results_of, said

from werkbank.appraisal import Evidence, appraise
from werkbank.catalogue import say

GIVERS = ([], ["teacher"], ["coach"], ["parent", "observer"])
RECEIVERS = ([], ["teacher"], ["pupil"], ["parent"])
INFORMANTS = ("teacher", "pupil", "parent", "observer", "test", "unknown")
NAMED = {"teacher": "leraren", "pupil": "leerlingen", "parent": "ouders", "observer": "observatoren"}


def expected(informant, gave, got, rated):
    if informant in gave:
        return "gave"
    if informant in got:
        return "got"
    return "took_part" if rated and informant not in {"pupil", "test", "unknown"} else ""


@pytest.mark.parametrize("informant", INFORMANTS)
def test_the_caveat_names_the_right_person(informant, subtests):
    for gave, got, rated in itertools.product(GIVERS, RECEIVERS, (None, True, False)):
        with subtests.test(f"{gave} {got} {rated}"):
            study = a_study(given_by=gave, received_by=got, raters_are_implementers=rated)
            outcomes = [o.model_copy(update={"informant": informant}) for o in study.outcomes]
            study = study.model_copy(update={"outcomes": outcomes})
            results, part = results_of(study), expected(informant, gave, got, rated)
            claim = answer(study, results)
            assert Evidence(study, results).part_of_rater(study.outcomes[0].id) == part
            caveats = [key for key in claim.values["also"] if key.startswith("claims.also.rated")]
            assert caveats == [f"claims.also.rated.{informant}.{part}"] * bool(part)
            told = said(study, results)[claim.id]
            words = {"gave": "gaven de aanpak", "got": "die de aanpak kregen", "took_part": "betrokken waren"}
            assert [key for key, text in words.items() if text in told] == [part] * bool(part)
            assert all((name in told) is (who == informant) for who, name in NAMED.items() if part)
            panel = [c for c in appraise(study, results) if c.topic == "raters"]
            verdict = {"gave": "givers", "got": "receivers", "took_part": "implementers"}.get(part)
            if verdict:
                assert [(c.verdict, c.values["raters"]) for c in panel] == [(verdict, [informant])]
            else:
                assert [c.verdict for c in panel if c.verdict in {"givers", "receivers"}] == []


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_school_reads_the_same_person(language):
    for informant, part in itertools.product(NAMED, ("gave", "got", "took_part")):
        if (informant, part) != ("pupil", "took_part"):
            plain = say(f"school.rated.{informant}.{part}", language, outcomes="x")
            full = say(f"claims.also.rated.{informant}.{part}", language)
            name = say(f"report.rater.{informant}", language)
            assert name in plain.casefold()
            assert name in full


def test_whoever_knew_is_said_with_the_answer_and_in_the_panel():
    study = a_study(blind={"teacher": False, "observer": True, "test": "unknown"})
    outcomes = [o.model_copy(update={"informant": "teacher"}) for o in study.outcomes]
    study = study.model_copy(update={"outcomes": outcomes})
    results = results_of(study)
    panel = {c.verdict: c for c in appraise(study, results) if c.topic == "raters"}
    assert (panel["seeing"].values["raters"], panel["seeing"].status) == (["teacher"], "attention")
    assert not {"blind", "blind_unknown"} & set(panel)  # nobody observed
    claim = answer(study, results)
    assert claim.values["also"] == ["claims.also.seeing"]
    assert "wisten wie de aanpak kreeg" in said(study, results)[claim.id]
    study = study.model_copy(update={"design": study.design.model_copy(update={"blind": {"teacher": True}})})
    assert {c.verdict for c in appraise(study, results) if c.topic == "raters"} >= {"blind"}
    assert answer(study, results).values["also"] == []
