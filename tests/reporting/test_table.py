"""Tables described as data: headers of the catalogue or one's own, rows that may lack a value, empty columns."""

from tests.reporting.conftest import reading

from werkbank.reporting.numbers import Column
from werkbank.reporting.table import table


def test_headers_are_the_catalogues_or_the_columns_own(report):
    kinds = {"arm": "text", "mean": "mean", "pre": Column("pre", "voormeting", "count", 1)}
    rows = [{"arm": "a", "mean": 1.5, "pre": 3, "nowhere": "left out"}, {"arm": "b"}]
    for language, header in (("nl", "gemiddelde"), ("en", "mean")):
        made = table(reading(report("nabijheid", language)), "x", "Titel", kinds, rows, labels="report.before_after")
        assert [c.label for c in made.columns][1:] == [header, "voormeting"]
        assert [(c.kind, c.digits) for c in made.columns] == [("text", None), ("mean", None), ("count", 1)]
        assert (made.id, made.title, made.notes) == ("tab-x", "Titel", ())
        assert made.rows == ({"arm": "a", "mean": 1.5, "pre": 3}, {"arm": "b", "mean": None, "pre": None})


def test_the_name_of_a_table_says_where_its_headers_are(report):
    made = table(reading(report("nabijheid", "nl")), "flow", "Titel", {"enrolled": "count"}, [{"enrolled": 3}])
    assert made.columns[0].label == "ingedeeld"


def test_without_rows_there_is_no_table_and_without_values_no_column(report):
    known = reading(report("nabijheid", "nl"))
    kinds = {"wave": "text", "n": "count", "ci": "interval", "mean": "mean"}
    assert table(known, "x", "Titel", {"wave": "text"}, [], labels="report.before_after") is None
    columns = {key: Column(key, key, kind) for key, kind in kinds.items()}
    rows = [{"wave": None, "n": None, "ci": (None, None), "mean": 0.0}, {"wave": None, "ci": None, "mean": None}]
    made = table(known, "x", "Titel", columns, rows, drop_empty=True)
    assert [c.key for c in made.columns] == ["wave", "mean"], "a zero is a value, and rows keep their header"
    assert [set(row) for row in made.rows] == [{"wave", "mean"}] * 2
