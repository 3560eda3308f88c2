"""The customers' API of notifications: one's own messages and preferences. Somebody else's look absent."""

from typing import Any

import grpc
from aftercare.notifications.v1 import self_service_pb2, self_service_pb2_grpc

from chassis.domain import NotFound
from chassis.grpc import Commands, Principal, current_principal
from chassis.grpc.convert import receipt_to_proto
from services.notifications.application import Application
from services.notifications.domain.values import contact_id
from services.notifications.grpc_api import contact_to_proto, listed, message_to_proto
from services.notifications.queries import Queries

Context = grpc.aio.ServicerContext[Any, Any]


class NotificationsSelfServiceApi(self_service_pb2_grpc.NotificationsSelfServiceServicer):
    """What customers may ask of their own messages."""

    def __init__(self, app: Application, queries: Queries, commands: Commands, mail_from: str) -> None:
        self._app, self._queries, self._commands, self._mail_from = app, queries, commands, mail_from

    async def ListMyMessages(
        self, request: self_service_pb2.ListMyMessagesRequest, context: Context
    ) -> self_service_pb2.ListMyMessagesResponse:
        found, token = await listed(self._queries, request, {"customer_id": _me(current_principal())})
        return self_service_pb2.ListMyMessagesResponse(
            messages=[message_to_proto(row, self._mail_from) for row in found], next_page_token=token
        )

    async def GetMyPreferences(
        self, request: self_service_pb2.GetMyPreferencesRequest, context: Context
    ) -> self_service_pb2.GetMyPreferencesResponse:
        principal = current_principal()
        contact = await self._queries.contact(await self._my_shop(principal), _me(principal), seen_by=principal.actor())
        return self_service_pb2.GetMyPreferencesResponse(contact=contact_to_proto(contact))

    async def SetMyPreferences(
        self, request: self_service_pb2.SetMyPreferencesRequest, context: Context
    ) -> self_service_pb2.SetMyPreferencesResponse:
        principal = current_principal()
        me, shop_id = _me(principal), await self._my_shop(principal)
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.set_preferences(
                work,
                shop_id,
                me,
                language=request.language,
                forbidden=frozenset(request.forbidden_channels),
                allowed=frozenset(request.allowed_channels),
            ),
            on=contact_id(shop_id, me),
        )
        return self_service_pb2.SetMyPreferencesResponse(receipt=receipt_to_proto(receipt))

    async def _my_shop(self, principal: Principal) -> str:
        """The shop the customer's token is for; a token without one means the only shop that knows the customer."""
        if len(principal.shops) == 1:
            return next(iter(principal.shops))
        known = await self._queries.contacts_of(_me(principal), principal.shops)
        if len(known) != 1:
            raise NotFound("Contact", _me(principal))
        return known[0]


def _me(principal: Principal) -> str:
    if principal.customer_id is None:
        raise NotFound("Contact", principal.subject)
    return principal.customer_id
