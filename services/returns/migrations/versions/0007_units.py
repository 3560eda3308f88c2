"""Each unit that comes back by itself, for search and statistics, and what was sold, for rates.

What is in the log already is filled in by ``python -m services.returns rebuild``.
"""

from alembic import context, op

from chassis.schema import create_append, grant
from services.returns import sales
from services.returns.read_model import metadata, return_units

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind, role = op.get_bind(), context.config.attributes["runtime_role"]
    return_units.create(bind, checkfirst=True)
    sales.metadata.create_all(bind)
    quoted = '"' + role.replace('"', '""') + '"'
    follows = [f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {quoted}" for table in sales.Sales.tables]
    for statement in (*create_append(metadata), *grant(role), *follows):
        bind.exec_driver_sql(statement)
