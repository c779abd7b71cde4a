"""Answers -> scores, with the reliability and the comparability of what was measured."""
