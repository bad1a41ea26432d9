"""What the user said are no duplicates.

Revision: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "distinct_images",
        sa.Column("set_id", BIG_ID, nullable=False),
        sa.Column("image_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_distinct_images_image_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("set_id", "image_id", name="pk_distinct_images"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_distinct_images_image_id", "distinct_images", ["image_id"], unique=False)
