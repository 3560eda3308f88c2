"""Tables a recovery from a backup is remembered in."""

from alembic import context, op

from chassis.schema import add_recovery

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_recovery(op.get_bind(), runtime_role=context.config.attributes["runtime_role"])
