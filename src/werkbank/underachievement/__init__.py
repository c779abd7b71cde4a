"""Pupils who achieve less than they could: found by methods that are named, with the chance level beside them.

Low achievement is not underachievement, and one low score is no signal: `methods.find` compares what was expected with
what was seen at one moment, `kinds.gates` asks for duration and for exclusion of other causes before a pupil counts.
"""
