"""One row per account. A text that is too long for its column, or holds a NUL, is refused by the database alone."""

import sqlalchemy as sa

metadata = sa.MetaData()
accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("total", sa.BigInteger, nullable=False),
    sa.Column("note", sa.String(100), nullable=False),
)
