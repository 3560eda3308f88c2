"""Everything that leaves the service for the outside: intents, attempts, proofs, and the role that carries them out."""
