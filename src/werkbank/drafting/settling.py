"""How each thing in a first study file was settled: said by the user, asked, guessed (and marked), or left open."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from babel.numbers import format_decimal

from werkbank.catalogue import say
from werkbank.errors import Said, UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MOST_QUESTIONS = 7
NOTHING = "none"  # of what may be said: that nothing is
OPEN = "?"  # stands where nobody can guess: `check` asks it, with the line in the study file


@dataclass(frozen=True)
class Question:
    """A question to the user.

    `place` is its name as an option, `choices` what may be answered (all when empty), `several` whether more than one
    of them may be, with commas.
    """

    place: str
    sentence: str
    choices: tuple[str, ...]
    preset: str
    several: bool = False


@dataclass(frozen=True)
class Guess:
    """Something that was not said but guessed, or (`open`) could not be; its sentence says why and what else."""

    place: str
    value: str
    sentence: Said
    open: bool = False

    def line(self, language: str) -> str:
        """Return the guess as the comment that marks it in the study file."""
        return spoken(self.sentence, language)


def spoken(sentence: Said, language: str) -> str:
    """Return a sentence with the words and numbers that it names in the same language."""

    def told(value: object) -> object:
        if isinstance(value, float):
            return format_decimal(value, format="0.00", locale=language)
        return spoken(value, language) if isinstance(value, Said) else value

    return say(sentence.key, language, **{name: told(value) for name, value in sentence.values.items()})


def parted(answer: str, choices: Sequence[str]) -> list[str]:
    """Return the answers in one that may hold several, with commas, each once; a choice as it stands is one."""
    if answer in choices:
        return [answer]
    return list(dict.fromkeys(part.strip() for part in answer.split(",") if part.strip())) or [answer]


@dataclass
class Settling:
    """What the user said beforehand, a way to ask, and every guess that was needed.

    Attributes
    ----------
    given : mapping
        Answers that came as options: place -> value.
    ask : callable, optional
        Puts a question; "" when the user leaves it to the guess. None where nobody can be asked.
    language : str
    guesses : dict
        place -> guess, in the order in which they were made.
    settled : dict
        place -> what holds there, said, seen or guessed.
    offered : dict
        place -> what may be answered there, where that is a choice.
    """

    given: Mapping[str, str]
    ask: Callable[[Question], str] | None
    language: str
    guesses: dict[str, Guess] = field(default_factory=dict)
    places: list[str] = field(default_factory=list)
    settled: dict[str, str] = field(default_factory=dict)
    offered: dict[str, tuple[str, ...]] = field(default_factory=dict)
    asked: int = 0

    def settle(
        self,
        place: str,
        value: str,
        sentence: Said,
        *,
        question: Said | None = None,
        choices: Sequence[str] = (),
        also: Sequence[str] = (),
        several: bool = False,
    ) -> str:
        """Return what holds at `place`: what was said, or answered now, or `value` with a mark.

        `also` is what may be answered besides `choices`, which alone are named in a question; of `several` more than
        one may be, with commas.

        Raises
        ------
        UsageError
            When an answer is none of `choices`.
        """
        self.offered[place] = (*choices, *also)
        self.settled[place] = self._settled(place, value, sentence, question, choices, several=several)
        return self.settled[place]

    def _settled(
        self, place: str, value: str, sentence: Said, question: Said | None, choices: Sequence[str], *, several: bool
    ) -> str:
        self.places.append(place)
        answer = self.given.get(place, "")
        if not answer and question is not None and self.ask is not None and self.asked < MOST_QUESTIONS:
            self.asked += 1
            text = spoken(question, self.language)
            answer = self.ask(Question(place, text, tuple(choices), "" if value == OPEN else value, several))
        if answer:
            return self._one_of(place, answer, several=several) if choices else answer
        self.guesses[place] = Guess(place, value, sentence, value == OPEN)
        return value

    def known(self, place: str, value: str) -> str:
        """Return what the user said at `place`, else `value`, which needs no mark: it is seen, not guessed."""
        self.places.append(place)
        self.settled[place] = self.given.get(place) or value
        return self.settled[place]

    def _one_of(self, place: str, answer: str, *, several: bool) -> str:
        """Return an answer that is among what is offered, or (`several`) answers that all are."""
        offered = self.offered[place]
        told = parted(answer, offered) if several else [answer]
        valid = offered if len(told) == 1 else [one for one in offered if one != NOTHING]
        for one in told:
            if one not in valid:
                raise self.refused("drafting.problem.answer", place, one, valid)
        return ", ".join(told)

    def may_be_said(self, place: str, choices: Sequence[str] = (), *, several: bool = False) -> str:
        """Return what the user said at a place of which nothing is seen and nothing is guessed; "" for nothing."""
        self.places.append(place)
        self.offered[place] = tuple(choices)
        if said := self.given.get(place, ""):
            said = self._one_of(place, said, several=several) if choices else said
            self.settled[place] = said
        return said

    def refused(self, key: str, place: str, answer: str, valid: Sequence[str] = ()) -> UsageError:
        """Return the error for an answer that cannot be; a program is told its place besides."""
        error = UsageError(say(key, self.language, place=place, name=answer, **nearest(answer, list(valid))))
        error.more = {"place": place}
        return error

    def check_used(self) -> None:
        """Refuse answers to what nobody asked.

        Raises
        ------
        UsageError
            Naming the nearest place.
        """
        for place in self.given:
            if place not in self.places:
                valid = nearest(place, list(dict.fromkeys(self.places)))
                raise UsageError(say("drafting.problem.place", self.language, name=place, **valid))
