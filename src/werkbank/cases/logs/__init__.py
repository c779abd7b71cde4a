"""Logs of a programme: what was done, how much of it, with whom; and how a pupil went on. Never an effect by itself."""
