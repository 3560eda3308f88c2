"""The admin api of one service: a thin door to its parts, for operators and auditors.

What an operator orders is stored under its `request_id` like every command. Orders that are no unit of work are rows or
calls that may be repeated without harm, carried out before their receipt is stored.
"""

from typing import Any
from uuid import UUID

from aftercare.admin.v1 import admin_pb2, admin_pb2_grpc

from chassis.admin import effects, history, parked, timers
from chassis.admin.parts import AdminParts
from chassis.admin.status import Status
from chassis.domain import Invalid, NotFound, shop_and_customer, subject_of
from chassis.effects.desk import EffectDesk
from chassis.grpc import Commands, GrpcService, current_principal
from chassis.grpc.convert import id_from_text, receipt_to_proto, timestamp_from_proto, timestamp_to_proto
from chassis.service import Receipt
from chassis.timers import AsideTimers
from chassis.work import Work

_OUTCOMES = {
    admin_pb2.ResolveEffectRequest.RESOLUTION_SUCCEEDED: "succeeded",
    admin_pb2.ResolveEffectRequest.RESOLUTION_FAILED: "failed",
    admin_pb2.ResolveEffectRequest.RESOLUTION_ATTEMPT: "retry",
}


class AdminApi(admin_pb2_grpc.AdminServiceServicer):
    """See the module."""

    def __init__(self, parts: AdminParts, status: Status, commands: Commands) -> None:
        self._parts, self._status, self._commands = parts, status, commands
        self._desk = EffectDesk(parts.units, parts.pool)
        self._aside = AsideTimers(parts.pool)

    def service(self) -> GrpcService:
        """Ready to be served."""
        return GrpcService.of(self)

    async def GetStatus(self, request: admin_pb2.GetStatusRequest, context: Any) -> admin_pb2.GetStatusResponse:
        return await self._status.read()

    async def ListParked(self, request: admin_pb2.ListParkedRequest, context: Any) -> admin_pb2.ListParkedResponse:
        return await parked.list_parked(self._parts.pool, request)

    async def GetParked(self, request: admin_pb2.GetParkedRequest, context: Any) -> admin_pb2.GetParkedResponse:
        return await parked.get_parked(self._parts.pool, request)

    async def RedriveParked(
        self, request: admin_pb2.RedriveParkedRequest, context: Any
    ) -> admin_pb2.RedriveParkedResponse:
        replacement = request.replacement_value if request.HasField("replacement_value") else None

        async def act() -> Receipt:
            id = id_from_text("parked record", request.parked_id)
            await self._order(
                id, "redrive", request.reason, replacement=replacement, content_type=request.replacement_content_type
            )
            return Receipt(str(id), facts={"state": "redriving"})

        receipt = await self._commands.run_once(request, context, act)
        return admin_pb2.RedriveParkedResponse(receipt=receipt_to_proto(receipt))

    async def DiscardParked(
        self, request: admin_pb2.DiscardParkedRequest, context: Any
    ) -> admin_pb2.DiscardParkedResponse:
        async def act() -> Receipt:
            id = id_from_text("parked record", request.parked_id)
            await self._order(id, "discard", request.reason)
            return Receipt(str(id), facts={"state": "redriving"})

        receipt = await self._commands.run_once(request, context, act)
        return admin_pb2.DiscardParkedResponse(receipt=receipt_to_proto(receipt))

    async def ListIgnoredTypes(
        self, request: admin_pb2.ListIgnoredTypesRequest, context: Any
    ) -> admin_pb2.ListIgnoredTypesResponse:
        rows = await self._parts.pool.fetch("SELECT * FROM ignored_types ORDER BY topic, ce_type")
        return admin_pb2.ListIgnoredTypesResponse(
            types=[
                admin_pb2.ListIgnoredTypesResponse.IgnoredType(
                    topic=row["topic"],
                    type=row["ce_type"],
                    count=row["seen"],
                    first_seen_at=timestamp_to_proto(row["first_at"]),
                    last_seen_at=timestamp_to_proto(row["last_at"]),
                )
                for row in rows
            ]
        )

    async def ListEffects(self, request: admin_pb2.ListEffectsRequest, context: Any) -> admin_pb2.ListEffectsResponse:
        return await effects.list_effects(self._parts.pool, request)

    async def ResolveEffect(
        self, request: admin_pb2.ResolveEffectRequest, context: Any
    ) -> admin_pb2.ResolveEffectResponse:
        id = id_from_text("effect", request.effect_id)

        async def decide(work: Work) -> Receipt:
            return await self._desk.settle(
                work, id, _OUTCOMES[request.resolution], why=request.reason, reference=request.reference
            )

        receipt = await self._commands.run(request, context, decide, on=id)
        return admin_pb2.ResolveEffectResponse(receipt=receipt_to_proto(receipt))

    async def PauseEffects(
        self, request: admin_pb2.PauseEffectsRequest, context: Any
    ) -> admin_pb2.PauseEffectsResponse:
        async def act() -> Receipt:
            await self._desk.pause(request.kind, by=current_principal().subject, why=request.reason)
            return Receipt(request.kind, facts={"paused": "true"})

        receipt = await self._commands.run_once(request, context, act)
        return admin_pb2.PauseEffectsResponse(receipt=receipt_to_proto(receipt))

    async def ResumeEffects(
        self, request: admin_pb2.ResumeEffectsRequest, context: Any
    ) -> admin_pb2.ResumeEffectsResponse:
        async def act() -> Receipt:
            await self._desk.resume(request.kind)
            return Receipt(request.kind, facts={"paused": "false"})

        receipt = await self._commands.run_once(request, context, act)
        return admin_pb2.ResumeEffectsResponse(receipt=receipt_to_proto(receipt))

    async def ListTimers(self, request: admin_pb2.ListTimersRequest, context: Any) -> admin_pb2.ListTimersResponse:
        return await timers.list_timers(self._parts.pool, request)

    async def ListFailedTimers(
        self, request: admin_pb2.ListFailedTimersRequest, context: Any
    ) -> admin_pb2.ListFailedTimersResponse:
        return await timers.list_failed_timers(self._parts.pool, request)

    async def RedriveTimer(
        self, request: admin_pb2.RedriveTimerRequest, context: Any
    ) -> admin_pb2.RedriveTimerResponse:
        async def act() -> Receipt:
            await self._aside.redrive(*timers.timer_of(request.timer_id))
            return Receipt(request.timer_id)

        receipt = await self._commands.run_once(request, context, act)
        return admin_pb2.RedriveTimerResponse(receipt=receipt_to_proto(receipt))

    async def GetClock(self, request: admin_pb2.GetClockRequest, context: Any) -> admin_pb2.GetClockResponse:
        return admin_pb2.GetClockResponse(clock=await self._status.clock())

    async def SetClock(self, request: admin_pb2.SetClockRequest, context: Any) -> admin_pb2.SetClockResponse:
        async def act() -> Receipt:
            to = timestamp_from_proto(request.now, "now")
            connection = await self._parts.connect()
            try:
                reading = await self._parts.clock.drive(
                    connection, to=to, rate=request.rate if request.HasField("rate") else None
                )
            finally:
                await connection.close()
            return Receipt("clock", facts={"now": reading.origin.isoformat(), "rate": str(reading.rate)})

        receipt = await self._commands.run_once(request, context, act)
        return admin_pb2.SetClockResponse(receipt=receipt_to_proto(receipt), clock=await self._status.clock())

    async def EraseCustomer(
        self, request: admin_pb2.EraseCustomerRequest, context: Any
    ) -> admin_pb2.EraseCustomerResponse:
        async def act() -> Receipt:
            subject = subject_of(request.shop_id, request.customer_id)
            await self._parts.erasures.ask(subject, actor=current_principal().actor())
            return Receipt(subject)

        receipt = await self._commands.run_once(request, context, act)
        return admin_pb2.EraseCustomerResponse(receipt=receipt_to_proto(receipt))

    async def GetErasure(self, request: admin_pb2.GetErasureRequest, context: Any) -> admin_pb2.GetErasureResponse:
        row = await self._parts.pool.fetchrow(
            "SELECT e.*, (SELECT count(*) FROM personal_mentions m WHERE m.subject = e.subject) AS total"
            " FROM erasures e WHERE subject = $1",
            request.erasure_id,
        )
        if row is None:
            raise NotFound("erasure", request.erasure_id)
        shop_id, customer_id = shop_and_customer(request.erasure_id)
        return admin_pb2.GetErasureResponse(
            erasure_id=request.erasure_id,
            shop_id=shop_id,
            customer_id=customer_id,
            state="done" if row["finished_at"] else "running",
            requested_at=timestamp_to_proto(row["asked_at"]),
            done_at=timestamp_to_proto(row["finished_at"]),
            aggregates_total=row["total"],
            aggregates_done=row["aggregates_done"],
        )

    async def FinishHistory(
        self, request: admin_pb2.FinishHistoryRequest, context: Any
    ) -> admin_pb2.FinishHistoryResponse:
        finish = self._parts.finish_history

        async def act() -> Receipt:
            # one that has nothing that waits has nothing to arm: whoever ends a history tells every service
            armed = await finish(request.shop_id, current_principal().actor()) if finish else 0
            return Receipt(request.shop_id, facts={"timers": str(armed)})

        receipt = await self._commands.run_once(request, context, act)
        return admin_pb2.FinishHistoryResponse(receipt=receipt_to_proto(receipt))

    async def ResumeTopic(self, request: admin_pb2.ResumeTopicRequest, context: Any) -> admin_pb2.ResumeTopicResponse:
        async def act() -> Receipt:
            if request.topic not in {subscription.topic for subscription in self._parts.subscriptions}:
                raise Invalid("topic", f"{self._parts.service} does not read {request.topic}")
            await self._parts.pool.execute("DELETE FROM paused_topics WHERE topic = $1", request.topic)
            return Receipt(request.topic, facts={"paused": "false"})

        receipt = await self._commands.run_once(request, context, act)
        return admin_pb2.ResumeTopicResponse(receipt=receipt_to_proto(receipt))

    async def GetAggregateHistory(
        self, request: admin_pb2.GetAggregateHistoryRequest, context: Any
    ) -> admin_pb2.GetAggregateHistoryResponse:
        return await history.aggregate_history(self._parts.pool, request)

    async def _order(
        self, id: UUID, action: str, reason: str, *, replacement: bytes | None = None, content_type: str = ""
    ) -> None:
        await parked.order(
            self._parts.pool,
            id,
            action,
            by=current_principal().subject,
            reason=reason,
            replacement=replacement,
            content_type=content_type,
        )
