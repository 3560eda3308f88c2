"""The only place where the parts of returns are put together."""

from datetime import timedelta

from casework import AgentDay, Deputy, OrderApprovals, StaffMember
from chassis.effects.over_kafka import RequestSender
from chassis.effects.terms import Terms
from chassis.grpc import GrpcService
from chassis.runtime import Context, ServiceDefinition, Wiring
from chassis.service import Model, Provider
from chassis.work import Actor
from desk.grpc_api import ApprovalApi
from services.returns.application import Application
from services.returns.application.answered import CHANGE_EFFECTS, INTERCEPTION_EFFECT, TENDER_RELEASE_EFFECT
from services.returns.application.collecting import (
    PICKUP_CANCEL_EFFECT,
    PICKUP_EFFECT,
    PICKUP_OFFER_EFFECT,
    PICKUP_PURCHASE_EFFECT,
    PICKUP_REFUND_EFFECT,
)
from services.returns.application.common import (
    BANK_EFFECT,
    CREDIT_EFFECT,
    LABEL_EFFECT,
    REFUND_EFFECT,
    RELEASE_EFFECT,
    REPAIR_EFFECT,
    REPLACEMENT_EFFECT,
    STRIPE_EFFECT,
)
from services.returns.application.exchange_requests import KIND_OF_STEP
from services.returns.application.labelling import (
    CODE_EFFECT,
    OFFER_EFFECT,
    PURCHASE_EFFECT,
    TAKE_BACK_EFFECT,
    VOID_EFFECT,
)
from services.returns.application.noting import CANCEL_EFFECT, NOTE_EFFECT
from services.returns.application.outside import Outside
from services.returns.application.stopping import STOP_EFFECT
from services.returns.consumers import subscriptions
from services.returns.domain.case import ReturnCase
from services.returns.domain.change import OrderChange
from services.returns.domain.conformity import Conformity
from services.returns.domain.labels import EASYPOST
from services.returns.domain.ledger import Ledger
from services.returns.domain.order import Order
from services.returns.domain.policy import CustomerReturns, PolicyBook
from services.returns.domain.receipt import Receipt
from services.returns.domain.withdrawal import Withdrawal
from services.returns.finance import Finance
from services.returns.grpc_api import PolicyApi, ReturnsApi, WithdrawalApi
from services.returns.grpc_api.changes import ChangeApi, ChangeSelfService
from services.returns.grpc_api.conformity import ConformityApi, ConformitySelfService
from services.returns.grpc_api.exchange import ExchangeApi, ExchangeSelfService
from services.returns.grpc_api.finance import FinanceApi
from services.returns.grpc_api.gifts import GiftApi, GiftSelfService
from services.returns.grpc_api.intake import IntakeApi
from services.returns.grpc_api.labels import LabelApi, LabelSelfService
from services.returns.grpc_api.payout import PayoutSelfService
from services.returns.grpc_api.quotes import QuoteApi, QuoteSelfService
from services.returns.grpc_api.search import SearchApi
from services.returns.http_api import Webhooks
from services.returns.law_terms import conformity_law, place_of, withdrawal_law
from services.returns.lost_requests import lost_requests
from services.returns.money_terms import money_terms
from services.returns.policies import default_policy, default_text, law, service_plans
from services.returns.providers.easypost import accounts as easypost_accounts
from services.returns.providers.easypost import easypost, terms_of
from services.returns.providers.easypost.client import EasyPost
from services.returns.providers.guard import Guarded
from services.returns.providers.requests import requests
from services.returns.providers.stripe.accounts import load_accounts, require_accounts
from services.returns.providers.stripe.refunds import StripeRefunds
from services.returns.publisher import publish
from services.returns.queries import Queries
from services.returns.read_model import metadata, rows
from services.returns.sales import Sales
from services.returns.searching import UnitSearch
from services.returns.self_service import ReturnsSelfService, WithdrawalSelfService
from services.returns.settings import ReturnsSettings
from services.returns.statistics import Statistics
from services.returns.timers import (
    ALARM,
    CHANGE_DUE,
    DUTY_DUE,
    EXCHANGE_DUE,
    RESERVATION_DUE,
    RETURN_DUE,
    STOP_DUE,
    wanted,
)
from services.returns.what_if.job import WhatIf

AGGREGATES = (
    Order,
    Ledger,
    ReturnCase,
    Withdrawal,
    Conformity,
    OrderChange,
    Receipt,
    PolicyBook,
    CustomerReturns,
    AgentDay,
    OrderApprovals,
    StaffMember,
    Deputy,
)

MODEL = Model("returns", AGGREGATES, metadata, rows=rows, publish=publish, timers=wanted)


