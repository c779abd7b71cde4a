"""What `werkbank check` costs, as a ratio to reading the same file: csv to pandas, .sav to pyreadstat.

``python benchmarks/checking.py [ROWS] [--sav]`` makes a study of so many rows (1,000,000 when left out; half as many
pupils at two waves) and 40 columns: six that say who and when, 28 items, two scores, two covariates, a dose and remarks
that nobody made. With ``--sav`` it is a file of 80,000 rows and 300 columns. Each side is a process of its own, whose
start and imports are not counted; processor seconds (children included) and the most memory that it held. The faster of
three runs of the peer counts, one of ours.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
WHO = ("leerlingnr", "lk", "groep", "school", "conditie", "meting")
ITEMS = 28
ARMS, WAVES = {"x": "intervention", "c": "control"}, {"T0": "pre", "T1": "post"}
SAV = (80_000, 300)


def simulate(rows: int, items: int):
    """Return so many rows, half of them at each wave; 2 % of the answers are not given."""
    import numpy as np
    import pandas as pd

    rng, n = np.random.default_rng(1), rows // 2
    pupil, of = np.arange(n), np.arange(n) // 25
    school = of // 8
    coded = {"leerlingnr": ("L", pupil), "lk": ("K", of), "school": ("S", school)}
    known = {name: np.strings.add(sign, np.strings.zfill(at.astype(str), 7)) for name, (sign, at) in coded.items()}
    known["groep"] = np.array(["5A", "5B", "6A", "6B", "7A", "7B", "8A", "8B"])[of % 8]
    known["conditie"] = np.where(school % 2, "c", "x")
    known["geslacht"], known["leeftijd"] = rng.choice(["j", "m"], n), rng.integers(8, 13, n)
    waves = []
    for wave in WAVES:
        answers = rng.integers(1, 6, (n, items)).astype(float)
        answers[rng.random(answers.shape) < 0.02] = np.nan
        measured = {f"q{i + 1}": pd.array(answers[:, i], dtype="Int8") for i in range(items)}
        scores = {"taal": rng.integers(5, 61, n), "rekenen": rng.normal(50, 10, n).clip(0, 100).round(1)}
        more = {"dosis": rng.integers(0, 13, n), "opmerking": ""}
        waves.append(pd.DataFrame({**known, "meting": wave, **measured, **scores, **more}))
    made = pd.concat(waves, ignore_index=True)
    return made[[*WHO, *(name for name in made if name not in WHO)]]


def write(folder: Path, rows: int, *, sav: bool) -> Path:
    """Write the study and return its file of answers."""
    items = SAV[1] - 12 if sav else ITEMS
    frame = simulate(rows, items)
    path = folder / ("m.sav" if sav else "m.csv")
    if sav:
        import pyreadstat

        numbers = {name: float for name in frame if str(frame[name].dtype) == "Int8"}
        pyreadstat.write_sav(frame.astype(numbers), str(path))
    else:
        frame.to_csv(path, index=False)
    half = [f"q{i + 1}" for i in range(items // 2)], [f"q{i + 1}" for i in range(items // 2, items)]
    likert = {"range": [1, 5], "better": "higher"}
    study = {
        "title": "groot", "design": {"kind": "controlled", "assigned_by": "school"}, "files": [{"path": path.name}],
        "columns": dict(zip(("pupil", "teacher", "class", "school", "arm", "wave"), WHO, strict=True)),
        "arms": ARMS, "waves": WAVES, "covariates": ["geslacht", "leeftijd"],
        "outcomes": [
            {"name": "welbevinden", "informant": "pupil", "items": half[0], **likert},
            {"name": "nabijheid", "informant": "teacher", "items": half[1], **likert},
            {"name": "taal", "informant": "test", "column": "taal", "range": [0, 60], "better": "higher"},
            {"name": "rekenen", "informant": "test", "column": "rekenen", "range": [0, 100], "better": "higher"},
        ],
    }  # fmt: skip
    (folder / "study.yaml").write_text(json.dumps(study), encoding="utf-8")
    return path


def spent() -> float:
    """Return the processor seconds of this process and of the children that it waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def peak() -> float:
    """Return the most memory, in MB, that this process and its largest child held."""
    return sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


def measured(what: str, path: Path) -> None:
    """Do one of the sides here, and print what it took."""
    if what == "check":
        from werkbank.appraisal import counting, foreseen  # noqa: F401 - imports are not counted
        from werkbank.intake import reading  # noqa: F401 - as above
        from werkbank.measurement import study_scores  # noqa: F401 - as above
        from werkbank.running.checking import check_study
        from werkbank.study import load_study

        study = load_study(path.parent)

        def work():
            return check_study(study)
    elif path.suffix == ".sav":
        import pyreadstat

        def work():
            return pyreadstat.read_sav(str(path))
    else:
        import pandas as pd

        def work():
            return pd.read_csv(path)

    taken = []
    for _ in range(1 if what == "check" else 3):
        start, began = spent(), time.perf_counter()
        made = work()
        taken.append((spent() - start, time.perf_counter() - began))
        del made
    print(json.dumps([*min(taken), peak()]))


def side(what: str, path: Path) -> list[float]:
    """Return processor seconds, wall seconds and peak memory of a side, from a process of its own."""
    done = subprocess.run([sys.executable, __file__, "--side", what, str(path)], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def main(rows: int, *, sav: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), rows, sav=sav)
        theirs, ours = side("peer", path), side("check", path)
        size = path.stat().st_size / 1e6
    peer = "pyreadstat.read_sav" if sav else "pandas.read_csv"
    print(f"{rows:,} rows x {SAV[1] if sav else 40} columns, {size:,.0f} MB; `werkbank check` / `{peer}`\n")
    print("| | check | peer | ratio |\n|---|---|---|---|")
    for name, a, b in zip(("processor s", "wall s", "peak memory MB"), ours, theirs, strict=True):
        print(f"| {name} | {a:.1f} | {b:.1f} | {a / b:.1f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", type=int, nargs="?")
    parser.add_argument("--sav", action="store_true")
    parser.add_argument("--side", nargs=2)
    given = parser.parse_args()
    if given.side:
        measured(given.side[0], Path(given.side[1]))
    else:
        main(given.rows or (SAV[0] if given.sav else 1_000_000), sav=given.sav)
