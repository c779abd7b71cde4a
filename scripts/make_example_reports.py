"""Write reports/example/: three reports of the simulated study `nabijheid` in Dutch, and a picture of the first pages.

Of the report for a school it is the copy that may be shared, because that is what a board hands out.

Run as ``make example`` when numbers, wording or layout have changed; a test says when numbers have. Needs ``pdftoppm``
(package poppler-utils) for the picture.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageOps

from werkbank.running.runner import run_report
from werkbank.study.finding import example_path

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "reports" / "example"
REPORTS = {"school": "share", "thesis": "", "evaluation": ""}  # report -> the folder of its run to take it from
FORMATS = ("html", "pdf")
PICTURE = "school.nl.png"


def main() -> None:
    """Make everything, then replace what is there."""
    PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made"
        for report in REPORTS:
            run_report(example_path("nabijheid"), report, language="nl", out=made, formats=FORMATS)
        for report, part in REPORTS.items():
            for form in FORMATS:
                shutil.copyfile(made / part / f"{report}.nl.{form}", PLACE / f"{report}.nl.{form}")
    picture(PLACE / "school.nl.pdf", PLACE / PICTURE)


def picture(pdf: Path, target: Path) -> None:
    """Draw the cover and the first page beside one another, as a small PNG."""
    program = shutil.which("pdftoppm")
    if program is None:
        sys.exit("pdftoppm is not on this machine: install poppler-utils")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "-r", "84", "-l", "2", "-png", str(pdf), f"{folder}/page"], check=True)  # noqa: S603
        shown = [Image.open(path).convert("RGB") for path in sorted(Path(folder).glob("*.png"))]
    shown = [ImageOps.expand(page, 1, "#c3cbd0") for page in shown]
    width, height = sum(page.width for page in shown) + 24, shown[0].height
    sheet = Image.new("RGB", (width, height), "white")
    for i, page in enumerate(shown):
        sheet.paste(page, (i * (page.width + 24), 0))
    sheet.quantize(64).save(target, "PNG", optimize=True)


if __name__ == "__main__":
    main()
