"""The key store survives a restore of the service's database: it is a database of its own."""

from tests.integration.chassis.kernel import key_database

__all__ = ["key_database"]
