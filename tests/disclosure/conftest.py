"""Small studies in which some of nearly everything is missing: what a shared copy must survive."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import yaml
from tests.reporting.conftest import made

from werkbank.study import load_study

NAME, BORN = "Fleur van der Planten", "2014-03-07"


def small_study(folder, seed):
    """Write a study of 14 to 40 pupils: arms, classes and gaps vary with the seed; a pupil's name is the id of one."""
    rng = np.random.default_rng(seed)
    n, arms, by_class = int(rng.integers(14, 41)), int(rng.integers(1, 4)), bool(rng.integers(2))
    rows = ["leerling;groep;geboren;arm;meting;a1;a2;a3;taal"]
    for pupil in range(n):
        who, klas = (NAME if pupil == 0 else f"nr-{7000 + 13 * pupil}"), pupil % 8
        arm = "abc"[(klas if by_class else pupil) % arms]
        for wave in ("T0", "T1"):
            if rng.random() < 0.1:
                continue
            items = [int(x) if rng.random() > 0.05 else "" for x in rng.integers(1, 6, 3)]
            taal = "" if rng.random() < 0.1 else int(rng.integers(10, 60))
            rows.append(f"{who};k{klas};{BORN if pupil == 0 else '2014-01-02'};{arm};{wave};"
                        f"{';'.join(map(str, items))};{taal}")  # fmt: skip
    (folder / "raw.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    kind = "single_group" if arms == 1 else ("randomised", "controlled")[seed % 2]
    content = {
        "title": "Klein", "design": {"kind": kind, "assigned_by": "class" if by_class else "pupil"},
        "files": [{"path": "raw.csv"}],
        "columns": {"pupil": "leerling", "class": "groep", "wave": "meting"} | ({"arm": "arm"} if arms > 1 else {}),
        "waves": {"T0": "pre", "T1": "post"},
        "outcomes": [
            {"name": "fijn", "items": ["a1", "a2", "a3"], "range": [1, 5], "better": "higher", "role": "primary"},
            {"name": "taal", "column": "taal", "range": [0, 60], "better": "higher"},
        ],
    }  # fmt: skip
    if arms > 1:
        content["arms"] = dict(zip("abc"[:arms], ("control", "intervention", "transfer"), strict=False))
    (folder / "study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return load_study(folder / "study.yaml")


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """Give (intake, scores, results) of a small study."""
    return cache(lambda seed: made(small_study(tmp_path_factory.mktemp(f"small{seed}"), seed)))
