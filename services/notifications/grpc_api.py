"""The agents' API of notifications: proto to application and back, no decisions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import grpc
import sqlalchemy as sa
from aftercare.common.v1 import case_pb2, command_pb2
from aftercare.notifications.v1 import model_pb2, service_pb2, service_pb2_grpc
from google.protobuf.message import Message as ProtoMessage

from casework.story import tell
from chassis.domain import Event
from chassis.grpc import Commands, current_principal
from chassis.grpc.convert import etag_of, id_from_text, receipt_to_proto, timestamp_to_proto
from chassis.grpc.pages import page_of, parse_filter
from services.notifications.application import Application
from services.notifications.domain.contact import Contact
from services.notifications.domain.message import Message
from services.notifications.domain.values import State, contact_id
from services.notifications.providers.mail import Writer, message_id_header
from services.notifications.publisher import STATES
from services.notifications.queries import FILTERS, Queries
from services.notifications.read_model import rows
from services.notifications.sentences import SENTENCES

Context = grpc.aio.ServicerContext[Any, Any]

_WHOLE = frozenset({"facts", "sending", "rendering"})
"""Facts of events that are values of many parts; their sentence says what matters of them."""


class NotificationsApi(service_pb2_grpc.NotificationsServiceServicer):
    """Who was told what, when and in what language."""

    def __init__(self, app: Application, queries: Queries, commands: Commands, writer: Writer) -> None:
        self._app, self._queries, self._commands, self._writer = app, queries, commands, writer

    async def ListMessages(
        self, request: service_pb2.ListMessagesRequest, context: Context
    ) -> service_pb2.ListMessagesResponse:
        terms = dict(parse_filter(request.filter, FILTERS))
        found, token = await listed(self._queries, request, terms)
        return service_pb2.ListMessagesResponse(
            messages=[message_to_proto(row, self._writer.mail_from) for row in found], next_page_token=token
        )

    async def GetMessage(
        self, request: service_pb2.GetMessageRequest, context: Context
    ) -> service_pb2.GetMessageResponse:
        message = await self._message(request.message_id)
        response = service_pb2.GetMessageResponse(message=self._shown(message))
        if message.rendering is not None and message.sent_at is not None:
            contact = await self._queries.contact(
                message.shop_id, message.customer_id, seen_by=current_principal().actor()
            )
            if not contact.forgotten:
                letter = self._writer.letter(message, contact, at=message.sent_at)
                response.subject, response.text, response.html = letter.subject, letter.text, letter.html
        return response

    async def GetContact(
        self, request: service_pb2.GetContactRequest, context: Context
    ) -> service_pb2.GetContactResponse:
        contact = await self._queries.contact(request.shop_id, request.customer_id, seen_by=current_principal().actor())
        return service_pb2.GetContactResponse(contact=contact_to_proto(contact))

    async def GetCaseStory(
        self, request: service_pb2.GetCaseStoryRequest, context: Context
    ) -> service_pb2.GetCaseStoryResponse:
        message = await self._message(request.case_id)
        entries = [entry_to_proto(*entry) for entry in await self._queries.history(message.id)]
        response = service_pb2.GetCaseStoryResponse(message=self._shown(message), entries=entries)
        if message.state in (State.BOUNCED, State.UNKNOWN):
            response.next_actions.add(
                rpc="ResendMessage",
                label="Send it again",
                why=f"It is {message.state.value}: you answer for a second mail",
            ).arguments["message_id"] = str(message.id)
        return response

    async def SetPreferences(
        self, request: service_pb2.SetPreferencesRequest, context: Context
    ) -> service_pb2.SetPreferencesResponse:
        id = contact_id(request.shop_id, request.customer_id)
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.set_preferences(
                work,
                request.shop_id,
                request.customer_id,
                language=request.language,
                forbidden=frozenset(request.forbidden_channels),
                allowed=frozenset(request.allowed_channels),
            ),
            on=id,
        )
        return service_pb2.SetPreferencesResponse(receipt=receipt_to_proto(receipt))

    async def ResendMessage(
        self, request: service_pb2.ResendMessageRequest, context: Context
    ) -> service_pb2.ResendMessageResponse:
        id = id_from_text("Message", request.message_id)
        receipt = await self._commands.run(
            request, context, lambda work: self._app.resend(work, id, request.reason), on=id
        )
        return service_pb2.ResendMessageResponse(receipt=receipt_to_proto(receipt))

    async def _message(self, text: str) -> Message:
        return await self._queries.message(id_from_text("Message", text), seen_by=current_principal().actor())

    def _shown(self, message: Message) -> model_pb2.Message:
        (row,) = rows(message)
        return message_to_proto(row.values, self._writer.mail_from)


async def listed(queries: Queries, request: ProtoMessage, terms: dict[str, str]) -> tuple[list[sa.RowMapping], str]:
    """The rows of the page asked for, and the token of the next one."""
    page = page_of(request)
    found = list(await queries.messages(page, terms, seen_by=current_principal().actor()))
    more = len(found) > page.size
    found = found[: page.size]
    return found, page.next_token((found[-1]["planned_at"], found[-1]["id"])) if more else ""


def message_to_proto(row: Mapping[str, Any] | sa.RowMapping, mail_from: str) -> model_pb2.Message:
    """A message as it is shown in lists."""
    return model_pb2.Message(
        message_id=str(row["id"]),
        shop_id=row["shop_id"],
        customer_id=row["customer_id"],
        order_id=row["order_id"],
        case_id=row["case_id"],
        trouble=row["trouble"],
        expectation=row["expectation"],
        template=row["template"],
        channel="email",
        language=row["locale"],
        state=STATES[row["state"]],
        reason=row["reason"],
        planned_at=timestamp_to_proto(row["planned_at"]),
        sent_at=timestamp_to_proto(row["sent_at"]),
        cause_event_id=row["cause"],
        mail_message_id=message_id_header(UUID(str(row["id"])), mail_from) if row["attempts"] else "",
        attempts=row["attempts"],
        version=row["version"],
    )


def contact_to_proto(contact: Contact) -> model_pb2.Contact:
    """How a customer can be reached; empty once the person is forgotten."""
    shown = model_pb2.Contact(
        shop_id=contact.shop_id,
        customer_id=contact.customer_id,
        given_name=_text(contact.given_name),
        family_name=_text(contact.family_name),
        language=contact.language,
        time_zone=contact.time_zone,
        version=contact.version,
        etag=etag_of(contact.id, contact.version),
        erased_at=timestamp_to_proto(contact.forgotten_at),
    )
    for channel, address in (("email", contact.email), ("sms", contact.phone)):
        if _text(address):
            shown.channels.add(
                channel=channel,
                address=_text(address),
                forbidden=channel in contact.forbidden or f"service/{channel}" in contact.refused,
                broken=channel == "email" and bool(contact.rejected),
            )
    return shown


def entry_to_proto(position: int, event: Event, meta: Mapping[str, str]) -> case_pb2.StoryEntry:
    """One stored event as a line of a story."""
    line = tell(event, SENTENCES)
    at: datetime = line.at
    by = line.by or meta.get("by", "")
    return case_pb2.StoryEntry(
        at=timestamp_to_proto(at),
        event_id=f"{event.originator_id}.{event.originator_version}",
        position=position,
        what=line.what,
        text=line.text,
        actor=command_pb2.Actor(kind="service" if by in ("", "system") else "agent", id=by),
        facts={name: value for name, value in line.facts.items() if name not in _WHOLE},
    )


def _text(personal: Any) -> str:
    return personal.text or "" if personal is not None else ""
