"""Kafka out: public events leave in log order, none skipped, each at least once and under the same id."""

from chassis.relay.relay import Relay, RelayStatus
from chassis.relay.sender import Outgoing, Sender, SendFailed

__all__ = ["Outgoing", "Relay", "RelayStatus", "SendFailed", "Sender"]
