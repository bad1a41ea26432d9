"""Automatic tags: who made them, what the user refused; out of the full text.

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

TEXT_WITHOUT_AUTOMATIC_TAGS = (
    "DROP VIEW image_text",
    """CREATE VIEW image_text AS
         SELECT images.id AS id, file_name, folder,
                (SELECT group_concat(name, ' ') FROM (
                   SELECT DISTINCT tags.name AS name FROM image_tags JOIN tags ON tags.id = image_tags.tag_id
                   WHERE image_tags.image_id = images.id AND image_tags.source != 'auto' ORDER BY tags.name)) AS tags,
                title, description
         FROM images""",
)


def upgrade() -> None:
    """Add the column and the table, and change the view."""
    op.add_column("images", sa.Column("tagger", sa.Text(), nullable=True))
    op.create_index("ix_images_tagger", "images", ["tagger"], unique=False)
    op.create_table(
        "rejected_tags",
        sa.Column("image_id", BIG_ID, nullable=False),
        sa.Column("tag_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_rejected_tags_image_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name="fk_rejected_tags_tag_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("image_id", "tag_id", name="pk_rejected_tags"),
    )
    for statement in TEXT_WITHOUT_AUTOMATIC_TAGS:
        op.execute(statement)
    if op.get_bind().exec_driver_sql("SELECT 1 FROM image_tags WHERE source = 'auto' LIMIT 1").fetchone():
        op.execute("INSERT INTO image_fts (image_fts) VALUES ('rebuild')")
