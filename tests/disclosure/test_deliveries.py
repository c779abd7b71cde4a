"""Copies that were given out one after another, read side by side by someone who knows the study and these rules.

Reports are laid down as a run lays them down, without their notebooks: what is tried is what lies in ``share``.
"""

from __future__ import annotations

import json
from collections import defaultdict

import pytest
from tests.disclosure.attacker import counts as attack
from tests.disclosure.test_batch_attack import ARMS, counts_of, study_of_schools

from werkbank.bench import Bench
from werkbank.disclosure import register
from werkbank.disclosure.deliveries import Delivery, touched
from werkbank.disclosure.deliveries import counts_of as counts_behind
from werkbank.disclosure.register import Register
from werkbank.disclosure.standing_behind import Behind, standing
from werkbank.intake import read_answers
from werkbank.measurement.study_scores import score_study
from werkbank.reporting.blocks import Heading, Section
from werkbank.reporting.sharing import shared_bench
from werkbank.results import MIME, Fact, Results
from werkbank.running import manifest
from werkbank.running.together import UNDECIDED, settle
from werkbank.study import load_study

PARTS = ["werkbank.reporting.evaluation:design"]
SECTION = {MIME: Section("a", "nl", (Heading("Deel"),)).to_json()}
CELL = {
    "cell_type": "code", "id": "a", "source": "", "metadata": {}, "execution_count": 1,
    "outputs": [{"output_type": "display_data", "metadata": {}, "data": SECTION}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _code_stands_still(monkeypatch):
    monkeypatch.setattr(manifest, "_code", lambda: "0")


def laid(out, name, folder, only):
    """Lay down the folder of one report, its copy to share not looked at yet; return the place and its study."""
    from werkbank.appraisal import appraise
    from werkbank.effects import describe, estimate

    study = load_study(folder)
    intake = read_answers(study, only)
    scored = score_study(intake)
    found = Results(
        study.model_dump(mode="json", by_alias=True, exclude_none=True),
        tuple(estimate(study, scored.table, intake.pupils, 1)),
        (*scored.facts, *describe(study, scored.table, intake.pupils)),
    )
    results = found.with_more(claims=appraise(study, found))
    copy = shared_bench(Bench.made(intake, scored, results, "nl")).results
    place = out / name
    (place / manifest.HELD).mkdir(parents=True)
    texts = {
        "results.json": results.to_json(),
        "evaluation.nl.ipynb": json.dumps({"cells": [CELL]}),
        "evaluation.nl.html": "x",
    }
    texts |= {f"share/evaluation.nl.{form}": text for form, text in (("json", copy.to_json()), ("csv", copy.to_csv()))}
    for file, text in texts.items():
        manifest.held(place, file).write_text(text, encoding="utf-8")
    hashes = {file: manifest.sha256(manifest.held(place, file)) for file in texts}
    common = {"results.json": hashes.pop("results.json")}
    entry = {"notebook": "0" * 64, "parameters": {}, "remarks": [], "files": hashes, "results": ""}
    inputs = manifest.inputs_of(study, {"seed": 1, **({"only": only} if only else {})})
    reports = {"evaluation.nl": {**entry, "share": {"parts": PARTS, **UNDECIDED}}}
    (place / manifest.NAME).write_text(manifest.written(inputs, common, reports), encoding="utf-8")
    return place, study


def delivered(out, folder, asked):
    """Give out, at one time, a copy for each of `asked` (name -> codes)."""
    return settle(dict(laid(out, name, folder, only) for name, only in asked.items()), anew=True)


def rows_of(folder):
    return (folder / "raw.csv").read_text(encoding="utf-8").splitlines()


def changed(folder, change):
    """Rewrite every row of the raw file; a row that becomes None goes."""
    header, *rows = rows_of(folder)
    kept = [row for row in (change(row.split(";")) for row in rows) if row is not None]
    (folder / "raw.csv").write_text("\n".join([header, *(";".join(row) for row in kept)]) + "\n", encoding="utf-8")


def scores_of(folder):
    """Return from the raw file who has which answers, by outcome, wave and arm ('' for all): what a mean is about."""
    found = defaultdict(set)
    for pupil, _, _, arm, wave, *items, taal in (row.split(";") for row in rows_of(folder)[1:]):
        moment = {"T0": "pre", "T1": "post"}[wave]
        for outcome, answers in (("fijn", tuple(items)), ("taal", (taal,))):
            if any(answers):
                for of in (arm, ""):
                    found[outcome, moment, of].add((pupil, answers))
    return found


def told_apart(out, first, second, before, after):
    """Return what both copies show of sets that hardly differ: an attack on means, SDs and counts of scores."""
    shown = []
    for place in (first, second):
        content = json.loads((out / place / "share" / "evaluation.nl.json").read_text(encoding="utf-8"))
        means = [f for f in content["facts"] if f["what"] in {"mean", "sd", "scale_mean", "scale_sd"}]
        shown.append(
            {(f["what"], f["outcome"], f["wave"], f["arm"]): f["value"] for f in means if f["value"] is not None}
        )
    found = []
    for what, outcome, wave, arm in shown[0].keys() & shown[1].keys():
        apart = before[outcome, wave, arm] ^ after[outcome, wave, arm]
        if 0 < len({pupil for pupil, _ in apart}) < 6:
            found.append((what, outcome, wave, arm))
    return found, shown


def gone(folder):
    """Return a pupil with both scores in the arm and school that have most."""
    count = defaultdict(list)
    for pupil, school, _, arm, *_ in (row.split(";") for row in rows_of(folder)[1:]):
        count[school, arm].append(pupil)
    most = max(count.values(), key=len)
    return next(pupil for pupil in most if most.count(pupil) == 2)


CHANGES = {
    "withdrawn": lambda row, who: None if row[0] == who else row,
    "score taken out": lambda row, who: [*row[:-1], ""] if row[0] == who and row[4] == "T1" else row,
    "score corrected": lambda row, who: [*row[:-1], "59"] if row[0] == who and row[4] == "T1" else row,
    "other arm": lambda row, who: [*row[:3], "ba"[ARMS.index(row[3])], *row[4:]] if row[0] == who else row,
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.long) for n in range(2, 8))])
def test_a_second_copy_tells_nothing_of_the_pupil_who_changed_in_between(tmp_path, change, seed):
    folder, out = tmp_path / "studie", tmp_path / "uit"
    folder.mkdir()
    study_of_schools(folder, seed, 4)
    before, who = scores_of(folder), gone(folder)
    assert delivered(out, folder, {"eerst": {}}).said == {}
    changed(folder, lambda row: CHANGES[change](row, who))
    after = scores_of(folder)
    said = delivered(out, folder, {"later": {}}).said
    found, shown = told_apart(out, "eerst", "later", before, after)
    assert not found
    assert said, "what was held back is said"
    assert shown[1] or change == "other arm", "what the change does not touch is shown"
    study = load_study(folder)
    register.write(study, register.read(study).without(register.read(study).numbered, "2026-01-01"))
    assert delivered(out, folder, {"onbeschermd": {}}).said == {}
    assert told_apart(out, "eerst", "onbeschermd", before, after)[0], "the attack finds it where nothing is remembered"


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.long) for n in range(2, 8))])
def test_schools_one_by_one_after_the_whole_give_no_small_count_away(tmp_path, seed):
    """`run`, a pupil withdrawn, then the schools, in two goes: what all of it together leaves of each small count."""
    folder, out = tmp_path / "studie", tmp_path / "uit"
    folder.mkdir()
    of = study_of_schools(folder, seed, 4)
    delivered(out, folder, {"alle": {}})
    who = gone(folder)
    changed(folder, lambda row: CHANGES["withdrawn"](row, who))
    first = {"s0": {"school": "s0"}, "s1": {"school": "s1"}}
    second = {"s2": {"school": "s2"}, "s3": {"school": "s3"}}
    for asked in (first, second):
        delivered(out, folder, asked)
    members = {"alle": set(of)}
    for name, only in (first | second).items():
        members[name] = {p for p, roles in of.items() if roles["school"] == only["school"] and p != who}
    there = {name: pupils for name, pupils in members.items() if (out / name / "share").is_dir()}
    assert len(there) > 2
    true, shown = counts_of(out, there)
    small, lost = attack.solve(true, shown, there, ARMS)
    assert not lost
    assert len(small) > 10


