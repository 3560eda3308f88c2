"""Who has a withdrawal, and who has a file of conformity."""

from alembic import context, op

from chassis.schema import create_append, grant
from services.returns.read_model import metadata

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

STATEMENTS = tuple(
    statement
    for table in ("withdrawals", "conformity")
    for statement in (
        f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS assignee text NOT NULL DEFAULT ''",
        f"CREATE INDEX IF NOT EXISTS {table}_assignee ON {table} (assignee, updated_at, id)",
    )
)


def upgrade() -> None:
    bind = op.get_bind()
    for statement in (*STATEMENTS, *create_append(metadata), *grant(context.config.attributes["runtime_role"])):
        bind.exec_driver_sql(statement)
