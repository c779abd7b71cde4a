"""Scores -> estimates: named effect sizes, change, comparison, multilevel models. Nothing here formats a number."""
