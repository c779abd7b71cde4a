"""``python -m werkbank``, the command ``werkbank``: interrupted before there is anything to clear up, it just ends."""

import signal
import sys

from werkbank.warm import anew

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where whoever starts it has it ignored
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def main() -> int:
    """Run the command that this process was started with, and return its exit code."""
    anew.begin(sys.argv[1:])
    from werkbank.cli import main as command  # after it has begun anew: it takes its time to load

    return command()


if __name__ == "__main__":
    raise SystemExit(main())
