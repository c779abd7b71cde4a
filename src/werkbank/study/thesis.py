"""What only the student knows of how a study went: asked in the study file, told in the chapter of a thesis."""

from __future__ import annotations

from pydantic import Field

from werkbank.study.parts import Part, Text


class Thesis(Part):
    """Whole sentences, one text or one per language; what is left out is a task for its writer and not in the text."""

    recruitment: Text | None = Field(
        default=None, description="how schools, classes and pupils were found, who could take part, and who could not"
    )
    setting: Text | None = Field(default=None, description="the region, the kind of schools, the school year")
    consent: Text | None = Field(default=None, description="who was asked for consent, how, and how many refused")
    ethics: Text | None = Field(default=None, description="which committee approved it, under which number")
    dates: Text | None = Field(default=None, description="when each measurement took place, and when the programme ran")
    administration: Text | None = Field(
        default=None, description="who gave out the questionnaires and tests, where, how, and how long it took"
    )
    lot: Text | None = Field(default=None, description="who drew the lots, when and how, and who could foresee them")
    blinding: Text | None = Field(default=None, description="who knew in which group pupils and teachers were")
    control: Text | None = Field(default=None, description="what the comparison group was given in the meantime")
    dose: Text | None = Field(default=None, description="how much of the programme was planned, and how much given")
    sample_size: Text | None = Field(default=None, description="how the number of classes and pupils was decided on")
    availability: Text | None = Field(default=None, description="where data and plan can be found or asked for")
    sources: list[str] = Field(
        default_factory=list, description="publications on the programme, each whole, as APA has it in a list"
    )
    instrument_sources: list[str] = Field(
        default_factory=list, description="publications on instruments that a report does not know, whole as well"
    )

    @property
    def texts(self) -> dict[str, Text | None]:
        """Every question with its answer, in the order of a chapter."""
        return {name: getattr(self, name) for name in type(self).model_fields if not name.endswith("sources")}
