"""Where quality complaints is wired, and nowhere else."""

from casework import AgentDay, Deputy, OrderApprovals, StaffMember
from chassis.effects.over_kafka import RequestSender
from chassis.runtime import Context, GrpcService, ServiceDefinition, Wiring
from chassis.service import Model
from desk.grpc_api import ApprovalApi
from services.quality_complaints import consumers, read_model, timers
from services.quality_complaints.application import Application
from services.quality_complaints.application.investigating import STOP_SHIP
from services.quality_complaints.application.remedies import REQUESTS
from services.quality_complaints.domain.complaint import Complaint
from services.quality_complaints.domain.guidelines import Rules
from services.quality_complaints.domain.investigation import Investigation
from services.quality_complaints.domain.order import Order
from services.quality_complaints.domain.returned_unit import ReturnedUnit
from services.quality_complaints.grpc_api import QualityComplaints
from services.quality_complaints.policies import load_rules
from services.quality_complaints.providers.fulfilment import Goods, StopShip
from services.quality_complaints.publisher import publish
from services.quality_complaints.queries import Queries
from services.quality_complaints.self_service import QualityComplaintsSelfService

NAME = "quality_complaints"


def model_under(rules: Rules) -> Model:
    """What is stored beside the events, under the rules of this build."""
    return Model(
        name=NAME,
        aggregates=(Order, Complaint, Investigation, ReturnedUnit, AgentDay, OrderApprovals, StaffMember, Deputy),
        read_model=read_model.metadata,
        rows=read_model.rows,
        publish=publish,
        timers=timers.wanted_under(rules),
    )


def wire(context: Context) -> Wiring:
    """Every adapter of the service, from the parts of one process."""
    app = Application(RULES)
    aggregates = context.units.aggregates
    queries = Queries(context.engine, aggregates, RULES, context.clock)
    sender = RequestSender(context.kafka, NAME, context.settings.incarnation)
    goods = Goods(sender, aggregates.load)
    return Wiring(
        subscriptions=consumers.subscriptions(app),
        timer_handlers=timers.handlers(app),
        providers={**dict.fromkeys(REQUESTS.values(), goods), STOP_SHIP: StopShip(sender, aggregates.load)},
        effect_handlers={
            **dict.fromkeys(REQUESTS.values(), app.request_changed),
            STOP_SHIP: app.stop_ship_changed,
        },
        grpc=(
            ApprovalApi(app, queries, context.commands).service(),
            GrpcService.of(QualityComplaints(app, queries, context.commands)),
            GrpcService.of(QualityComplaintsSelfService(app, queries, context.commands)),
        ),
    )


RULES = load_rules()
SERVICE = ServiceDefinition(model_under(RULES), wire)
