"""``python -m werkbank``, the command ``werkbank``: interrupted before there is anything to clear up, it just ends."""

import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where whoever starts it has it ignored
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from werkbank.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
