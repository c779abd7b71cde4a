"""The small studies of the room of effects, which also hold the statistics that reach a report through it."""

from tests.effects.conftest import classroom, long_scores, make_study

__all__ = ["classroom", "long_scores", "make_study"]
