"""Scoring keys of the field's instruments: item numbers, never item wording.

One YAML file an instrument in ``keys/``; a user's own key is the same YAML in a file of their own or inline in
study.yaml. Versions that score differently must be chosen: nothing here has a default that changes a score.
"""

from werkbank.instruments.model import Composite, Instrument, MissingRule, Scale
from werkbank.instruments.registry import load, names, read, template, variants

__all__ = ["Composite", "Instrument", "MissingRule", "Scale", "load", "names", "read", "template", "variants"]
