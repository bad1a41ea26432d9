"""What the user said of results, and adapters learned from it.

Revision: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """New tables only."""
    op.create_table(
        "feedback",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("query_key", sa.Text(), nullable=False),
        sa.Column("file_hash", sa.LargeBinary(), nullable=False),
        sa.Column("liked", sa.Boolean(), nullable=False),
        sa.Column("space", sa.Text(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.UniqueConstraint("query_key", "file_hash", name="uq_feedback_query_key_file_hash"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "adapters",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("space", sa.Text(), nullable=False),
        sa.Column("learned_at", sa.BigInteger(), nullable=False),
        sa.Column("weights", sa.LargeBinary(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_adapters"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_adapters_space", "adapters", ["space"], unique=False)