def wire(context: Context) -> Wiring:
    """Returns, from the parts of one process."""
    settings = context.settings_as(ReturnsSettings)
    policy = default_policy()
    terms = money_terms(settings.money_terms)
    withdrawal = withdrawal_law()
    conformity = conformity_law()
    aggregators = easypost_accounts.load_accounts(settings.easypost_accounts)
    app = Application(
        policy,
        service_plans(),
        terms,
        default_text(),
        law=withdrawal,
        conformity=conformity,
        place_of=place_of,
        outside=Outside(dict.fromkeys(aggregators, EASYPOST), settings.stop_answer_hours),
    )
    queries = Queries(context.engine, context.units.aggregates, context.clock, policy, default_text())
    accounts = load_accounts(settings.stripe_accounts)
    require_accounts(terms, accounts)
    call = timedelta(seconds=settings.refund_call_seconds)
    stripe = StripeRefunds(
        accounts, settings.stripe_url, answer_within=timedelta(hours=settings.stripe_answer_hours), timeout=call
    )
    asked = requests(
        RequestSender(context.kafka, MODEL.name, settings.incarnation),
        context.units.aggregates.load,
        refund=timedelta(minutes=settings.refund_answer_minutes),
        exchange=timedelta(minutes=settings.exchange_answer_minutes),
        label=timedelta(minutes=settings.label_answer_minutes),
        note=timedelta(hours=settings.credit_note_answer_hours),
    )
    pays: dict[str, Provider] = {STRIPE_EFFECT: stripe}
    pays |= {kind: asked[kind] for kind in (REFUND_EFFECT, CREDIT_EFFECT, BANK_EFFECT)}
    if terms.band.bounds:
        pays = {
            kind: Guarded(provider, terms.band, context.engine, context.pause_effects)
            for kind, provider in pays.items()
        }
    label_call = timedelta(seconds=settings.label_call_seconds)
    bought = easypost(
        EasyPost(aggregators, settings.easypost_url, timeout=label_call),
        context.units.aggregates.load,
        refund_answer=timedelta(days=settings.easypost_refund_days),
    )
    return Wiring(
        subscriptions=subscriptions(app),
        timer_handlers={
            RETURN_DUE: app.return_due,
            ALARM: app.alarm_due,
            RESERVATION_DUE: app.reservation_due,
            DUTY_DUE: app.duty_due,
            EXCHANGE_DUE: app.exchange_due,
            CHANGE_DUE: app.change_due,
            STOP_DUE: app.stop_unanswered,
        },
        providers={**asked, **bought, **pays},
        effect_terms={
            kind: Terms(pays[kind].idempotency, call=call + timedelta(seconds=1), lease=3 * call)
            for kind in (REFUND_EFFECT, STRIPE_EFFECT)
        }
        | terms_of(bought, label_call),
        http_routes=Webhooks(app, queries, context.units, context.clock, accounts).routes(),
        projections=(Sales(),),
        finish_history=nothing_waits,
        lost_requests=lost_requests(app),
        effect_handlers={
            REFUND_EFFECT: app.refund_changed,
            STRIPE_EFFECT: app.refund_changed,
            RELEASE_EFFECT: app.refund_changed,
            BANK_EFFECT: app.refund_changed,
            CREDIT_EFFECT: app.refund_changed,
            NOTE_EFFECT: app.note_changed,
            CANCEL_EFFECT: app.note_cancellation_changed,
            LABEL_EFFECT: app.label_changed,
            OFFER_EFFECT: app.label_offered,
            PURCHASE_EFFECT: app.label_purchased,
            CODE_EFFECT: app.label_coded,
            **dict.fromkeys((VOID_EFFECT, TAKE_BACK_EFFECT), app.label_void_changed),
            **dict.fromkeys((PICKUP_EFFECT, PICKUP_PURCHASE_EFFECT), app.pickup_changed),
            PICKUP_OFFER_EFFECT: app.pickup_offered,
            **dict.fromkeys((PICKUP_CANCEL_EFFECT, PICKUP_REFUND_EFFECT), app.pickup_cancel_changed),
            **dict.fromkeys(KIND_OF_STEP.values(), app.exchange_changed),
            REPAIR_EFFECT: app.remedy_changed,
            REPLACEMENT_EFFECT: app.remedy_changed,
            **dict.fromkeys(CHANGE_EFFECTS.values(), app.change_answered),
            INTERCEPTION_EFFECT: app.interception_answered,
            STOP_EFFECT: app.stop_answered,
            TENDER_RELEASE_EFFECT: app.tender_released,
        },
        grpc=[
            ApprovalApi(app, queries, context.commands).service(),
            GrpcService.of(ReturnsApi(app, queries, context.commands)),
            GrpcService.of(ReturnsSelfService(app, queries, context.commands)),
            GrpcService.of(GiftApi(app, queries, context.commands)),
            GrpcService.of(GiftSelfService(app, queries, context.commands)),
            GrpcService.of(FinanceApi(Finance(context.engine, queries, terms), app, context.commands)),
            GrpcService.of(IntakeApi(app, queries, context.commands, UnitSearch(context.engine))),
            GrpcService.of(SearchApi(UnitSearch(context.engine), Statistics(context.engine), queries)),
            GrpcService.of(PolicyApi(app, queries, context.commands, WhatIf(context.engine), law())),
            GrpcService.of(WithdrawalApi(app, queries, context.commands, withdrawal)),
            GrpcService.of(WithdrawalSelfService(app, queries, context.commands, withdrawal)),
            GrpcService.of(ExchangeApi(app, queries, context.commands)),
            GrpcService.of(PayoutSelfService(app, context.commands)),
            GrpcService.of(ExchangeSelfService(app, queries, context.commands)),
            GrpcService.of(ConformityApi(app, queries, context.commands, conformity)),
            GrpcService.of(ConformitySelfService(app, queries, context.commands, conformity)),
            GrpcService.of(LabelApi(app, context.commands)),
            GrpcService.of(LabelSelfService(app, context.commands)),
            GrpcService.of(QuoteApi(app, queries, context.commands)),
            GrpcService.of(QuoteSelfService(app, queries, context.commands)),
            GrpcService.of(ChangeApi(app, queries, context.commands)),
            GrpcService.of(ChangeSelfService(app, queries, context.commands)),
        ],
    )


async def nothing_waits(shop_id: str, actor: Actor) -> int:
    """A return exists only by a command, so no timer of returns waits for the end of a shop's history."""
    return 0


SERVICE = ServiceDefinition(MODEL, wire, ReturnsSettings)
