"""Changes before dispatch as the desk and their customers see them."""

from alembic import context, op

from chassis.schema import create_append, grant
from services.returns.read_model import changes, metadata

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind = op.get_bind()
    changes.create(bind, checkfirst=True)
    for statement in (*create_append(metadata), *grant(context.config.attributes["runtime_role"])):
        bind.exec_driver_sql(statement)
