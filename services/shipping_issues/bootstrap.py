"""Where shipping issues is wired, and nowhere else."""

from functools import partial

from casework import AgentDay, Deputy, OrderApprovals, StaffMember
from chassis.effects.over_kafka import RequestSender
from chassis.grpc import GrpcService
from chassis.runtime import Context, ServiceDefinition, Wiring
from chassis.service import Model
from desk.grpc_api import ApprovalApi
from services.shipping_issues import consumers, read_model, timers
from services.shipping_issues.application import Application
from services.shipping_issues.domain.delivery_case import DeliveryCase
from services.shipping_issues.domain.guidelines import Rules
from services.shipping_issues.domain.order import Order
from services.shipping_issues.domain.remedy import ADDRESS_REQUEST, RESHIP_REQUEST
from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.grpc_api import ShippingIssues
from services.shipping_issues.history import finish_history
from services.shipping_issues.policies import load_rules
from services.shipping_issues.providers.fulfilment import AddressCorrections, Reshipments
from services.shipping_issues.publisher import publish
from services.shipping_issues.queries import Queries
from services.shipping_issues.self_service import ShippingIssuesSelfService

NAME = "shipping_issues"


def model_under(rules: Rules) -> Model:
    """What is stored beside the events, under the rules of this build."""
    return Model(
        name=NAME,
        aggregates=(Shipment, Order, DeliveryCase, AgentDay, OrderApprovals, StaffMember, Deputy),
        read_model=read_model.metadata,
        rows=read_model.rows,
        publish=publish,
        timers=timers.wanted_under(rules),
    )


def wire(context: Context) -> Wiring:
    """Every adapter of the service, from the parts of one process."""
    app = Application(RULES)
    units = context.units
    queries = Queries(context.engine, units.aggregates, RULES, context.clock)
    sender = RequestSender(context.kafka, NAME, context.settings.incarnation)
    return Wiring(
        subscriptions=consumers.subscriptions(app),
        timer_handlers=timers.handlers(app),
        providers={
            RESHIP_REQUEST: Reshipments(sender, units.aggregates.load),
            ADDRESS_REQUEST: AddressCorrections(sender, units.aggregates.load),
        },
        effect_handlers={RESHIP_REQUEST: app.request_changed, ADDRESS_REQUEST: app.request_changed},
        grpc=(
            ApprovalApi(app, queries, context.commands).service(),
            GrpcService.of(ShippingIssues(app, queries, context.commands)),
            GrpcService.of(ShippingIssuesSelfService(app, queries, context.commands)),
        ),
        finish_history=partial(finish_history, app, queries, units),
    )


RULES = load_rules()
SERVICE = ServiceDefinition(model_under(RULES), wire)
