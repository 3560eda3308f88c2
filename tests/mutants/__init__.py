"""Mechanisms broken by hand, each with the promise it attacks and the test that must notice.

`python -m tests.mutants` breaks one at a time in a copy of the tree and runs the named tests there. A test that passes
on a broken mechanism proves nothing, so one mutant that survives fails the run.
"""
