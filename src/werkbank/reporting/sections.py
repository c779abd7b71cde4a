"""How a part of a report is made: a generator of blocks becomes a section with its title, in each language asked for.

::

    section = maker("report", "effects")

    @section(shared=True)
    def summary(report):
        yield Paragraph(...)

What a notebook calls is ``summary(bench)``. It gives a `Section`, or `Sections` for a bench in several languages, and
is noted on the bench: `werkbank.finish` makes the files of a report from the parts that were shown, and its copy to
share from those that may be.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol, cast

from werkbank import steps
from werkbank.errors import UnfitError
from werkbank.reporting.blocks import Heading, Section, Sections
from werkbank.reporting.report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkbank.bench import Bench
    from werkbank.reporting.blocks import Block

    Blocks = Iterator[Block | None]
    Write = Callable[..., Blocks]


class Part(Protocol):
    """A part of a report, as a notebook calls it; `shared`: it may stand in the copy that leaves the school."""

    shared: bool
    reads: tuple[str, ...]
    __name__: str
    __module__: str

    def __call__(self, bench: Bench, *rest: Any, **named: Any) -> Section | Sections | None:  # noqa: ANN401
        """Write the part; None when it has nothing to show."""
        ...


def maker(
    topic: str, *reads: str, opening: Callable[[Report, str], Block] | None = None, family: str = ""
) -> Callable[..., Callable[[Write], Part]]:
    """Return the decorator with which one report's parts are made.

    Parameters
    ----------
    topic : str
        The catalogue with the report's headings: a part's title is the sentence ``<topic>.heading.<name>``.
    *reads : str
        Of `werkbank.bench.PARTS`: the results that its parts read, unless one says otherwise; with none, all that the
        parts shown before it have read.
    opening : callable, optional
        What every part of this report opens with, from the report and the part's name.
    family : str
        How the ids of its parts begin: `blocks.CHAPTER` or `blocks.APART`.
    """

    def section(
        name: str = "", *, shared: bool = False, appendix: bool = False, reads: tuple[str, ...] = reads, level: int = 2
    ) -> Callable[[Write], Part]:
        def make(write: Write) -> Part:
            called = name or write.__name__

            def written(report: Report, **named: Any) -> Section | None:  # noqa: ANN401 - the part's own
                blocks = [block for block in write(report, **named) if block is not None]
                if not blocks:
                    return None
                first: list[Block] = [Heading(report.words.say(f"{topic}.heading.{called}"), level)]
                first += [opening(report, called)] if opening else []
                key = family + called.replace("_", "-")
                return Section(key, report.language, (*first, *blocks), appendix=appendix)

            @wraps(write)
            def shown(bench: Bench, *_: Any, **named: Any) -> Section | Sections | None:  # noqa: ANN401 - the part's own
                steps.begin(f"{topic}.heading.{called}")
                # copies of older notebooks pass more by place: a seed, or what the bench now knows itself
                view = bench.about(*(reads or _read(bench)))
                each = [_in_language(written, Report(view, one), named) for one in bench.language.split("+")]
                made = tuple(section for section in each if section is not None)
                bench.shown[f"{write.__module__}:{write.__qualname__}"] = (part, made)
                return Sections(made) if len(made) > 1 else made[0] if made else None

            part = cast("Part", shown)
            part.shared, part.reads = shared, reads
            return part

        return make

    return section


def _in_language(written: Callable[..., Section | None], report: Report, named: dict[str, Any]) -> Section | None:
    """Write a part; what is wrong with the study is told in the language of the report, not in the study file's."""
    try:
        return written(report, **named)
    except UnfitError as error:
        raise UnfitError(error.problems, report.language) from error


def _read(bench: Bench) -> tuple[str, ...]:
    """Return what the parts shown so far have read."""
    return tuple(dict.fromkeys(name for part, _ in bench.shown.values() for name in part.reads)) or ("effects",)
