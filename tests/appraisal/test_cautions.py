"""Every caution that an analysis can carry is printed, in all reports and both languages."""

import re
from pathlib import Path

import pytest
from tests.appraisal.test_claims import a_study, results_of

from werkbank.appraisal import appraise
from werkbank.catalogue import has
from werkbank.effects import cautions
from werkbank.reporting.words import Words
from werkbank.results import Fact

CATEGORIES = (
    "few_units", "unequal_numbers", "skewed_units", "blocks_undeclared", "blocks_undeclared_partly", "blocks_dropped",
    "sites_with_one_arm", "mixed_units_left_out", "pre_without_variation", "pre_same_within_units", "rare_shares",
    "weighting_conclusion", "weighting_direction", "weighting_size", "not_like_with_like", "one_role_only",
)  # fmt: skip


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_caution_is_a_sentence_of_the_panel(category):
    study = a_study()
    found = results_of(study)
    (lead,) = [e for e in found.estimates if e.kind == "headline"][:1]
    at = {"contrast": lead.contrast, "wave_from": lead.wave_from, "wave_to": lead.wave_to}
    value = "school" if category.startswith("blocks_undeclared") else category
    fact = Fact("x/caution", "caution", value, lead.outcome, "", lead.contrast, lead.wave_to, 10, kind="caution",
                category=category, **at)  # fmt: skip
    claims = appraise(study, found.with_more(facts=[fact]))
    (said,) = [c for c in claims if c.topic == "analysis" and c.verdict == category]
    assert said.status == "attention"
    for language in ("nl", "en"):
        assert len(Words(study, {}, language).claim(said)) > 20
        assert has(f"school.quality.analysis.{category}", language)


def test_no_caution_is_forgotten_here():
    source = Path(cautions.__file__).read_text(encoding="utf-8")
    keys = set(re.findall(r'"([a-z]+_[a-z_]+)"(?=:|\]| if| "")', source)) & set(CATEGORIES)
    assert {"rare_shares", "pre_without_variation", "pre_same_within_units", "mixed_units_left_out"} <= keys
    told = source.split("``caution`` (`category`):")[1].split("``covariate``")[0]
    for word in re.findall(r"[a-z]+(?:_[a-z]+)+", told):
        if not word.startswith("_"):
            assert word in CATEGORIES, word
