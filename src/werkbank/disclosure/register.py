"""The register of deliveries: what was given out of a study, remembered beside it, so that a later copy can heed it.

``given-out/register.json`` in the study's folder is a list that only grows: a delivery, or the word that one was
withdrawn. Its state is a chain of hashes, which manifests name. It holds counts, released and hidden, how they add up,
and keyed hashes of who stands behind what was shown (`standing_behind`): no answer, score, code or name.

A copy of the last state lies beside the key of pseudonyms, outside the project: with it a register that is gone, or an
older one that was put back, is noticed.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.disclosure.deliveries import Delivery
from werkbank.disclosure.standing_behind import Behind
from werkbank.errors import WerkbankError
from werkbank.intake.pseudonyms import key_path
from werkbank.study.finding import EXAMPLES, example_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from werkbank.study import Study

ENVIRONMENT, FOLDER, NAME = "WERKBANK_REGISTERS", "given-out", "register.json"
SCHEMA_VERSION = 1
EMPTY = ""  # the state of a register in which nothing stands
COUNTS = {"shown", "hidden", "sensitive", "relations", "printed"}  # fields of a delivery that stand together
TUPLES = ("also", "bare", "sensitive", "relations", "cells")


class UnknownStateError(WerkbankError):
    """What was given out before is not known; `why`: lost, older or damaged."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Register:
    """What was given out of one study, in order: deliveries, and which of them were withdrawn after that."""

    deliveries: tuple[Delivery, ...] = ()
    states: tuple[str, ...] = (EMPTY,)
    _entries: tuple[dict[str, Any], ...] = field(default=(), repr=False)

    @property
    def state(self) -> str:
        """A hash over everything in it; days are not among that."""
        return self.states[-1]

    @property
    def numbered(self) -> dict[int, Delivery]:
        """The deliveries that were not withdrawn, by their number (the first is 1)."""
        gone = {number for entry in self._entries if entry["kind"] == "withdrawn" for number in entry["of"]}
        return {number: one for number, one in enumerate(self.deliveries, 1) if number not in gone}

    @property
    def standing(self) -> tuple[Delivery, ...]:
        """The deliveries that were not withdrawn."""
        return tuple(self.numbered.values())

    def known(self, delivery: str) -> Delivery | None:
        """Return this delivery as it was last let go, where that still holds.

        One that hid more because of others is decided anew when any was withdrawn after it.
        """
        number, found, again = 0, None, False
        for entry in self._entries:
            if entry["kind"] == "withdrawn":
                again = True
            else:
                number += 1
                if entry["id"] == delivery:
                    found, again = self.numbered.get(number), False
        return None if found is not None and again and found.earlier else found

    def with_more(self, deliveries: Iterable[Delivery]) -> Register:
        """Return a register that also holds these."""
        made = self
        for one in deliveries:
            made = made._with({"kind": "delivery", **_plain(one)})
            made = replace(made, deliveries=(*made.deliveries, one))
        return made

    def without(self, numbers: Iterable[int], on: str) -> Register:
        """Return a register that says that these were withdrawn."""
        return self._with({"kind": "withdrawn", "of": sorted(numbers), "on": on})

    def _with(self, entry: dict[str, Any]) -> Register:
        said = json.dumps({k: v for k, v in entry.items() if k != "on"}, sort_keys=True, ensure_ascii=False)
        state = hashlib.sha256(f"{self.state}\n{said}".encode()).hexdigest()
        return replace(self, states=(*self.states, state), _entries=(*self._entries, entry))

    def to_json(self) -> str:
        """Return the text of the file; what several deliveries have in common stands in it once."""
        common: dict[str, Any] = {}

        def once(value: Any) -> str:  # noqa: ANN401 - JSON values
            name = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
            common[name] = value
            return name

        entries = [{k: once(v) if k in {"behind", "counts"} else v for k, v in one.items()} for one in self._entries]
        content = {"schema_version": SCHEMA_VERSION, "state": self.state, "entries": entries, "common": common}
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Register:
        """Return what `to_json` wrote.

        Raises
        ------
        UnknownStateError
            When it is not as it was written.
        """
        try:
            content = json.loads(text)
            made = cls()
            for entry in content["entries"]:
                whole = {k: content["common"][v] if k in {"behind", "counts"} else v for k, v in entry.items()}
                made = (
                    made.without(whole["of"], whole["on"])
                    if whole["kind"] == "withdrawn"
                    else made.with_more([_of(whole)])
                )
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise UnknownStateError("damaged") from error
        if (
            content.get("state") != made.state
            or content.get("schema_version") != SCHEMA_VERSION
            or made.to_json() != text
        ):
            raise UnknownStateError("damaged")
        return made


def _plain(one: Delivery) -> dict[str, Any]:
    own = {k: v for k, v in vars(one).items() if k not in COUNTS | {"behind"}}
    counts = {name: _listed(getattr(one, name)) for name in COUNTS}
    own |= {"also": list(one.also), "bare": list(one.bare), "cells": list(one.cells)}
    return {**own, "counts": counts, "behind": one.behind.to_json()}


def _listed(value: Any) -> Any:  # noqa: ANN401 - of a delivery
    return list(value) if isinstance(value, tuple) else value


def _of(entry: Mapping[str, Any]) -> Delivery:
    counts = entry["counts"]
    own = {k: v for k, v in entry.items() if k not in {"kind", "counts", "behind"}}
    own |= counts
    own |= {name: tuple(own[name]) for name in TUPLES}
    return Delivery(**own, behind=Behind.from_json(entry["behind"]))


def folder_of(study: Study) -> Path | None:
    """Return where a study's register lies; None for the examples that come with werkbank, which anyone has."""
    folder = study.folder.resolve()
    examples = {example_path(name).parent.resolve() for name in EXAMPLES}
    if folder in examples:
        return None
    named = os.environ.get(ENVIRONMENT)
    return Path(named) / folder.name if named else folder / FOLDER


def read(study: Study) -> Register:
    """Return a study's register.

    Raises
    ------
    UnknownStateError
        When it is damaged, or is not the one that this user's own settings folder remembers.
    """
    folder, remembered = folder_of(study), _remembered(study)
    path = folder / NAME if folder is not None else None
    if path is None or not path.is_file():
        if path is not None and remembered not in {None, EMPTY}:
            raise UnknownStateError("lost")
        return Register()
    found = Register.from_json(path.read_text(encoding="utf-8"))
    if remembered is not None and remembered not in found.states:
        raise UnknownStateError("older")
    return found


def write(study: Study, register: Register) -> None:
    """Write a study's register in one step, and remember its state outside the project where that can be done."""
    folder = folder_of(study)
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _put(folder / NAME, register.to_json())
    with suppress(OSError):  # a settings folder that cannot be written: the loss of a register is then not noticed
        beside = _beside(study)
        beside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _put(beside, register.state + "\n")


def _put(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.new")
    try:
        with draft.open("w", encoding="utf-8") as file:
            draft.chmod(0o600)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _beside(study: Study) -> Path:
    folder = folder_of(study) or study.folder
    return key_path().parent / FOLDER / hashlib.sha256(folder.resolve().as_posix().encode()).hexdigest()[:16]


def _remembered(study: Study) -> str | None:
    try:
        return _beside(study).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
