"""Which photos nobody looked for motion in: those of before 0013, to be caught up with by the next index run.

Revision: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A length of 0 says that there is none, NULL that nobody looked. The other formats carry none."""
    op.execute(
        "UPDATE images SET motion_length = 0 WHERE motion_length IS NULL AND format NOT IN ('jpeg', 'heif', 'avif')"
    )
    op.create_index(
        "ix_images_motion_length",
        "images",
        ["motion_length"],
        unique=False,
        sqlite_where=sa.text("motion_length IS NULL"),
        postgresql_where=sa.text("motion_length IS NULL"),
    )
