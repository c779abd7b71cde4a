"""A keyboard that counts what it presses, and how a file is chosen with it."""

from __future__ import annotations

MOST_PRESSES = 40


class Keys:
    """A keyboard that counts what it presses; names that are typed are not counted."""

    def __init__(self, page):
        self.page, self.n = page, 0

    def press(self, key, times=1):
        for _ in range(times):
            self.page.keyboard.press(key)
            self.n += 1

    def until(self, css, key="Tab"):
        """Press a key until what is looked for has the focus."""
        for _ in range(MOST_PRESSES):
            if self.page.evaluate("css => document.activeElement.matches(css)", css):
                return
            self.press(key)
        raise AssertionError(css)

    def type(self, text):
        self.page.keyboard.type(text)  # a name: not counted


def chosen_file(page, keys, file):
    keys.until("input[type=file]")
    with page.expect_file_chooser() as chooser:
        keys.press("Enter")
    chooser.value.set_files(file)


def way(page, css):
    """Which key leads to the first of what is looked for: forward, or back to what stands above."""
    below = """css => Boolean(document.querySelector(css).compareDocumentPosition(document.activeElement)
        & Node.DOCUMENT_POSITION_FOLLOWING)"""
    return "Shift+Tab" if page.evaluate(below, css) else "Tab"
