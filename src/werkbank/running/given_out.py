"""The register of deliveries at work: read and held by one run at a time, and what is wrong with it said."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from werkbank.catalogue import say
from werkbank.disclosure import register
from werkbank.disclosure.register import Register, UnknownStateError
from werkbank.errors import UsageError
from werkbank.warm.folder import alone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from werkbank.disclosure.deliveries import Delivery
    from werkbank.study import Study

WAIT, STEP = 600.0, 0.1  # seconds that a run waits for another one that holds the register


@dataclass
class Held:
    """The register of one study, in one run's hands.

    `problem` says why nothing new may be let go: ``lost``, ``older`` or ``damaged``, ``read_only``, ``busy``; ``none``
    when the study has no register (an example), so that nothing is remembered.
    """

    study: Study
    register: Register = field(default_factory=Register)
    problem: str = ""

    @property
    def remembers(self) -> bool:
        """Whether deliveries of this study are remembered at all."""
        return self.problem != "none"

    def add(self, deliveries: Iterable[Delivery]) -> None:
        """Remember deliveries, before they are let go; where that cannot be done, `problem` says so."""
        more = self.register.with_more(deliveries)
        if not self.remembers or more.state == self.register.state:
            return
        try:
            register.write(self.study, more)
        except OSError:
            self.problem = "read_only"
        else:
            self.register = more


@contextmanager
def held_register(study: Study) -> Iterator[Held]:
    """Yield the register of a study; another run that asks for it waits until this one has let its copies go."""
    folder = register.folder_of(study)
    if folder is None:
        yield Held(study, problem="none")
        return
    problem = ""
    with ExitStack() as stack:
        try:
            _wait_for(lambda: stack.enter_context(alone(folder, study.language)))
        except UsageError:
            problem = "busy"
        except OSError:  # what is known already may be let go again; nothing new can be remembered
            problem = "read_only"
        found = Register()
        try:
            found = register.read(study)
        except UnknownStateError as error:
            problem = error.why
        except OSError:
            problem = "damaged"
        yield Held(study, found, problem)


def _wait_for(enter: Callable[[], None]) -> None:
    until = time.monotonic() + WAIT
    while time.monotonic() < until:
        with suppress(UsageError):
            return enter()
        time.sleep(STEP)
    return enter()


def today() -> str:
    """Return the day, as the list of deliveries has it."""
    return datetime.now(UTC).date().isoformat()


def listed(study: Study, language: str) -> tuple[str, ...]:
    """Return a line for each delivery that stands: its number, day, report and codes.

    Raises
    ------
    UsageError
        When the register is lost or damaged.
    """
    try:
        found = register.read(study)
    except UnknownStateError as error:
        raise UsageError(said(error.why, study, language)) from None
    return tuple(
        say("privacy.register.line", language, number=number, on=one.on, report=one.report,
            only=" ".join(one.only.values()) or say("privacy.register.everyone", language))
        for number, one in found.numbered.items()
    )  # fmt: skip


def declare_withdrawn(study: Study, numbers: Iterable[str], language: str, *, everything: bool = False) -> int:
    """Write down that copies no longer count, because nobody has them any more; return how many.

    With `everything` a register that is lost or damaged is begun anew.

    Raises
    ------
    UsageError
        For a number that no delivery has; when there is no register, or it cannot be read or written.
    """
    with held_register(study) as book:
        if not book.remembers:
            raise UsageError(say("privacy.register.example", language))
        if book.problem in {"busy", "read_only"} or (book.problem and not everything):
            raise UsageError(said(book.problem, study, language))
        found = book.register
        own = {str(number): number for number in found.numbered}
        if unknown := [number for number in numbers if number not in own]:
            valid = ", ".join(own) or "–"
            raise UsageError(say("privacy.register.no_number", language, name=unknown[0], valid=valid))
        chosen = {*own.values()} if everything else {own[number] for number in numbers}
        try:
            register.write(study, found.without(chosen, today()) if chosen or book.problem else found)
        except OSError:
            raise UsageError(said("read_only", study, language)) from None
    return len(chosen)


def said(problem: str, study: Study, language: str) -> str:
    """Return the sentence on why copies are held back, with the way out."""
    folder = register.folder_of(study) or study.folder
    return say(f"privacy.held.{problem}", language, path=folder.name, study=study.folder.name, name=register.NAME)
