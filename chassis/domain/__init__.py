"""The pure part of the kernel, and the only part a service's domain may import."""

from chassis.domain.aggregate import Aggregate, Created, Event, PersonalDataErased, applies
from chassis.domain.errors import (
    DomainError,
    Invalid,
    LimitExceeded,
    NotFound,
    NotPermitted,
    Refused,
    Stale,
)
from chassis.domain.ids import derived_id, derived_id_once, numbered
from chassis.domain.money import Money, split_by_weight
from chassis.domain.personal import Personal, shop_and_customer, subject_of

__all__ = [
    "Aggregate",
    "Created",
    "DomainError",
    "Event",
    "Invalid",
    "LimitExceeded",
    "Money",
    "NotFound",
    "NotPermitted",
    "Personal",
    "PersonalDataErased",
    "Refused",
    "Stale",
    "applies",
    "derived_id",
    "derived_id_once",
    "numbered",
    "shop_and_customer",
    "split_by_weight",
    "subject_of",
]
