"""Circuits of providers that keep failing."""

from alembic import context, op

from chassis.schema import add_circuits

revision = "0060"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_circuits(op.get_bind(), runtime_role=context.config.attributes["runtime_role"])
