"""How much fits: the memory at hand decides how large a table may be, before it is read."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

MAX_CELLS = 1_000_000_000  # of a table, however large the memory
MAX_COLUMNS = 32_767  # as many as SPSS allows; Excel has 16,384
BYTES_OF_A_CELL = (
    60  # while a table is read and its answers are laid out: an estimate; `benchmarks/checking.py` prints peaks
)
BYTES_OF_A_STORED_CELL = 120  # of a workbook: each cell is an object of Python's
UNLIMITED = 1 << 62
SUPPOSED = 2 << 30  # where a machine does not tell
LEAST = 500_000  # cells: what any school has is tried, however little a machine says that it has
CGROUPS = (  # of a container: its limit, what it uses, and what of that are files which can be forgotten
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
)


def most_cells(bytes_of_a_cell: int = BYTES_OF_A_CELL) -> int:
    """Return how many cells a table may have here and now."""
    return min(MAX_CELLS, max(LEAST, at_hand() // bytes_of_a_cell))


def at_hand() -> int:
    """Return the bytes of memory at hand: of the machine, of the container and of what this process may use."""
    return max(0, min(_of_machine(), _of_container(), _of_process()))


def _of_machine() -> int:
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    with suppress(AttributeError, OSError, ValueError):
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return SUPPOSED


def _of_container() -> int:
    place, found = Path("/sys/fs/cgroup"), []
    for limit, used, stated, cached in CGROUPS:
        with suppress(OSError, ValueError, IndexError):  # no container, or one without a limit ("max")
            left = int((place / limit).read_text(encoding="ascii")) - int((place / used).read_text(encoding="ascii"))
            lines = (place / stated).read_text(encoding="ascii").splitlines()
            found.append(left + sum(int(line.split()[1]) for line in lines if line.startswith(f"{cached} ")))
    return min(found, default=UNLIMITED)


def _of_process() -> int:
    with suppress(ImportError, OSError, ValueError, IndexError):
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
            return limit - pages * resource.getpagesize()
    return UNLIMITED
