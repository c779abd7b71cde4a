"""A draft as the text of study.yaml: every guess a comment above the line that it is about."""

from __future__ import annotations

import json
import re
import textwrap
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import say
from werkbank.drafting.waves import ORDER
from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkbank.drafting.measures import Outcome
    from werkbank.drafting.model import Draft

WIDTH = 118
# what YAML reads as something else than text
WORDS = frozenset(("yes", "no", "on", "off", "true", "false", "null", "y", "n", "~"))


def written(draft: Draft) -> str:
    """Return the text of the study file."""
    page = _Page(draft)
    page.head()
    page.design()
    page.files()
    page.columns()
    page.aliases()
    page.codes()
    page.labels()
    page.outcomes()
    page.rest()
    return "\n".join(page.lines) + "\n"


def scalar(value: Any) -> str:  # noqa: ANN401 - text, a number, or lists and mappings of these
    """Return a value as YAML writes it on one line; text in quotes where YAML would read it otherwise."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(k)}: {scalar(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(scalar(one) for one in value) + "]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int | float):
        return f"{value:g}" if abs(value) < 1e6 else str(value)
    text = str(value)
    if re.fullmatch(r"[^\W\d](?:[\w .-]*[\w.-])?", text) and text.lower() not in WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


class _Page:
    """The lines of a study file, as far as they are written."""

    def __init__(self, draft: Draft) -> None:
        self.draft, self.language = draft, draft.language
        self.lines: list[str] = []

    def say(self, key: str, indent: int = 0, **values: object) -> None:
        self._comment(say(f"drafting.file.{key}", self.language, **values), indent)

    def _comment(self, text: str, indent: int = 0) -> None:
        pad = " " * indent
        wrapped = textwrap.wrap(tidy(text), WIDTH - indent - 2, break_long_words=False, break_on_hyphens=False)
        self.lines += [f"{pad}# {line}" for line in wrapped]

    def mark(self, place: str, indent: int = 0) -> None:
        """Write the mark of a guess above its line; what the user said has none."""
        guess = self.draft.guesses.get(place)
        if guess is not None:
            self._comment(guess.line(self.language), indent)

    def marks(self, places: Iterable[str], indent: int = 0) -> None:
        """Write the marks of several places, each sentence once."""
        told = dict.fromkeys(self.draft.guesses[p].line(self.language) for p in places if p in self.draft.guesses)
        for line in told:
            self._comment(line, indent)

    def line(self, text: str) -> None:
        self.lines.append(text)

    def head(self) -> None:
        self.line("# yaml-language-server: $schema=study.schema.json")
        self.say("head", n=len(self.draft.guesses))
        self.line("")
        self.mark("title")
        self.line(f"title: {scalar(self.draft.title)}")
        self.line(f"language: {self.draft.language}")
        if self.draft.unit != "pupil":
            self.mark("unit")
            self.line(f"unit: {self.draft.unit}")
        if self.draft.naming.programme is not None:
            self.line(f"programme: {scalar(self.draft.naming.programme)}")

    def design(self) -> None:
        design = self.draft.design
        self.line("")
        self.line("design:")
        self.mark("design.kind", 2)
        self.line(f"  kind: {design.kind}")
        if design.assigned_by is not None:
            self.mark("design.assigned_by", 2)
            self.line(f"  assigned_by: {design.assigned_by}")
        if design.blocks is not None:
            self.line(f"  blocks: {design.blocks}")
        if design.raters is None:
            self.say("raters", 2)
            self.line("  # raters_are_implementers: true")
        else:
            self.line(f"  raters_are_implementers: {design.raters}")
        if design.received:
            self.line(f"  received_by: {scalar(list(design.received))}")

    def files(self) -> None:
        self.line("")
        self.mark("files.header")
        self.line("files:")
        for spec in self.draft.files:
            self.line(f"  - {scalar(spec)}")

    def columns(self) -> None:
        named = self.draft.roles.columns
        self.line("")
        if "pupil" not in named and self.draft.unit == "pupil":
            self.say("no_pupil")
        self.line("columns:" if named else "columns: {}")
        for role in ("pupil", "teacher", "class", "school", "arm", "wave"):
            if role in named:
                self.mark(f"columns.{role}", 2)
                names = named[role]
                self.line(f"  {role}: {scalar(names[0] if len(names) == 1 else names)}")

    def aliases(self) -> None:
        """Write of which names all that is spelled alike is one: only a user can say so."""
        if self.draft.aliases:
            self.line("")
            self.line(f"aliases: {scalar(dict.fromkeys(self.draft.aliases, 'all'))}")

    def codes(self) -> None:
        for block, codes in (("arms", self.draft.design.arms), ("waves", self.draft.waves)):
            if not codes:
                continue
            self.line("")
            self.line(f"{block}:")
            known = {meaning: n for n, meaning in enumerate(ORDER)}
            ordered = (
                sorted(codes.items(), key=lambda item: known.get(item[1], -1)) if block == "waves" else codes.items()
            )
            for code, meaning in ordered:
                self.mark(f"{block}.{code}", 2)
                self.line(f"  {scalar(code)}: {scalar(meaning)}")

    def labels(self) -> None:
        """Write how arms and waves are called for readers."""
        labels = self.draft.naming.labels
        if labels:
            self.line("")
            self.line("labels:")
        for kind, names in labels.items():
            self.line(f"  {kind}:")
            for code, name in names.items():
                self.line(f"    {scalar(code)}: {scalar(name)}")

    def outcomes(self) -> None:
        self.line("")
        self.mark("primary")
        for key in self.draft.told:
            self.say(key)
        self.line("outcomes:" if self.draft.outcomes else "outcomes: []")
        for outcome in self.draft.outcomes:
            self._outcome(outcome)

    def _outcome(self, outcome: Outcome) -> None:
        self.marks((outcome.place, f"{outcome.place}.instrument"), 2)
        for n, (name, value) in enumerate(outcome.fields.items()):
            if name != "instrument":
                self.mark(f"{outcome.place}.{name}", 4)
            lead = "  - " if n == 0 else "    "
            if isinstance(value, dict) and any(isinstance(v, list) for v in value.values()):
                self.line(f"{lead}{name}:")
                for key, listed in value.items():
                    self._listed(f"      {scalar(key)}: ", listed)
            elif isinstance(value, list):
                self._listed(f"{lead}{name}: ", value)
            else:
                self.line(f"{lead}{name}: {scalar(value)}")

    def _listed(self, lead: str, value: Any) -> None:  # noqa: ANN401 - a list, or one text
        pad = " " * (len(lead) - len(lead.lstrip()) + 2)
        text = lead + scalar(value)
        self.lines += (
            textwrap.wrap(text, WIDTH, subsequent_indent=pad, break_long_words=False, break_on_hyphens=False)
            if len(text) > WIDTH and '"' not in text and not re.search(r"[^,:-] ", scalar(value))
            else [text]
        )

    def rest(self) -> None:
        draft = self.draft
        if draft.covariates:
            self.line("")
            self.marks(f"covariates.{name}" for name in draft.covariates)
            self.line(f"covariates: {scalar(draft.covariates)}")
        for name in draft.births:
            self.line("")
            self.say("birth", column=name)
            self.line(f"# birth_date: {{column: {scalar(name)}, on: 2026-09-01}}")
        if draft.unused:
            self.line("")
            self.say("unused", columns=", ".join(draft.unused[:60]) + (" …" if len(draft.unused) > 60 else ""))
        self.line("")
        self.line("privacy: {min_cell: 6}")
        self.line("reports: [evaluation]")
