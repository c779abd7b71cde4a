"""What the copy to share costs of a school's report: the ratio of processor time with it to that without it.

``python benchmarks/copying.py [N]`` makes the school report of N schools of `nabijheid` (8 when left out, and a first
one that warms the process) as one plain function: the cells of the notebook, the page, the results; and then the copy:
rules, sections and page once more, its results as json and csv. Both are timed in the same report, so that a machine
that drifts slows both.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
REPORT = ("one_page", "own_classes", "who", "details", "trust", "terms")


def seconds_of(school: str) -> tuple[float, float]:
    """Return the processor seconds of the report itself, and of its copy."""
    import werkbank
    from werkbank.reporting import school as report
    from werkbank.reporting.page import render
    from werkbank.reporting.sharing import shared_bench, shared_sections
    from werkbank.study.finding import example_path

    began = time.process_time()
    bench = werkbank.open(example_path("nabijheid"), language="nl", only={"school": school}, seed=1)
    own = [part(bench) for name in REPORT if (part := getattr(report, name))]
    render([one for one in own if one is not None], language="nl", title="t", simulated=True, provenance={})
    whole = bench.about("effects", "measurement")
    whole.results.to_json()
    made = time.process_time()
    copy = shared_bench(whole)
    sections = shared_sections(
        copy, [part for name in REPORT if getattr(part := getattr(report, name), "shared", True)]
    )
    render(sections, language="nl", title="t", simulated=True, provenance={})
    copy.results.to_json()
    copy.results.to_csv()
    return made - began, time.process_time() - made


def main() -> None:
    """Print the seconds of both, and what the copy adds."""
    os.environ["WERKBANK_KEYS"] = tempfile.mkdtemp()
    import werkbank
    from werkbank.study.finding import example_path

    bench = werkbank.open(example_path("nabijheid"), language="nl")
    schools = sorted(bench.intake.pupils["school"].astype(str).unique())
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    seconds_of(schools[0])
    pairs = [seconds_of(schools[i % len(schools)]) for i in range(count)]
    ratios = [(own + copy) / own for own, copy in pairs]
    each, copied = (statistics.median(one) for one in zip(*pairs, strict=True))
    print(f"{count} school reports: {each:.2f} processor seconds each, and {copied:.2f} for the copy")
    print(f"with / without the copy: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
