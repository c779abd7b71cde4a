"""Whole sentences in Dutch and English, looked up by key: the one place where wording lives.

A catalogue is ``locale/<language>/<topic>.yaml``: nested keys that end in a sentence with ``{names}``, or in a mapping
of CLDR plural categories (``one``, ``other``) chosen by the value called ``n``. Sentences are never glued together
from fragments, because Dutch and English order words differently.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("nl", "en")
LOCALE = Path(__file__).parent / "locale"


def say(key: str, language: str, **values: object) -> str:
    """Return the sentence `key` in `language`, with `values` filled in.

    Parameters
    ----------
    key : str
        ``topic.name.name``: the file, then the path inside it.
    language : str
        ``nl`` or ``en``.
    **values
        What the sentence names. A plural sentence needs ``n`` (a count), which may be accompanied by a formatted
        ``n_text`` for display.

    Raises
    ------
    KeyError
        When the sentence does not exist or misses a value: a report with a hole in it must not be printed.
    """
    sentence = _lookup(key, language)
    if isinstance(sentence, dict):
        sentence = sentence[_plural(language, values["n"])]
    if not isinstance(sentence, str):
        raise KeyError(f"{key} is not a sentence in {language}")
    return sentence.format_map(_Strict(key, values))


def has(key: str, language: str) -> bool:
    """Return whether the sentence `key` exists in `language`."""
    try:
        _lookup(key, language)
    except KeyError:
        return False
    return True


class _Strict(dict[str, object]):
    def __init__(self, key: str, values: dict[str, object]) -> None:
        super().__init__(values)
        self._key = key

    def __missing__(self, name: str) -> str:
        raise KeyError(f"sentence {self._key} needs a value for {name}")


def _lookup(key: str, language: str) -> Any:  # noqa: ANN401 - a catalogue holds sentences and plural mappings
    topic, *path = key.split(".")
    node: Any = topic_sentences(topic, language)
    for name in path:
        if not isinstance(node, dict) or name not in node:
            raise KeyError(f"no sentence {key} in {language}")
        node = node[name]
    return node


@cache
def topic_sentences(topic: str, language: str) -> dict[str, Any]:
    """Return the whole catalogue of one topic as a nested mapping."""
    if language not in LANGUAGES:
        raise KeyError(f"no language {language}; there are {', '.join(LANGUAGES)}")
    path = LOCALE / language / f"{topic}.yaml"
    if not path.is_file():
        raise KeyError(f"no catalogue {topic} in {language}")
    loaded: dict[str, Any] = shipped(path)
    return loaded


@cache
def shipped(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    """Return what a YAML file of the package itself holds, read once; not to be changed."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml, where it is: eight times as fast
    return yaml.load(path.read_text(encoding="utf-8"), loader)  # noqa: S506 - either is a safe loader


@cache
def formulas() -> dict[str, dict[str, Any]]:
    """Return what is known of every statistic that a report may print, by its name: formula, source, checks."""
    package = Path(__file__).resolve().parent
    places = (package / "_registry.yaml", package.parents[1] / "verification" / "registry.yaml")
    return {row["id"]: row for row in shipped(next(place for place in places if place.is_file()))}


def _plural(language: str, n: object) -> str:
    # Dutch and English agree: one for exactly 1, other for the rest
    if language not in LANGUAGES:
        raise KeyError(language)
    return "one" if n == 1 else "other"
