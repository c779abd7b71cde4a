"""Every example of docs/files-that-schools-have.md, with a file such as it speaks of."""

from __future__ import annotations

import datetime as dt
import io
import re
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest
import yaml

from werkbank.running.checking import check_study
from werkbank.study import load_study

PAGE = (Path(__file__).parents[2] / "docs" / "files-that-schools-have.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```yaml (\w+)\n(.*?)```", PAGE, flags=re.DOTALL))
COMMON = {
    "title": "proef",
    "design": {"kind": "controlled", "assigned_by": "class"},
    "arms": {"programma": "intervention", "controle": "control"},
    "waves": {"T0": "pre", "T1": "post"},
}
WHO = [(n, f"{5 + n // 4}A", "programma" if n < 4 else "controle", wave) for n in range(8) for wave in ("T0", "T1")]
WORDS = ("Helemaal oneens", "Oneens", "Neutraal", "Eens", "Helemaal eens")


def answers_of(n, wave, form="{}"):
    """Return both answers of a pupil at a wave, written as `form`."""
    return [form.format(answer(n, wave, item)) for item in (1, 2)]


def answer(n, wave, item):
    return 1 + (3 * n + 2 * item + (wave == "T1")) % 5


def csv(head, rows):
    return "\n".join([",".join(head), *(",".join(f'"{cell}"' for cell in row) for row in rows)]) + "\n"


def google():
    head = [
        "Tijdstempel",
        "Wat is het nummer van de leerling?",
        "Groep",
        "Conditie",
        "Meting",
        "Ik ga graag naar school",
        "De les is leuk",
    ]
    rows = [
        [f"{1 + n}-9-2026 9:00:11", n, k, a, w, *(WORDS[answer(n, w, i) - 1] for i in (1, 2))] for n, k, a, w in WHO
    ]
    rows.append(["30-9-2026 9:00:11", *rows[0][1:]])
    return {"form.csv": csv(head, rows)}


def windows():
    (name, made), *_ = google().items()
    head, *lines = made.splitlines()
    stamps = {"T0": "14-9-2026 9:00:11", "T1": "7-12-2026 9:00:11"}
    rows = []
    for line in lines[:-1]:
        wave = "T0" if ',"T0",' in line else "T1"
        rows.append(line.replace(line.split(",")[0], f'"{stamps[wave]}"'))
    return {name: "\n".join([head, *rows]) + "\n"}


def microsoft():
    book, content = openpyxl.Workbook(), io.BytesIO()
    book.active.append(
        [
            "Id",
            "Voltooiingstijd",
            "Leerlingnummer\u00a0",
            "Groep",
            "Conditie",
            "Meting",
            "\u200bStelling 1.",
            "Stelling 2.",
        ]
    )
    for n, k, a, w in WHO:
        book.active.append([n, "2026-09-01 10:00", n, k, a, w, answer(n, w, 1), answer(n, w, 2)])
    book.save(content)
    return {"forms.xlsx": content.getvalue()}


def qualtrics():
    head = ["Status", "Finished", "leerlingnr", "Groep", "Conditie", "Meting", "Q1", "Q2"]
    below = [head, ['{""ImportId"":""x""}'] * len(head)]
    labelled = {str(n): f"{n} - {word}" for n, word in enumerate(WORDS, 1)}
    rows = [["IP Address", "True", n, k, a, w, *map(labelled.get, answers_of(n, w))] for n, k, a, w in WHO]
    odd = [["Survey Preview", "True", "99", *rows[0][3:]], ["IP Address", "False", "98", *rows[0][3:]]]
    return {"qualtrics.csv": csv(head, [*below, *rows, *odd])}


def limesurvey():
    head = ["submitdate", "token", "Groep", "Conditie", "Meting", "plezier[SQ001]", "plezier[SQ002]"]
    rows = [["2026-09-01", n, k, a, w, *(f"A{answer(n, w, i)}" for i in (1, 2))] for n, k, a, w in WHO]
    rows[3][-1] = "N/A"
    return {"limesurvey.csv": csv(head, [*rows, ["", "zz", "5A", "programma", "T0", "A1", ""]])}


def castor():
    head = ["Participant Id", "Groep", "Randomization Group", "t0_1", "t0_2", "t1_1", "t1_2"]
    groups = {"programma": 1, "controle": 2}
    rows = [[f"A-{n}", k, groups[a], *answers_of(n, "T0"), *answers_of(n, "T1")] for n, k, a, w in WHO if w == "T0"]
    rows[0][-1] = -99
    return {"castor.csv": csv(head, rows)}


