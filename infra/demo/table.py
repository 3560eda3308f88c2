"""The closing table: one row a case, every cell read from the services as they stand."""

from typing import Any

from infra.demo.story import Story, euros

COLUMNS = (
    "case",
    "customer",
    "order",
    "trouble",
    "noticed by",
    "told",
    "decided by",
    "goods",
    "paid / refunded / pending / kept / left",
    "provider asked / did",
    "state",
)

WITH_CASES = ("returns", "shipping_issues", "quality_complaints")


async def show(story: Story) -> int:
    """Print the table; returns how many cases it has."""
    stage, agent = story.stage, story.stage.as_("anna", "agent")
    rows = []
    for person in story.cast:
        statement = (
            await stage.call(stage.as_("fiona", "finance"), "returns", "GetStatement", order_id=person.order_id)
        ).statement
        money = " / ".join(
            euros(m) for m in (statement.paid, statement.refunded, statement.pending, statement.kept, statement.left)
        )
        provider = stage.provider.of_order(person.order_id)
        for service in WITH_CASES:
            listed = await stage.call(agent, service, "ListCases", filter=f'order_id = "{person.order_id}"')
            for case in listed.cases:
                told = await stage.call(agent, service, "GetCaseStory", case_id=case.case_id)
                rows.append(
                    (
                        f"{service[:8]} …{case.case_id[-4:]}",
                        person.customer,
                        person.order_id,
                        case.trouble,
                        _noticed(told),
                        await _told(story, case.case_id),
                        _decided(told),
                        await _goods(story, person.order_id),
                        money,
                        f"{provider['asked']} / {provider['carried_out']}",
                        case.state,
                    )
                )
    story.table("Cases", COLUMNS, rows)
    return len(rows)


def _noticed(told: Any) -> str:
    """Who opened the case."""
    first = told.entries[0]
    return first.actor.kind or first.actor.id or "-"


def _decided(told: Any) -> str:
    """The last who decided anything: a person by id, or the rule."""
    for entry in reversed(told.entries):
        if entry.actor.kind in ("agent", "customer"):
            return str(entry.actor.id)
        if entry.decision_id:
            return "policy"
    return "-"


async def _told(story: Story, case_id: str) -> str:
    """When and in what language the customer was told of this case."""
    agent = story.stage.as_("anna", "agent")
    listed = await story.stage.call(agent, "notifications", "ListMessages", filter=f'case_id = "{case_id}"')
    sent = [m for m in listed.messages if m.sent_at.seconds]
    return ", ".join(f"{m.sent_at.ToDatetime():%d %b %H:%M} {m.language}" for m in sent) or "-"


async def _goods(story: Story, order_id: str) -> str:
    """Where the order's parcels are."""
    agent = story.stage.as_("anna", "agent")
    listed = await story.stage.call(agent, "shipping_issues", "ListShipments", filter=f'order_id = "{order_id}"')
    return ", ".join(sorted({s.status for s in listed.shipments})) or "-"
