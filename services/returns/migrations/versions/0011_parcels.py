"""Where parcels lie that belong to no return yet, and by what number they are found."""

from alembic import context, op

from chassis.schema import create_append, grant
from services.returns.read_model import metadata

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE receipts ADD COLUMN IF NOT EXISTS tracking_number text NOT NULL DEFAULT ''",
    "ALTER TABLE receipts ADD COLUMN IF NOT EXISTS shelf text NOT NULL DEFAULT ''",
    "CREATE INDEX IF NOT EXISTS receipts_tracking ON receipts (tracking_number) WHERE case_id = ''",
    "CREATE INDEX IF NOT EXISTS return_units_case ON return_units (case_id)",
)


def upgrade() -> None:
    bind = op.get_bind()
    for statement in (*STATEMENTS, *create_append(metadata), *grant(context.config.attributes["runtime_role"])):
        bind.exec_driver_sql(statement)
