"""What a scoring key says: items, scales, reversals, missing rule, direction, and how sure we are of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from werkbank.errors import Problem, UnfitError

if TYPE_CHECKING:
    from collections.abc import Iterable

Direction = Literal["higher", "lower", "neither"]
Certainty = Literal["published", "general_high", "general_medium", "general_low", "not_found", "own", "users"]
Response = tuple[float, float]


def _both_languages(text: Any) -> Any:  # noqa: ANN401 - whatever stands in the YAML; pydantic judges it next
    return {"nl": text, "en": text} if isinstance(text, str) else text


def _ids(items: Any) -> Any:  # noqa: ANN401 - as above
    return tuple(str(item) for item in items) if isinstance(items, list | tuple) else items


Text = Annotated[dict[Literal["nl", "en"], str], BeforeValidator(_both_languages)]
Ids = Annotated[tuple[str, ...], BeforeValidator(_ids)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MissingRule(_Part):
    """How many answers a score needs.

    Without `at_least` (a count) or `share` this is the werkbank default: 80 % of the items, or 75 % of a scale with at
    most four. The score is the mean of what was answered, times the number of items when the scale is a sum;
    `rounding` half_up is the SDQ's. `source` says whose rule it is.
    """

    at_least: int | None = None
    share: float | None = None
    rounding: Literal["none", "half_up"] = "none"
    source: str = "werkbank default"

    def needed(self, k: int) -> int:
        """Return how many of `k` items must have been answered."""
        if self.at_least is not None:
            return min(self.at_least, k)
        share = self.share if self.share is not None else (0.75 if k <= 4 else 0.80)
        return max(1, math.ceil(share * k - 1e-9))


class Scale(_Part):
    """One scale: its items, which of them are reversed, and how the answers become a score.

    `direction` says which end is better for the child (neither: the scale has no good end); `recode` gives the score of
    each whole answer from low to high where the source does not score answers as they are numbered; `size` is how many
    items a frame's scale has while its item numbers are still to be filled in; `meaning` is what it is about in
    everyday words, which are nobody's item.
    """

    items: Ids = ()
    reversed: Ids = ()
    response: Response
    score: Literal["sum", "mean", "gas_t"] = "mean"
    direction: Direction = "higher"
    missing: MissingRule = MissingRule()
    recode: tuple[float, ...] = ()
    size: int | None = None
    label: Text = {}
    meaning: Text = {}

    @property
    def range(self) -> Response:
        """The lowest and highest score that exists."""
        k, (low, high) = len(self.items), (min(self.recode), max(self.recode)) if self.recode else self.response
        if self.score == "gas_t":
            return tuple(50 + 10 * k * x / math.sqrt(0.7 * k + 0.3 * k**2) for x in (low, high))  # type: ignore[return-value]
        return (k * low, k * high) if self.score == "sum" else (low, high)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if strange := [i for i in self.reversed if i not in self.items]:
            raise ValueError(f"reversed item {', '.join(strange)} is not among the scale's items")
        if len(set(self.items)) < len(self.items):
            raise ValueError("an item stands twice in this scale")
        if self.items and self.size not in {None, len(self.items)}:
            raise ValueError(f"this scale has {self.size} items, and {len(self.items)} are given")
        if self.response[0] >= self.response[1]:
            raise ValueError("the range must run from low to high")
        if self.recode and len(self.recode) != self.response[1] - self.response[0] + 1:
            raise ValueError("recode must give a score for every whole answer from low to high")
        return self


def _in_order(item: str) -> tuple[int, int, str]:
    return (0, int(item), item) if item.isdecimal() and len(item) < 10 else (1, 0, item)


class Composite(_Part):
    """A score made of scales: constant + Σ weight x scale, missing when one of them is."""

    weights: dict[str, float]
    constant: float = 0.0
    direction: Direction = "higher"
    label: Text = {}


class Instrument(_Part):
    """One scoring key: everything that turns answers into scores, and where it comes from.

    `items` are the ids of the whole form in order; `range` the lowest and highest answer; `scales` and `composites`
    what is scored; `certainty` how sure this key is (sentences in the catalogue, ``instruments.certainty``) and
    `informant` who may fill it in. `status` is ``frame`` as long as a scale lacks its item numbers.
    """

    name: str
    title: str
    version: str = ""
    order: str = ""
    informant: tuple[str, ...] = ()
    items: Ids = ()
    range: Response
    scales: dict[str, Scale]
    composites: dict[str, Composite] = {}
    source: str = ""
    certainty: Certainty = "users"
    licence: Text = {}
    notes: Text = {}

    @model_validator(mode="before")
    @classmethod
    def _inherit(cls, given: Any) -> Any:  # noqa: ANN401 - the YAML as it was read; wrong shapes are reported by pydantic
        """Give every scale the form's range, score, direction and missing rule unless it has its own."""
        if not (isinstance(given, dict) and isinstance(given.get("scales"), dict)):
            return given
        form = dict(given)
        common = {name: form.pop(name) for name in ("score", "direction", "missing") if name in form}
        if "range" in form:
            common["response"] = form["range"]
        form["scales"] = {n: {**common, **s} if isinstance(s, dict) else s for n, s in given["scales"].items()}
        if not form.get("items"):
            scales = [s["items"] for s in form["scales"].values() if isinstance(s, dict) and "items" in s]
            every = [str(i) for items in scales if isinstance(items, list) for i in items]
            form["items"] = sorted(dict.fromkeys(every), key=_in_order)
        return form

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        for name, scale in self.scales.items():
            if strange := [i for i in scale.items if i not in self.items]:
                raise ValueError(f"scale {name} has item {', '.join(strange)}, which the form does not have")
        if both := set(self.scales) & set(self.composites):
            raise ValueError(f"{', '.join(sorted(both))} is both a scale and a composite")
        for name, composite in self.composites.items():
            if strange := [s for s in composite.weights if s not in self.scales]:
                raise ValueError(f"{name} is made of {', '.join(strange)}, which is not a scale")
        return self

    @property
    def status(self) -> Literal["complete", "frame"]:
        """Whether every scale has its item numbers and its answer range (NaN in a frame whose range is not public)."""
        filled = all(scale.items and math.isfinite(sum(scale.response)) for scale in self.scales.values())
        return "complete" if filled else "frame"

    @property
    def scored(self) -> tuple[str, ...]:
        """The names of everything that is scored: scales, then composites."""
        return (*self.scales, *self.composites)

    def known(self, names: Iterable[str]) -> list[str]:
        """Return `names` when all of them are scored.

        Raises
        ------
        UnfitError
            With ``instrument_unknown_scale`` for each that is not.
        """
        details = {"name": self.name, "valid": ", ".join(self.scored)}
        wanted = list(names)
        if strange := [name for name in wanted if name not in self.scored]:
            raise UnfitError([Problem("instrument_unknown_scale", value=name, details=details) for name in strange])
        return wanted

    def parts(self, name: str) -> dict[str, float]:
        """Return the scales that `name` is made of, with their weights: a scale of itself, a composite of several."""
        return {name: 1.0} if name in self.scales else self.composites[name].weights

    def direction(self, name: str) -> Direction:
        """Return which end of scale or composite `name` is better."""
        return self.scales[name].direction if name in self.scales else self.composites[name].direction

    def label(self, name: str, language: str) -> str:
        """Return how a reader is shown scale or composite `name`."""
        part = self.scales.get(name) or self.composites[name]
        return dict(part.label).get(language, name)  # type: ignore[call-overload, no-any-return]

    def score_range(self, name: str) -> Response:
        """Return the lowest and highest score of scale or composite `name`."""
        if name in self.scales:
            return self.scales[name].range
        made = self.composites[name]
        ends = [sorted(w * end for end in self.scales[s].range) for s, w in made.weights.items()]
        return made.constant + sum(e[0] for e in ends), made.constant + sum(e[1] for e in ends)

    @classmethod
    def own(
        cls,
        name: str,
        items: list[str],
        range: Response,  # noqa: A002 - the word that study.yaml uses
        reversed: list[str] | tuple[str, ...] = (),  # noqa: A002 - as above
        **more: Any,  # noqa: ANN401 - title, score, direction, missing, informant: judged by the model
    ) -> Instrument:
        """Return a user's own questionnaire as one scale that bears its name.

        Raises
        ------
        pydantic.ValidationError
            When the parts contradict each other (a reversed item that is not an item, a range upside down).
        """
        scale = {"items": items, "reversed": list(reversed)}
        return cls.model_validate(
            {"name": name, "title": more.pop("title", name), "range": range, "scales": {name: scale}, **more}
        )
