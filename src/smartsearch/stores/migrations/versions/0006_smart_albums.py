"""Smart albums: an album may have a query.

Revision: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Albums so far have none."""
    op.add_column("albums", sa.Column("query", sa.Text(), nullable=True))
