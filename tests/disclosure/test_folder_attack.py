"""Several reports of one study, in one folder or in several: what the copies to share give away side by side."""

from __future__ import annotations

import json

import pytest
from tests.disclosure.attacker import counts as attack
from tests.disclosure.test_batch_attack import ARMS, counts_of, study_of_schools

import werkbank
from werkbank.disclosure.checking import check_files
from werkbank.running import manifest

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def _code_stands_still(monkeypatch):
    monkeypatch.setattr(manifest, "_code", lambda: "0")


def attacked(folder, of, places):
    """Return (small counts, those that are given away) of reports of the same pupils in these folders."""
    members = {place: set(of) for place in places}
    true, shown = counts_of(folder, members)
    first, *rest = places
    for place in rest:  # the same pupils: one count, wherever it is shown
        true[first] = true[place] | true[first]
        shown[first] |= shown[place]
    return attack.solve({first: true[first]}, {first: shown[first]}, {first: members[first]}, ARMS)


@pytest.mark.parametrize("seed", [1, *(pytest.param(s, marks=pytest.mark.long) for s in range(2, 8))])
def test_reports_of_one_study_give_nothing_away(seed, tmp_path):
    """In one folder they are looked at together; in three each run sees only its own, and the check sees all."""
    of, apart = study_of_schools(tmp_path, seed, 2), ["school", "evaluation", "thesis"]
    for report, language in zip(apart, ("nl", "en", "nl"), strict=True):
        for place in ("samen", report):
            werkbank.run_report(tmp_path, report, language=language, out=tmp_path / place, warm=True)
    small, lost = attacked(tmp_path, of, ["samen"])
    assert not lost
    assert len(small) > 5
    assert check_files([tmp_path / "samen" / "share"], 6)[1] == []
    given_away = attacked(tmp_path, of, apart)[1]
    found = check_files([tmp_path / place / "share" for place in apart], 6)[1]
    assert bool(given_away) <= bool(found), "what is given away is found"


def test_a_planted_leak_is_found_by_the_attack_and_by_the_check(tmp_path):
    """One count that a copy hides, put back: in the files as they are shared, for one who only reads these."""
    of = study_of_schools(tmp_path, 1, 2)
    werkbank.run_report(tmp_path, "evaluation", out=tmp_path / "a", warm=True)
    small, lost = attacked(tmp_path, of, ["a"])
    assert (len(small) > 5, lost) == (True, [])
    true = json.loads((tmp_path / "a" / "results.json").read_text(encoding="utf-8"))
    copy = tmp_path / "a" / "share" / "evaluation.nl.json"
    content = json.loads(copy.read_text(encoding="utf-8"))
    exact = {fact["id"]: fact["value"] for fact in true["facts"]}
    hidden = [f for f in content["facts"] if f["what"].startswith("pupils_") and f["value"] is None and exact[f["id"]]]
    hidden[0]["value"] = exact[hidden[0]["id"]]
    copy.write_text(json.dumps(content), encoding="utf-8")
    assert attacked(tmp_path, of, ["a"])[1]
    assert {problem.code for problem in check_files([copy], 6)[1]} & {"privacy_small", "privacy_derivable"}
