"""The table of scale quality is what its parts say, wave by wave, and survives scales that cannot be judged."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from werkbank.catalogue import has
from werkbank.instruments import Instrument, load
from werkbank.measurement.items import discriminant
from werkbank.measurement.quality import change_quality, discriminant_quality, scale_quality
from werkbank.measurement.scoring import item_matrix, score
from werkbank.statistics.reliability import alpha

KEY = load("strs-sf", "B")
WERKBANK = Path(__file__).parents[2] / "src" / "werkbank"
REASONED = ("statistics/reliability", "statistics/reliability_in_clusters", "statistics/agreement",
            "measurement/perspectives", "measurement/quality")  # fmt: skip


def study(pupils=120, waves=("pre", "post"), seed=6):
    """Simulated closeness and conflict in classes of twelve, answers 1-5."""
    rng = np.random.default_rng(seed)
    lasting = rng.normal(size=(pupils, 2)) + rng.normal(scale=0.5, size=(pupils // 12, 2))[np.arange(pupils) // 12]
    rows = []
    for wave in waves:
        trait = lasting + rng.normal(scale=0.5, size=lasting.shape)
        for n, item in enumerate(KEY.items):
            side = 0 if item in KEY.scales["closeness"].items else 1
            value = np.clip(np.rint(3 + trait[:, side] + rng.normal(scale=0.8, size=pupils)), 1, 5)
            value[rng.random(pupils) < 0.02] = np.nan
            pupil = np.arange(pupils)
            rows.append(
                pd.DataFrame({"pupil": pupil, "class": pupil // 12, "item": item, "wave": wave, "value": value})
            )
            rows[-1]["n"] = n
    table = pd.concat(rows).drop(columns="n").astype({"pupil": str, "class": str})
    return table.assign(teacher=table["class"], school="s", arm="a", informant="teacher", outcome="strs-sf")


def test_the_table_says_what_its_parts_say():
    answers = study()
    found = scale_quality(answers, "strs-sf", KEY).set_index(["scale", "wave"])
    assert len(found) == 4
    items = item_matrix(answers, "strs-sf", KEY, "conflict", "post", "teacher")
    row = found.loc[("conflict", "post")]
    assert row["alpha"] == alpha(items).estimate
    scores = score(answers, "strs-sf", KEY, ["conflict"])
    mine = scores.loc[scores["wave"] == "post", "score"]
    assert (row["mean"], row["sd"], row["n_scores"]) == pytest.approx((mine.mean(), mine.std(), mine.count()))
    assert row["sem"] == pytest.approx(mine.std() * math.sqrt(1 - row["alpha"]))
    assert row["n_classes"] == 10


def test_reliability_of_change_uses_the_same_pupils():
    answers = study()
    quality = scale_quality(answers, "strs-sf", KEY)
    table = score(answers, "strs-sf", KEY)
    row = change_quality(table, quality, "pre", "post").set_index("scale").loc["closeness"]
    wide = table[table["scale"] == "closeness"].pivot_table(index="pupil", columns="wave", values="score").dropna()
    assert row["n"] == len(wide)
    assert row["retest"] == pytest.approx(wide["pre"].corr(wide["post"]))
    a = quality.set_index(["scale", "wave"])["alpha"]
    variances = wide.var()
    change = (wide["post"] - wide["pre"]).var()
    errors = sum(variances[w] * (1 - a["closeness", w]) for w in ("pre", "post"))
    assert row["difference_reliability"] == pytest.approx(1 - errors / change)
    assert change_quality(table, quality, "pre", "followup").empty
    assert change_quality(table, quality, "pre", "post", arm="another").empty


def test_scales_of_one_informant_are_held_against_each_other():
    answers = study()
    quality, table = scale_quality(answers, "strs-sf", KEY), score(answers, "strs-sf", KEY)
    found = discriminant_quality(table, quality, "pre")
    assert found[["first", "second"]].to_numpy().tolist() == [["strs-sf.closeness", "strs-sf.conflict"]]
    assert found["informant"].tolist() == ["teacher"]
    assert not found["too_alike"].any()
    assert list(discriminant_quality(table, quality, "followup").columns) == list(
        discriminant(pd.DataFrame(), {}).columns
    )


@pytest.mark.parametrize(
    ("values", "k"),
    [(np.full((6, 3), np.nan), 3), (np.ones((6, 3)), 3), (np.ones((1, 3)), 3), (np.arange(6.0)[:, None], 1)],
    ids=["all missing", "constant", "one pupil", "one item"],
)  # fmt: skip
def test_a_scale_that_cannot_be_judged_still_has_its_row(values, k):
    key = Instrument.own("joy", [str(n) for n in range(k)], (0, 5))
    long = pd.DataFrame(values, columns=key.items).rename_axis("pupil").reset_index().melt("pupil", var_name="item")
    long = long.assign(
        **dict.fromkeys(["teacher", "class", "school", "arm"], "x"), wave="pre", informant="pupil", outcome="joy"
    )
    (row,) = scale_quality(long, "joy", key).to_dict("records")
    assert math.isnan(row["alpha"])
    assert row["n_scores"] == np.isfinite(values).all(axis=1).sum()


def test_an_outcome_without_answers_is_an_empty_table():
    assert scale_quality(study(), "another", KEY).empty


def test_every_reason_has_its_sentence_in_both_languages():
    code = re.compile(r'"(too_(?:few|little)_\w+|no_\w+|singleton_\w+|constant_item|pair_without_\w+)"')
    files = [WERKBANK / f"{name}.py" for name in REASONED]
    reasons = {reason for file in files for reason in code.findall(file.read_text(encoding="utf-8"))}
    assert len(reasons) > 10
    assert [
        r for r in sorted(reasons) for language in ("nl", "en") if not has(f"measurement.reason.{r}", language)
    ] == []
