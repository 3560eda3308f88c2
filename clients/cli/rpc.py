"""Any rpc of any service, found by reflection: list them, call them."""

from typing import Annotated, Any

import grpc
import typer
from aftercare.common.v1 import access_pb2
from google.protobuf import descriptor_pb2
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from clients.cli import session
from clients.cli.output import pairs, show_json, table, told
from clients.cli.stubs import Channels

app = typer.Typer(no_args_is_help=True, help="Any rpc of any service.")


@app.command("list")
@told
def list_rpcs(
    service: Annotated[str, typer.Option(help="Only this service.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Services and methods as the running servers themselves tell, with who may call them."""
    current = session.load()
    rows = []
    for name in [service] if service else session.SERVICES:
        for full_name, method, roles, mutates in reflect(current, name):
            rows.append((name, full_name, method, ", ".join(roles), "changes" if mutates else "reads"))
    if as_json:
        keys = ("at", "service", "method", "roles", "effect")
        show_json([dict(zip(keys, row, strict=True)) for row in rows])
        return
    table("Methods", ("at", "service", "method", "roles", ""), rows)


@app.command()
@told
def call(
    service: Annotated[str, typer.Argument(help="returns, shipping_issues, quality_complaints or notifications.")],
    rpc: Annotated[str, typer.Argument(help="Name of the rpc.")],
    values: Annotated[list[str] | None, typer.Argument(help="field=value; JSON where it begins with { or [.")] = None,
) -> None:
    """Call any rpc. Example: aftercare rpc call returns GetLedger order_id=O-1 shop_id=demo-shop"""
    with Channels(session.load()) as channels:
        show_json(channels.call(service, rpc, **pairs(values or [])))


def reflect(current: session.Session, service: str) -> list[tuple[str, str, list[str], bool]]:
    """(gRPC service, method, roles, changes anything) of a running server, by server reflection."""
    with grpc.insecure_channel(current.address(service)) as channel:
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
        metadata = (("authorization", f"Bearer {current.bearer()}"),)

        def ask(**query: Any) -> Any:
            question = reflection_pb2.ServerReflectionRequest(**query)
            return next(iter(stub.ServerReflectionInfo(iter([question]), timeout=10, metadata=metadata)))

        found = []
        for entry in ask(list_services="").list_services_response.service:
            if not entry.name.startswith("aftercare."):
                continue
            for raw in ask(file_containing_symbol=entry.name).file_descriptor_response.file_descriptor_proto:
                file = descriptor_pb2.FileDescriptorProto.FromString(raw)
                for declared in file.service:
                    if f"{file.package}.{declared.name}" == entry.name:
                        for method in declared.method:
                            rule = method.options.Extensions[access_pb2.access]
                            found.append((entry.name, method.name, list(rule.roles), rule.mutates))
    return found
