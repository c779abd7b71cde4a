"""The earlier name of `werkbank.reporting.sharing`: a user's copy of an older notebook asks for it."""

from werkbank.reporting.sharing import write_shared

__all__ = ["write_shared"]
