"""Files as schools and students have them, generated with a seed, and what a study file should say of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.instruments.registry import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

N, CLASSES = 96, 8


@dataclass(frozen=True)
class Kind:
    """One kind of file: how it is written, what is true of it (place -> value), and what only its owner can say."""

    write: Callable[[Path], list[Path]]
    truth: dict[str, str]
    said: dict[str, str] = field(default_factory=dict)  # without which `check` asks


def answers(rng, key, low, high, n, effect=0.0):
    """Return answers to an instrument (or to k items) that go together within their scales."""
    scales = key.scales.values() if hasattr(key, "scales") else [None]
    k = len(key.items) if hasattr(key, "items") else key
    made = np.zeros((n, k))
    for scale in scales:
        latent = rng.normal(size=n) + effect
        for at in range(k) if scale is None else [key.items.index(item) for item in scale.items]:
            sign = -1 if scale is not None and key.items[at] in scale.reversed else 1
            made[:, at] = sign * latent + rng.normal(scale=0.8, size=n)
    middle, step = (low + high) / 2, (high - low) / 4
    return np.clip(np.round(middle + step * made), low, high).astype(int)


def people(n=N, classes=CLASSES):
    at = np.arange(n) * classes // n
    classes_of = [f"{5 + c // 4}{'abcd'[c % 4]}" for c in at]
    pupils = [f"L{i:03}" for i in range(n)]
    return pd.DataFrame({"leerlingnr": pupils, "klas": classes_of, "school": [f"S{c // 4}" for c in at], "c": at})


def arm_of(c, names=("controle", "interventie")):
    return [names[i % len(names)] for i in c]


def csv(frame, path, sep=";", **how):
    frame.to_csv(path, sep=sep, index=False, **how)
    return path


def wide_strs(folder):
    rng, frame, key = np.random.default_rng(1), people(), load("strs-sf", "A")
    frame["conditie"] = arm_of(frame.pop("c"))
    for wave in ("T0", "T1"):
        items = answers(rng, key, 1, 5, N)
        frame = frame.assign(**{f"strs_{i + 1}_{wave}": items[:, i] for i in range(15)})
    return [csv(frame, folder / "metingen.csv")]


def long_seq(folder):
    rng, frame, key = np.random.default_rng(2), people(), load("seq-c")
    frame["conditie"] = arm_of(frame.pop("c"))
    parts = []
    for wave in ("voormeting", "nameting"):
        items = answers(rng, key, 1, 5, N)
        parts.append(frame.assign(meting=wave, **{f"seqc{i + 1}": items[:, i] for i in range(24)}))
    return [csv(pd.concat(parts), folder / "leerlingen.csv", sep=",")]


def english_long(folder):
    rng, frame, key = np.random.default_rng(3), people(), load("sdq")
    frame = frame.rename(columns={"leerlingnr": "pupil_id", "klas": "classroom"})
    frame["condition"] = arm_of(frame.pop("c"), ("control", "treatment"))
    frame["gender"] = rng.choice(["M", "F"], N)
    parts = []
    for wave in (1, 2):
        items = answers(rng, key, 0, 2, N)
        parts.append(frame.assign(wave=wave, **{f"sdq_{i + 1:02}": items[:, i] for i in range(25)}))
    return [csv(pd.concat(parts), folder / "teacher_ratings.csv", sep=",")]


def xlsx_scores(folder):
    rng, frame = np.random.default_rng(4), people()
    frame["conditie"] = arm_of(frame.pop("c"))
    for subject in ("rekenen", "begrijpend lezen"):
        before = rng.normal(50, 10, N)
        frame[f"{subject} voor"] = before.round(1)
        frame[f"{subject} na"] = (before + rng.normal(4, 5, N)).round(1)
    frame.to_excel(folder / "toetsen.xlsx", index=False)
    return [folder / "toetsen.xlsx"]


def xlsx_two_sheets(folder):
    rng, frame, key = np.random.default_rng(5), people(), load("seq-c")
    frame["conditie"] = arm_of(frame.pop("c"))
    with pd.ExcelWriter(folder / "vragenlijst.xlsx") as book:
        for wave in ("voormeting", "nameting"):
            items = answers(rng, key, 1, 5, N)
            sheet = frame.assign(**{f"seq_{i + 1}": items[:, i] for i in range(24)})
            sheet.to_excel(book, sheet_name=wave, index=False)
    return [folder / "vragenlijst.xlsx"]


def sav_labelled(folder):
    import pyreadstat

    rng, frame, key = np.random.default_rng(6), people(), load("strs-sf", "B")
    frame["conditie"] = [float(1 + c % 2) for c in frame.pop("c")]
    for wave in ("T0", "T1"):
        items = answers(rng, key, 1, 5, N).astype(float)
        frame = frame.assign(**{f"STRS{i + 1}_{wave}": items[:, i] for i in range(15)})
    labels = {"conditie": {1.0: "Controlegroep", 2.0: "Experimentele groep"}}
    pyreadstat.write_sav(frame, str(folder / "metingen.sav"), variable_value_labels=labels)
    return [folder / "metingen.sav"]


def two_files_by_wave(folder):
    rng, frame, key = np.random.default_rng(7), people(), load("seq-c")
    frame["conditie"] = arm_of(frame.pop("c"))
    paths = []
    for name in ("voormeting", "nameting"):
        items = answers(rng, key, 1, 5, N)
        made = frame.assign(**{f"seqc_{i + 1}": items[:, i] for i in range(24)})
        paths.append(csv(made, folder / f"{name}.csv"))
    return paths


def no_class(folder):
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"id": range(1, 61), "group": ["control", "intervention"] * 30})
    frame["spelling_pre"] = rng.integers(5, 40, 60)
    frame["spelling_post"] = frame["spelling_pre"] + rng.integers(0, 12, 60)
    return [csv(frame, folder / "data.csv", sep=",")]


def three_arms(folder):
    rng, frame = np.random.default_rng(9), people()
    frame["conditie"] = arm_of(frame.pop("c"), ("coaching", "training", "controle"))
    frame["welbevinden_T1"] = rng.normal(6, 1, N).round(2)
    frame["welbevinden_T2"] = rng.normal(6.5, 1, N).round(2)
    return [csv(frame, folder / "metingen.csv", decimal=",")]


def followup(folder):
    rng, frame = np.random.default_rng(10), people()
    frame["conditie"] = arm_of(frame.pop("c"))
    for wave in ("pre", "post", "fu"):
        items = answers(rng, 5, 1, 4, N)
        frame = frame.assign(**{f"{wave}_angst_{i + 1}": items[:, i] for i in range(5)})
    return [csv(frame, folder / "export.csv")]


def teachers_and_pupils(folder):
    rng, frame, key = np.random.default_rng(11), people(), load("strs-sf", "B")
    frame["conditie"] = arm_of(frame.pop("c"))
    rated, own = [], []
    for wave in ("T0", "T1"):
        items, theirs = answers(rng, key, 1, 5, N), answers(rng, 6, 1, 5, N)
        rated.append(frame.assign(meting=wave, **{f"strs_{i + 1}": items[:, i] for i in range(15)}))
        mine = frame[["leerlingnr"]].rename(columns={"leerlingnr": "llnr"})
        own.append(mine.assign(meting=wave, **{f"nab_{i + 1}": theirs[:, i] for i in range(6)}))
    paths = csv(pd.concat(rated), folder / "leraren.csv"), csv(pd.concat(own), folder / "leerlingen.csv")
    return list(paths)


def codes_and_gaps(folder):
    rng, frame = np.random.default_rng(12), people()
    frame["conditie"] = [c % 2 for c in frame.pop("c")]
    for wave in (1, 2):
        items = answers(rng, 8, 1, 5, N)
        items[:, 2] = 6 - items[:, 2]
        items[rng.random(items.shape) < 0.05] = 99
        frame = frame.assign(**{f"motivatie{i + 1}_m{wave}": items[:, i] for i in range(8)})
    return [csv(frame, folder / "metingen.csv")]


def restarting_numbers(folder):
    rng, frame = np.random.default_rng(13), people()
    frame["leerlingnr"] = np.arange(N) % (N // CLASSES) + 1
    frame["conditie"] = arm_of(frame.pop("c"))
    frame["dmt_voor"] = rng.integers(20, 90, N)
    frame["dmt_na"] = frame["dmt_voor"] + rng.integers(0, 15, N)
    return [csv(frame, folder / "dmt.csv")]


def one_group(folder):
    rng = np.random.default_rng(14)
    frame = people().drop(columns=["c"])
    for wave in ("T0", "T1"):
        items = answers(rng, load("tses-12", order="original"), 1, 9, N)
        frame = frame.assign(**{f"tses{i + 1}_{wave}": items[:, i] for i in range(12)})
    frame = frame.rename(columns={"leerlingnr": "leerkracht"})
    return [csv(frame.drop(columns=["klas"]), folder / "leerkrachten.csv")]


def words(folder):
    rng, frame = np.random.default_rng(15), people()
    frame["conditie"] = arm_of(frame.pop("c"))
    said = np.array(["Helemaal mee oneens", "Mee oneens", "Neutraal", "Mee eens", "Helemaal mee eens"])
    for wave in ("voor", "na"):
        items = answers(rng, 4, 1, 5, N)
        frame = frame.assign(**{f"plezier {i + 1} {wave}": said[items[:, i] - 1] for i in range(4)})
    return [csv(frame, folder / "forms.csv", sep=",")]


def unnamed_arms(folder):
    rng, frame = np.random.default_rng(16), people()
    frame["conditie"] = arm_of(frame.pop("c"), ("A", "B"))
    frame["taal_T0"] = rng.integers(10, 60, N)
    frame["taal_T1"] = frame["taal_T0"] + rng.integers(0, 9, N)
    return [csv(frame, folder / "toets.csv")]


def item_then_wave(folder):
    rng, frame, key = np.random.default_rng(17), people(), load("strs-sf", "A")
    frame["conditie"] = arm_of(frame.pop("c"))
    for wave in (1, 2):
        items = answers(rng, key, 1, 5, N)
        frame = frame.assign(**{f"strs_{wave}_{i + 1}": items[:, i] for i in range(15)})
    return [csv(frame, folder / "metingen.csv")]


def title_above(folder):
    rng, frame = np.random.default_rng(18), people()
    frame["deelname programma"] = arm_of(frame.pop("c"), ("nee", "ja"))
    frame["lezen voormeting"], frame["lezen nameting"] = rng.integers(5, 50, N), rng.integers(5, 50, N)
    path = csv(frame, folder / "export.csv")
    path.write_text("Export, gemaakt voor De Wilg\n\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    return [path]


def one_to_nine(folder):
    rng, frame = np.random.default_rng(19), people()
    frame["conditie"] = arm_of(frame.pop("c"))
    for wave in ("t0", "t1"):
        items = answers(rng, load("tses-12", order="second"), 1, 9, N)
        frame = frame.assign(**{f"tses{i + 1}_{wave}": items[:, i] for i in range(12)})
    return [csv(frame, folder / "leraren.csv")]


def two_blocks(folder):
    rng, frame = np.random.default_rng(20), people()
    frame["conditie"] = arm_of(frame.pop("c"))
    for block in (1, 2):
        items = answers(rng, 6, 1, 5, N)
        frame = frame.assign(**{f"Q{block}_{i + 1}": items[:, i] for i in range(6)})
    return [csv(frame, folder / "qualtrics.csv", sep=",")]


def two_informants_one_key(folder):
    rng, frame, key = np.random.default_rng(21), people(), load("sdq")
    frame["conditie"] = arm_of(frame.pop("c"))
    parts = [frame]
    for wave in ("T1", "T2"):
        for who in ("lk", "ll"):
            items = answers(rng, key, 0, 2, N)
            parts.append(pd.DataFrame(items, columns=[f"sdq_{who}_{i + 1}_{wave}" for i in range(25)]))
        parts.append(pd.DataFrame({f"sdq_lk_totaal_{wave}": items.sum(axis=1)}))
    frame = pd.concat(parts, axis=1)
    return [csv(frame, folder / "sdq.csv")]


WHO = {"columns.pupil": "leerlingnr", "columns.class": "klas", "columns.school": "school", "columns.arm": "conditie"}
BY_CLASS = {"design.kind": "controlled", "design.assigned_by": "class"}
TWO = {"arms.controle": "control", "arms.interventie": "intervention"}

KINDS = {
    "wide, a questionnaire in version A": Kind(
        wide_strs, {**WHO, **BY_CLASS, **TWO, "waves.T0": "pre", "waves.T1": "post", "strs.instrument": "strs-sf",
                    "strs.version": "A", "strs.informant": "teacher", "primary": "strs"}),
    "long, pupils' own": Kind(
        long_seq, {**WHO, **BY_CLASS, **TWO, "columns.wave": "meting", "waves.voormeting": "pre",
                   "waves.nameting": "post", "seqc.instrument": "seq-c", "seqc.informant": "pupil"}),
    "English names, numbered waves": Kind(
        english_long, {"columns.pupil": "pupil_id", "columns.class": "classroom", "columns.school": "school",
                       "columns.arm": "condition", "columns.wave": "wave", **BY_CLASS, "arms.control": "control",
                       "arms.treatment": "intervention", "waves.1": "pre", "waves.2": "post", "sdq.instrument": "sdq",
                       "sdq.informant": "teacher", "covariates.gender": "yes"}),
    "workbook with scores": Kind(
        xlsx_scores, {**WHO, **BY_CLASS, **TWO, "waves.voor": "pre", "waves.na": "post", "rekenen.informant": "test",
                      "rekenen.better": "higher", "begrijpend_lezen.informant": "test"}),
    "workbook with a sheet for each wave": Kind(
        xlsx_two_sheets, {**WHO, **BY_CLASS, **TWO, "waves.voormeting": "pre", "waves.nameting": "post",
                          "seq.instrument": "seq-c"}),
    "SPSS with labelled arms": Kind(
        sav_labelled, {**WHO, **BY_CLASS, "arms.1": "control", "arms.2": "intervention", "waves.T0": "pre",
                       "waves.T1": "post", "STRS.instrument": "strs-sf", "STRS.version": "B"}),
    "a file for each wave": Kind(
        two_files_by_wave, {**WHO, **BY_CLASS, **TWO, "waves.voormeting": "pre", "waves.nameting": "post",
                            "seqc.instrument": "seq-c"}),
    "no class, an id and a group": Kind(
        no_class, {"columns.pupil": "id", "columns.arm": "group", "design.kind": "controlled",
                   "design.assigned_by": "pupil",
                   "arms.control": "control", "arms.intervention": "intervention", "waves.pre": "pre",
                   "waves.post": "post", "spelling.informant": "test", "spelling.better": "higher"}),
    "three arms, decimal commas": Kind(
        three_arms, {**WHO, **BY_CLASS, "arms.coaching": "intervention", "arms.training": "intervention",
                     "arms.controle": "control", "waves.T1": "pre", "waves.T2": "post",
                     "welbevinden.better": "higher"}),
    "a follow-up, the wave first, lower is better": Kind(
        followup, {**WHO, **BY_CLASS, **TWO, "waves.pre": "pre", "waves.post": "post", "waves.fu": "followup",
                   "angst.better": "lower", "angst.range": "1-4", "angst.instrument": "own"}),
    "teachers' and pupils' files": Kind(
        teachers_and_pupils, {**WHO, **BY_CLASS, **TWO, "columns.wave": "meting", "strs.instrument": "strs-sf",
                              "strs.version": "B", "nab.informant": "pupil", "nab.instrument": "own"}),
    "own items, 0 and 1, 99 for missing, one reversed": Kind(
        codes_and_gaps, {**WHO, **BY_CLASS, "arms.0": "control", "arms.1": "intervention", "waves.m1": "pre",
                         "waves.m2": "post", "motivatie.range": "1-5", "motivatie.missing": "99",
                         "motivatie.reversed": "motivatie3_m1", "motivatie.better": "higher"}),
    "numbers that restart in each class": Kind(
        restarting_numbers, {"columns.pupil": "klas+leerlingnr", "columns.class": "klas", "columns.arm": "conditie",
                             **BY_CLASS, **TWO, "waves.voor": "pre", "waves.na": "post", "dmt.informant": "test"}),
    "one group of teachers": Kind(
        one_group, {"unit": "teacher", "columns.teacher": "leerkracht", "design.kind": "single_group",
                    "tses.instrument": "tses-12", "tses.order": "original", "tses.informant": "teacher"}),
    "answers in words": Kind(
        words, {**WHO, **BY_CLASS, **TWO, "waves.voor": "pre", "waves.na": "post", "plezier.instrument": "own",
                "plezier.range": "1-5", "plezier.better": "higher"}),
    "two arms that say nothing": Kind(
        unnamed_arms, {**WHO, **BY_CLASS, "waves.T0": "pre", "waves.T1": "post", "arms.A": "?", "arms.B": "?"},
        said={"control": "B"}),
    "two numbers in a heading": Kind(
        item_then_wave, {**WHO, **BY_CLASS, **TWO, "waves.1": "pre", "waves.2": "post", "strs.instrument": "strs-sf",
                         "strs.version": "A"}),
    "a title above the header, yes and no": Kind(
        title_above, {"columns.arm": "deelname programma", "arms.ja": "intervention", "arms.nee": "control",
                      "files.header": "3", "waves.voormeting": "pre", "waves.nameting": "post",
                      "lezen.informant": "test", **BY_CLASS}),
    "answers from 1 to 9": Kind(
        one_to_nine, {**WHO, **BY_CLASS, **TWO, "tses.instrument": "tses-12", "tses.order": "second",
                      "tses.informant": "teacher", "tses.missing": None}),
    "two blocks of a form, one moment": Kind(
        two_blocks, {**WHO, **BY_CLASS, **TWO, "waves.moment": "post", "waves.1": None, "Q1.instrument": "own",
                     "Q2.instrument": "own"}),
    "one questionnaire by teachers and pupils, its total beside it": Kind(
        two_informants_one_key, {**WHO, **BY_CLASS, **TWO, "sdq_lk.instrument": "sdq", "sdq_lk.informant": "teacher",
                                 "sdq_ll.instrument": "sdq", "sdq_ll.informant": "pupil",
                                 "sdq_lk_totaal.better": None}),
}  # fmt: skip
