"""Numbers only: sizes, tests, mixed models, reliability, factor models. It knows no school, no file and no language."""
