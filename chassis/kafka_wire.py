"""A Kafka connection that broke is told as one on every event loop.

aiokafka expects OSError where a closed connection is written to. uvloop raises RuntimeError there, which ends the
client's own tasks (coordination, sending) for good: https://github.com/aio-libs/aiokafka/issues/1038
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

Send = Callable[..., Any]


def tell_of_closed_connections() -> None:
    """Once for the process; again changes nothing."""
    for name in ("send", "_send_sasl_token"):
        method = getattr(AIOKafkaConnection, name)
        if not hasattr(method, "__wrapped__"):
            setattr(AIOKafkaConnection, name, _telling(method))


def _telling(send: Send) -> Send:
    @wraps(send)
    def told(self: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return send(self, *arguments, **options)
        except RuntimeError as error:
            self.close(reason=CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(f"connection at {self.host}:{self.port} is closed: {error}") from error

    return told
