"""Figures: the same picture every time, axes whose ticks are true, words for those who do not see it."""

import io

import numpy as np
import pytest

from werkbank.reporting import diagrams, estimates, figures, style


def panel(count=30, waves=("voor", "na"), **more):
    rng = np.random.default_rng(1)
    lines = rng.normal(3, 1, (count, len(waves)))
    given = {"means": (3.0, 3.2)[: len(waves)], "n": (count,) * len(waves), "change": 0.5} | more
    return figures.Panel("nieuw $x$", "taal", waves, tuple(lines.T), lines, **given)


def test_the_same_data_give_the_same_bytes_without_program_or_date():
    first, again = (figures.before_after([[panel()]], "nl", "pupil").image for _ in range(2))
    assert first == again
    assert b"atplotlib" not in first
    assert b"<dc:date>" not in first


def test_letters_are_lines_so_that_no_font_is_needed():
    shown = figures.before_after([[panel()]], "nl", "pupil").image
    assert b"<text" not in shown
    assert b"font-family" not in shown
    assert b"http" not in shown.replace(b"http://www.w3.org/", b""), "and nothing is fetched"


def test_what_is_left_out_of_a_drawing_is_not_seen():
    """Places rounded to a hundredth of a point, and ids nobody refers to: pixel for pixel (nearly) the same."""
    from PIL import Image, ImageChops

    from werkbank.reporting.formats.pixels import pixels

    with style.canvas(100, 60) as (figure, grid):
        grid[0][0].plot([0, 1, 2.123456], [3.3, 1.234567, 2], "o-")
        grid[0][0].set_title("Ångström 0,25")
        lean, whole = style.drawn(figure), io.StringIO()
        figure.savefig(whole, format="svg", facecolor="white")
    shown = [Image.open(io.BytesIO(pixels(svg, 100))).convert("L") for svg in (lean, whole.getvalue().encode())]
    assert shown[0].getextrema()[0] < 80, "something is drawn"
    # three pixels as one: a renderer that divides pixels in four shades one of them darker for a hundredth of a point
    seen = ImageChops.difference(*(picture.reduce(3) for picture in shown)).histogram()
    assert sum(seen[60:]) < 5e-4 * sum(seen)  # feet of letters that stand just on a pixel
    assert len(lean) < 0.95 * len(whole.getvalue())


@pytest.mark.parametrize("n", [0, 1, 2, 5, 400])
def test_any_number_of_pupils_can_be_drawn(n):
    means = (None, None) if n == 0 else (3.0, 3.2)
    shown = figures.before_after([[panel(n, means=means)]], "en", "class")
    assert ("no scores" in shown.alt) is (n == 0)
    moved = figures.change([[panel(n)]], "en", "pupil")
    assert (moved is None) is (n == 0)


def test_one_wave_is_drawn_as_one_point():
    assert figures.before_after([[panel(waves=("na",))]], "nl", "pupil").is_vector


def test_the_forest_says_on_which_side_of_zero_an_interval_lies():
    bars = [
        estimates.Bar("a", 0.4, 0.1, 0.7),
        estimates.Bar("b", -0.4, -0.7, -0.1),
        estimates.Bar("c", 0, -0.2, 0.2, sure=False),
    ]
    alt = estimates.forest(bars, "nl", "95").alt
    assert "a: 0,40, interval [0,10; 0,70], geheel rechts van nul." in alt
    assert "b: −0,40, interval [−0,70; −0,10], geheel links van nul." in alt
    assert "c: 0,00, interval [−0,20; 0,20], over nul heen." in alt


@pytest.mark.parametrize(("language", "said"), [("nl", "De as begint niet"), ("en", "The axis does not start")])
def test_an_axis_that_leaves_scores_out_says_so_and_no_other(language, said):
    line = figures.Line("a", (2.0, 2.5), (20, 20))
    for lowest, begins in ((1.0, 1.4), (1.0, 0.6), (1.0, 1.0)):
        plot = figures.Plot("taal", ("voor", "na"), (line,), (begins, 4.0), lowest)
        assert (said in figures.means([plot], language).caption) is (begins > lowest)


@pytest.mark.parametrize(
    ("language", "said"), [("nl", "eerder gepubliceerd, Durlak"), ("en", "published before, Durlak")]
)
def test_what_others_published_is_told_from_what_was_found_here(language, said):
    bars = [estimates.Bar("a", 0.4, 0.1, 0.7), estimates.Bar("Durlak", 0.3, 0.22, 0.38, ours=False)]
    both, own = estimates.forest(bars, language, "95"), estimates.forest(bars[:1], language, "95")
    assert said in both.alt
    assert said not in own.alt
    assert both.caption.startswith(own.caption)
    assert len(both.caption) > len(own.caption)
    assert style.LOOKS[1].colour.encode() in both.image
    assert style.LOOKS[1].colour.encode() not in own.image


def test_the_flow_tells_every_step():
    stream = diagrams.Stream(
        "nieuw", (("ingedeeld", 20), ("voor", 18), ("na", 19)), "geanalyseerd (taal)", (("na", 17),)
    )
    shown = diagrams.flow([stream], "nl")
    assert "nieuw: ingedeeld: 20; voor: 18; na: 19. geanalyseerd (taal) na 17." in shown.alt


@pytest.mark.parametrize(("low", "high"), [(0, 0.3), (0, 1.2), (-4, 9), (0, 60), (7, 35)])
def test_tick_labels_say_where_the_tick_is(low, high):
    with style.canvas(100, 60) as (figure, grid):
        axes = grid[0][0]
        axes.set_ylim(low, high)
        style.decimal_axis(axes, "nl")
        figure.canvas.draw()
        for tick, label in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True):
            assert float(label.get_text().replace("−", "-").replace(",", ".")) == pytest.approx(tick)


def test_arms_differ_in_marker_and_line_and_not_only_in_colour():
    assert (
        len({look.marker for look in style.LOOKS}) == len({str(look.dash) for look in style.LOOKS}) == len(style.LOOKS)
    )
