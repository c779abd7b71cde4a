"""Add the cells of notebooks/ to those by which a user's own cells are told from ours; run after every change of one.

Cells of earlier versions stay: a user's copy of an older notebook must not show our headings as theirs.
"""

from __future__ import annotations

import json

from werkbank.running.notebooks import SHIPPED, cell_hash, notebook_folder


def main() -> None:
    """Write the list, sorted, one hash a line."""
    known = set(SHIPPED.read_text(encoding="ascii").split()) if SHIPPED.is_file() else set()
    for path in notebook_folder().glob("*.ipynb"):
        known |= {cell_hash(cell) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}
    SHIPPED.write_text("".join(f"{one}\n" for one in sorted(known)), encoding="ascii")


if __name__ == "__main__":
    main()
