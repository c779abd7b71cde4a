"""A study's names and numbers as a reader sees them: the one place where codes become words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from babel import Locale
from babel.lists import format_list

from werkbank.catalogue import has, say
from werkbank.effects.questions import contrasts
from werkbank.effects.roles import shown_roles
from werkbank.effects.units import LEVELS, unit_words
from werkbank.measurement.study_scores import scale_label, scale_meaning
from werkbank.reporting import numbers
from werkbank.study import text_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from werkbank.instruments import Instrument
    from werkbank.results import Claim
    from werkbank.study import Study
    from werkbank.study.parts import Text

_DECIMALS = {"estimate", "size", "mdes", "g", "bound", "points"}


@dataclass(frozen=True)
class Words:
    """Says things about one study in one language."""

    study: Study
    instruments: Mapping[str, Instrument]
    language: str

    def say(self, key: str, **values: object) -> str:
        """Return a sentence; it may also name {person} and {persons}, whom this study is about, and {level}.

        The level is that of the study's intervals, in percent, unless `values` has that of one interval.
        """
        return say(key, self.language, **{**self._persons(), "level": self.level(self.study.ci_level), **values})

    def level(self, share: float) -> str:
        """Return the level of an interval in percent, with no more decimals than it has."""
        text = f"{100 * share:.4g}"
        return text.replace(".", ",") if self.language == "nl" else text

    def _persons(self) -> dict[str, str]:
        unit = self.study.unit
        return {
            "person": say(f"report.unit.{unit}.one", self.language),
            "persons": say(f"report.unit.{unit}.many", self.language),
        }

    def outcome(self, key: str) -> str:
        """Return the name of what results call `key`."""
        return scale_label(self.study, dict(self.instruments), key, self.language)

    def meaning(self, key: str) -> str:
        """Return what a scale is about in everyday words; nothing where nobody says."""
        return scale_meaning(self.study, dict(self.instruments), key, self.language)

    def wave(self, code: str) -> str:
        """Return the name of a wave."""
        if label := self._wave_label(code):
            return label
        if has(f"report.wave.{code}", self.language) or not code:
            return say(f"report.wave.{code}", self.language) if code else ""
        number = code.removeprefix("followup")
        return self.say(f"report.wave_later.{Locale(self.language).ordinal_form(int(number))}", number=number)

    def _wave_label(self, code: str) -> str:
        given = self.study.labels.wave
        codes = [code, *(raw for raw, wave in self.study.waves.items() if wave == code)]
        return next((self.text(given[name]) for name in codes if name in given), "")

    def covariate(self, name: str) -> str:
        """Return the name of a column that says something of a pupil: its label, or else the column's own name."""
        of_moderators = {m.column: m.label for m in self.study.moderators if m.column and m.label is not None}
        label = self.study.labels.covariate.get(name, of_moderators.get(name))
        built_in = f"report.covariate.{name}"
        otherwise = say(built_in, self.language) if has(built_in, self.language) else name
        return self.text(label, otherwise)

    def covariates(self, names: Iterable[str]) -> str:
        """Return the names of several columns as a list in a sentence."""
        return self.listed([self.covariate(name) for name in names])

    def value(self, column: str, code: str) -> str:
        """Return the name of what stands in a column of words: its label, or else the word itself."""
        return self.text(self.study.labels.value.get(column, {}).get(code), code)

    def arm(self, code: str) -> str:
        """Return the name of an arm: its label, else its code; a bare number or letter is preceded by its role.

        No code at all is everyone. Pupils whose role stands in a column of its own are an arm that has no code.
        """
        if not code:
            return self.say("report.everyone")
        if code in self.study.labels.arm:
            return self.text(self.study.labels.arm[code])
        role = self.role(code)
        if code not in self.study.arms:
            return role
        return f"{role} ({code})" if len(code) < 3 else code

    def role(self, arm: str) -> str:
        """Return what the role of an arm is called."""
        return self.say(f"report.role.{shown_roles(self.study)[arm]}")

    def listed(self, texts: list[str]) -> str:
        """Return several texts as a list in a sentence: ``a, b en c``."""
        return str(format_list(texts, locale=self.language)) if texts else ""

    def rater(self, informant: str) -> str:
        """Return what those are called who filled in a questionnaire."""
        return self.say(f"report.rater.{informant}")

    def contrast(self, name: str) -> str:
        """Return what is compared: a planned contrast's label, or the two arms."""
        for planned in self.study.contrasts:
            if planned.name == name:
                return self.text(planned.label, name)
        weights = contrasts(self.study).get(name)
        return " − ".join(self.arm(arm) for arm in sorted(weights, key=lambda arm: -weights[arm])) if weights else name

    def count(self, unit: str, n: int) -> str:
        """Return a count with its noun: ``1 klas``, ``24 klassen``."""
        unit = self.study.unit if unit == "pupil" else unit
        return say(f"report.count.{unit}", self.language, n=n, n_text=numbers.count(n, self.language))

    def test(self, outcome: str, wave: str, contrast: str) -> str:
        """Return which question is meant: outcome, wave and, where there are more of them, the comparison."""
        names = {"outcome": self.outcome(outcome), "wave": self.wave(wave)}
        if contrast and len(contrasts(self.study)) > 1:
            return self.say("report.test_compared", contrast=self.contrast(contrast), **names)
        return self.say("report.test_single", **names)

    def text(self, given: Text | None, otherwise: str = "") -> str:
        """Return what a study file says in the language of this report, or in its other one."""
        return text_in(given, self.language, otherwise)

    def decimal(self, value: float | None, digits: int = 2) -> str:
        """Return a number with a fixed number of decimals."""
        return numbers.decimal(value, self.language, digits)

    def bounded(self, value: float | None) -> str:
        """Return a correlation or a reliability."""
        return numbers.bounded(value, self.language)

    def share(self, value: float | None) -> str:
        """Return a share as a percentage."""
        return numbers.share(value, self.language)

    def method(self, name: str) -> str:
        """Return the name of a formula, which says of what was assigned the means are."""
        key = f"effects.methods.{name}.name"
        return say(key, self.language, **self._units()) if has(key, "nl") else name

    def estimand(self, method: str) -> str:
        """Return what a formula estimates."""
        return self.say(f"effects.methods.{method}.estimand", **self._units())

    def _units(self) -> dict[str, str]:
        declared, named = self.study.design.assigned_by, self.study.columns.named()
        return unit_words(next((x for x in (declared, *LEVELS) if x in LEVELS and x in named), "class"), self.language)

    def claim(self, claim: Claim) -> str:
        """Return a claim as its sentence, and those that must follow it, with its values written in this language."""
        values = self.written(claim)
        return " ".join(self.say(key, **values) for key in (claim.sentence, *claim.values.get("also", ())))

    def written(self, claim: Claim) -> dict[str, Any]:
        """Return the values of a claim as this language writes them."""
        values: dict[str, Any] = {key: self._written(key, value, claim.values) for key, value in claim.values.items()}
        if "outcome" in claim.values and "contrast" in claim.values:
            values["test"] = self.test(*(str(claim.values[k]) for k in ("outcome", "wave", "contrast")))
        if isinstance(claim.values.get("n"), int):
            values |= {"n": claim.values["n"], "n_text": numbers.count(claim.values["n"], self.language)}
        if unit := claim.values.get("unit"):
            unit = self.study.unit if unit == "pupil" else unit
            values |= {f"unit_{form}": say(f"report.unit.{unit}.{form}", self.language) for form in ("one", "many")}
        if claim.values.get("p") is not None:
            values["p_said"], values["correction"] = self._corrected(values, claim.values)
        return values

    def _corrected(self, written: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[str, str]:
        """Return a p with the one correction that was made of it, if any was, and what that is called."""
        n, how = values.get("n_tests") or 1, values.get("correction") or ""
        if n < 2 or not how:
            return written["p"], ""
        name = self.say(f"claims.correction.{how}")
        said = self.say("claims.p_corrected", p=written["p"], p_corrected=written["p_corrected"], name=name, n_tests=n)
        return said, name

    def _written(self, key: str, value: Any, others: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON values
        names = {"outcome": self.outcome, "lowest": self.outcome, "wave": self.wave, "wave_from": self.wave}
        names |= {
            "last": self.wave,
            "after": self.wave,
            "arm": self.arm,
            "contrast": self.contrast,
            "method": self.method,
        }
        if key in names:
            return names[key](value)
        if key in {"treated", "control"}:
            return self.listed([self.arm(code) for code in value])
        if key in {"outcomes", "methods", "covariates", "raters"}:
            kinds = {"outcomes": self.outcome, "methods": self.method, "covariates": self.covariate}
            called = {**kinds, "raters": self.rater}[key]
            return self.listed([called(name) for name in value])
        if key in {"pupils", "units"}:
            return self.count("pupil" if key == "pupils" else others["unit"], value)
        return self.level(value / 100) if key == "level" else self._number(key, value)

    def _number(self, key: str, value: Any) -> Any:  # noqa: ANN401 - JSON values
        if key in {"ci", "size_ci", "equivalence_ci"}:
            return _unbroken(numbers.interval(value[0], value[1], self.language))
        if key in {"p", "p_corrected", "p_equivalence"}:
            return _unbroken(numbers.p_phrase(value, self.language))
        if key == "alpha" or key.startswith("r_"):
            return self.bounded(value)
        if key.startswith("points_"):  # in a copy to share it may be whole
            return self.decimal(value, 0 if value == round(value) else 1)
        if key.startswith("share_"):
            return self.share(value)
        return self.decimal(value) if key in _DECIMALS else value


def _unbroken(text: str) -> str:
    return text.replace(" ", "\N{NO-BREAK SPACE}")
