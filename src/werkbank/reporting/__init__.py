"""Figures, tables, sentences and pages. Nothing here computes a statistic: what is shown comes from the results."""
