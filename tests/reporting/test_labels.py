"""Labels: what does not fit or cannot be written still reaches the reader, and no remark on a layout costs a figure."""

import warnings

import numpy as np
import pytest

from werkbank.reporting import diagrams, estimates, figures, labels, style

LONG = "psychosocial functioning subscale number {} with quite a long label indeed"
ARMS = (
    "介入組（プログラム）",
    "Sociaal-emotionele leerlijn “Ça va?” — Größe Šťastný",
    "対照組",
    "$x_1$ & <b>",
    "📈 groei",
)


def panels(arms, outcomes, waves):
    values = np.random.default_rng(4).normal(3, 1, (6, waves))
    names, shown = tuple(f"follow-up {k}" for k in range(waves)), tuple(values.mean(axis=0))
    row = [figures.Panel(arm, "", names, tuple(values.T), values, shown, (12,) * waves, 0.1) for arm in arms]
    return [[figures.Panel(p.arm, name, *list(vars(p).values())[2:]) for p in row] for name in outcomes]


@pytest.mark.parametrize("size", [7, 8.5])
@pytest.mark.parametrize(
    "text", [LONG.format(7), *ARMS, "a" * 300, "kindercentrum/buitenschoolseopvang-overig", "x", ""]
)
@pytest.mark.parametrize("room", [14, 40])
def test_a_fitted_label_is_no_wider_and_no_higher_than_its_room(text, size, room):
    shown = labels.Labels("nl").fit(text, room, 3, size)
    assert labels.widest([shown], size) <= room
    assert shown.count("\n") < 3


def test_a_label_that_fits_stays_as_it_is_and_nothing_is_said():
    found = labels.Labels("nl")
    assert found.fits(["nabijheid", "conflict (lager is beter)"], 60) == ["nabijheid", "conflict (lager is beter)"]
    assert found.notes() == []


@pytest.mark.parametrize(("language", "said"), [("nl", "ingekort"), ("en", "Shortened")])
def test_shortened_labels_stay_apart_and_stand_in_full_below(language, said):
    found = labels.Labels(language)
    whole = [LONG.format(k) for k in range(12)]
    shown = found.fits(whole, 25, 2)
    assert len(set(shown)) == 12
    (note,) = found.notes()
    assert said in note
    assert all(text in note for text in whole)


def test_signs_without_a_glyph_become_numbers_that_the_note_explains():
    found = labels.Labels("nl")
    assert "[1]" in found.readable("介入組（プログラム）")
    assert "[1] en [2]" in found.readable("介入組（プログラム） en 対照組")
    assert found.readable("Größe Šťastný ≥ 1") == "Größe Šťastný ≥ 1"
    (note,) = found.notes()
    assert "[1] = 介入組（プログラム）; [2] = 対照組" in note


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize(("arms", "outcomes", "waves"), [(ARMS, 1, 2), (ARMS[:2], 9, 2), (ARMS[:2], 1, 9)])
def test_hard_labels_draw_every_figure_and_lose_no_name(language, arms, outcomes, waves, capfd):
    rows = panels(arms, [LONG.format(k) for k in range(outcomes)], waves)
    drawn = [
        figures.before_after(rows, language, "class"),
        figures.change(rows, language, "class"),
        figures.dumbbells(rows, language, "class"),
        estimates.forest(
            [estimates.Bar(f"{LONG.format(k)}: {arms[0]}", 0.1, -1, 1) for k in range(40)], language, "95"
        ),
        diagrams.flow([diagrams.Stream(a, tuple((f"op {w}", 9) for w in range(waves)), a, ()) for a in arms], language),
        diagrams.missing([diagrams.Pattern((True,) * waves, (3,) * len(arms))] * 2, rows[0][0].waves, arms, language),
    ]
    for figure in drawn:
        assert figure.is_vector
        for name in arms[:1]:
            assert name in figure.caption, f"{figure.id} says what its number stands for"
            assert name in figure.alt
    assert capfd.readouterr().err == ""


def test_what_is_left_out_of_a_figure_is_said():
    rows = panels(("a", "b"), [f"schaal {k}" for k in range(5)], 2)
    assert "de eerste 3 van 5" in figures.before_after(rows, "nl", "pupil").caption
    assert "van 3" not in figures.before_after(rows[:3], "nl", "pupil").caption


def test_panels_that_are_compared_have_one_axis(monkeypatch):
    limits, own = [], figures._panel

    def seen(axes, *given):
        own(axes, *given)
        limits.append(axes)

    monkeypatch.setattr(figures, "_panel", seen)
    rows = panels(ARMS, ["schaal"], 2)
    rows[0][3].values[0][0] = 40.0
    figures.before_after(rows, "nl", "pupil")
    assert len({axes.get_ylim() for axes in limits}) == 1
    assert limits[0].get_ylim()[1] > 40


def test_a_remark_on_the_layout_is_a_note_and_a_warning_about_numbers_stays_one(capfd):
    drawing = style.Drawing("en")
    with drawing.axes(40, style.Margins(10, 2, 8, 4)) as grid:
        warnings.warn("axes sizes collapsed to zero", UserWarning, stacklevel=1)
        grid[0][0].plot([1, 2])
    assert "collapsed to zero" in drawing.figure("fig", ["alt"], "Caption.").caption
    assert drawing.image.startswith(b"<?xml")
    assert capfd.readouterr().err == ""
    with pytest.raises(RuntimeWarning, match="divide"), style.canvas(40, 40):
        np.log(np.zeros(1))


def test_the_theme_is_no_global_state():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with style.canvas(40, 40):
        assert mpl.rcParams["text.parse_math"] is False
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("word", "ends"), [("vervolgmeting", ("vervolg", "vervolgme", "ver")), ("relationship", ("rela", "relation"))]
)
def test_a_word_is_broken_before_a_syllable(word, ends):
    for room in (10, 11, 13):
        first, *_ = labels.Labels("nl").fit(word, room).split("\n")
        assert first.rstrip("-") in ends
