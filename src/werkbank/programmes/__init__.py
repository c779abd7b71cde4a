"""Programmes and the logs of what was done: both are data, one YAML file each."""
