"""A command that makes one report begins anew as its notebook's process would begin, so that it can be forked for it.

Python settles the order of sets when it starts, and libraries look at the environment when they are imported: both must
be those of a report (`warm.kernel.undisturbed`) before anything else is imported. This costs a start of Python, and
saves a second one with all of its imports.
"""

from __future__ import annotations

import os
import sys

SEED = "PYTHONHASHSEED"
# as `warm.kernel.undisturbed` has it, which takes longer to import
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
QUIET = {
    "MATPLOTLIBRC": os.devnull,
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
}
COMMANDS = ("demo", "run", "verify")  # those that make a report here, one after another
_begun = False
_place = ""  # the head of `sys.path`: where the command stands, or its script


def begin(words: list[str]) -> None:
    """Start this program again in a report's environment, when `words` are a command that makes one report.

    Nothing happens where a process cannot be forked safely (anything but Linux): an ordinary kernel is started there.
    """
    global _begun, _place  # noqa: PLW0603 - of the process
    if sys.platform != "linux" or not words or words[0] not in COMMANDS or {"-h", "--help"} & set(words):
        return
    before = os.environ.get(SEED)
    os.environ.update(dict.fromkeys(THREADS, "1"))
    os.environ.update({SEED: "0", **QUIET})
    if before != "0" and sys.executable:
        try:
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - this very program
        except OSError:
            return
    _begun = not sys.flags.hash_randomization  # or Python was told to pass over its environment
    _place = "" if sys.flags.safe_path else sys.path[0]


def begun() -> bool:
    """Whether this process began as a report's would."""
    return _begun


def forget() -> None:
    """Be no command any more, but a report's process: it begins no other, and does not import from here."""
    global _begun, _place
    if _place in sys.path:
        sys.path.remove(_place)
    _begun, _place = False, ""
