"""One service of the contract with what answers it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor


@dataclass(frozen=True, slots=True)
class GrpcService:
    """One service of the contract and the object that answers it."""

    descriptor: ServiceDescriptor
    servicer: Any
    add: Callable[[Any, grpc.aio.Server], None]
