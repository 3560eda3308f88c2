"""`aftercare order ID`: one story over all four services, in the order in which it happened."""

from typing import Annotated, Any

import typer

from clients.cli import money, session
from clients.cli.cases import WITH_CASES
from clients.cli.output import as_dict, ask, console, show_json, table, told, when
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
        view = ask(channels, "returns", "GetOrderView", **wanted)
        statement = ask(channels, "returns", "GetStatement", **wanted)
        shipments = ask(channels, "shipping_issues", "ListShipments", filter=terms)
        stories = []
        for service in WITH_CASES:
            listed = ask(channels, service, "ListCases", filter=terms)
            for case in listed.cases if listed else ():
                stories.append((service, channels.call(service, "GetCaseStory", case_id=case.case_id)))
        messages = ask(channels, "notifications", "ListMessages", filter=terms)
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
    happened = sorted(
        ((service, entry) for service, story in stories for entry in story.entries),
        key=lambda told: (told[1].at.seconds, told[0], told[1].position),
    )
    rows = [(when(e.at), service, e.what, e.text, e.actor.id) for service, e in happened]
    table("What happened", ("at (UTC)", "service", "what", "in words", "by"), rows)
    if statement is not None:
        _plain("Money", statement)
    told = [
        (when(m.planned_at), when(m.sent_at), m.trouble, m.expectation, m.channel, m.language or "-", _state(m))
        for m in (messages.messages if messages else ())
    ]
    columns = ("planned (UTC)", "sent (UTC)", "trouble", "expectation", "channel", "language", "state")
    table("Messages", columns, told)


def _state(message: Any) -> str:
    """An enum as a word."""
    return str(as_dict(message).get("state", "-")).removeprefix("MESSAGE_STATE_").lower()


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
                out.append(f"{indent}{field.name}: {money.written(item.minor_units, item.currency)}")
            elif field.message_type.full_name == "google.protobuf.Timestamp":
                out.append(f"{indent}{field.name}: {when(item)}")
            else:
                out += [f"{indent}{field.name}", *_lines(item, indent + "  ")]
    return out


def _is_map(field: Any) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry
