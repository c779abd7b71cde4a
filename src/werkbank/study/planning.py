"""The block of study.yaml of a study that is still to be done: how many of what, how alike, and what would matter."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from werkbank.study.parts import Part, Wave, text_keys


class PlannedWave(Part):
    """What is expected of one later measurement; what is left out is as the block `planning` says."""

    r: float | None = Field(default=None, ge=0, lt=1, description="correlation with the score before, among pupils")
    r_units: float | None = Field(default=None, ge=0, lt=1, description="the same between units")
    lost_pupils: float | dict[str, float] | None = Field(default=None, description="share of pupils lost by then (0-1)")
    lost_units: int | dict[str, int] | None = Field(default=None, description="whole units lost by then")


class PlannedCases(Part):
    """Cases that will be followed day by day, and the days on which the programme may begin by lot."""

    cases: int = Field(ge=1, le=50, description="how many are followed, at most 50")
    days: int = Field(ge=4, le=500, description="school days in all")
    starts: list[int] = Field(min_length=2, description="the first days of the programme that can be drawn")
    scheme: Literal["start", "order", "independent", "different"] = Field(
        default="start",
        description="what is drawn - start: the first day of the one case; order: which case begins when; independent: "
        "a start for each case; different: another start for each, from one set",
    )
    effect: float = Field(default=1.0, gt=0, description="what would matter, in SDs of days within a phase")
    autocorrelation: float = Field(default=0.2, gt=-1, lt=1, description="of neighbouring days within a phase")

    @model_validator(mode="after")
    def _can_be_drawn(self) -> PlannedCases:
        days = set(self.starts)
        enough = {"start": self.cases == 1, "independent": True, "different": len(days) >= self.cases,
                  "order": len(days) == self.cases}  # fmt: skip
        if not enough[self.scheme] or min(days) < 2 or max(days) > self.days or len(days) < 2:
            raise ValueError("planned_starts")
        return self


class PlannedAssociation(Part):
    """A question without a programme: groups of pupils in which two scores will be measured."""

    groups: int = Field(ge=3, le=500, description="how many classes (or schools) will be measured")
    pupils: int = Field(ge=2, le=200, description="pupils with both scores in each of them")
    slope: float = Field(
        default=0.2, gt=0, lt=1, description="the correlation that would matter: within groups, and between them"
    )
    icc: float = Field(default=0.15, ge=0, lt=1, description="share of the outcome's spread that lies between groups")
    icc_predictor: float = Field(default=0.15, ge=0, lt=1, description="as icc, of the other score")
    differs: float = Field(default=0.1, ge=0, lt=1, description="SD of the slope from group to group")


class Planning(Part):
    """What is expected, before there are data."""

    units: int | dict[str, int] = Field(
        default=0, description="how many will be assigned (classes, pupils …) in each arm: one number, or one by arm"
    )
    pupils: int = Field(default=20, ge=1, description="pupils of a unit that was assigned")
    pupils_in_role: dict[Literal["target", "transfer"], int] = Field(
        default_factory=dict, description="of a teacher whose pupils have roles: how many of each"
    )
    blocks: int = Field(default=0, ge=0, description="pairs, strata or schools within which arms are formed; 0: none")
    icc: float | tuple[float, float] | None = Field(
        default=None, description="share of the spread that lies between units: one number, or lowest and highest"
    )
    r: float | None = Field(
        default=None, ge=0, lt=1, description="correlation before-after among pupils; none: no pre-test"
    )
    r_units: float | None = Field(default=None, ge=0, lt=1, description="the same between units; as r when left out")
    explained: float = Field(default=0.0, ge=0, lt=1, description="share that further covariates explain besides")
    lost_pupils: float | dict[str, float] = Field(default=0.0, description="share of pupils that will be lost (0-1)")
    lost_units: int | dict[str, int] = Field(default=0, description="whole units that will be lost in each arm")
    effect: float | None = Field(default=None, gt=0, description="the smallest difference that matters, in SDs")
    power: float = Field(default=0.80, gt=0.5, lt=1, description="the chance to find it that is asked for")
    waves: dict[Wave, PlannedWave] = Field(default_factory=dict, description="later measurements; post when left out")
    cases: PlannedCases | None = Field(default=None, description="instead of groups: cases followed day by day")
    association: PlannedAssociation | None = Field(
        default=None, description="instead of a programme: how a score goes together with another"
    )
    simulations: int = Field(default=1000, ge=100, le=100_000, description="studies made to check the formulas")

    @field_validator("units", "lost_pupils", "lost_units", mode="before")
    @classmethod
    def _by_arm(cls, raw: Any) -> Any:  # noqa: ANN401 - whatever YAML held
        return text_keys(raw)

    @model_validator(mode="after")
    def _possible(self) -> Planning:
        iccs = self.icc if isinstance(self.icc, tuple) else (self.icc or 0.0,)
        lost = [self.lost_pupils, *(w.lost_pupils or 0.0 for w in self.waves.values())]
        shares = [s for one in lost for s in (one.values() if isinstance(one, dict) else [one])]
        if any(not 0 <= x < 1 for x in (*iccs, *shares)) or list(iccs) != sorted(iccs):
            raise ValueError("planned_share")
        for r, b in [(self.r, self.r_units), *((w.r, w.r_units) for w in self.waves.values())]:
            if max(r or 0.0, b or 0.0) ** 2 + self.explained >= 1:
                raise ValueError("planned_explained")
        counts = list(self.units.values()) if isinstance(self.units, dict) else [self.units]
        if self.of_groups and min(counts, default=0) < 1:
            raise ValueError("planned_units")
        return self

    @property
    def of_groups(self) -> bool:
        """Whether groups will be compared, or followed: no cases, and no question without a programme."""
        return self.cases is None and self.association is None

    def of_arm(self, given: Any, arm: str) -> Any:  # noqa: ANN401 - one number, or one by arm
        """Return what was given for an arm: its own, or the one number that holds for all."""
        return given.get(arm, 0) if isinstance(given, dict) else given
