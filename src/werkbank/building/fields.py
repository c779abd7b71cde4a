"""What the form shows: every place of a draft as a question in plain words, with what was guessed there and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from werkbank.catalogue import has, say
from werkbank.drafting.naming import PROGRAMME, PROVIDER
from werkbank.drafting.settling import NOTHING, OPEN
from werkbank.instruments.explaining import explained
from werkbank.instruments.registry import names as instrument_names
from werkbank.instruments.registry import variants
from werkbank.programmes.registry import template, template_names
from werkbank.study.programmes import named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from werkbank.building.form import Drafted
    from werkbank.drafting.measures import Outcome
    from werkbank.drafting.seen import Seen, SeenFile

RECEIVED = "design.received_by"
ROLES = ("pupil", "class", "teacher", "school", "arm", "wave")
OF_OUTCOMES = ("instrument", "version", "order", "informant", "range", "better", "missing")
SAMPLES = 3  # cells that are shown beside a heading
CUT = 24  # signs of such a cell
MOST_BESIDES = 60  # columns that are asked about one by one; a count says of the others that they are not


@dataclass(frozen=True)
class Option:
    """What may be chosen, and how it is called."""

    value: str
    label: str


@dataclass(frozen=True)
class Field:
    """One control of the form.

    Attributes
    ----------
    place : str
        As ``werkbank new --set`` has it.
    kind : {"select", "radio", "checks", "text", "instrument", "programme"}
        Of checks several may be chosen: their values stand in `value` with commas.
    label : str
    value : str
        What holds: what was chosen, else what was guessed; "" for nothing.
    options : tuple of Option
    note : str
        Why it was guessed; "" for what the user chose or what stands in the files.
    state : {"said", "guessed", "open"}
    help : str
        What the answer changes.
    more : tuple of str
        Lines that explain what was chosen (an instrument and its versions).
    nothing : str
        Of checks, the answer when none is chosen; "" where that is no answer.
    """

    place: str
    kind: str
    label: str
    value: str
    options: tuple[Option, ...] = ()
    note: str = ""
    state: str = "said"
    help: str = ""
    more: tuple[str, ...] = ()
    nothing: str = ""


@dataclass(frozen=True)
class Group:
    """Fields that belong together, under a heading of their own where they have one."""

    id: str
    legend: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Section:
    """One step of the form; one that is folded is shown when it is asked for, or holds an answer."""

    id: str
    groups: tuple[Group, ...]
    said: str = ""
    folded: bool = False


def sections(made: Drafted, files: list[SeenFile]) -> list[Section]:
    """Return the steps of the form between the files and the report, in the order in which they are asked."""
    shown = _Fields(made, files)
    besides = shown.besides()
    language = made.form.language
    unasked = max(0, len(besides) - MOST_BESIDES)
    more = say("building.besides_more", language, n=unasked) if unasked else ""
    all_sections = [
        Section("columns", (Group("columns", "", tuple(shown.columns())),)),
        Section("groups", tuple(shown.codes())),
        Section("measured", tuple(shown.outcomes())),
        Section("design", (Group("design", "", tuple(shown.design())),)),
        Section("naming", tuple(shown.naming()), folded=True),
        Section("besides", (Group("besides", "", tuple(besides[:MOST_BESIDES])),), more),
    ]
    return [one for one in all_sections if any(group.fields for group in one.groups) or one.id == "measured"]


@cache
def instruments() -> tuple[Option, ...]:
    """Return every scoring key by its name and title."""
    return tuple(Option(name, variants(name)[0].title) for name in instrument_names())


@cache
def programmes(language: str) -> tuple[Option, ...]:
    """Return every programme of which something is known beforehand, by its name and title."""
    return tuple(Option(name, say(f"programmes.title.{name}", language)) for name in template_names())


class _Fields:
    """The fields of a draft."""

    def __init__(self, made: Drafted, files: list[SeenFile]) -> None:
        self.made, self.files, self.language = made, files, made.form.language
        self.settling = made.settling

    def say(self, key: str, **values: object) -> str:
        return say(f"building.{key}", self.language, **values)

    def field(
        self,
        place: str,
        kind: str,
        label: str,
        options: Iterable[Option] = (),
        *,
        helped: str = "",
        more: tuple[str, ...] = (),
        unsaid: str = "",
    ) -> Field:
        """Return the field of a place, as it was settled; `unsaid` is what holds where nothing was."""
        guess = self.settling.guesses.get(place)
        asked = self.made.form.answers.get(place) if place in self.made.refused else None
        value = self.settling.settled.get(place, unsaid) if asked is None else asked
        value = unsaid if value == OPEN else value
        offered = tuple(options)
        if kind == "select" and value not in {one.value for one in offered} and not value:
            offered = (Option("", self.say("word.choose")), *offered)
        if kind == "select" and value not in {one.value for one in offered}:
            offered = (*offered, Option(value, value))
        state = "said" if guess is None else "open" if guess.open else "guessed"
        note = "" if guess is None else _why(guess.line(self.language))
        return Field(place, kind, label, value, offered, note, state, helped, more)

    def columns(self) -> Iterable[Field]:
        """Yield which column says who, where, what and when."""
        for role in ROLES:
            place = f"columns.{role}"
            options = [Option("none", self.say("word.no_column")), *self._headings()]
            yield self.field(place, "select", self.say(f"columns.{role}"), options, unsaid="none")
        for role in ROLES:
            if f"aliases.{role}" in self.settling.settled:
                options = [Option("", self.say("columns.apart")), Option("all", self.say("columns.one"))]
                yield self.field(f"aliases.{role}", "select", self.say(f"columns.spellings.{role}"), options)
        for file in dict.fromkeys(Path(file.path).name for file in self.files):
            place = f"skip.{file}"
            if place in self.settling.settled or place in self.made.refused:
                helped = self.say("columns.skip_help")
                yield self.field(place, "text", self.say("columns.skip", file=file), helped=helped)

    def _headings(self) -> list[Option]:
        seen = {name: column for file in reversed(self.files) for name, column in file.columns.items()}
        ordered = dict.fromkeys(name for file in self.files for name in file.columns)
        return [Option(name, self.say("word.column", column=name, cells=_cells(seen[name]))) for name in ordered]

    def codes(self) -> Iterable[Group]:
        """Yield what each code of an arm and of a wave means."""
        for block, choices in (("arms", self._arms), ("waves", self._waves)):
            codes = self.made.draft.design.arms if block == "arms" else self.made.draft.waves
            found = [
                self.field(f"{block}.{code}", "select", self.say(f"{block}.code", code=code), choices(), unsaid=held)
                for code, known in codes.items()
                for held in ["" if known == OPEN else known]  # roles that were said together have no place of their own
            ]
            if found:
                yield Group(block, self.say(f"{block}.legend"), tuple(found))

    def _arms(self) -> list[Option]:
        return [Option(role, self.say(f"arms.{role}")) for role in ("intervention", "control", "target", "transfer")]

    def _waves(self) -> list[Option]:
        named = ("baseline", "pre", "post", "followup", "followup2", "followup3", "followup4")
        return [Option(wave, self.say(f"waves.{wave}")) for wave in named]

    def outcomes(self) -> Iterable[Group]:
        """Yield the questions about each outcome."""
        for outcome in self.made.draft.outcomes:
            yield Group(f"outcome:{outcome.place}", self._legend(outcome), tuple(self._of_outcome(outcome)))
        off = [place for place, said in self.settling.settled.items() if place.endswith(".use") and said == "no"]
        for place in off:
            name = place.removesuffix(".use")
            yield Group(f"outcome:{name}", name, (self._use(name),))

    def _legend(self, outcome: Outcome) -> str:
        wide = len(outcome.columns)
        kind = "score" if "column" in outcome.fields else "items"
        return self.say(f"measured.{kind}", name=outcome.place, n=wide)

    def _of_outcome(self, outcome: Outcome) -> Iterable[Field]:
        makers: dict[str, Callable[[Outcome], Field]] = {
            name: getattr(self, f"_{name}") if hasattr(self, f"_{name}") else self._choice(name) for name in OF_OUTCOMES
        }
        for name in OF_OUTCOMES:
            place = f"{outcome.place}.{name}"
            if place in {*self.settling.settled, *self.settling.offered, *self.made.refused}:
                if name in {"version", "order"} and not self._axis(outcome, name):
                    continue
                if name == "informant" and place not in self.settling.offered:  # the key knows only one
                    continue
                yield makers[name](outcome)
        yield self._use(outcome.place)

    def _axis(self, outcome: Outcome, axis: str) -> list[str]:
        key = str(outcome.fields.get("instrument", ""))
        forms = variants(key) if key in instrument_names() else []
        return list(dict.fromkeys(getattr(form, axis) for form in forms if getattr(form, axis)))

    def _instrument(self, outcome: Outcome) -> Field:
        place = f"{outcome.place}.instrument"
        key = str(outcome.fields.get("instrument", ""))
        own = self.say("measured.own") if not key else ""
        more = tuple(explained(key, self.language)) if key in instrument_names() else ()
        label = self.say("measured.instrument", name=outcome.place)
        found = self.field(place, "instrument", label, helped=own or self.say("measured.search"), more=more)
        guess = self.settling.guesses.get(outcome.place)
        if not found.note and guess is not None:  # of a list of one's own the mark stands at the outcome itself
            return replace(found, note=_why(guess.line(self.language)), state="guessed")
        return found

    def _version(self, outcome: Outcome) -> Field:
        return self._form(outcome, "version")

    def _order(self, outcome: Outcome) -> Field:
        return self._form(outcome, "order")

    def _form(self, outcome: Outcome, axis: str) -> Field:
        options = [Option(form, form) for form in self._axis(outcome, axis)]
        label = self.say(f"measured.{axis}", name=outcome.place)
        return self.field(f"{outcome.place}.{axis}", "select", label, options, helped=self.say(f"measured.{axis}_help"))

    def _choice(self, name: str) -> Callable[[Outcome], Field]:
        def made(outcome: Outcome) -> Field:
            place = f"{outcome.place}.{name}"
            told = {choice: f"building.measured.{name}s.{choice}" for choice in self.settling.offered.get(place, ())}
            options = [Option(c, say(key, self.language)) for c, key in told.items() if has(key, self.language)]
            label = self.say(f"measured.{name}", name=outcome.place)
            helped = self.say(f"measured.{name}_help") if has(f"building.measured.{name}_help", self.language) else ""
            return self.field(place, "select" if options else "text", label, options, helped=helped)

        return made

    def _use(self, name: str) -> Field:
        options = [Option(answer, self.say(f"measured.uses.{answer}")) for answer in ("yes", "no")]
        return self.field(f"{name}.use", "select", self.say("measured.use", name=name), options, unsaid="yes")

    def design(self) -> Iterable[Field]:
        """Yield the questions that no file answers."""
        if self.made.draft.design.arms or "design.kind" in self.settling.settled:
            yield self._asked("design.kind", "kind")
        if "design.assigned_by" in self.settling.settled:
            yield self._asked("design.assigned_by", "assigned_by")
        if "design.blocks" in self.settling.offered:
            yield self._asked("design.blocks", "blocks")
        yield self._asked("design.raters_are_implementers", "raters")

    def _asked(self, place: str, name: str) -> Field:
        choices = self.settling.offered.get(place, ())
        options = [Option(choice, self.say(f"design.{name}s.{choice}")) for choice in choices]
        kind = self.field(place, "radio", self.say(f"design.{name}"), options)
        chosen = f"design.{name}_so.{kind.value}"
        helped = self.say(chosen) if kind.value and has(f"building.{chosen}", self.language) else ""
        return replace(kind, help=helped)

    def naming(self) -> Iterable[Group]:
        """Yield what nobody needs to say.

        Which outcomes it was about beforehand, what was given, by whom and to whom, and how arms and waves are called
        for readers.
        """
        if places := [outcome.place for outcome in self.made.draft.outcomes]:
            options = [Option(place, place) for place in places]
            asked, helped = self.say("naming.primary"), self.say("naming.primary_help")
            primary = self.field("primary", "checks", asked, options, helped=helped)
            yield Group("primary", self.say("naming.primary_legend"), (replace(primary, nothing=NOTHING),))
        known = named(self.settling.settled.get(PROGRAMME, ""))
        more = self._programme(known) if known else ()
        which = self.field(
            PROGRAMME, "programme", self.say("naming.programme"), helped=self.say("naming.search"), more=more
        )
        provider = template(known).tidier("provider") if known else None
        helped = self.say("naming.provider_known", provider=provider.get(self.language)) if provider else ""
        given = self.field(PROVIDER, "text", self.say("naming.provider"), helped=helped)
        choices = self.settling.offered.get(RECEIVED, ())
        options = [Option(choice, self.say(f"naming.receivers.{choice}")) for choice in choices]
        received = self.field(
            RECEIVED, "checks", self.say("naming.received"), options, helped=self.say("naming.received_help")
        )
        yield Group("programme", self.say("naming.programme_legend"), (which, given, received))
        for kind, codes in (("arm", self.made.draft.design.arms), ("wave", self.made.draft.waves)):
            called = [
                self.field(f"labels.{kind}.{code}", "text", self.say(f"naming.{kind}", code=code)) for code in codes
            ]
            if called:
                yield Group(f"labels-{kind}", self.say(f"naming.{kind}_legend"), tuple(called))

    def _programme(self, name: str) -> tuple[str, ...]:
        known = template(name)
        return tuple(say(f"programmes.{key}", self.language) for key in (f"title.{name}", f"source.{known.source}"))

    def besides(self) -> list[Field]:
        """Return what each column may be that is not used by itself."""
        said = [place.partition(".")[2] for place in self.settling.settled if place.startswith("besides.")]
        columns = dict.fromkeys([*said, *self.made.draft.unused])
        known = [place for place in self.settling.settled if place.startswith("covariates.")]
        found = [self._yes_no(place) for place in known]
        for name in columns:
            place = f"besides.{name}"
            options = [Option(c, self.say(f"besides.{c}")) for c in self.settling.offered.get(place, ())]
            found.append(self.field(place, "select", name, options, unsaid="no"))
        return found

    def _yes_no(self, place: str) -> Field:
        options = [Option("yes", self.say("besides.covariate")), Option("no", self.say("besides.no"))]
        return self.field(place, "select", place.partition(".")[2], options)


def _why(line: str) -> str:
    """Return a mark without what else it may be, and where to look it up: the form offers and shows both."""
    for other in ("; anders: ", "; otherwise: ", ". Kijk in uw formulier:", ". Look at your form:"):
        line = line.partition(other)[0]
    return line


def _cells(seen: Seen) -> str:
    cells = [text if len(text) <= CUT else f"{text[:CUT]}…" for text in seen.texts[:SAMPLES]]
    return ", ".join(cells) or "–"
