"""The page a report is read on: one HTML file that asks nothing of the network and prints as it looks."""

from werkbank.reporting.page.page import render

__all__ = ["render"]
