"""The runner's tiny study and notebooks, which this room's tests run warm and cold."""

from tests.running.conftest import notebook, small, split, study

__all__ = ["notebook", "small", "split", "study"]
