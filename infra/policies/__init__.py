"""The table of docs/policy-examples.md: the same situations, decided by each example shop with the engine itself.

python -m infra.policies writes it; `tests/unit/docs/test_policy_examples.py` sees that it is current.
"""
