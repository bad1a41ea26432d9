"""People: faces, persons, what the user decided about them, and the trail of operations.

The first schema had tables for these that nothing ever wrote; they are replaced.

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Drop the empty tables and make the new ones."""
    for name in ("faces", "person_clusters", "persons"):
        op.drop_table(name)
    op.create_table(
        "persons",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("name_key", sa.Text(), nullable=True),
        sa.Column("hidden", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("favourite", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("birth_date", sa.Text(), nullable=True),
        sa.Column("cover_face", BIG_ID, nullable=True),
        sa.Column("suggested_id", BIG_ID, nullable=True),
        sa.Column("suggested_confidence", sa.Float(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_persons"),
        sa.UniqueConstraint("name_key", name="uq_persons_name_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "faces",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("image_id", BIG_ID, nullable=False),
        sa.Column("space", sa.Text(), nullable=True),
        *(
            sa.Column(name, sa.Float(), nullable=False)
            for name in ("left", "top", "width", "height", "score", "quality", "size", "sharpness", "pose")
        ),
        sa.Column("vector", sa.LargeBinary(), nullable=True),
        sa.Column("person_id", BIG_ID, nullable=True),
        sa.Column("confidence", sa.Float(), server_default="0", nullable=False),
        sa.Column("ignored", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("suggested_id", BIG_ID, nullable=True),
        sa.Column("suggested_confidence", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_faces_image_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_faces_person_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_faces"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_faces_image_id", "faces", ["image_id"], unique=False)
    op.create_index("ix_faces_person_id", "faces", ["person_id", "image_id"], unique=False)
    op.create_table(
        "face_thumbnails",
        sa.Column("face_id", BIG_ID, nullable=False),
        sa.Column("webp", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["face_id"], ["faces.id"], name="fk_face_thumbnails_face_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("face_id", name="pk_face_thumbnails"),
    )
    op.create_table(
        "face_scans",
        sa.Column("image_id", BIG_ID, nullable=False),
        sa.Column("analyzer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_face_scans_image_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("image_id", name="pk_face_scans"),
    )
    op.create_index("ix_face_scans_analyzer", "face_scans", ["analyzer"], unique=False)
    op.create_table(
        "face_decisions",
        sa.Column("face_id", BIG_ID, nullable=False),
        sa.Column("person_id", BIG_ID, nullable=False),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["face_id"], ["faces.id"], name="fk_face_decisions_face_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_face_decisions_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("face_id", "person_id", name="pk_face_decisions"),
    )
    op.create_index("ix_face_decisions_person_id", "face_decisions", ["person_id", "face_id"], unique=False)
    op.create_table(
        "person_events",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("journal", sa.JSON(), nullable=False),
        sa.Column("undone", sa.Boolean(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person_events"),
        sqlite_autoincrement=True,
    )
