"""Credit notes: the documents of money that went back."""

from alembic import context, op

from chassis.schema import create_append, grant
from services.returns.read_model import credit_notes, metadata

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind = op.get_bind()
    credit_notes.create(bind, checkfirst=True)
    for statement in (*create_append(metadata), *grant(context.config.attributes["runtime_role"])):
        bind.exec_driver_sql(statement)
