"""Warm processes: a template in which the imports are done, and a forked child of it for each notebook, used once.

Two routes over one template: an engine for papermill that runs cells without ZMQ (`engine`, fast), and a provisioner
with which any Jupyter client starts an ordinary kernel (`provisioner`, compatible). Linux only; elsewhere, and whenever
anything about the template fails, an ordinary kernel does the same work.
"""
