"""gRPC as every service speaks it: access declared in the contract, rich errors, commands that may be repeated.

`Commands`, `Principal` and `current_principal` are what a service's adapter needs; `convert` and `pages` translate.
"""

from chassis.grpc.access import Principal, current_principal
from chassis.grpc.certificates import Tls
from chassis.grpc.commands import Commands
from chassis.grpc.server import GrpcServer
from chassis.grpc.service import GrpcService

__all__ = ["Commands", "GrpcServer", "GrpcService", "Principal", "Tls", "current_principal"]
