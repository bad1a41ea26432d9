"""The tables, as SQLAlchemy Core describes them for SQLite and PostgreSQL.

Conventions: moments are integer microseconds since 1970 (UTC; `taken_at` is a wall clock read as if it were UTC);
paths are the bytes of ``os.fsencode``; unsigned 64-bit values (device, inode, perceptual hash) are stored as the signed
integer of the same bits; vectors are little-endian float16. Ids are never reused, so that caches can follow them.

This module is the reference for the migrations and is imported only where tables are made or changed. Reading and
writing a library goes through plain SQL (see `sqlite.py`): importing SQLAlchemy alone takes a quarter of a second,
which every cold search would pay.

SQLite has more than SQLAlchemy has words for: the first migration adds a trigger that fills `embedding_deletions` and
the full-text table `image_fts`, which reads its text from the view `image_text` (the second leaves automatic tags out);
a later one the table of trigrams `text_fts` over `image_texts`.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

BigId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column of type exactly INTEGER."""


def _id() -> Column[int]:
    return Column("id", BigId, primary_key=True, autoincrement=True)


def _parent(name: str, target: str, *, key: bool = False, index: bool = True) -> Column[int]:
    """A row that goes when its parent goes."""
    parent = ForeignKey(target, ondelete="CASCADE")
    return Column(name, BigId, parent, nullable=False, primary_key=key, index=index and not key)


library = Table(
    "library",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("generation", BigInteger, nullable=False),
)
"""One row. ``generation`` grows in the transaction of every change to images, tags or embeddings."""

