"""A study in a temporary folder: files as given, and a study.yaml of a few lines."""

from __future__ import annotations

import pytest
import yaml

from werkbank.errors import UnfitError
from werkbank.intake.reading import read_answers
from werkbank.study import load_study

TWO_ARMS = {
    "title": "proef",
    "design": {"kind": "controlled"},
    "columns": {"pupil": "id", "arm": "arm", "wave": "wave"},
    "arms": {"x": "intervention", "c": "control"},
    "waves": {"T0": "pre", "T1": "post"},
    "outcomes": [{"name": "fijn", "items": ["q1", "q2"], "range": [1, 5], "better": "higher"}],
}
ONE_GROUP = {
    "title": "proef",
    "design": {"kind": "single_group"},
    "columns": {"pupil": "id"},
    "outcomes": [{"name": "taal", "column": {"pre": "a", "post": "b"}, "better": "higher"}],
}
LONG = "id,arm,wave,q1,q2\n01,x,T0,1,2\n01,x,T1,3,4\n02,c,T0,5,\n02,c,T1,2,1\n"
WIDE = "id,a,b\n01,1,2\n02,3,4\n"


def nested(base, changes):
    """Return `base` with `changes`; a dict is merged, None removes."""
    merged = dict(base)
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict) and key not in {"arms", "waves"}:
            merged[key] = nested(merged[key], value)
        else:
            merged[key] = value
    return merged


@pytest.fixture
def make_study(tmp_path):
    def make(base, contents, /, **changes):
        for name, content in contents.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        written = {"files": [{"path": name} for name in contents], **nested(base, changes)}
        (tmp_path / "study.yaml").write_text(
            yaml.safe_dump(written, allow_unicode=True, sort_keys=False), encoding="utf-8"
        )
        return load_study(tmp_path)

    return make


@pytest.fixture
def read(make_study):
    """Read a study's answers."""
    return lambda base, contents, /, **changes: read_answers(make_study(base, contents, **changes))


@pytest.fixture
def refused(make_study):
    """Return the problems for which a study is refused, each said in both languages without a hole."""

    def problems(base, contents, /, **changes):
        study = make_study(base, contents, **changes)
        with pytest.raises(UnfitError) as caught:
            read_answers(study)
        for problem in caught.value.problems:
            assert all(problem.sentence(language) for language in ("nl", "en"))
        return caught.value.problems

    return problems


@pytest.fixture
def matrix():
    """Spread answers out: one row a pupil and wave, one column an item, in the order of the file."""

    def spread(intake, outcome=None):
        answers = intake.answers
        if outcome is not None:
            answers = answers[answers["outcome"] == outcome]
        table = answers.astype({"pupil": str, "wave": str, "item": str})
        return table.set_index(["pupil", "wave", "item"])["value"].unstack()

    return spread


@pytest.fixture
def notes():
    """Return {note: values} (the last of its kind), each said in both languages without a hole."""

    def by_name(intake):
        assert all(note.sentence(language) for note in intake.notes for language in ("nl", "en"))
        return {note.key.removeprefix("intake."): note.values for note in intake.notes}

    return by_name
