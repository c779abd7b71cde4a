"""The attack at full size: everything in the folders `share` of a batch leaves each small count its whole interval."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import yaml
from tests.disclosure.attacker import counts as attack

from werkbank.running import manifest
from werkbank.running.batch import run_batch
from werkbank.running.jobs import jobs_of_table
from werkbank.running.verify import verify

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
ARMS = ("a", "b")


@pytest.fixture(autouse=True)
def _code_stands_still(monkeypatch):
    monkeypatch.setattr(manifest, "_code", lambda: "0")


def study_of_schools(folder, seed, schools):
    """Write a study of schools of very different sizes; classes lie within schools; some pupils have no school."""
    rng = np.random.default_rng(seed)
    rows, pupil, of = ["leerling;school;groep;arm;meting;a1;a2;a3;taal"], 0, {}
    sizes = [int(rng.choice([5, 9, 16, 30])) for _ in range(schools)]
    for number, size in enumerate([*sizes, int(rng.integers(0, 4))]):
        school = f"s{number}" if number < schools else ""
        for place in range(size):
            pupil += 1
            klas = f"{school}k{place % 2}" if school else ""
            arm = ARMS[(place % 2 + number) % 2 if seed % 2 else place % 2]
            of[f"p{pupil}"] = {"school": school, "class": klas}
            for wave in ("T0", "T1"):
                if rng.random() < 0.08:
                    continue
                items = [int(x) if rng.random() > 0.03 else "" for x in rng.integers(1, 6, 3)]
                taal = "" if rng.random() < 0.08 else int(rng.integers(10, 60))
                rows.append(f"p{pupil};{school};{klas};{arm};{wave};{';'.join(map(str, items))};{taal}")
    (folder / "raw.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    content = {
        "title": "Scholen", "design": {"kind": "randomised", "assigned_by": "pupil"}, "files": [{"path": "raw.csv"}],
        "columns": {"pupil": "leerling", "school": "school", "class": "groep", "wave": "meting", "arm": "arm"},
        "arms": {"a": "intervention", "b": "control"}, "waves": {"T0": "pre", "T1": "post"},
        "outcomes": [
            {"name": "fijn", "items": ["a1", "a2", "a3"], "range": [1, 5], "better": "higher", "role": "primary"},
            {"name": "taal", "column": "taal", "range": [0, 60], "better": "higher"},
        ],
    }  # fmt: skip
    (folder / "study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return of


def batch_of(folder, seed, schools, reports=("school",)):
    """Run the reports of the whole, of every school and of one school's classes; return the folder and its places."""
    of = study_of_schools(folder, seed, schools)
    rng = np.random.default_rng(seed)
    table = ["name;study;school;class;report", f"alle;study.yaml;;;{reports[0]}"]
    table += [f";study.yaml;s{i};;{rng.choice(reports)}" for i in range(schools)]
    table += [f";study.yaml;;s0k{k};{reports[0]}" for k in range(2 if schools > 3 else 0)]
    (folder / "tabel.csv").write_text("\n".join(table) + "\n", encoding="utf-8")
    jobs = jobs_of_table(folder / "tabel.csv", "nl", {"out": str(folder / "uit")})
    outcome = run_batch(jobs, folder / "uit", language="nl", workers=2)
    assert outcome.count("made") == len(jobs), [one.message for one in outcome.made]
    members = {job.folder: {p for p, roles in of.items() if _tells_of(roles, job)} for job in jobs}
    return folder / "uit", members


def _tells_of(roles, job):
    """Whether a report tells of a pupil: that of one school gives the counts of the whole study."""
    return job.report == "school" or all(roles[role] == code for role, code in job.only.items())


def counts_of(out, members):
    """Return the true counts of every place, and what its files in `share` show."""
    true, shown = {}, {}
    for place in members:
        store = json.loads((out / place / "results.json").read_text(encoding="utf-8"))
        true[place] = attack.whole(store, ARMS)
        shown[place], numbers = attack.published(out / place / "share", ARMS)
        assert attack.printed(out / place / "share") <= numbers, "a page shows no number that its results do not"
    return true, shown


@pytest.fixture(scope="module", params=["evaluation", "school"])
def four(tmp_path_factory, request):
    """Return a batch of the whole and of three schools: each tells of its own pupils, or each of all of them."""
    folder = tmp_path_factory.mktemp("vier")
    with pytest.MonkeyPatch.context() as still:  # also here, before what stands still for each test
        still.setattr(manifest, "_code", lambda: "0")
        return (*batch_of(folder, 1, 3, (request.param,)), request.param)


def test_what_a_batch_shares_gives_no_small_count_away(four):
    out, members, _ = four
    true, shown = counts_of(out, members)
    small, lost = attack.solve(true, shown, members, ARMS)
    assert not lost
    assert len(small) > 20, "a batch without small counts proves nothing"
    assert sum(map(len, shown.values())) > 20, "copies that show nothing prove nothing"
    everything = attack.solve(true, true, members, ARMS)
    assert len(everything[1]) == len(everything[0]), "the attack finds what is not hidden"


def test_the_joint_page_and_table_show_only_what_the_copies_show(four):
    out, members, report = four
    page = (out / "share" / "index.html").read_text(encoding="utf-8")
    links = [part.partition('"')[0] for part in page.split('href="')[1:]]
    assert links
    assert all((out / "share" / link).is_file() and "share/" in f"share/{link}" for link in links)
    assert all("/share/" in link for link in links if link != "results.csv")
    with (out / "share" / "results.csv").open(encoding="utf-8", newline="") as file:
        joint = list(csv.DictReader(file))
    assert {row["report"] for row in joint} == set(members)
    for place in members:
        with (out / place / "share" / f"{report}.nl.csv").open(encoding="utf-8", newline="") as file:
            own = list(csv.DictReader(file))
        assert [{k: v for k, v in row.items() if k != "report"} for row in joint if row["report"] == place] == own


def test_a_copy_that_hides_because_of_others_is_made_again_the_same(four):
    out, members, report = four
    manifests = {place: json.loads((out / place / "manifest.json").read_text()) for place in members}
    kept = {place: found["reports"][f"{report}.nl"]["share"] for place, found in manifests.items()}
    changed = [place for place, share in kept.items() if share["also"]]
    if report == "school":
        assert len({json.dumps(share, sort_keys=True) for share in kept.values()}) == 1, "what tells the same hides it"
    else:
        assert changed, "in this batch one copy hides because of another"
    found = list(verify([out / (changed or [*members])[0]], study=out.parent / "study.yaml"))
    assert [one.verdict for one in found] == ["same"]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 8))
def test_no_batch_of_schools_and_classes_gives_a_small_count_away(seed, tmp_path):
    out, members = batch_of(tmp_path, seed, 8, ("school", "evaluation", "thesis"))
    true, shown = counts_of(out, members)
    small, lost = attack.solve(true, shown, members, ARMS)
    assert not lost
    assert len(small) > 50
