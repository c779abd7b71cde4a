"""What a user declares: the Study model, read from study.yaml, with its JSON Schema and its templates."""

from werkbank.study.model import WAVES, Design, FileSpec, Outcome, Study, text_in
from werkbank.study.reading import load_study

__all__ = ["WAVES", "Design", "FileSpec", "Outcome", "Study", "load_study", "text_in"]