def test_a_second_wave_for_everyone_leaves_what_was_shown_of_the_first(tmp_path):
    folder, out = tmp_path / "studie", tmp_path / "uit"
    folder.mkdir()
    study_of_schools(folder, 3, 4)
    whole = rows_of(folder)
    changed(folder, lambda row: row if row[4] == "T0" else None)
    before = scores_of(folder)
    delivered(out, folder, {"eerst": {}})
    (folder / "raw.csv").write_text("\n".join(whole) + "\n", encoding="utf-8")
    who = gone(folder)
    changed(folder, lambda row: CHANGES["withdrawn"](row, who))
    delivered(out, folder, {"later": {}})
    found, shown = told_apart(out, "eerst", "later", before, scores_of(folder))
    assert not found
    assert any(wave == "post" for _, _, wave, _ in shown[1]), "the new wave is shown"


def behind(**cells):
    return Behind({place.replace("_", "|"): known for place, known in cells.items()}, {})


def test_few_apart_are_held_back_and_many_or_none_are_not():
    taal = {f"p{i}": "1" for i in range(20)}
    mean = Fact("m", "mean", 3.0, outcome="taal", wave="post", n=20, kind="described")
    results = Results({}, facts=(mean,))
    given = {"id": "1", "report": "r", "only": {}, "on": "", "before": "", "also": (), "bare": (), "earlier": 0,
             "shown": {}, "hidden": {}, "sensitive": (), "relations": (), "printed": {},
             "cells": ("taal|post|",)}  # fmt: skip
    for others, tells in ((0, False), (1, True), (5, True), (6, False), (20, False)):
        before = Delivery(**given, behind=behind(taal_post={**taal, **{f"p{i}": "2" for i in range(others)}}, _={}))
        now = behind(taal_post=taal, _={})
        assert touched(results, now, [before], 6) == ({"m"} if tells else set()), others
    assert counts_behind(results, {"m"}) == set()


