"""Palettes and sharpness. Images that are there get their dominant colour as a palette until the next index run.

Revision: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the table and the column; searching by colour reads the table from now on."""
    op.add_column("images", sa.Column("sharpness", sa.Float(), nullable=True))
    op.create_index(
        "ix_images_sharpness",
        "images",
        ["sharpness"],
        unique=False,
        sqlite_where=sa.text("sharpness IS NULL"),
        postgresql_where=sa.text("sharpness IS NULL"),
    )
    op.create_table(
        "image_colors",
        sa.Column("image_id", BIG_ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("color", sa.Integer(), nullable=False),
        sa.Column("cell", sa.Integer(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_image_colors_image_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("image_id", "place", name="pk_image_colors"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO image_colors (image_id, place, color, cell, percent) SELECT id, 0, color,"
        " ((color >> 12) & 3840) | ((color >> 8) & 240) | ((color >> 4) & 15), 100 FROM images"
    )
    op.create_index("ix_image_colors_cell", "image_colors", ["cell", "image_id", "percent"], unique=False)
    op.drop_index("ix_images_color", table_name="images")
