"""Who was told what, as agents and queries see it. Nothing personal is in here: erasing a person changes no row.

A row is a pure function of its aggregate and is written in the unit that changes it.
"""

from collections.abc import Iterable

import sqlalchemy as sa

from chassis.domain import Aggregate
from chassis.service import Row
from services.notifications.domain.contact import Contact
from services.notifications.domain.message import Message
from services.notifications.domain.values import State, Why

metadata = sa.MetaData()

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("shop_id", sa.Text, nullable=False),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("order_id", sa.Text, nullable=False),
    sa.Column("case_id", sa.Text, nullable=False),
    sa.Column("trouble", sa.Text, nullable=False),
    sa.Column("expectation", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("template", sa.Text, nullable=False),
    sa.Column("locale", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("hours_before_promise", sa.Integer),
    sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("sent_at", sa.DateTime(timezone=True)),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.Index("messages_customer", "customer_id", "planned_at"),
    sa.Index("messages_order", "order_id", "planned_at"),
    sa.Index("messages_case", "case_id", "planned_at"),
    sa.Index("messages_latest", "planned_at", "id"),
    sa.Index("messages_open", "state", postgresql_where=sa.text("state in ('planned', 'sent', 'deferred', 'unknown')")),
)

contacts = sa.Table(
    "contacts",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("shop_id", sa.Text, nullable=False),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("told_version", sa.BigInteger, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False),
    sa.Column("has_email", sa.Boolean, nullable=False),
    sa.Column("rejected", sa.Text, nullable=False),
    sa.Column("forgotten", sa.Boolean, nullable=False),
    sa.Column("messages_waiting", sa.Integer, nullable=False),
    sa.Index("contacts_customer", "customer_id"),
)


def rows(aggregate: Aggregate) -> Iterable[Row]:
    """The rows that one aggregate is shown as."""
    if isinstance(aggregate, Message):
        yield Row("messages", _message(aggregate))
    elif isinstance(aggregate, Contact):
        yield Row("contacts", _contact(aggregate))


def shown_state(message: Message) -> str:
    """The state in the words of the contract: superseded is told apart from other ways of not being sent."""
    superseded = message.why in (Why.SUPERSEDED, Why.OVERTAKEN)
    return "superseded" if message.state is State.SUPPRESSED and superseded else message.state.value


def _message(message: Message) -> dict[str, object]:
    rendering = message.rendering
    return {
        "id": message.id,
        "version": message.version,
        "shop_id": message.shop_id,
        "customer_id": message.customer_id,
        "order_id": message.order_id,
        "case_id": message.case_id,
        "trouble": message.trouble,
        "expectation": message.expectation,
        "code": message.code,
        "cause": message.cause,
        "template": message.sending.template,
        "locale": rendering.locale if rendering else "",
        "state": shown_state(message),
        "reason": message.why.value if message.why else message.detail,
        "attempts": message.attempt,
        "hours_before_promise": rendering.hours_before_promise if rendering else None,
        "planned_at": message.planned_at,
        "due_at": message.due_at,
        "sent_at": message.sent_at,
        "ended_at": message.ended_at,
    }


def _contact(contact: Contact) -> dict[str, object]:
    return {
        "id": contact.id,
        "version": contact.version,
        "shop_id": contact.shop_id,
        "customer_id": contact.customer_id,
        "told_version": contact.told_version,
        "language": contact.language,
        "time_zone": contact.time_zone,
        "has_email": contact.email is not None and contact.email.text is not None,
        "rejected": contact.rejected,
        "forgotten": contact.forgotten,
        "messages_waiting": len(contact.waiting),
    }
