"""``python -m werkbank``."""

from werkbank.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
