"""What is read in the pictures, found by its trigrams.

Revision: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

TRIGRAMS = """CREATE VIRTUAL TABLE text_fts USING fts5(
    folded, content='image_texts', content_rowid='image_id', tokenize='trigram case_sensitive 1')"""


def upgrade() -> None:
    """Nothing was read before."""
    op.create_table(
        "image_texts",
        sa.Column("image_id", BIG_ID, nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_image_texts_image_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("image_id", name="pk_image_texts"),
    )
    op.execute(TRIGRAMS)
