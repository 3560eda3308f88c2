"""One service of the contract with what answers it."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor

STUBS = "_pb2_grpc"


@dataclass(frozen=True, slots=True)
class GrpcService:
    """One service of the contract and the object that answers it."""

    descriptor: ServiceDescriptor
    servicer: Any
    add: Callable[[Any, grpc.aio.Server], None]

    @classmethod
    def of(cls, servicer: Any) -> "GrpcService":
        """The service whose generated servicer class this object extends. Raises TypeError where that is not one."""
        bases = [base for base in type(servicer).__mro__ if base.__module__.endswith(STUBS)]
        if len(bases) != 1:
            raise TypeError(f"{type(servicer).__name__} extends {len(bases)} generated servicers, not one")
        stubs, name = bases[0].__module__, bases[0].__name__.removesuffix("Servicer")
        contract = import_module(stubs.removesuffix("_grpc"))
        return cls(
            contract.DESCRIPTOR.services_by_name[name],
            servicer,
            getattr(sys.modules[stubs], f"add_{name}Servicer_to_server"),
        )
