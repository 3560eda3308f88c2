"""The agents' API of returns: proto to application and back, no decisions."""

from services.returns.grpc_api.commands import ReturnsApi

__all__ = ["ReturnsApi"]
