"""The first tables of returns: the kernel's, the read model's and the append function."""

from alembic import context, op

from chassis.schema import install
from services.returns.read_model import metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    given = context.config.attributes
    install(op.get_bind(), metadata, runtime_role=given["runtime_role"], today=given["today"])
