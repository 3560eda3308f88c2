"""Every kind of request that returns makes over Kafka."""

from datetime import timedelta

from chassis.effects.over_kafka import RequestSender
from services.returns.application.answered import CHANGE_EFFECTS, INTERCEPTION_EFFECT, TENDER_RELEASE_EFFECT
from services.returns.application.collecting import PICKUP_CANCEL_EFFECT, PICKUP_EFFECT
from services.returns.application.common import (
    BANK_EFFECT,
    CREDIT_EFFECT,
    LABEL_EFFECT,
    REFUND_EFFECT,
    RELEASE_EFFECT,
    REPAIR_EFFECT,
    REPLACEMENT_EFFECT,
)
from services.returns.application.exchange_requests import (
    CHARGE_EFFECT,
    EXCHANGE_CANCEL,
    EXCHANGE_ORDER,
    EXCHANGE_RELEASE,
    EXCHANGE_RESERVE,
)
from services.returns.application.labelling import VOID_EFFECT
from services.returns.application.noting import CANCEL_EFFECT, NOTE_EFFECT
from services.returns.application.stopping import STOP_EFFECT
from services.returns.domain.change import ChangeKind
from services.returns.providers import credit_notes, goods, labels, money
from services.returns.providers.asking import FULFILMENT, PAYMENT, AnswerBy, Load, Requests, Say, within


def requests(
    sender: RequestSender,
    load: Load,
    *,
    refund: timedelta,
    exchange: timedelta,
    label: timedelta,
    note: timedelta,
) -> dict[str, Requests]:
    """An adapter for each kind of effect that is asked over Kafka. How long is waited for money, exchanges, labels and
    credit notes; what else is asked says its own time."""

    def of_goods(say: Say, answer_by: AnswerBy) -> Requests:
        return Requests(sender, FULFILMENT, say, answer_by)

    def of_money(say: Say) -> Requests:
        return Requests(sender, PAYMENT, say, paid_by)

    paid_by, exchanged_by, labelled_by = within(refund), within(exchange), within(label)
    return {
        REFUND_EFFECT: money.Refunds(sender, paid_by),
        BANK_EFFECT: money.BankTransfers(sender, load, paid_by),
        RELEASE_EFFECT: of_money(money.release),
        TENDER_RELEASE_EFFECT: of_money(money.release),
        CREDIT_EFFECT: of_money(money.credit),
        CHARGE_EFFECT: of_money(money.charge),
        LABEL_EFFECT: labels.FromAddress(sender, load, labels.label, labelled_by),
        VOID_EFFECT: of_goods(labels.void, labelled_by),
        PICKUP_EFFECT: labels.FromAddress(sender, load, labels.pickup, labelled_by),
        PICKUP_CANCEL_EFFECT: of_goods(labels.pickup_cancellation, labelled_by),
        NOTE_EFFECT: Requests(sender, PAYMENT, credit_notes.note, within(note)),
        CANCEL_EFFECT: Requests(sender, PAYMENT, credit_notes.cancellation, within(note)),
        REPAIR_EFFECT: of_goods(goods.repair, goods.put_right_by),
        REPLACEMENT_EFFECT: of_goods(goods.replacement, goods.put_right_by),
        EXCHANGE_RESERVE: of_goods(goods.reservation, exchanged_by),
        EXCHANGE_RELEASE: of_goods(goods.reservation_release, exchanged_by),
        EXCHANGE_ORDER: of_goods(goods.exchange_order, exchanged_by),
        EXCHANGE_CANCEL: of_goods(goods.exchange_cancellation, exchanged_by),
        CHANGE_EFFECTS[ChangeKind.CANCEL]: of_goods(goods.cancellation, goods.change_by),
        CHANGE_EFFECTS[ChangeKind.SWAP]: of_goods(goods.swap, goods.change_by),
        CHANGE_EFFECTS[ChangeKind.TENDER]: of_goods(goods.other_tender, goods.change_by),
        INTERCEPTION_EFFECT: of_goods(goods.interception, goods.change_by),
        STOP_EFFECT: of_goods(goods.stop, goods.change_by),
    }
