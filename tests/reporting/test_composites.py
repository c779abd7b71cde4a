"""An instrument without `scales` is scored with its totals, too, and every part of a report can show them."""

from __future__ import annotations

from tests.drafting.files_to_draft import KINDS

import werkbank
from werkbank.drafting.making import new_from
from werkbank.reporting import evaluation


def test_the_table_of_measures_counts_the_items_of_a_total(tmp_path):
    (file,) = KINDS["wide, a questionnaire in version A"].write(tmp_path)
    made = new_from(tmp_path / "study", [file], "en")
    text = (made.folder / "study.yaml").read_text(encoding="utf-8")
    named = "    scales: [closeness, conflict]\n"
    assert named in text
    (made.folder / "study.yaml").write_text(text.replace(named, ""), encoding="utf-8")
    bench = werkbank.open(made.folder, language="en")
    assert "strs-sf.total" in bench.outcomes
    (table,) = [block for block in evaluation.measures(bench).blocks if type(block).__name__ == "Table"]
    items = {row["scale"]: row["items"] for row in table.rows}
    assert sorted(items.values()) == [7, 8, 15]
