"""Simple slopes: one curve goes through the table's differences, and turns sure at Johnson and Neyman's borders."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml

from werkbank.bench import Bench
from werkbank.effects.moderation import along, moderated
from werkbank.reporting import appendices, evaluation, numbers
from werkbank.reporting.blocks import Figure, Table
from werkbank.reporting.estimates import Slope, slopes
from werkbank.study import load_study

PLACES = ("low", "mean", "high")


def fitted(slope, seed=2, n=200):
    rng = np.random.default_rng(seed)
    arm, by, pre = np.resize([1.0, 0.0], n), rng.normal(3, 0.5, n), rng.normal(size=n)
    post = 0.4 * pre + arm * (0.5 + slope * (by - 3)) + rng.normal(0, 0.7, n)
    table = pd.DataFrame({"arm": np.where(arm > 0, "T", "C"), "by": by, "pre": pre, "post": post})
    at = tuple(by.mean() + k * by.std(ddof=1) for k in (-1, 0, 1))
    return table, at, moderated(table, {"T": 1.0, "C": -1.0}, "by", at=at)


def test_the_curve_is_the_model_refitted_at_every_value():
    table, at, found = fitted(0.8)
    three = [found.effects[x] for x in at]
    curve = along(at, [q.value for q in three], [q.se for q in three], found.interaction.df)
    places = curve["at"].to_numpy()[[0, 37, 250, 400]]
    again = moderated(table, {"T": 1.0, "C": -1.0}, "by", at=places).effects
    for x in places:
        row = curve.loc[curve["at"] == x].iloc[0]
        assert (row["difference"], row["low"], row["high"]) == pytest.approx(
            (again[x].value, again[x].ci_low, again[x].ci_high), rel=1e-9
        )
    step = curve["at"].iloc[1] - curve["at"].iloc[0]
    turns = curve["at"][curve["sure"].astype(int).diff().abs() == 1]
    inside = [x for x in found.region if curve["at"].iloc[0] < x < curve["at"].iloc[-1]]
    assert len(inside) >= 1
    assert sorted(turns) == pytest.approx(sorted(inside), abs=step)


@pytest.mark.parametrize(("language", "sign"), [("nl", ","), ("en", ".")])
def test_the_text_says_what_is_seen(language, sign):
    rising = Slope("taal", "leeftijd", (9.0, 10.0, 11.0), (-2.0, 0.0, 2.0), (0.4, 0.3, 0.4), 40)
    shown = slopes([rising, *[rising] * 5], language, "95")
    assert shown.is_vector
    assert f"−2{sign}00" in shown.alt
    assert f"9{sign}00" in shown.alt
    assert shown.alt.count(f"10{sign}00") == 4, "four panels at most"
    seen = shown.alt.split("; ")[1]
    assert "8" in seen and "12" in seen, "clear of zero at both ends"  # noqa: PT018 - one picture
    assert shown.image == slopes([rising] * 4, language, "95").image
    flat = Slope("taal", "leeftijd", (9.0, 10.0, 11.0), (0.1, 0.1, 0.1), (0.4, 0.3, 0.4), 40)
    sure = Slope("taal", "leeftijd", (9.0, 10.0, 11.0), (9.0, 9.1, 9.2), (0.4, 0.3, 0.4), 40)
    nowhere = {"nl": "nergens op het getekende bereik", "en": "nowhere in the drawn range"}
    everywhere = {"nl": "over het hele getekende bereik is p", "en": "over the whole drawn range p is"}
    assert nowhere[language] in slopes([flat], language, "95").alt
    assert everywhere[language] in slopes([sure], language, "95").alt
    assert {"nl": "met 80%-betrouwbaarheid", "en": "with 80% confidence"}[language] in slopes(
        [sure], language, "80"
    ).caption


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_report_draws_the_differences_of_its_table(report, language):
    bench = report("nabijheid", language)
    shown, appendix = evaluation.mechanisms(bench).blocks, appendices.all_mechanisms(bench).blocks
    (picture,) = [b for b in shown if isinstance(b, Figure)]
    table = next(b for b in appendix if isinstance(b, Table) and b.id == "tab-mechanisms-moderation")
    values = [row["at"] for row in table.rows if row["at"] is not None]
    assert len(values) >= 4 * len(PLACES)
    assert all(row["estimate"] is None for row in table.rows if "Neyman" in row["formula"])
    assert numbers.decimal(values[0], language) in picture.alt
    assert "at" in [c.key for c in table.columns]
    others = [b for b in (*shown, *appendix) if isinstance(b, Table) and b is not table]
    assert others
    assert "tab-interactions" in [b.id for b in others]
    assert all("at" not in [c.key for c in b.columns] for b in others)


def test_a_characteristic_that_is_called_pre_is_not_taken_for_the_score_before(tmp_path, pipeline):
    rng = np.random.default_rng(4)
    rows = [
        f"p{n};{'nieuw' if n % 2 else 'gewoon'};{wave};{rng.normal(30, 5):.2f};{n % 7}"
        for n in range(60)
        for wave in ("pre", "post")
    ]
    (tmp_path / "raw.csv").write_text("\n".join(["pupil;arm;wave;taal;pre", *rows]), encoding="utf-8")
    content = {
        "title": "Proef", "language": "nl", "design": {"kind": "randomised", "assigned_by": "pupil"},
        "files": [{"path": "raw.csv"}], "columns": {"pupil": "pupil", "arm": "arm", "wave": "wave"},
        "arms": {"nieuw": "intervention", "gewoon": "control"}, "waves": {"pre": "pre", "post": "post"},
        "outcomes": [{"name": "taal", "column": "taal", "range": [0, 60], "better": "higher", "role": "primary"}],
        "moderators": [{"column": "pre"}, {"outcome": "taal"}],
    }  # fmt: skip
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    intake, scores, results = pipeline(load_study(tmp_path / "study.yaml"))
    bench = Bench.made(intake, scores, results, "nl")
    tables = {b.id: b for part in (evaluation.mechanisms, appendices.all_mechanisms) for b in part(bench).blocks
              if isinstance(b, Table)}  # fmt: skip
    corrected = {e.moderator: e.p for e in results.where(method="p_bh_interaction")}
    tests = {e.p: corrected[e.moderator] for e in results.where(kind="moderation", level="")}
    assert len(tests) == 2
    for name in ("tab-interactions", "tab-mechanisms-moderation"):
        shown = {row["p"]: row["p_corrected"] for row in tables[name].rows if row["p_corrected"] is not None}
        assert shown == tests, name
