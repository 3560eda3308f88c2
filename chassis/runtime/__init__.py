"""What turns a service's definition into a process: ``main(SERVICE)`` is the whole of its `__main__`."""

from chassis.grpc import GrpcService
from chassis.runtime.command import main
from chassis.runtime.definition import Context, ServiceDefinition, Wiring

__all__ = ["Context", "GrpcService", "ServiceDefinition", "Wiring", "main"]
