"""A number that recovery has burnt is not taken for a committed batch when it is asked about again."""

from alembic import op

from chassis.schema.append_sql import RECOVER_FUNCTION

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(RECOVER_FUNCTION)
