"""Moving pictures: how long they last, and the vectors of their scenes.

Revision: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Animations that are there get a duration and scenes when their bytes change, or by another model."""
    op.add_column("images", sa.Column("duration", sa.Float(), nullable=True))
    op.create_table(
        "scene_embeddings",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("space_id", BIG_ID, nullable=False),
        sa.Column("image_id", BIG_ID, nullable=False),
        sa.Column("at_ms", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_scene_embeddings_image_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name="fk_scene_embeddings_space_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_scene_embeddings"),
        sa.UniqueConstraint("image_id", "space_id", "at_ms", name="uq_scene_embeddings_image_id_space_id_at_ms"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_scene_embeddings_space_id", "scene_embeddings", ["space_id", "id"], unique=False)
