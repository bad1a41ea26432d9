"""The first schema.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


FULL_TEXT_AND_TRIGGERS = (
    """CREATE TRIGGER embeddings_deleted AFTER DELETE ON embeddings BEGIN
         INSERT INTO embedding_deletions (space_id, embedding_id) VALUES (old.space_id, old.id);
       END""",
    """CREATE VIEW image_text AS
         SELECT images.id AS id, file_name, folder,
                (SELECT group_concat(name, ' ') FROM (
                   SELECT DISTINCT tags.name AS name FROM image_tags JOIN tags ON tags.id = image_tags.tag_id
                   WHERE image_tags.image_id = images.id ORDER BY tags.name)) AS tags,
                title, description
         FROM images""",
    """CREATE VIRTUAL TABLE image_fts USING fts5(
         file_name, folder, tags, title, description, content='image_text', content_rowid='id',
         tokenize="unicode61 remove_diacritics 2 categories 'L* N*'")""",
    "INSERT INTO library (id, generation) VALUES (1, 0)",
)


def upgrade() -> None:
    """Make every table, index, trigger and view."""
    op.create_table(
        "embedding_deletions",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("space_id", BIG_ID, nullable=False),
        sa.Column("embedding_id", BIG_ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_embedding_deletions"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_embedding_deletions_space_id", "embedding_deletions", ["space_id", "id", "embedding_id"], unique=False
    )
    op.create_table(
        "errors",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.BigInteger(), nullable=True),
        sa.Column("inode", sa.BigInteger(), nullable=True),
        sa.Column("file_size", sa.BigInteger(), nullable=True),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_errors"),
        sa.UniqueConstraint("path", name="uq_errors_path"),
    )
    op.create_table(
        "images",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("file_path", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_hash", sa.LargeBinary(), nullable=False),
        sa.Column("device", sa.BigInteger(), nullable=False),
        sa.Column("inode", sa.BigInteger(), nullable=False),
        sa.Column("file_size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.Column("indexed_at", sa.BigInteger(), nullable=False),
        sa.Column("missing_since", sa.BigInteger(), nullable=True),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.Column("taken_offset", sa.Integer(), nullable=True),
        sa.Column("moment", sa.BigInteger(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("altitude", sa.Float(), nullable=True),
        sa.Column("camera_make", sa.Text(), nullable=True),
        sa.Column("camera_model", sa.Text(), nullable=True),
        sa.Column("lens_model", sa.Text(), nullable=True),
        sa.Column("focal_length", sa.Float(), nullable=True),
        sa.Column("f_number", sa.Float(), nullable=True),
        sa.Column("exposure_time", sa.Float(), nullable=True),
        sa.Column("iso", sa.BigInteger(), nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("phash", sa.BigInteger(), nullable=False),
        sa.Column("color", sa.Integer(), nullable=False),
        sa.Column("sidecar_mtime_ns", sa.BigInteger(), nullable=True),
        sa.Column("keywords", sa.JSON(), nullable=True),
        sa.Column("exif_data", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_images"),
        sa.UniqueConstraint("path", name="uq_images_path"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_images_camera_make_camera_model_lens_model",
        "images",
        ["camera_make", "camera_model", "lens_model", "missing_since"],
        unique=False,
    )
    op.create_index("ix_images_file_hash", "images", ["file_hash"], unique=False)
    op.create_index("ix_images_file_name", "images", ["file_name", "missing_since"], unique=False)
    op.create_index("ix_images_file_size", "images", ["file_size", "missing_since"], unique=False)
    op.create_index("ix_images_format", "images", ["format", "missing_since"], unique=False)
    op.create_index(
        "ix_images_latitude_longitude",
        "images",
        ["latitude", "longitude", "missing_since"],
        unique=False,
        sqlite_where=sa.text("latitude IS NOT NULL"),
        postgresql_where=sa.text("latitude IS NOT NULL"),
    )
    op.create_index(
        "ix_images_missing_since",
        "images",
        ["missing_since"],
        unique=False,
        sqlite_where=sa.text("missing_since IS NOT NULL"),
        postgresql_where=sa.text("missing_since IS NOT NULL"),
    )
    op.create_index("ix_images_moment", "images", ["moment", "missing_since"], unique=False)
    op.create_index(
        "ix_images_rating",
        "images",
        ["rating", "missing_since"],
        unique=False,
        sqlite_where=sa.text("rating IS NOT NULL"),
        postgresql_where=sa.text("rating IS NOT NULL"),
    )
    op.create_index("ix_images_taken_at", "images", ["taken_at", "missing_since"], unique=False)
    op.create_index("ix_images_width_height", "images", ["width", "height", "missing_since"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("errors", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("pid", sa.BigInteger(), nullable=True),
        sa.Column("process", sa.Text(), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_state", "jobs", ["state"], unique=False)
    op.create_table(
        "library",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_library"),
    )
    op.create_table(
        "persons",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("hidden", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_persons"),
    )
    op.create_table(
        "roots",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("recursive", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_roots"),
        sa.UniqueConstraint("path", name="uq_roots_path"),
    )
    op.create_table(
        "settings",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_settings"),
    )
    op.create_table(
        "spaces",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("dim", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_spaces"),
        sa.UniqueConstraint("key", name="uq_spaces_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tags",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tags"),
        sa.UniqueConstraint("name", name="uq_tags_name"),
    )
    op.create_table(
        "embeddings",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("space_id", BIG_ID, nullable=False),
        sa.Column("image_id", BIG_ID, nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_embeddings_image_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name="fk_embeddings_space_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_embeddings"),
        sa.UniqueConstraint("image_id", "space_id", name="uq_embeddings_image_id_space_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_embeddings_space_id", "embeddings", ["space_id", "id", "image_id"], unique=False)
    op.create_table(
        "image_tags",
        sa.Column("image_id", BIG_ID, nullable=False),
        sa.Column("tag_id", BIG_ID, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_image_tags_image_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name="fk_image_tags_tag_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("image_id", "tag_id", "source", name="pk_image_tags"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_image_tags_tag_id", "image_tags", ["tag_id", "image_id"], unique=False)
    op.create_table(
        "person_clusters",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("person_id", BIG_ID, nullable=True),
        sa.Column("space_id", BIG_ID, nullable=False),
        sa.Column("centroid", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["persons.id"], name="fk_person_clusters_person_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name="fk_person_clusters_space_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_person_clusters"),
    )
    op.create_index("ix_person_clusters_person_id", "person_clusters", ["person_id"], unique=False)
    op.create_index("ix_person_clusters_space_id", "person_clusters", ["space_id"], unique=False)
    op.create_table(
        "faces",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("image_id", BIG_ID, nullable=False),
        sa.Column("space_id", BIG_ID, nullable=False),
        sa.Column("cluster_id", BIG_ID, nullable=True),
        sa.Column("left", sa.Float(), nullable=False),
        sa.Column("top", sa.Float(), nullable=False),
        sa.Column("width", sa.Float(), nullable=False),
        sa.Column("height", sa.Float(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cluster_id"], ["person_clusters.id"], name="fk_faces_cluster_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_faces_image_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name="fk_faces_space_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_faces"),
    )
    op.create_index("ix_faces_cluster_id", "faces", ["cluster_id"], unique=False)
    op.create_index("ix_faces_image_id", "faces", ["image_id"], unique=False)
    op.create_index("ix_faces_space_id", "faces", ["space_id"], unique=False)
    for statement in FULL_TEXT_AND_TRIGGERS:
        op.execute(statement)
