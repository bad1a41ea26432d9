"""Rows of tags: one function for each thing done to them, all inside the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from smartsearch.core.assets import AutoTags, Tag, TagCount, TagSource
from smartsearch.core.query import HasTag
from smartsearch.core.spaces import EmbeddingSpace
from smartsearch.core.tagtree import at_or_below
from smartsearch.stores import rows
from smartsearch.stores.sql import compile_query

_DELETE_REJECTED = (
    "DELETE FROM image_tags WHERE image_id = :image AND source = 'auto' AND tag_id IN ("
    " SELECT spelled.id FROM rejected_tags JOIN tags ON tags.id = rejected_tags.tag_id"
    " JOIN tags AS spelled ON lower(spelled.name) = lower(tags.name) WHERE rejected_tags.image_id = :image)"
)

UNTAGGED = """
    SELECT id FROM images WHERE (tagger IS NULL OR tagger < :tagger OR tagger > :tagger)
    AND EXISTS (SELECT 1 FROM embeddings WHERE image_id = images.id
                AND space_id = (SELECT id FROM spaces WHERE key = :space))"""
"""From the index on ``tagger``, so that nothing to do costs nothing; with ORDER BY SQLite would read every image."""


@dataclass(slots=True)
class TagWriter:
    """Writes tags in one transaction; looks each name up once."""

    connection: sqlite3.Connection
    _ids: dict[str, int] = field(default_factory=dict)

    def replace(self, image_id: int, tags: Iterable[Tag], source: TagSource) -> None:
        """The tags of one source on one image."""
        self.connection.execute("DELETE FROM image_tags WHERE image_id = ? AND source = ?", (image_id, source))
        self.connection.executemany(
            "INSERT OR REPLACE INTO image_tags (image_id, tag_id, source, confidence) VALUES (?, ?, ?, ?)",
            [(image_id, self._id(tag.name), source, tag.confidence) for tag in tags],
        )

    def users_below(self, name: str) -> dict[int, tuple[Tag, ...]]:
        """All tags of the user's on each image that has one at or below ``name``."""
        condition = compile_query(HasTag(name))
        ids = [
            row[0]
            for row in self.connection.execute(f"SELECT id FROM images WHERE {condition.sql}", condition.parameters)
        ]
        own = {
            image_id: tuple(tag for tag in tags if tag.source == "user")
            for image_id, tags in of_images(self.connection, ids).items()
        }
        return {image_id: tags for image_id, tags in own.items() if any(at_or_below(tag.name, name) for tag in tags)}

    def replace_auto(self, image_id: int, made: AutoTags) -> None:
        """The automatic tags of an image, without those the user has rejected."""
        self.replace(image_id, made.tags, "auto")
        self.connection.execute(_DELETE_REJECTED, {"image": image_id})
        self.connection.execute("UPDATE images SET tagger = ? WHERE id = ?", (made.tagger, image_id))

    def forget_auto(self, image_id: int) -> None:
        """An image whose bytes are new is untagged; what was rejected stays rejected."""
        self.connection.execute("DELETE FROM image_tags WHERE image_id = ? AND source = 'auto'", (image_id,))
        self.connection.execute("UPDATE images SET tagger = NULL WHERE id = ?", (image_id,))

    def copy_derived(self, source_id: int, image_id: int) -> None:
        """A copy has the keywords and the automatic tags of its source, and what the user rejected there; the user's
        own tags belong to the file they were given to."""
        self.connection.execute("DELETE FROM image_tags WHERE image_id = ? AND source != 'user'", (image_id,))
        self.connection.execute(
            "INSERT INTO image_tags (image_id, tag_id, source, confidence)"
            " SELECT ?, tag_id, source, confidence FROM image_tags WHERE image_id = ? AND source != 'user'",
            (image_id, source_id),
        )
        self.connection.execute(
            "INSERT OR IGNORE INTO rejected_tags (image_id, tag_id)"
            " SELECT ?, tag_id FROM rejected_tags WHERE image_id = ?",
            (image_id, source_id),
        )
        self.connection.execute(_DELETE_REJECTED, {"image": image_id})
        self.connection.execute(
            "UPDATE images SET tagger = (SELECT tagger FROM images WHERE id = ?) WHERE id = ?", (source_id, image_id)
        )

    def reject(self, image_id: int, name: str) -> None:
        """Take an automatic tag off for good."""
        self.connection.execute(
            "INSERT OR IGNORE INTO rejected_tags (image_id, tag_id) VALUES (?, ?)", (image_id, self._id(name))
        )
        self.connection.execute(_DELETE_REJECTED, {"image": image_id})

    def permit(self, image_id: int, name: str) -> None:
        """Undo `reject`: the image becomes untagged, so that the next tagging sees to it."""
        deleted = self.connection.execute(
            "DELETE FROM rejected_tags WHERE image_id = ?"
            " AND tag_id IN (SELECT id FROM tags WHERE lower(name) = lower(?))",
            (image_id, rows.clean_text(name)),
        )
        if deleted.rowcount:
            self.connection.execute("UPDATE images SET tagger = NULL WHERE id = ?", (image_id,))

    def restore(self, image_id: int, tag: Tag) -> None:
        """Undo `reject` by putting back the very tag."""
        self.connection.execute(
            "DELETE FROM rejected_tags WHERE image_id = ?"
            " AND tag_id IN (SELECT id FROM tags WHERE lower(name) = lower(?))",
            (image_id, rows.clean_text(tag.name)),
        )
        self.connection.execute(
            "INSERT OR REPLACE INTO image_tags (image_id, tag_id, source, confidence) VALUES (?, ?, 'auto', ?)",
            (image_id, self._id(tag.name), tag.confidence),
        )

    def drop_auto(self) -> int:
        """Delete every automatic tag; returns of how many images."""
        self.connection.execute("DELETE FROM image_tags WHERE source = 'auto'")
        return self.connection.execute("UPDATE images SET tagger = NULL WHERE tagger IS NOT NULL").rowcount

    def _id(self, name: str) -> int:
        clean = rows.clean_text(name)
        assert clean is not None
        if clean not in self._ids:
            self.connection.execute("INSERT OR IGNORE INTO tags (name) VALUES (?)", (clean,))
            row = self.connection.execute("SELECT id FROM tags WHERE name = ?", (clean,)).fetchone()
            self._ids[clean] = row[0]
        return self._ids[clean]


