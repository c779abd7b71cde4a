"""A study as it was registered beside the study as it is: what changed, and what may still be called confirmatory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from werkbank.results import Claim
from werkbank.study.registration import fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from werkbank.results import Estimate
    from werkbank.study import Study
    from werkbank.study.registration import Registered

OF_DESIGN = frozenset({"preregistration", "lot"})  # neither: they say where papers are
OF_OUTCOME = frozenset({"label", "meaning", "items", "column", "answers", "missing", "norms", "reliability"})
NAMED_BY = {"outcomes": ("name", "instrument"), "contrasts": ("name",), "moderators": ("column", "outcome")}
# what is promised and bears upon no estimate
WORDS_ONLY = frozenset({"registration"})
EXPLORED = frozenset({"moderators", "mediators", "dose", "received", "underachievement"})


@dataclass(frozen=True)
class Deviation:
    """One field that is not as it was registered.

    `field` is its path without the item's name (``outcomes.role``), `item` whose it is (an outcome, a contrast), `then`
    and `now` the values as text ("" where there was, or is, none).
    """

    field: str
    item: str
    then: str
    now: str

    @property
    def how(self) -> str:
        """What happened: added, removed or changed."""
        return "added" if not self.then else "removed" if not self.now else "changed"

    def bears_on(self, outcome: str) -> bool:
        """Whether an answer about `outcome` is no longer the one that was promised."""
        top = self.field.partition(".")[0]
        if top in WORDS_ONLY | EXPLORED:
            return False
        if top == "outcomes":
            return self.item == outcome.partition(".")[0]
        if top == "primary":
            return outcome.partition(".")[0] in f"{self.then} {self.now}"
        return True


def deviations(study: Study) -> list[Deviation]:
    """Return every field in which a study differs from what was registered; nothing without a registration."""
    if study.registered is None:
        return []
    then, now = (dict(_flat(fields)) for fields in (study.registered.study, fields_of(study)))
    keys = [*then, *(key for key in now if key not in then)]
    found = [Deviation(*key, then.get(key, ""), now.get(key, "")) for key in keys if then.get(key) != now.get(key)]
    return [one for one in found if not _part_of_another(one, found)]


def promised(registered: Registered) -> list[tuple[str, str, str]]:
    """Return every field that was registered: its path, the item whose it is, and its value as text."""
    told = [(field, item, value) for (field, item), value in _flat(registered.study)]
    return [(field, item, value) for field, item, value in told if not item or "." in field]


def claims_of_deviations(study: Study) -> list[Claim]:
    """Return what changed as claims of kind ``deviation``, with `verdict` added, removed or changed."""
    return [
        Claim(
            f"deviation/{number}", (), "description", f"planning.register.deviation.{one.how}",
            {"field": one.field, "item": one.item, "then": one.then, "now": one.now}, kind="deviation", verdict=one.how,
        )
        for number, one in enumerate(deviations(study), start=1)
    ]  # fmt: skip


def marked(study: Study, estimates: Sequence[Estimate]) -> list[Estimate]:
    """Return estimates with their role by what was registered; as they are without a registration.

    Confirmatory stays what was registered before there were outcomes, on an outcome that was registered, and whose
    answer no deviation touches. Everything else is exploratory.
    """
    registered = study.registered
    if registered is None:
        return list(estimates)
    changed = deviations(study)
    known = {_name("outcomes", raw) for raw in registered.study.get("outcomes", [])}

    def kept(e: Estimate) -> bool:
        asked = e.outcome.partition(".")[0] in known and registered.in_time
        return asked and not any(one.bears_on(e.outcome) for one in changed)

    return [e if e.role != "confirmatory" or kept(e) else replace(e, role="exploratory") for e in estimates]


def _flat(fields: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield every promise of a study file: (field, item) and its value as text."""
    for top, value in fields.items():
        if top in NAMED_BY:
            for raw in value:
                name = _name(top, raw)
                yield (top, name), name
                left = OF_OUTCOME | {"name"} if top == "outcomes" else {"label", "name"}
                yield from (((f"{top}.{k}", name), _text(v)) for k, v in raw.items() if k not in left and _set(v))
        elif isinstance(value, dict):
            skipped = OF_DESIGN if top == "design" else frozenset()
            yield from (((f"{top}.{k}", ""), _text(v)) for k, v in value.items() if k not in skipped and _set(v))
        elif _set(value):
            yield (top, ""), _text(value)


def _part_of_another(one: Deviation, found: Sequence[Deviation]) -> bool:
    """Whether a field came or went with a whole item, which is told instead."""
    top, _, rest = one.field.partition(".")
    return bool(rest and one.item) and any(x.field == top and x.item == one.item for x in found)


def _name(top: str, raw: Mapping[str, Any]) -> str:
    return next((str(raw[key]) for key in NAMED_BY[top] if raw.get(key)), "")


def _set(value: Any) -> bool:  # noqa: ANN401 - JSON values
    return value is not None and value not in ([], {}, "")


def _text(value: Any) -> str:  # noqa: ANN401 - JSON values
    if isinstance(value, dict):
        return ", ".join(f"{k}: {_text(v)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(_text(v) for v in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
