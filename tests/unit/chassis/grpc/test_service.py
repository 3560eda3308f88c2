"""A servicer is served under the service whose generated class it extends, and no other."""

import pytest
from aftercare.admin.v1 import admin_pb2_grpc
from aftercare.returns.v1 import quotes_pb2_grpc

from chassis.grpc import GrpcService


def extending(*bases: type) -> object:
    """A servicer that answers nothing."""
    return type("Servicer", bases, {})()


def test_it_is_found_by_its_generated_class() -> None:
    service = GrpcService.of(extending(quotes_pb2_grpc.QuoteServiceServicer))
    assert service.descriptor.full_name == "aftercare.returns.v1.QuoteService"
    assert service.add is quotes_pb2_grpc.add_QuoteServiceServicer_to_server


@pytest.mark.parametrize(
    "bases", [(), (quotes_pb2_grpc.QuoteServiceServicer, admin_pb2_grpc.AdminServiceServicer)], ids=["none", "two"]
)
def test_what_extends_none_or_two_is_not_served(bases: tuple[type, ...]) -> None:
    """Either would answer for something nobody named."""
    with pytest.raises(TypeError, match="generated servicers, not one"):
        GrpcService.of(extending(*bases))
