"""Indexes for searching by colour and counting folders.

Revision: 0004
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("ix_images_color", "images", ["color", "missing_since"], unique=False)
    op.create_index("ix_images_folder", "images", ["folder", "missing_since"], unique=False)