def of_images(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, tuple[Tag, ...]]:
    """The tags of each of these images that has any, by name and source."""
    found: dict[int, list[Tag]] = {}
    for image_id, name, confidence, source in connection.execute(
        "SELECT image_id, name, confidence, source FROM image_tags JOIN tags ON tags.id = image_tags.tag_id"
        " WHERE image_id IN (SELECT value FROM json_each(?)) ORDER BY name, source",
        (rows.ids_json(ids),),
    ):
        found.setdefault(image_id, []).append(Tag(name, confidence, source))
    return {image_id: tuple(tags) for image_id, tags in found.items()}


def untagged(connection: sqlite3.Connection, space: EmbeddingSpace, tagger: str) -> list[int]:
    """See `Store.untagged`."""
    found = connection.execute(UNTAGGED, {"tagger": tagger, "space": space.key})
    return sorted(row[0] for row in found)


def counts(connection: sqlite3.Connection, source: TagSource | None) -> list[TagCount]:
    """See `Store.tag_counts`."""
    found = connection.execute(
        "SELECT tags.name, source, count(*) AS images FROM image_tags JOIN tags ON tags.id = image_tags.tag_id"
        " WHERE source = coalesce(:source, source)"
        " AND image_id NOT IN (SELECT id FROM images WHERE missing_since IS NOT NULL)"
        " GROUP BY tag_id, source ORDER BY images DESC, tags.name, source",
        {"source": source},
    )
    return [TagCount(*row) for row in found]
