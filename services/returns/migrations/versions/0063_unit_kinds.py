"""Files of conformity among the units that come back, and units by the kind of their case.

What is in the log already is filled in by ``python -m services.returns rebuild``.
"""

from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql("CREATE INDEX IF NOT EXISTS return_units_kind ON return_units (kind, asked_at, id)")
