"""The agents' API of returns: proto to application and back, no decisions."""

from services.returns.grpc_api.commands import ReturnsApi
from services.returns.grpc_api.policy import PolicyApi
from services.returns.grpc_api.withdrawal import WithdrawalApi

__all__ = ["PolicyApi", "ReturnsApi", "WithdrawalApi"]
