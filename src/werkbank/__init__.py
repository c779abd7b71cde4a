"""werkbank: find out whether an intervention in school did anything."""

__version__ = "0.1.0"
