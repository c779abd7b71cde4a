"""From files to a first study file: what can be seen is written, what is guessed is marked, the rest is asked.

It reads with intake's own readers and knows the scoring keys by their numbers; nothing of what it guesses is used by
any other room before a user has seen it in study.yaml.
"""
