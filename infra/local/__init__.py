"""Everything a bare machine needs to run Aftercare: its environment, PostgreSQL, Kafka and the service processes.

Importing this package imports nothing else, so that `bootstrap.py` can use it before any dependency is installed.
"""
