"""The closing table: one row a case, every cell read from the services as they stand."""

from typing import Any

from infra.demo.story import Cast, Story

COLUMNS = (
    "customer",
    "order",
    "trouble",
    "noticed by",
    "told",
    "decided by",
    "goods",
    "paid",
    "refunded",
    "pending",
    "kept",
    "left",
    "asked/did",
    "state",
)

WITH_CASES = ("returns", "shipping_issues", "quality_complaints")


async def show(story: Story) -> int:
    """Print the table; returns how many cases it has."""
    stage, agent = story.stage, story.stage.as_("anna", "agent")
    rows = []
    for person in story.cast:
        money = await _money(story, person)
        goods = await _goods(story, person.order_id)
        for service in WITH_CASES:
            listed = await stage.call(agent, service, "ListCases", filter=f'order_id = "{person.order_id}"')
            for case in listed.cases:
                told = await stage.call(agent, service, "GetCaseStory", case_id=case.case_id)
                noticed, decided = _noticed(told), await _decided(story, service, told)
                mails = await _told(story, case.case_id)
                trouble = f"{case.kind or service}: {case.trouble}"
                rows.append(
                    (person.customer, person.order_id, trouble, noticed, mails, decided, goods, *money, case.state)
                )
    story.table("Cases (money in EUR; calls to the payment provider asked/carried out, by order)", COLUMNS, rows)
    return len(rows)


async def _money(story: Story, person: Cast) -> tuple[str, ...]:
    finance = story.stage.as_("fiona", "finance")
    s = (await story.stage.call(finance, "returns", "GetStatement", order_id=person.order_id)).statement
    books = story.stage.provider.of_order(person.order_id)
    amounts = (s.paid, s.refunded, s.pending, s.kept, s.left)
    return (*(f"{m.minor_units / 100:.2f}" for m in amounts), f"{books['asked']}/{books['carried_out']}")


def _noticed(told: Any) -> str:
    """Who opened the case: the customer, an agent, or a rule of ours."""
    kind = str(told.entries[0].actor.kind)
    return "a rule" if kind == "service" else kind


async def _decided(story: Story, service: str, told: Any) -> str:
    """The last who decided anything: a person by id, else the clause that spoke."""
    for entry in reversed(told.entries):
        if entry.actor.kind == "agent":
            return str(entry.actor.id)
        if entry.decision_id:
            agent = story.stage.as_("anna", "agent")
            answer = await story.stage.call(agent, service, "ExplainDecision", decision_id=entry.decision_id)
            spoke = [c.clause_id for c in answer.decision.clauses if c.verdict == "allows"]
            return spoke[0] if spoke else str(answer.decision.outcome)
    return "-"


async def _told(story: Story, case_id: str) -> str:
    """When and in what language the customer was first told of this case, and how often more."""
    agent = story.stage.as_("anna", "agent")
    listed = await story.stage.call(agent, "notifications", "ListMessages", filter=f'case_id = "{case_id}"')
    sent = sorted((m for m in listed.messages if m.sent_at.seconds), key=lambda m: m.sent_at.seconds)
    if not sent:
        return "-"
    more = f" +{len(sent) - 1}" if len(sent) > 1 else ""
    return f"{sent[0].sent_at.ToDatetime():%a %H:%M} {sent[0].language}{more}"


async def _goods(story: Story, order_id: str) -> str:
    """Where the order's parcels are."""
    agent = story.stage.as_("anna", "agent")
    listed = await story.stage.call(agent, "shipping_issues", "ListShipments", filter=f'order_id = "{order_id}"')
    return ", ".join(sorted({s.status for s in listed.shipments})) or "-"
