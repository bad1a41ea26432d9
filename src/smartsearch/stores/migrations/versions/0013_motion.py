"""Motion photos: where in its file the video lies.

Revision: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing is known of photos that are there until they are read again."""
    op.add_column("images", sa.Column("motion_start", sa.BigInteger(), nullable=True))
    op.add_column("images", sa.Column("motion_length", sa.BigInteger(), nullable=True))
