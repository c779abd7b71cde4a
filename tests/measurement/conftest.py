"""Simulated studies whose truth is known: warm and stormy relations with a drifting item, and a circle."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from werkbank.instruments import load
from werkbank.measurement.circumplex import SECTORS

if TYPE_CHECKING:
    from pathlib import Path

STRS = load("strs-sf", "B")
QTI = load("qti-48")
RELATIONS = """\
title: Relaties in 20 klassen
simulated: true
design: {kind: controlled, assigned_by: class}
files: [{path: raw.csv}]
columns: {pupil: lln, class: klas, arm: conditie, wave: meting}
arms: {coaching: intervention, controle: control}
waves: {T0: pre, T1: post}
outcomes:
  - {instrument: strs-sf, version: B, informant: teacher, scales: [closeness, conflict], items: "s{item}"}
  - {name: closeness, informant: pupil, items: [n1, n2, n3, n4], range: [1, 5], better: higher}
  - {name: cijfer, informant: test, column: cijfer, better: higher}
"""
CIRCLE = """\
title: Leraarsgedrag in 20 klassen
simulated: true
design: {kind: randomised, assigned_by: class}
files: [{path: raw.csv}]
columns: {pupil: lln, class: klas, arm: conditie, wave: meting}
arms: {coaching: intervention, controle: control}
waves: {T0: pre, T1: post}
outcomes:
  - {instrument: qti-48, informant: pupil, items: "q{item}"}
"""


def relations(folder: Path, drift: float = 1.2, pupils: int = 240, seed: int = 9) -> Path:
    """Write a study in which conflict item 14 shifts by `drift` on its own after the pre-test; return its file."""
    rng = np.random.default_rng(seed)
    lasting = dict(zip(("closeness", "conflict"), rng.normal(size=(2, pupils)), strict=True))
    tables = []
    for wave in ("T0", "T1"):
        who = {
            "lln": np.arange(pupils),
            "klas": np.arange(pupils) // 12,
            "meting": wave,
            "cijfer": rng.normal(6, 1, pupils),
        }
        table = pd.DataFrame(who).assign(conditie=np.where(who["klas"] % 2, "coaching", "controle"))
        now = {scale: 0.8 * own + 0.6 * rng.normal(size=pupils) for scale, own in lasting.items()}
        for scale, level in now.items():
            for item in STRS.scales[scale].items:
                shift = drift if wave == "T1" and item == "14" else 0.0
                table[f"s{item}"] = answers(rng, 2.6 + shift + 0.8 * level, (1, 5))
        for n in range(1, 5):
            table[f"n{n}"] = answers(rng, 3.0 + 0.6 * now["closeness"], (1, 5))
        tables.append(table)
    return written(folder, RELATIONS, pd.concat(tables))


def circle(folder: Path, seed: int = 5) -> Path:
    """Write a study of twenty classes whose teachers stand near and a little above, nearer after coaching."""
    rng, angles, rows = np.random.default_rng(seed), np.deg2rad(list(SECTORS.values())), []
    for klas in range(20):
        place = rng.normal([0.5, 0.2], 0.3)
        for wave in ("T0", "T1"):
            place = place + ([0.3, 0.0] if wave == "T1" and klas % 2 else [0.0, 0.0])
            means = 1.8 + np.cos(angles) * place[0] + np.sin(angles) * place[1]
            for pupil in range(6):
                row = {"lln": f"{klas}-{pupil}", "klas": klas, "meting": wave}
                row["conditie"] = "coaching" if klas % 2 else "controle"
                for mean, name in zip(means + 0.2 * rng.normal(), SECTORS, strict=True):
                    row |= {f"q{i}": int(answers(rng, np.array([mean]), (0, 4))[0]) for i in QTI.scales[name].items}
                rows.append(row)
    return written(folder, CIRCLE, pd.DataFrame(rows))


def answers(rng: np.random.Generator, level: np.ndarray, ends: tuple[int, int]) -> np.ndarray:
    """Return whole answers around `level`, with noise of half a point."""
    return np.clip(np.rint(level + rng.normal(0, 0.7, len(level))), *ends)


def written(folder: Path, study: str, table: pd.DataFrame) -> Path:
    """Write a study file and its data."""
    table.to_csv(folder / "raw.csv", index=False)
    (folder / "study.yaml").write_text(study, encoding="utf-8")
    return folder / "study.yaml"


@pytest.fixture(scope="session")
def simulate():
    """The makers of simulated studies."""
    return SimpleNamespace(relations=relations, circle=circle)
