"""A study of groups against pupils on their own: every report can be written, and says how it counted."""

import numpy as np
import pytest
import yaml

from werkbank.bench import Bench
from werkbank.reporting import appendices, evaluation, robustness, school, thesis
from werkbank.reporting.blocks import Paragraph, Table, section_html
from werkbank.study import load_study


@pytest.fixture(scope="module")
def coached(pipeline, tmp_path_factory):
    folder = tmp_path_factory.mktemp("coached")
    rng = np.random.default_rng(6)
    rows = ["nr;groepje;conditie;wave;taal;geslaagd"]
    shared = rng.normal(0, 4, 8)
    for pupil in range(90):
        group = pupil // 5 if pupil < 40 else None
        level = rng.normal(50, 10)
        for wave in ("T0", "T1"):
            more = 3 + (0 if group is None else 6 + shared[group]) if wave == "T1" else 0
            y = level + rng.normal(0, 5) + more
            arm, name = ("alleen", "") if group is None else ("coach", f"g{group}")
            rows.append(f"p{pupil};{name};{arm};{wave};{y:.0f};{int(y > 52)}")
    (folder / "raw.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    scores = [{"name": n, "column": n, "better": "higher", "informant": "test"} for n in ("taal", "geslaagd")]
    content = {
        "title": "Groepjes",
        "design": {"kind": "randomised", "assigned_by": "pupil", "individual_arms": ["alleen"]},
        "files": [{"path": "raw.csv"}],
        "columns": {"pupil": "nr", "class": "groepje", "arm": "conditie", "wave": "wave"},
        "arms": {"coach": "intervention", "alleen": "control"},
        "waves": {"T0": "pre", "T1": "post"},
        "outcomes": [{**scores[0], "role": "primary"}, {**scores[1], "range": [0, 1]}],
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return pipeline(load_study(folder / "study.yaml"))


@pytest.mark.parametrize(
    ("language", "alone", "left_out"), [("nl", "apart les", "Niet berekend"), ("en", "alone", "Not")]
)
def test_every_part_says_how_it_counted(coached, language, alone, left_out):
    report = Bench.made(*coached, language)
    parts = [part(report) for part in (
        evaluation.summary, evaluation.design, evaluation.flow, evaluation.before_after, evaluation.estimates,
        evaluation.robustness, evaluation.mechanisms, evaluation.meaning, school.who, school.details, school.trust,
        thesis.participants, thesis.results,
    )]  # fmt: skip
    parts += [thesis.analysis(report), robustness.many_ways(report), appendices.all_estimates(report)]
    pages = {part.id: section_html(part) for part in parts}
    assert all("{" not in page.replace("{}", "") for page in pages.values())
    assert alone in pages["estimates"]
    assert alone in pages["chapter-analysis"]
    assert any(left_out in b.text for b in parts[5].blocks if isinstance(b, Paragraph))
    (main,) = [b for b in parts[0].blocks if isinstance(b, Table) and b.id == "tab-main"]
    assert [row["clusters"] for row in main.rows] == [8, 8]
    beside = [row["formula"] for b in parts[-1].blocks if getattr(b, "id", "").startswith("tab-est") for row in b.rows]
    assert sum("Citkowicz" in name for name in beside) == 4
    assert sum("odds" in name for name in beside) == 2
    assert "CR2" in pages["meaning"]
