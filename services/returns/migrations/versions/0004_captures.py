"""Captures of providers that are asked directly, so that their webhooks find the order."""

from alembic import context, op

from chassis.schema import create_append, grant
from services.returns.read_model import captures, metadata

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind = op.get_bind()
    captures.create(bind, checkfirst=True)
    for statement in (*create_append(metadata), *grant(context.config.attributes["runtime_role"])):
        bind.exec_driver_sql(statement)
