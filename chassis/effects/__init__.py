"""Everything that leaves the service for the outside: intents, attempts, proofs, and the role that carries them out.

`effect.py` decides and is pure, `states.py` is its fold, `carrier.py` takes one effect one step further, `role.py`
works on the queue, `desk.py` is what operators may do. Nothing is exported here: the codec needs `effect.py` before the
rest can be imported.
"""