def test_a_register_is_read_as_it_was_written_and_its_state_is_a_chain(tmp_path):
    folder = tmp_path / "studie"
    folder.mkdir()
    study_of_schools(folder, 1, 3)
    delivered(tmp_path / "uit", folder, {"a": {}, "s0": {"school": "s0"}})
    found = register.read(load_study(folder))
    assert Register.from_json(found.to_json()) == found
    assert len(found.states) == len(set(found.states)) == 3
    assert found.states[0] == ""
    fewer = found.without([1], "2026-01-01")
    assert [one.report for one in fewer.standing] == ["evaluation.nl"]
    assert Register.from_json(fewer.to_json()) == fewer
    assert found.without([1], "2027-01-01").state == fewer.state, "a day decides nothing"


def test_who_is_behind_a_school_is_part_of_who_is_behind_the_study(tmp_path):
    folder = tmp_path / "studie"
    folder.mkdir()
    of = study_of_schools(folder, 1, 3)
    there = standing(load_study(folder))
    everyone = there.of({}).pupils
    schools = [there.of({"school": f"s{n}"}).pupils for n in range(3)]
    measured = {row.split(";")[0] for row in rows_of(folder)[1:]}
    assert len(everyone) == len(measured)
    assert [len(s) for s in schools] == [sum(of[p]["school"] == f"s{n}" for p in measured) for n in range(3)]
    assert all(school < everyone for school in schools)
    assert there.of({"school": "geen"}).pupils == frozenset()
