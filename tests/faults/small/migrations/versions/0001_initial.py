"""The first tables of the example service."""

from alembic import context, op

from chassis.schema import install
from tests.faults.small.read_model import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    given = context.config.attributes
    install(op.get_bind(), metadata, runtime_role=given["runtime_role"], today=given["today"])
