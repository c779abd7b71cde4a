"""What a user adds has no barrier either, whatever they show."""

from __future__ import annotations

import pytest
from tests.notebooks.test_accessibility import DESKTOP, PHONE, found, opened

from werkbank.running.pages import pages
from werkbank.study import load_study
from werkbank.study.finding import example_path


@pytest.mark.parametrize("language", ["nl", "en"])
def test_what_a_user_adds_has_no_barrier(language, browser, tmp_path):
    import pandas as pd
    from matplotlib.figure import Figure

    from werkbank.reporting.blocks import Heading, Section
    from werkbank.reporting.cleaning import of_markdown
    from werkbank.reporting.own import of_frame, of_text
    from werkbank.reporting.showing import shown

    wide = pd.DataFrame({f"een lange kolomnaam {i}": [1.5, None] for i in range(9)})
    added = [
        of_markdown("# Kop\n\ntekst\n\n### Dieper\n\n- x\n\n| a | b |\n|--|--|\n| 1 | 2 |"),
        shown(Figure()),
        of_frame(wide),
        of_frame(wide.T),
        of_text("x" * 300),
        of_text("y" * 300),
    ]
    own = [item.own(language, 10 * i) for i, item in enumerate(added)]
    section = Section("deel", language, (Heading("Deel"), *own)).to_json()
    study = load_study(example_path("nabijheid"))
    page_text = str(pages([section], study, language, ("html",), {}, inside=True)["html"])
    with opened(browser, page_text, tmp_path, DESKTOP) as page:
        assert found(page) == []  # of what is scrolled out of sight axe cannot tell the contrast
    with opened(browser, page_text, tmp_path, PHONE, scheme="dark") as page:
        assert found(page, ["target-size", "scrollable-region-focusable", "meta-viewport"]) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
