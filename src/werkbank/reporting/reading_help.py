"""The page that goes with every school report: how to read one. It knows no study, so that anyone may have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.catalogue import say
from werkbank.reporting.blocks import FIRST_PAGE, Bullets, Heading, Paragraph, Section

if TYPE_CHECKING:
    from werkbank.reporting.blocks import Block

PARTS = ("answer", "picture", "example", "hundred")
WORDS = ("clear", "unclear", "chance", "relevant.equivalent", "hidden")
RATHER_NOT = ("one", "rank", "hope")


def reading_help(language: str) -> Section:
    """Return the reading help as a section: one page, without a cover."""

    def told(key: str) -> str:
        return say(f"reading_help.{key}", language)

    blocks: list[Block] = [Heading(told("title"), 2), Paragraph(told("lead"))]
    blocks += [Paragraph(f"**{told(f'parts.{part}.heading')}.** {told(f'parts.{part}.said')}") for part in PARTS]
    blocks += [Heading(told("words.heading"), 3), Bullets(tuple(told(f"words.{word}") for word in WORDS))]
    blocks += [Paragraph(f"**{told('may.heading')}** {told('may.effect')}")]
    blocks += [Heading(told("rather_not.heading"), 3), Bullets(tuple(told(f"rather_not.{one}") for one in RATHER_NOT))]
    blocks += [Paragraph(f"**{told('do.heading')}.** {told('do.talk')}")]
    return Section(FIRST_PAGE, language, tuple(blocks))
