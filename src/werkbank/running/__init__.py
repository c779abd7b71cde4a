"""Running notebooks: one at a time or a batch, whole or not at all, with provenance that can be checked."""
