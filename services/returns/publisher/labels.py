"""Public events of the labels of returns, withdrawals and files of conformity, and of the pickups of a return."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from aftercare.returns.v1 import events_pb2 as pb
from google.protobuf.message import Message

from chassis.domain import Event
from chassis.grpc.convert import timestamp_to_proto
from services.returns.domain.case import PickupStage, ReturnCase
from services.returns.domain.case import pickup_events as p
from services.returns.domain.goods_case import GoodsCase
from services.returns.domain.labels import NOT_NEEDED, LabelStage
from services.returns.domain.labels import events as e

_INSTANT = timedelta(seconds=1)


def label_messages(event: Event, case: GoodsCase, about: dict[str, Any]) -> Iterable[Message]:
    """What the world hears of labels. One that was of no use when it came is told to nobody."""
    match event:
        case e.LabelIssued() if case.labels[event.label_id].stage is LabelStage.ISSUED:
            yield pb.ReturnLabelIssued(
                label_url=event.url,
                carrier=event.carrier,
                tracking_number=event.tracking_number,
                send_by=timestamp_to_proto(_send_by(case)),
                qr_code_url=event.qr_code_url,
                instructions=event.instructions,
                **about,
            )
        case e.LabelVoided():
            known = case.labels[event.label_id]
            yield pb.ReturnLabelVoided(carrier=known.carrier, tracking_number=known.tracking_number, **about)
        case _:
            return


def pickup_messages(event: Event, case: ReturnCase, about: dict[str, Any]) -> Iterable[Message]:
    """What the world hears of pickups. One that was of no use when it came is told to nobody."""
    match event:
        case p.PickupBooked() if case.pickups[event.pickup_id].stage is PickupStage.BOOKED:
            booked = case.pickups[event.pickup_id]
            label = case.labels[booked.label_id]
            yield pb.ReturnPickupBooked(
                pickup_id=booked.pickup_id,
                carrier=booked.carrier or label.carrier,
                tracking_number=label.tracking_number,
                ready_from=timestamp_to_proto(booked.ready_from),
                ready_until=timestamp_to_proto(booked.ready_until),
                confirmation=event.confirmation,
                instructions=event.instructions,
                **about,
            )
        case p.PickupRefused() if event.reason != NOT_NEEDED:
            yield _nobody_comes(case, event.pickup_id, about)
        case p.PickupCancelled():
            yield _nobody_comes(case, event.pickup_id, about)
        case _:
            return


def _send_by(case: GoodsCase) -> datetime | None:
    """The last instant that is in time: of the law's days the end would be told as the next day."""
    if isinstance(case, ReturnCase) or case.send_by is None:
        return case.send_by
    return case.send_by - _INSTANT


def _nobody_comes(case: ReturnCase, pickup_id: str, about: dict[str, Any]) -> Message:
    known = case.pickups[pickup_id]
    return pb.ReturnPickupCancelled(
        pickup_id=pickup_id,
        ready_from=timestamp_to_proto(known.ready_from),
        ready_until=timestamp_to_proto(known.ready_until),
        reason=known.reason,
        still_to_send=case.awaits_parcel_of(known.label_id),
        **about,
    )
