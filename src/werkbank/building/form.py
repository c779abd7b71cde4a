"""What a user chose in the form, and the study file that follows from it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import LANGUAGES, say
from werkbank.drafting.making import draft
from werkbank.drafting.settling import Settling
from werkbank.drafting.writing import written
from werkbank.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkbank.drafting.model import Draft
    from werkbank.drafting.seen import SeenFile

LONGEST_NAME = 60  # signs of a folder that is named after a title


@dataclass(frozen=True)
class Form:
    """The state of the form.

    Attributes
    ----------
    language : {"nl", "en"}
        Of the form, of the study file and of the report.
    title : str
        As it was typed; "" when it was not.
    answers : mapping
        Place -> what was chosen there, as ``werkbank new --set`` has them. What stands at a place that the files no
        longer have is kept, and has no effect.
    own : str
        The text of study.yaml, where the user wrote it; then nothing else of the form has an effect. "" otherwise.
    """

    language: str = "nl"
    title: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    own: str = ""

    @classmethod
    def of(cls, sent: Mapping[str, Any], known: Form) -> Form:
        """Return the state that a page sent; what it leaves out stays as it was."""
        answers = sent.get("answers", known.answers)
        language = str(sent.get("language", known.language))
        told = {str(place): str(value) for place, value in dict(answers).items() if str(value).strip()}
        title = " ".join(str(sent.get("title", known.title)).split())
        own = str(sent.get("own", known.own))
        return cls(language if language in LANGUAGES else known.language, title, told, own if own.strip() else "")

    @property
    def folder(self) -> str:
        """The name of the folder that the title gives; "" without a title."""
        plain = unicodedata.normalize("NFKD", self.title).encode("ascii", "ignore").decode().lower()
        return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_NAME].strip("-")


@dataclass(frozen=True)
class Drafted:
    """A form with its files read: the draft, how each thing in it was settled, and the text of study.yaml.

    `refused` holds the answers that could not be: place -> why. They have no effect on the text.
    """

    form: Form
    draft: Draft
    settling: Settling
    text: str
    refused: Mapping[str, str]


def drafted(form: Form, files: list[SeenFile], name: str) -> Drafted:
    """Return what the study file says of these files with these answers.

    Parameters
    ----------
    form : Form
    files : list of SeenFile
    name : str
        Of the study's folder: its title, where none was typed.

    Raises
    ------
    UsageError
        When the files themselves lead to no draft.
    """
    refused: dict[str, str] = {}
    while True:
        given = {place: value for place, value in form.answers.items() if place not in refused}
        given |= {"title": form.title} if form.title else {}
        settling = Settling(given, None, form.language)
        try:
            made = draft(files, name, settling)
        except UsageError as error:
            place = str(error.more.get("place", ""))
            if place not in given:
                raise
            refused[place] = str(error)
            continue
        return Drafted(form, made, settling, form.own or written(made), refused)


def default_name(language: str) -> str:
    """Return what a study is called before it has a title."""
    return say("building.word.study", language)
