"""`aftercare order ID`: one story over all four services, in the order in which it happened."""

from typing import Annotated, Any

import grpc
import typer

from clients.cli import session
from clients.cli.cases import WITH_CASES
from clients.cli.output import amount, as_dict, console, errors, show_json, table, told, when
from clients.cli.stubs import Channels


@told
def order(
    order_id: Annotated[str, typer.Argument(help="The shop's order id.")],
    shop: Annotated[str, typer.Option(help="The shop, where several have this order id.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of tables.")] = False,
) -> None:
    """One order's story over all four services: goods, parcels, cases, money, messages."""
    wanted = {"order_id": order_id} | ({"shop_id": shop} if shop else {})
    terms = " AND ".join(f'{name} = "{value}"' for name, value in wanted.items())
    with Channels(session.load()) as channels:
        view = _tolerant(channels, "returns", "GetOrderView", **wanted)
        statement = _tolerant(channels, "returns", "GetStatement", **wanted)
        shipments = _tolerant(channels, "shipping_issues", "ListShipments", filter=terms)
        stories = []
        for service in WITH_CASES:
            listed = _tolerant(channels, service, "ListCases", filter=terms)
            for case in listed.cases if listed else ():
                stories.append((service, channels.call(service, "GetCaseStory", case_id=case.case_id)))
        messages = _tolerant(channels, "notifications", "ListMessages", filter=terms)
    if as_json:
        show_json(
            {
                "order": as_dict(view) if view else None,
                "statement": as_dict(statement) if statement else None,
                "shipments": as_dict(shipments) if shipments else None,
                "cases": [as_dict(story) | {"service": service} for service, story in stories],
                "messages": as_dict(messages) if messages else None,
            }
        )
        return
    _show(order_id, view, statement, shipments, stories, messages)


def _show(
    order_id: str, view: Any, statement: Any, shipments: Any, stories: list[tuple[str, Any]], messages: Any
) -> None:
    console.print(f"[bold]Order {order_id}[/bold]")
    if view is not None:
        _plain("Goods", view)
    for shipment in shipments.shipments if shipments else ():
        _plain(f"Parcel {shipment.shipment_id}", shipment)
    happened = [
        (entry.at.seconds, when(entry.at), service, entry.what, entry.text, entry.actor.id)
        for service, story in stories
        for entry in story.entries
    ]
    table("What happened", ("at (UTC)", "service", "what", "in words", "by"), [row[1:] for row in sorted(happened)])
    if statement is not None:
        _plain("Money", statement)
    rows = [_message_row(m) for m in (messages.messages if messages else ())]
    table("Messages", ("planned (UTC)", "trouble", "expectation", "channel", "locale", "state"), rows)


def _message_row(message: Any) -> tuple[str, ...]:
    fields = as_dict(message)
    at = str(fields.get("planned_at") or fields.get("created_at") or "-")
    return (at[:16], *(str(fields.get(name, "-")) for name in ("trouble", "expectation", "channel", "locale", "state")))


def _plain(title: str, message: Any) -> None:
    """A message as indented lines; money as minor units and currency."""
    console.print(f"[bold]{title}[/bold]")
    for line in _lines(message, "  "):
        console.print(line)


def _lines(message: Any, indent: str) -> list[str]:
    out = []
    for field, value in message.ListFields():
        for item in value if field.is_repeated and not _is_map(field) else [value]:
            if _is_map(field):
                out += [f"{indent}{key}: {entry}" for key, entry in sorted(dict(item).items())]
            elif field.message_type is None:
                out.append(f"{indent}{field.name}: {item}")
            elif field.message_type.full_name == "aftercare.common.v1.Money":
                out.append(f"{indent}{field.name}: {amount(item)}")
            elif field.message_type.full_name == "google.protobuf.Timestamp":
                out.append(f"{indent}{field.name}: {when(item)}")
            else:
                out += [f"{indent}{field.name}", *_lines(item, indent + "  ")]
    return out


def _is_map(field: Any) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _tolerant(channels: Channels, service: str, rpc: str, **values: Any) -> Any:
    """An order may be unknown to a service; a service that is down is said, and the others still tell."""
    try:
        return channels.call(service, rpc, **values)
    except grpc.RpcError as error:
        code = error.code()
        if code is grpc.StatusCode.NOT_FOUND:
            return None
        if code is grpc.StatusCode.UNAVAILABLE:
            errors.print(f"[yellow]{service} does not answer; its part is missing[/yellow]")
            return None
        raise
