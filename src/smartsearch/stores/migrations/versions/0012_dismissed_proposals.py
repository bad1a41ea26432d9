"""Albums that shall not be proposed again.

Revision: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Nothing was dismissed before."""
    op.create_table(
        "dismissed_proposals",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", BIG_ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject", name="pk_dismissed_proposals"),
        sqlite_with_rowid=False,
    )
