"""Two processes of the example service, whose machine clocks can be made to jump."""

from tests.integration.chassis.conftest import db, example_database
from tests.integration.chassis.kernel import key_database
from tests.integration.chassis.timers.conftest import kernel, second

__all__ = ["db", "example_database", "kernel", "key_database", "second"]
