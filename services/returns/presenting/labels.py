"""A label in the contract's words, for the desk and for its customer."""

from dataclasses import replace

from aftercare.orders.v1 import address_pb2
from aftercare.returns.v1 import conformity_pb2, withdrawal_pb2
from aftercare.returns.v1 import model_pb2 as pb

from chassis.grpc.convert import money_to_proto, timestamp_to_proto
from services.returns.domain.case import Pickup, ReturnCase
from services.returns.domain.conformity import Conformity
from services.returns.domain.goods_case import GoodsCase
from services.returns.domain.labels import UNDER_WAY, Label, LabelStage, PostalAddress
from services.returns.domain.withdrawal import Withdrawal
from services.returns.presenting.shared import unit_ref


def label(case: GoodsCase, known: Label) -> pb.Label:
    """One label, whole, with the pickups of its parcel."""
    pickups = case.pickups.values() if isinstance(case, ReturnCase) else ()
    return pb.Label(
        label_id=known.label_id,
        state=known.stage.value,
        carrier=known.carrier,
        tracking_number=known.tracking_number,
        url=known.url,
        requested_at=timestamp_to_proto(known.requested_at),
        qr_code_url=known.qr_code_url,
        instructions=known.instructions,
        maker=known.maker,
        cost=money_to_proto(known.cost) if known.cost else None,
        reason=known.reason,
        units=[unit_ref(unit) for unit in known.units],
        pickups=[_pickup(one) for one in pickups if one.label_id == known.label_id],
    )


def label_of_customer(case: GoodsCase) -> pb.Label | None:
    """The label to send it with, else the one that is being made; its maker and cost are the shop's matter."""
    known = [one for one in reversed(case.labels.values()) if one.is_live]
    issued = next((one for one in known if one.stage is LabelStage.ISSUED), None)
    found = issued or next((one for one in known if one.stage in UNDER_WAY), None)
    if found is None:
        return None
    stage = LabelStage.REQUESTED if found.stage is LabelStage.BOUGHT else found.stage
    told = label(case, replace(found, maker="", cost=None, reason="", stage=stage))
    for pickup in told.pickups:
        pickup.ClearField("cost")
    return told


def only_own(case: Withdrawal | Conformity, shown: withdrawal_pb2.Withdrawal | conformity_pb2.Conformity) -> None:
    """A file of the law shows its customer the one label that is theirs to use."""
    shown.ClearField("labels")
    if (usable := label_of_customer(case)) is not None:
        shown.labels.append(usable)


def address_of(message: address_pb2.Address) -> PostalAddress:
    """Where a parcel starts, as a caller wrote it."""
    return PostalAddress(
        recipient=message.recipient,
        lines=tuple(message.lines),
        city=message.city,
        postal_code=message.postal_code,
        region=message.region,
        country=message.country,
    )


def _pickup(known: Pickup) -> pb.Pickup:
    return pb.Pickup(
        pickup_id=known.pickup_id,
        state=known.stage.value,
        ready_from=timestamp_to_proto(known.ready_from),
        ready_until=timestamp_to_proto(known.ready_until),
        carrier=known.carrier,
        confirmation=known.confirmation,
        instructions=known.instructions,
        cost=money_to_proto(known.cost) if known.cost else None,
        reason=known.reason,
    )
