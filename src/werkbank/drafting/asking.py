"""Questions on a terminal: a sentence, what may be chosen, and Enter for the guess."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.catalogue import say
from werkbank.drafting.settling import MOST_QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

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
            exact = {choice.casefold(): choice for choice in question.choices}
            if not typed or not exact:
                return typed
            begun = [choice for key, choice in exact.items() if key.startswith(typed.casefold())]
            if typed.casefold() in exact or len(begun) == 1:
                return exact.get(typed.casefold(), begun[0] if begun else typed)
            tell("   " + say("drafting.ask.again", language, answer=typed))
        return ""

    return ask
