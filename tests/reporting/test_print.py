"""Figures that one would print: no label over another, the better side on the right, colours for the colour-blind."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pandas as pd
import pytest

from werkbank.reporting import diagrams, estimates, figures, fonts, style
from werkbank.reporting.blocks import Heading, Section
from werkbank.reporting.page.page import render

ARMS = ("LLInC", "controle zonder coaching", "een derde groep")
WAVES = ("voormeting", "nameting", "vervolgmeting")


def panels(arms=2, outcomes=2, waves=3):
    rng = np.random.default_rng(3)
    rows = []
    for k in range(outcomes):
        row = []
        for arm in ARMS[:arms]:
            values = rng.normal(20, 4, (14, waves))
            means = tuple(values.mean(axis=0))
            row.append(
                figures.Panel(
                    arm, ("nabijheid", "conflict")[k % 2], WAVES[:waves], tuple(values.T), values, means,
                    (140,) * waves, 1.2, ("higher", "lower")[k % 2],
                )
            )  # fmt: skip
        rows.append(row)
    return rows


def forest(language="nl", **more):
    near, conflict = "Nabijheid (hoger is beter)", "Conflict (lager is beter)"
    bars = [
        estimates.Bar("nameting", 0.63, 0.45, 0.81, group=near, people="342 (24)"),
        estimates.Bar("nameting", -0.4, -0.63, -0.17, group=conflict, people="344 (24)", turned=True),
        estimates.Bar("vervolgmeting", 0.44, 0.21, 0.67, sure=False, group=near, people="322 (24)"),
        estimates.Bar("vervolgmeting", -0.07, -0.33, 0.18, sure=False, group=conflict, turned=True),
        estimates.Bar("Durlak et al. (2011), 213 programma’s", 0.3, 0.22, 0.38, ours=False),
    ]  # fmt: skip
    head = estimates.Headed("Nabijheid en conflict: beter bij LLInC", "in standaardafwijkingen", ("slechter", "beter"))
    return estimates.forest(bars, language, "95", **({"head": head} | more))


def many(n=120):
    rng = np.random.default_rng(1)
    effect = np.sort(rng.normal(0.4, 0.1, n))
    models = np.where(np.arange(n) % 2, "mixed_kr", "cr2")
    table = {
        "scoring": np.where(np.arange(n) % 3, 0.0, 1.0), "outliers": np.where(np.arange(n) % 4, "kept", "dropped_3_sd"),
        "model": models, "effect": effect, "p": np.where(effect > 0.25, 0.01, 0.2), "ci_low": effect - 0.2,
        "ci_high": effect + 0.2, "n": 300,
    }  # fmt: skip
    table |= dict.fromkeys(("within_arms", "normal_ranks", "every_wave", "overlap", "covariates"), False)
    return pd.DataFrame(table)


SAID = {"n": 120, "n_text": "120", "level": "95", "question": "nabijheid, nameting", "median": "0,40", "lowest": "0,15",
        "highest": "0,70", "same_sign": "100%", "significant": "95%"}  # fmt: skip
LEAD = estimates.Lead(0.41, {"model": "mixed_kr", "scoring": "share_0", "outliers": "kept"})


def slopes(language="nl"):
    found = [
        estimates.Slope(f"{name}, {wave}", "doelmatigheid van de leraar vooraf", (3.0, 3.5, 4.0), (k, k + 0.4, k + 0.8),
                        (0.5, 0.4, 0.5), 30, 0.95, name, better, tuple(np.linspace(2.5, 4.5, 60)))
        for k, (name, better) in enumerate((("nabijheid", "higher"), ("conflict", "lower")))
        for wave in WAVES[1:]
    ]  # fmt: skip
    return estimates.slopes(found, language, "95")


def means(language="nl", arms=2):
    lines = tuple(figures.Line(arm, (24.2 + k, 27.4 - k, 27.2), (190, 181, 169)) for k, arm in enumerate(ARMS[:arms]))
    plots = [figures.Plot(name, WAVES, lines, (20.0, 31.0), 7.0, better) for name, better in
             (("nabijheid", "higher"), ("conflict", "lower"))]  # fmt: skip
    return figures.means(plots, language)


def flow(language="nl"):
    boxes = (("ingedeeld (12 klassen)", 194), ("voormeting gemeten", 190), ("nameting gemeten", 183))
    used = (("nameting (12 klassen)", 177), ("vervolgmeting (12 klassen)", 165))
    return diagrams.flow([diagrams.Stream(a, boxes, "geanalyseerd (nabijheid)", used) for a in ARMS[:2]], language)


def cloud(arm):
    rng = np.random.default_rng(2)
    before = rng.integers(7, 35, 60).astype(float)
    counts = {"improved": 12, "unchanged": 40, "deteriorated": 8}
    after = np.clip(before + rng.normal(0, 5, 60), 7, 35).round()
    return figures.Cloud(arm, "nabijheid", WAVES[:2], before, after, 5.0, counts, higher_is_better=True)


KINDS = {
    "before_after": lambda language: figures.before_after(panels(), language, "class"),
    "before_after_three": lambda language: figures.before_after(panels(3), language, "class"),
    "dumbbells": lambda language: figures.dumbbells(panels(), language, "class"),
    "change": lambda language: figures.change(panels(3), language, "pupil"),
    "means": means,
    "means_three": lambda language: means(language, 3),
    "forest": forest,
    "slopes": slopes,
    "specifications": lambda language: estimates.specifications(many(), LEAD, SAID, language),
    "flow": flow,
    "missing": lambda language: diagrams.missing(
        [diagrams.Pattern((True, True, k), (9, 12)) for k in (True, False)], WAVES, ARMS[:2], language
    ),
    "scatter": lambda language: figures.scatter([cloud(arm) for arm in ARMS[:2]], language),
    "ends": lambda language: figures.ends([figures.Ends(f"{o}, {w}", 0.02, 0.13) for o in ("nabijheid", "conflict")
                                           for w in WAVES], 0.15, language),
}  # fmt: skip


@pytest.fixture
def canvases(monkeypatch):
    """Every figure as it is when it is written, with where each of its texts stands."""
    kept, own = [], style.drawn

    def seen(figure, said=None):
        image = own(figure, said)
        kept.append((figure, list(texts_of(figure))))
        return image

    monkeypatch.setattr(style, "drawn", seen)
    monkeypatch.setattr(style, "_pictures", {})  # what another test drew is drawn again
    return kept


def texts_of(figure):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    whole, unseen = figure.bbox, hidden(figure)
    for text in figure.findobj(Text):
        if not text.get_text().strip() or not text.get_visible() or text in unseen:
            continue
        box = Text.get_window_extent(text, renderer)
        if box.x1 > whole.x0 and box.x0 < whole.x1:
            yield text.get_text(), box


def hidden(figure):
    """Return the labels that are not drawn: of ticks beyond the axis, which matplotlib keeps, and of axes off."""
    kept = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
                if not axes.axison or not low - 1e-9 <= tick.get_loc() <= high + 1e-9:
                    kept |= {tick.label1, tick.label2}
    return kept


@pytest.mark.parametrize(
    ("kind", "language"),
    [*((kind, "nl") for kind in KINDS), ("forest", "en"), ("slopes", "en"), ("specifications", "en")],
)
def test_no_label_covers_another_or_leaves_the_paper(kind, language, canvases):
    figure = KINDS[kind](language)
    assert figure.narrow, "a phone has a picture of its own"
    assert len(canvases) == 2
    _on_its_own_paper(figure)
    for canvas, texts in canvases:
        slack = canvas.dpi / 72 * 1.2  # of letters that hang lower than any in these words
        for text, box in texts:
            assert box.x0 >= -slack and box.x1 <= canvas.bbox.x1 + slack, text  # noqa: PT018
            assert box.y0 >= -slack and box.y1 <= canvas.bbox.y1 + slack, text  # noqa: PT018
        for (one, a), (other, b) in itertools.combinations(texts, 2):
            wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
            assert wide < slack or high < 2 * slack, (one, other)


def _on_its_own_paper(figure):
    wide, narrow = (float(re.search(rb'viewBox="0 0 ([\d.]+)', image)[1]) for image in (figure.image, figure.narrow))
    assert wide == pytest.approx(style.WIDTH * 72 / 25.4, abs=0.1)
    assert narrow == pytest.approx(style.PHONE * 72 / 25.4, abs=0.1)
    assert b"SourceSansPro" in figure.image and b"SourceSansPro" in figure.narrow  # noqa: PT018
    assert b"DejaVu" not in figure.image


def test_the_better_side_is_on_the_right_and_the_numbers_stay_those_of_the_tables(canvases):
    shown = forest()
    axes = canvases[0][0].axes[0]
    dots = [line.get_xdata()[0] for line in axes.lines if line.get_marker() in {"o", "D"}]
    assert dots == pytest.approx([0.63, 0.44, 0.4, 0.07, 0.3]), "rows of one outcome together, conflict mirrored"
    said = [text for text, _ in canvases[0][1]]
    assert {"← slechter", "beter →", "−0,40", "[−0,63; −0,17]"} <= set(said)
    assert not any("−" in label.get_text() for label in axes.get_xticklabels())
    assert (
        "Conflict (lager is beter), nameting: −0,40, interval [−0,63; −0,17], geheel aan de gunstige kant" in shown.alt
    )
    assert shown.alt.startswith("Nabijheid en conflict: beter bij LLInC.")
    assert "gespiegeld" in shown.caption


def test_numbers_of_a_forest_end_under_one_another(canvases):
    forest()
    ends = {text: box.x1 for text, box in canvases[0][1]}
    assert ends["0,63"] == pytest.approx(ends["−0,07"], abs=0.5)
    assert ends["[0,45; 0,81]"] == pytest.approx(ends["[−0,33; 0,18]"], abs=0.5)


def test_the_main_analysis_is_marked_above_and_below(canvases):
    found = estimates.specifications(many(), LEAD, SAID, "nl")
    top, below = canvases[0][0].axes
    (ring,) = [line for line in top.lines if line.get_marker() == "D"]
    assert ring.get_ydata()[0] == pytest.approx(0.41, abs=0.02)
    marked = [line for line in below.lines if line.get_marker() == "D"]
    assert {line.get_xdata()[0] for line in marked} == {ring.get_xdata()[0]}
    assert len(marked) == 3, "its model, its scoring rule, its outliers"
    bold = {label.get_text() for label in below.get_yticklabels() if label.get_fontweight() == "bold"}
    assert {"Model", "Scoreregel", "Uitschieters", "multilevelmodel (60)", "uitschieters behouden (90)"} <= bold
    assert "Ruit: de hoofdanalyse" in found.caption
    sure = estimates.specifications(many().assign(p=0.01), LEAD, SAID, "nl").caption
    assert "Oranje" in found.caption and "Oranje" not in sure, "only what is drawn is explained"  # noqa: PT018
    away = estimates.specifications(many(), estimates.Lead(0.41, {"model": "ancova"}), SAID, "nl")
    assert "Streepjeslijn" in away.caption and "Ruit" not in away.caption  # noqa: PT018


def test_panels_of_one_outcome_have_one_axis_and_show_who_has_which_value(canvases):
    shown = slopes()
    limits = [axes.get_ylim() for axes in canvases[0][0].axes]
    assert limits[0] == limits[1] != limits[2] == limits[3]
    assert all(len(axes.patches) >= 8 for axes in canvases[0][0].axes), "columns of the characteristic"
    assert "Grijze kolommen" in shown.caption
    assert [axes.get_ylabel().replace("\n", " ") for axes in canvases[0][0].axes][::2] == [
        "verschil (punten), hoger is beter", "verschil (punten), lager is beter",
    ]  # fmt: skip


def test_up_to_three_lines_are_named_where_they_end(canvases):
    for arms, legends in ((2, 0), (3, 0)):
        means(arms=arms)
        figure = canvases[-2][0]
        assert len(figure.legends) == legends
        names = [text for text in figure.axes[0].texts if text.get_text().replace("\n", " ") in ARMS[:arms]]
        assert [text.get_color() for text in names] and len({text.get_color() for text in names}) == arms  # noqa: PT018


# Machado, Oliveira & Fernandes (2009), severity 1: what of linear red, green and blue is left
BLIND = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "none": np.eye(3),
}


def lab(colour, matrix):
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(matrix) @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ seen / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("seen", BLIND)
def test_the_colours_of_two_arms_differ_for_who_sees_them_otherwise(seen):
    one, other = (lab(look.colour, BLIND[seen]) for look in style.LOOKS[:2])
    assert np.linalg.norm(one - other) >= 20
    grounds = [lab(look.fill, BLIND[seen]) for look in style.LOOKS[:4]]
    lines = [lab(look.colour, BLIND[seen]) for look in style.LOOKS[:4]]
    assert all(np.linalg.norm(a - b) >= 20 for a, b in zip(grounds, lines, strict=True)), "a line on its own colour"


def test_a_page_carries_its_letters_and_they_have_the_signs_of_a_report():
    from fontTools.ttLib import TTFont

    section = Section("a", "nl", (Heading("Kop"),))
    page = render([section], language="nl", title="T", simulated=False, provenance={})
    assert page.count("@font-face") == 3
    assert "font-family: var(--sans)" in page
    for face in fonts.FACES:
        has = TTFont(fonts.PART / f"{face}.woff").getBestCmap()
        greek = "" if "italic" in face else "αβηκωχσΔ"  # the family has no slanted Greek
        assert not [c for c in f"−≤≥±×²→←…–—‘’“”éëïöüñçœßšžřłÅ°€{greek}" if ord(c) not in has]
    assert (fonts.PART / "LICENSE.txt").read_text(encoding="utf-8").count("SIL OPEN FONT LICENSE") >= 1


@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_shows_the_picture_that_fits_and_the_letters_of_the_page(width, chromium, tmp_path):
    from playwright.sync_api import sync_playwright

    section = Section("a", "nl", (Heading("Kop"), forest(), slopes(), means()))
    page = render([section], language="nl", title="T", simulated=False, provenance={})
    (tmp_path / "r.html").write_text(page, encoding="utf-8")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        sheet = browser.new_page(viewport={"width": width, "height": 900})
        sheet.goto((tmp_path / "r.html").as_uri())
        sheet.evaluate("document.fonts.ready")
        assert sheet.evaluate(f"document.fonts.check('16px \"{fonts.CARRIED}\"')")
        assert sheet.evaluate("document.documentElement.scrollWidth") <= width
        shown = sheet.evaluate(
            "[...document.querySelectorAll('figure img')].filter(i => i.offsetWidth)"
            ".map(i => [i.className, i.offsetWidth, i.naturalWidth])"
        )
        browser.close()
    assert {name for name, *_ in shown} == {"narrow" if width < 600 else "wide"}
    assert all(wide <= width for _, wide, _ in shown)
    # nine points are at least ten of a phone's pixels and eleven of a desk's
    assert all(
        9 * wide / (92 if width < 600 else 160) / 72 * 25.4 >= (10 if width < 600 else 11) for _, wide, _ in shown
    )
