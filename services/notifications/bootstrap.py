"""The only place where the parts of notifications are put together."""

from datetime import timedelta
from uuid import UUID

from chassis.domain import Aggregate
from chassis.grpc import GrpcService
from chassis.runtime import Context, ServiceDefinition, Wiring
from chassis.service import Model
from services.notifications.application import EMAIL, EMAIL_RATHER_TWICE, Application
from services.notifications.consumers import subscriptions
from services.notifications.domain.contact import Contact
from services.notifications.domain.message import Message
from services.notifications.domain.story import Story
from services.notifications.grpc_api import NotificationsApi
from services.notifications.policies import data, load_catalogue, load_senders
from services.notifications.providers.mail import MailProvider, Writer
from services.notifications.providers.rendering import Templates
from services.notifications.providers.smtp import MailServer
from services.notifications.publisher import publish
from services.notifications.queries import Queries
from services.notifications.read_model import metadata, rows
from services.notifications.restored import hold_back
from services.notifications.self_service import NotificationsSelfServiceApi
from services.notifications.settings import NotificationsSettings
from services.notifications.timers import EXPIRE, SEND, wanted

REPEATABLE = timedelta(days=1)
"""So long after its first attempt a mail that is rather sent twice than never is sent again."""

MODEL = Model("notifications", (Contact, Story, Message), metadata, rows=rows, publish=publish, timers=wanted)


def wire(context: Context) -> Wiring:
    """Notifications, from the parts of one process."""
    settings = context.settings_as(NotificationsSettings)
    app = Application(load_catalogue())
    aggregates = context.units.aggregates
    queries = Queries(context.engine, aggregates)
    writer = Writer(Templates(data()), load_senders(), settings.sender)
    server = MailServer(settings.smtp_url.get_secret_value())

    async def read(cls: type[Aggregate], id: UUID) -> Aggregate | None:
        return await aggregates.load(id)

    def provider(idempotency: timedelta | None) -> MailProvider:
        return MailProvider(read, writer, server, settings.gate(), idempotency=idempotency)

    agents = NotificationsApi(app, queries, context.commands, writer)
    customers = NotificationsSelfServiceApi(app, queries, context.commands, settings.sender)
    return Wiring(
        subscriptions=subscriptions(app),
        timer_handlers={SEND: app.timer, EXPIRE: app.timer},
        providers={EMAIL: provider(None), EMAIL_RATHER_TWICE: provider(REPEATABLE)},
        effect_handlers={EMAIL: app.mail_changed, EMAIL_RATHER_TWICE: app.mail_changed},
        hold_back=hold_back(queries, context.units),
        grpc=[
            GrpcService.of(agents),
            GrpcService.of(customers),
        ],
    )


SERVICE = ServiceDefinition(MODEL, wire, NotificationsSettings)
