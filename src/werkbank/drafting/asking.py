"""Questions on a terminal: a sentence, what may be chosen, and Enter for the guess."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.catalogue import say
from werkbank.drafting.settling import MOST_QUESTIONS, parted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from werkbank.drafting.settling import Question

TRIES = 3  # answers that are none of the choices, before the guess stands


def on_terminal(language: str, tell: Callable[[str], object], read: Callable[[str], str]) -> Callable[[Question], str]:
    """Return a way to ask: `tell` writes a line, `read` shows what is given to it and returns what was typed."""
    heard: list[Question] = []

    def ask(question: Question) -> str:
        if not heard:
            tell(say("drafting.ask.heading", language, n=MOST_QUESTIONS))
        heard.append(question)
        tell(f"{len(heard)}. {question.sentence}")
        if question.choices:
            tell("   " + say("drafting.ask.choices", language, choices=", ".join(question.choices)))
        prompt = say(f"drafting.ask.{'preset' if question.preset else 'no_preset'}", language, preset=question.preset)
        for _ in range(TRIES):
            try:
                typed = read(f"   {prompt} ").strip()
            except EOFError:
                return ""
            if not typed or not question.choices:
                return typed
            each = parted(typed, question.choices) if question.several else [typed]
            meant = [_meant(one, question.choices) for one in each]
            if all(meant):
                return ", ".join(meant)
            tell("   " + say("drafting.ask.again", language, answer=typed))
        return ""

    return ask


def _meant(typed: str, choices: Sequence[str]) -> str:
    """Return the choice that was typed, or whose beginning was where no other begins so; "" for none."""
    exact = {choice.casefold(): choice for choice in choices}
    begun = [choice for key, choice in exact.items() if key.startswith(typed.casefold())]
    return exact.get(typed.casefold(), begun[0] if len(begun) == 1 else "")