def spss(folder):
    groups = {"programma": 1.0, "controle": 2.0}
    rows = [[float(n), k, groups[a], w, *map(float, answers_of(n, w))] for n, k, a, w in WHO]
    frame = pd.DataFrame(rows, columns=["nr", "Groep", "Conditie", "Meting", "v1", "v2"])
    path = folder / "made.sav"
    labels = {"Conditie": {1.0: "programma", 2.0: "controle"}, "v1": {1.0: "oneens", 5.0: "eens"}}
    pyreadstat.write_sav(frame, str(path), variable_value_labels=labels)
    return {"metingen.sav": path.read_bytes()}


def portable(folder):
    rows = [[float(n), k, a, w, *map(float, answers_of(n, w))] for n, k, a, w in WHO]
    path = folder / "made.por"
    pyreadstat.write_por(pd.DataFrame(rows, columns=["nr", "Groep", "Conditie", "Meting", "v1", "v2"]), str(path))
    return {"metingen.por": path.read_bytes()}


def headers():
    head = ["nr", "Groep", "Conditie", "Meting", "v1", "v2"]
    rows = [[n, k, a, w, *answers_of(n, w)] for n, k, a, w in WHO]
    meant = ["nummer", "klas", "arm", "wanneer", "plezier 1", "plezier 2"]
    body = csv(head, [meant, *rows, ["Gemiddelde", "", "", "", "3.1", "2.9"]])
    return {"export.csv": f"Export van de vragenlijst,,,,,\n,,,,,\n{body}"}


def dates():
    book, content = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["nr", "Groep", "Conditie", "Afname", "v1", "v2"])
    days = {"T0": dt.datetime(2026, 9, 14), "T1": dt.datetime(2026, 12, 7)}  # noqa: DTZ001 - a day has no time zone
    for n, k, a, w in WHO:
        book.active.append([n, k, a, days[w], answer(n, w, 1), answer(n, w, 2)])
    book.save(content)
    return {"metingen.xlsx": content.getvalue()}


def monitoring():
    head = ["Leerling", "Vakgebied", "Afnamedatum", "Toets", "Vaardigheidsscore"]
    rows = [
        [f"L{n:02d}", "Rekenen", f"2{n % 3}-01-202{year}", f"M{year}", 100 + 10 * year + n % 7]
        for n in range(20)
        for year in range(2, 7)
    ]
    return {"lvs.csv": csv(head, rows)}


def classes():
    made = {}
    for klas, shift in (("5A", 0), ("5B", 1)):
        rows = [[n, w, answer(n + shift, w, 1), answer(n, w, 2)] for n in range(1, 5) for w in ("T0", "T1")]
        made[f"klas {klas}.csv"] = csv(["nr", "Meting", "v1", "v2"], rows)
    return made


MADE = {
    "google": google, "windows": windows, "microsoft": microsoft, "qualtrics": qualtrics, "limesurvey":
    limesurvey, "castor": castor, "spss": spss, "portable": portable, "monitoring": monitoring, "classes":
    classes, "headers": headers, "dates": dates,
}  # fmt: skip


def test_every_example_is_tried():
    assert set(EXAMPLES) == set(MADE)


@pytest.mark.parametrize("name", MADE)
def test_an_example_reads_the_file_that_it_speaks_of(tmp_path, name):
    make = MADE[name]
    (tmp_path / "raw").mkdir()
    for file, content in (make(tmp_path) if name in {"spss", "portable"} else make()).items():
        (tmp_path / "raw" / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    common = {"title": "proef"} if name == "monitoring" else COMMON
    text = yaml.safe_dump({**common, **yaml.safe_load(EXAMPLES[name])}, allow_unicode=True, sort_keys=False)
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    found = check_study(load_study(tmp_path))
    assert all(note.sentence("nl") and note.sentence("en") for note in found.notes)
    if name == "monitoring":
        assert found.files[-1].n_rows == 100
        return
    assert len(found.intake.pupils) == 8
    answers = found.intake.answers.dropna(subset=["value"])
    assert len(answers) == 32 - {"limesurvey": 1, "castor": 1}.get(name, 0)
    assert set(answers["value"]) <= {1, 2, 3, 4, 5}
