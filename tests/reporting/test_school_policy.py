"""What a school has agreed stands in its own report, in its own words, and in no copy to share."""

from __future__ import annotations

from dataclasses import replace

import pytest

import werkbank
from werkbank.reporting import school
from werkbank.reporting.sections import Section
from werkbank.study.model import Study


def with_policy(bench, **policy):
    content = bench.study.model_dump(mode="json", by_alias=True, exclude_none=True) | {"policy": policy}
    study = Study.model_validate(content)
    return replace(bench, intake=replace(bench.intake, study=study))


@pytest.mark.parametrize(("language", "words"), [("nl", ["Protocol: ", "de rol van ouders"]), ("en", ["the part of"])])
def test_what_is_declared_is_told_and_what_is_not_is_named(language, words):
    bench = with_policy(
        werkbank.open("nabijheid", language=language), protocol="kwaliteitskaart 3.", signals="de ib'er"
    )
    section = school.who(bench)
    assert isinstance(section, Section)
    text = " ".join(str(block) for block in section.blocks)
    assert all(word in text for word in ["kwaliteitskaart 3", "de ib'er", *words])
    shared = school.who(replace(bench, copy_to_share=True))
    assert "kwaliteitskaart" not in " ".join(str(block) for block in shared.blocks)


def test_a_policy_that_says_nothing_is_refused():
    content = werkbank.open("nabijheid").study.model_dump(mode="json", by_alias=True, exclude_none=True)
    with pytest.raises(ValueError, match="policy_empty"):
        Study.model_validate(content | {"policy": {}})
