"""Albums, the user's own ratings, hidden images.

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add columns and tables; the rating that is searched by is copied from the files'."""
    op.add_column("images", sa.Column("user_rating", sa.Integer(), nullable=True))
    op.add_column("images", sa.Column("stars", sa.Integer(), nullable=True))
    op.execute("UPDATE images SET stars = rating WHERE rating IS NOT NULL")
    op.drop_index("ix_images_rating", table_name="images")
    op.create_index(
        "ix_images_stars",
        "images",
        ["stars", "missing_since"],
        unique=False,
        sqlite_where=sa.text("stars IS NOT NULL"),
        postgresql_where=sa.text("stars IS NOT NULL"),
    )
    op.create_table(
        "hidden_images",
        sa.Column("image_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_hidden_images_image_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("image_id", name="pk_hidden_images"),
    )
    op.create_table(
        "albums",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_albums"),
        sa.UniqueConstraint("name", name="uq_albums_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "album_images",
        sa.Column("album_id", BIG_ID, nullable=False),
        sa.Column("image_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["album_id"], ["albums.id"], name="fk_album_images_album_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_album_images_image_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("album_id", "image_id", name="pk_album_images"),
    )
    op.create_index("ix_album_images_image_id", "album_images", ["image_id"], unique=False)
