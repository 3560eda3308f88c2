"""Everything that can be known about the code without running it, in one command: `python -m infra.check`."""
