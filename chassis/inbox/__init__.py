"""Kafka in: every record is applied once, ignored on purpose, parked with its reason, or waited for. None is lost."""

from chassis.inbox.inbox import Inbox
from chassis.inbox.lag import PartitionLag, lags

__all__ = ["Inbox", "PartitionLag", "lags"]
