"""What no file says and a report is better for: which programme it was, who gave it, how arms and waves are called.

Nothing of it is guessed and nothing is asked: it is written only where the user said it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from werkbank.study.programmes import named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from werkbank.drafting.settling import Settling

PROGRAMME, PROVIDER = "programme", "programme.provider"
KINDS = ("arm", "wave")


@dataclass(frozen=True)
class Naming:
    """What the user called things.

    Attributes
    ----------
    programme : str or mapping or None
        As the study file has it: a template, a name of one's own, or either with who gave it. None when nothing was
        said.
    labels : mapping
        ``arm`` or ``wave`` -> code of the file -> name for readers, in the language of the study.
    """

    programme: str | Mapping[str, str] | None = None
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def settle_naming(arms: Iterable[str], waves: Iterable[str], settling: Settling) -> Naming:
    """Return what the user called the programme, the arms and the waves; what was not said is not there.

    Raises
    ------
    UsageError
        When somebody gave a programme that has no name.
    """
    labels: dict[str, dict[str, str]] = {}
    for kind, codes in zip(KINDS, (arms, waves), strict=True):
        said = {code: settling.may_be_said(f"labels.{kind}.{code}") for code in codes}
        if told := {code: name for code, name in said.items() if name}:
            labels[kind] = told
    return Naming(_programme(settling), labels)


def _programme(settling: Settling) -> str | dict[str, str] | None:
    said, provider = settling.may_be_said(PROGRAMME), settling.may_be_said(PROVIDER)
    known = named(said) if said else None
    if not provider:
        return known or said or None
    if not said:
        raise settling.refused("drafting.problem.provider_alone", PROVIDER, provider)
    return {"template": known, "provider": provider} if known else {"name": said, "provider": provider}
