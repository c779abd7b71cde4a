"""One row of published numbers -> one effect, by the road that its cells allow, with every remark on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from werkbank.statistics import printed
from werkbank.statistics.sizes import Paired, Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkbank.statistics.printed import Effect

AS_CODED = 0.01  # how far a coder's g may lie from ours before it is said
# the roads from a row to an effect, best first; each with the cells that it needs besides both groups' sizes
ROADS: dict[str, tuple[str, ...]] = {
    "given": ("g",),
    "change": ("mean_treated", "sd_treated", "mean_control", "sd_control", "pre_mean_treated", "pre_sd_treated",
               "pre_mean_control", "pre_sd_control"),
    "means": ("mean_treated", "sd_treated", "mean_control", "sd_control"),
    "interval": ("ci_low", "ci_high", "sd"),
    "t": ("t",),
    "f": ("f", "sign"),
    "p": ("p", "sign"),
    "odds_ratio": ("odds_ratio", "or_low", "or_high"),
    "proportions": ("share_treated", "share_control"),
}  # fmt: skip
SIZES = ("n_treated", "n_control")


@dataclass(frozen=True)
class Assumed:
    """What a review assumes where a paper is silent."""

    pre_post_r: float | None = None
    icc: float | None = None


@dataclass(frozen=True)
class Coded:
    """An effect with what must be said of it: remarks are keys under ``synthesis.remark``."""

    effect: Effect
    remarks: tuple[tuple[str, float], ...] = ()


class NotCodableError(ValueError):
    """A row that holds no effect; `key` says why, under ``problems``."""

    def __init__(self, key: str, needed: str = "") -> None:
        self.key, self.needed = key, needed
        super().__init__(key)


def roads(row: Mapping[str, float]) -> list[str]:
    """Return the roads that the cells of a row allow, best first; `row` has the numbers that there are."""
    given = set(row)
    known = {"given": bool({"se", "variance"} & given)}
    return [
        road
        for road, needed in ROADS.items()
        if set(needed) <= given and (known.get(road, False) if road == "given" else set(SIZES) <= given)
    ]


def code(row: Mapping[str, float], assumed: Assumed, printed_p: str = "") -> Coded:
    """Return the effect of a row, treatment minus control.

    A g that a coder gives wins, and is never corrected; what its row otherwise says is computed besides, and a
    difference is remarked. Where a study ignored its classes (`class_size` filled) and no g is given, the effect is
    corrected with the assumed ICC.

    Parameters
    ----------
    row : mapping
        Numbers by our names (`werkbank.study.synthesis.Quantity`); empty cells are absent.
    assumed : Assumed
    printed_p : str
        The p as the paper prints it.

    Raises
    ------
    NotCodableError
        No road leads to an effect, a number is impossible, or something would have to be assumed and is not.
    """
    open_roads = roads(row)
    if not open_roads:
        raise NotCodableError("effect_without_road")
    try:
        made = [_by(road, row, assumed) for road in open_roads]
    except ValueError as error:
        raise error if isinstance(error, NotCodableError) else NotCodableError("effect_impossible") from None
    first = made[0]
    remarks = [(f"differs_{other.how}", other.g) for other in made[1:] if abs(other.g - first.g) > AS_CODED]
    remarks += [("r_assumed", float(assumed.pre_post_r or 0.0))] * (first.how == "change" and "r" not in row)
    if printed_p and first.how in {"means", "t", "f"} and not printed.agrees(printed_p, printed.p_of(first)):
        remarks.append(("p_differs", printed.p_of(first)))
    if "class_size" in row and first.how != "given":
        first, told = _for_classes(first, row["class_size"], assumed)
        remarks.append(told)
    return Coded(first, tuple(remarks))


def _for_classes(effect: Effect, size: float, assumed: Assumed) -> tuple[Effect, tuple[str, float]]:
    if assumed.icc is None:
        raise NotCodableError("effect_without_icc")
    try:
        return printed.clustered(effect, size, assumed.icc), ("clusters", assumed.icc)
    except ValueError:
        raise NotCodableError("effect_impossible") from None


def _by(road: str, row: Mapping[str, float], assumed: Assumed) -> Effect:
    if road == "given":
        return _given(row)
    if road == "change":
        r = row.get("r", assumed.pre_post_r)
        if r is None:
            raise NotCodableError("effect_without_r")
        return printed.from_change(_paired(row, "treated", r), _paired(row, "control", r), r)
    if road == "means":
        return printed.from_means(_sample(row, "treated"), _sample(row, "control"))
    return OTHERWISE[road](row, row["n_treated"], row["n_control"])


OTHERWISE: dict[str, Callable[[Mapping[str, float], float, float], Effect]] = {
    "interval": lambda row, n, m: printed.from_interval(row["ci_low"], row["ci_high"], n, m, row["sd"]),
    "t": lambda row, n, m: printed.from_t(row["t"], n, m),
    "f": lambda row, n, m: printed.from_f(row["f"], n, m, row["sign"]),
    "p": lambda row, n, m: printed.from_p(row["p"], n, m, row["sign"]),
    "odds_ratio": lambda row, n, m: printed.from_odds_ratio(
        row["odds_ratio"], n, m, low=row["or_low"], high=row["or_high"]
    ),
    "proportions": lambda row, n, m: printed.from_proportions(row["share_treated"], n, row["share_control"], m),
}


def _given(row: Mapping[str, float]) -> Effect:
    variance = row["variance"] if "variance" in row else row["se"] ** 2
    if not variance > 0:
        raise NotCodableError("effect_impossible")
    return printed.Effect(row["g"], variance, row.get("n_treated", 0.0), row.get("n_control", 0.0), "given")


def _sample(row: Mapping[str, float], arm: str) -> Sample:
    return Sample(int(row[f"n_{arm}"]), row[f"mean_{arm}"], row[f"sd_{arm}"])


def _paired(row: Mapping[str, float], arm: str, r: float) -> Paired:
    means = (row[f"pre_mean_{arm}"], row[f"mean_{arm}"])
    return Paired.published(int(row[f"n_{arm}"]), means, (row[f"pre_sd_{arm}"], row[f"sd_{arm}"]), r)


def turned(coded: Coded) -> Coded:
    """Return an effect of a scale on which lower is better, so that above 0 is better."""
    return replace(coded, effect=replace(coded.effect, g=-coded.effect.g))
