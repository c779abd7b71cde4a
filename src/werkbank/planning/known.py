"""Where ICCs stand that are known from public data, each with its source."""

from __future__ import annotations

from pathlib import Path

FILE = Path(__file__).with_name("known_iccs.yaml")
