"""Each movement of money by itself, for reconciliation, the journal and open promises."""

from alembic import context, op

from chassis.schema import create_append, grant
from services.returns.read_model import metadata, movements

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind = op.get_bind()
    movements.create(bind, checkfirst=True)
    for statement in (*create_append(metadata), *grant(context.config.attributes["runtime_role"])):
        bind.exec_driver_sql(statement)