images = Table(
    "images",
    metadata,
    _id(),
    Column("path", LargeBinary, nullable=False, unique=True),
    Column("file_path", Text, nullable=False),
    Column("folder", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("file_hash", LargeBinary, nullable=False, index=True),
    Column("device", BigInteger, nullable=False),
    Column("inode", BigInteger, nullable=False),
    Column("file_size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("format", Text, nullable=False),
    Column("frames", Integer, nullable=False),
    Column("created_at", BigInteger),
    Column("modified_at", BigInteger, nullable=False),
    Column("indexed_at", BigInteger, nullable=False),
    Column("missing_since", BigInteger),
    Column("taken_at", BigInteger),
    Column("taken_offset", Integer),
    Column("moment", BigInteger),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("altitude", Float),
    Column("camera_make", Text),
    Column("camera_model", Text),
    Column("lens_model", Text),
    Column("focal_length", Float),
    Column("f_number", Float),
    Column("exposure_time", Float),
    Column("iso", BigInteger),
    Column("rating", Integer),
    Column("title", Text),
    Column("description", Text),
    Column("phash", BigInteger, nullable=False),
    Column("color", Integer, nullable=False),
    Column("sidecar_mtime_ns", BigInteger),
    Column("keywords", JSON),
    Column("exif_data", JSON),
    Column("user_rating", Integer),
    Column("stars", Integer),
    Column("tagger", Text, index=True),
    Column("sharpness", Float),
    Column("duration", Float),
    Column("motion_start", BigInteger),
    Column("motion_length", BigInteger),
    sqlite_autoincrement=True,
)
# `moment`, what date filters ask for, is taken_at or else modified_at; `stars` is user_rating or else rating. The store
# writes both, because SQLite does not take an index on a generated column as covering.
# Almost every search also asks that the file is present: `missing_since` at the end makes each index covering.
_missing = images.c.missing_since.is_not(None)
Index("ix_images_missing_since", images.c.missing_since, sqlite_where=_missing, postgresql_where=_missing)
for _names in (
    ["moment"],
    ["taken_at"],
    ["format"],
    ["file_size"],
    ["width", "height"],
    ["file_name"],
    ["camera_make", "camera_model", "lens_model"],
    ["folder"],
):
    Index(f"ix_images_{'_'.join(_names)}", *(images.c[_name] for _name in (*_names, "missing_since")))
for _names in (["latitude", "longitude"], ["stars"]):
    _known = images.c[_names[0]].is_not(None)
    Index(
        f"ix_images_{'_'.join(_names)}",
        *(images.c[_name] for _name in (*_names, "missing_since")),
        sqlite_where=_known,
        postgresql_where=_known,
    )

# Of a motion photo, where its video lies; a length of 0 says that there is none, NULL that nobody looked for it.
for _name in ("sharpness", "motion_length"):
    _unknown = images.c[_name].is_(None)
    Index(f"ix_images_{_name}", images.c[_name], sqlite_where=_unknown, postgresql_where=_unknown)
# Only of those that lack it: what the next index run has to look at again.

image_colors = Table(
    "image_colors",
    metadata,
    _parent("image_id", "images.id", key=True),
    Column("place", Integer, primary_key=True),
    Column("color", Integer, nullable=False),
    Column("cell", Integer, nullable=False),
    Column("percent", Integer, nullable=False),
    Index("ix_image_colors_cell", "cell", "image_id", "percent"),
    sqlite_with_rowid=False,
)
"""The palette of each image, the largest colour first; ``cell`` is `core.color.cell` of the colour."""

spaces = Table(
    "spaces",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),
    Column("dim", Integer, nullable=False),
    sqlite_autoincrement=True,
)

embeddings = Table(
    "embeddings",
    metadata,
    _id(),
    _parent("space_id", "spaces.id", index=False),
    _parent("image_id", "images.id", index=False),
    Column("vector", LargeBinary, nullable=False),
    UniqueConstraint("image_id", "space_id"),
    Index("ix_embeddings_space_id", "space_id", "id", "image_id"),
    sqlite_autoincrement=True,
)
"""A replaced vector gets a new id: the vector index follows by reading ids above the last one it has seen."""

embedding_deletions = Table(
    "embedding_deletions",
    metadata,
    _id(),
    Column("space_id", BigId, nullable=False),
    Column("embedding_id", BigId, nullable=False),
    Index("ix_embedding_deletions_space_id", "space_id", "id", "embedding_id"),
    sqlite_autoincrement=True,
)
"""Written by a trigger whenever a vector is deleted, for the vector index to follow."""

scene_embeddings = Table(
    "scene_embeddings",
    metadata,
    _id(),
    _parent("space_id", "spaces.id", index=False),
    _parent("image_id", "images.id", index=False),
    Column("at_ms", Integer, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    UniqueConstraint("image_id", "space_id", "at_ms"),
    Index("ix_scene_embeddings_space_id", "space_id", "id"),
    sqlite_autoincrement=True,
)
"""Of moving pictures, which have a row in `embeddings`, too: of the frame that stands for the whole."""

tags = Table(
    "tags",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
)

image_tags = Table(
    "image_tags",
    metadata,
    _parent("image_id", "images.id", key=True),
    _parent("tag_id", "tags.id", key=True),
    Column("source", Text, primary_key=True),
    Column("confidence", Float, nullable=False),
    Index("ix_image_tags_tag_id", "tag_id", "image_id"),
    sqlite_with_rowid=False,
)
"""``source`` is "user", "keywords" or "auto". Those of "auto" were given by the tagger that `images.tagger` names."""

rejected_tags = Table(
    "rejected_tags",
    metadata,
    _parent("image_id", "images.id", key=True),
    _parent("tag_id", "tags.id", key=True),
)
"""Automatic tags that the user took off an image: no tagger puts them back."""

hidden_images = Table("hidden_images", metadata, _parent("image_id", "images.id", key=True))
"""A table, not a column of `images`: the indexes that answer filters stay covering, and it is nearly always empty."""

distinct_images = Table(
    "distinct_images",
    metadata,
    Column("set_id", BigId, primary_key=True),
    _parent("image_id", "images.id", key=True),
    Index("ix_distinct_images_image_id", "image_id"),
    sqlite_with_rowid=False,
)
"""Images of one set are no duplicates of each other: the user's word, which goes when the bytes of an image change."""

albums = Table(
    "albums",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("query", Text),
    sqlite_autoincrement=True,
)
"""With a query: a smart album, which has no rows in `album_images`."""

album_images = Table(
    "album_images",
    metadata,
    _parent("album_id", "albums.id", key=True),
    _parent("image_id", "images.id", key=True),
    Index("ix_album_images_image_id", "image_id"),
)

persons = Table(
    "persons",
    metadata,
    _id(),
    Column("name", Text),
    Column("name_key", Text, unique=True),
    Column("hidden", Boolean, nullable=False, server_default="0"),
    Column("favourite", Boolean, nullable=False, server_default="0"),
    Column("notes", Text, nullable=False, server_default=""),
    Column("birth_date", Text),
    Column("cover_face", BigId),
    Column("suggested_id", BigId),
    Column("suggested_confidence", Float),
    Column("created_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
"""Without a name: a group of faces that look alike. ``name_key`` is the name without case; ``suggested_id`` is
derived."""

faces = Table(
    "faces",
    metadata,
    _id(),
    _parent("image_id", "images.id"),
    Column("space", Text),
    Column("left", Float, nullable=False),
    Column("top", Float, nullable=False),
    Column("width", Float, nullable=False),
    Column("height", Float, nullable=False),
    Column("score", Float, nullable=False),
    Column("quality", Float, nullable=False),
    Column("size", Float, nullable=False),
    Column("sharpness", Float, nullable=False),
    Column("pose", Float, nullable=False),
    Column("vector", LargeBinary),
    Column("person_id", BigId, ForeignKey("persons.id", ondelete="SET NULL")),
    Column("confidence", Float, nullable=False, server_default="0"),
    Column("ignored", Boolean, nullable=False, server_default="0"),
    Column("suggested_id", BigId),
    Column("suggested_confidence", Float),
    Index("ix_faces_person_id", "person_id", "image_id"),
    sqlite_autoincrement=True,
)
"""Boxes are fractions of the upright picture. ``space`` and ``vector`` are NULL for a face that the user drew. Person,
confidence and suggestion are derived (see `face_decisions`); ``ignored`` is the user's."""

face_thumbnails = Table(
    "face_thumbnails",
    metadata,
    _parent("face_id", "faces.id", key=True),
    Column("webp", LargeBinary, nullable=False),
)
"""In the database, unlike those of images: what is erased here leaves no file behind."""

face_scans = Table(
    "face_scans",
    metadata,
    _parent("image_id", "images.id", key=True),
    Column("analyzer", Text, nullable=False, index=True),
)
"""Which images were looked at for faces, and by whom."""

image_texts = Table(
    "image_texts",
    metadata,
    _parent("image_id", "images.id", key=True),
    Column("reader", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("lines", JSON, nullable=False),
)
"""What was read in an image, and by whom; a row without lines: there is no text. ``folded`` is what texts are compared
by; a line is [text, confidence, x, y, x, y, x, y, x, y]."""

face_decisions = Table(
    "face_decisions",
    metadata,
    _parent("face_id", "faces.id", key=True),
    _parent("person_id", "persons.id", key=True),
    Column("same", Boolean, nullable=False),
    Column("decided_at", BigInteger, nullable=False),
    Index("ix_face_decisions_person_id", "person_id", "face_id"),
)
"""What the user said: this face is, or is not, this person. Only the user's word changes it."""

person_events = Table(
    "person_events",
    metadata,
    _id(),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("journal", JSON, nullable=False),
    Column("undone", Boolean, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)
"""The audit trail of people; ``journal`` is what was there before, for undoing."""

feedback = Table(
    "feedback",
    metadata,
    _id(),
    Column("query", Text, nullable=False),
    Column("query_key", Text, nullable=False),
    Column("file_hash", LargeBinary, nullable=False),
    Column("liked", Boolean, nullable=False),
    Column("space", Text, nullable=False),
    Column("said_at", BigInteger, nullable=False),
    UniqueConstraint("query_key", "file_hash"),
    sqlite_autoincrement=True,
)
"""What the user said of results. Photos are named by their bytes: a fact outlives the row of the image."""

dismissed_proposals = Table(
    "dismissed_proposals",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("subject", BigId, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Albums that shall not be proposed: of a kind, around an image or about a person. Ids are never reused, so that a row
whose subject is gone does no harm."""

adapters = Table(
    "adapters",
    metadata,
    _id(),
    Column("space", Text, nullable=False, index=True),
    Column("learned_at", BigInteger, nullable=False),
    Column("weights", LargeBinary, nullable=False),
    Column("report", JSON, nullable=False),
    sqlite_autoincrement=True,
)
"""Revisions of how words are read, learned from feedback; of each space the last one is in force."""

roots = Table(
    "roots",
    metadata,
    _id(),
    Column("path", LargeBinary, nullable=False, unique=True),
    Column("recursive", Boolean, nullable=False),
)

errors = Table(
    "errors",
    metadata,
    _id(),
    Column("path", LargeBinary, nullable=False, unique=True),
    Column("code", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("device", BigInteger),
    Column("inode", BigInteger),
    Column("file_size", BigInteger),
    Column("mtime_ns", BigInteger),
)

jobs = Table(
    "jobs",
    metadata,
    _id(),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("total", BigInteger),
    Column("done", BigInteger, nullable=False, server_default="0"),
    Column("errors", BigInteger, nullable=False, server_default="0"),
    Column("started_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("pid", BigInteger),
    Column("process", Text),
    Column("cancel_requested", Boolean, nullable=False, server_default="0"),
    Column("detail", JSON, nullable=False),
    sqlite_autoincrement=True,
)

settings = Table(
    "settings",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
