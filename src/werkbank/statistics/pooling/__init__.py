"""Pooling effects over studies: the model, its standard errors, how far studies differ, and what small ones say."""
