"""A page of a queue is read by key, however many cases there are: the open ones, and one agent's."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX IF NOT EXISTS cases_state ON cases(state, updated_at, id)")
    op.execute("CREATE INDEX IF NOT EXISTS cases_assignee ON cases(assignee, updated_at, id)")
