"""Applying changes: one function for each kind, all inside the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from smartsearch.core.assets import (
    Change,
    ClearError,
    CopyImage,
    Embedding,
    FileError,
    FileIdentity,
    MarkMissing,
    MoveImage,
    PutAutoTags,
    PutEmbedding,
    PutImage,
    PutLooks,
    PutMotion,
    RecordError,
    Tag,
    TagSource,
    TouchImage,
    UpdateMetadata,
)
from smartsearch.core.edits import TagChange
from smartsearch.core.faces import PutFaces
from smartsearch.core.reading import PutText
from smartsearch.core.tagtree import moved
from smartsearch.stores import palettes, people, rows, scenes, texts
from smartsearch.stores.tags import TagWriter

_PATH_COLUMNS = ("path", "file_path", "folder", "file_name")
_LOOK_COLUMNS = ("phash", "color", "sharpness", "duration", "motion_start", "motion_length")
_CONTENT_COLUMNS = ("format", "width", "height", "frames", *_LOOK_COLUMNS)
_PUT_COLUMNS = (
    *_PATH_COLUMNS,
    *rows.IDENTITY_COLUMNS,
    "modified_at",
    "file_hash",
    "created_at",
    "indexed_at",
    "sidecar_mtime_ns",
    *_CONTENT_COLUMNS,
    *rows.METADATA_COLUMNS,
)
_COPIED_COLUMNS = ("file_hash", *_CONTENT_COLUMNS, *rows.METADATA_COLUMNS)


def _marks(columns: Sequence[str]) -> str:
    return ", ".join("?" * len(columns))


def _assignments(columns: Sequence[str]) -> str:
    return ", ".join(f"{column} = ?" for column in columns)


_INSERT_IMAGE = f"INSERT INTO images ({', '.join(_PUT_COLUMNS)}) VALUES ({_marks(_PUT_COLUMNS)})"
_UPDATE_IMAGE = f"UPDATE images SET {_assignments(_PUT_COLUMNS)}, missing_since = NULL WHERE id = ?"
_UPDATE_STAT = (
    f"UPDATE images SET {_assignments(rows.IDENTITY_COLUMNS)}, modified_at = ?, missing_since = NULL WHERE id = ?"
)
_FTS_COLUMNS = "rowid, file_name, folder, tags, title, description"
_FTS_SOURCE = "id, file_name, folder, tags, title, description FROM image_text"


@dataclass(slots=True)
class Writer:
    """One write transaction. Call `finish` before committing: it brings the full text and the generation up to date."""

    connection: sqlite3.Connection
    now: datetime
    _touched: set[int] = field(default_factory=set)
    _spaces: dict[str, tuple[int, int]] = field(default_factory=dict)
    _tags: TagWriter = field(init=False)
    _changed: bool = False

    def __post_init__(self) -> None:
        self._tags = TagWriter(self.connection)

    def apply(self, changes: Sequence[Change]) -> None:
        """All changes, in order. ValueError for an embedding that is not one."""
        moving = {change.asset_id for change in changes if isinstance(change, MoveImage)}
        for change in changes:
            match change:
                case PutImage():
                    self._put(change)
                case CopyImage():
                    self._copy(change)
                case MoveImage():
                    moving.discard(change.asset_id)
                    self._move(change, moving)
                case TouchImage():
                    self._touch(change)
                case MarkMissing():
                    self._mark_missing(change)
                case PutEmbedding():
                    self._put_embedding(change)
                case PutAutoTags():
                    self._put_auto_tags(change)
                case PutFaces(asset_id, scan):
                    if self._exists(asset_id):
                        people.put_scan(self.connection, asset_id, scan)
                        self._changed = True
                case PutLooks():
                    self._put_looks(change)
                case PutMotion():
                    self._put_motion(change)
                case PutText(asset_id, read):
                    if self._exists(asset_id):
                        texts.put(self.connection, asset_id, read)
                        self._changed = True
                case UpdateMetadata():
                    self._update_metadata(change)
                case RecordError(error):
                    self._record_error(error)
                case ClearError(path):
                    self._clear_error(rows.path_bytes(path))

    def finish(self) -> None:
        """Index the text of every image touched, and let the generation grow if anything searchable changed."""
        if self._touched:
            self.connection.execute(
                f"INSERT INTO image_fts ({_FTS_COLUMNS}) SELECT {_FTS_SOURCE}"
                " WHERE id IN (SELECT value FROM json_each(?))",
                (rows.ids_json(sorted(self._touched)),),
            )
            self._touched.clear()
        if self._changed:
            self.connection.execute("UPDATE library SET generation = generation + 1")

    # -- images

    def _put(self, change: PutImage) -> None:
        path = rows.path_values(change.path)
        content = change.content
        values = (
            *path,
            *rows.identity_values(change.identity),
            rows.modified_micros(change.identity),
            change.file_hash,
            None if change.created_at is None else rows.micros(change.created_at),
            rows.micros(self.now),
            change.sidecar_mtime_ns,
            content.format,
            content.width,
            content.height,
            content.frames,
            rows.to_signed(content.phash),
            content.color,
            content.sharpness,
            rows.clean_float(content.duration),
            *rows.motion_values(content.motion),
            *rows.metadata_values(content.metadata),
        )
        image_id = self._upsert(path[0], change.file_hash, values)
        palettes.put(self.connection, image_id, content.palette)
        for space, vector in change.embeddings.items():
            self._put_vector(image_id, space, vector)
        for space, moments in change.scenes.items():
            scenes.put(self.connection, image_id, *self._spaces[space], moments)
        self._tags.replace(image_id, rows.keyword_tags(content.metadata), "keywords")
        if change.auto_tags is not None:
            self._tags.replace_auto(image_id, change.auto_tags)
        if change.faces is not None:
            people.put_scan(self.connection, image_id, change.faces)
        if change.text is not None:
            texts.put(self.connection, image_id, change.text)
        self._clear_error(path[0])

    def _upsert(self, path: bytes, file_hash: bytes, values: tuple[object, ...]) -> int:
        """Insert, or update the row that has the path; what was derived from other bytes is deleted."""
        self._changed = True
        known = self.connection.execute("SELECT id, file_hash FROM images WHERE path = ?", (path,)).fetchone()
        if known is None:
            image_id = self.connection.execute(_INSERT_IMAGE, values).lastrowid
            assert image_id is not None
            self._touched.add(image_id)
            self._set_searched(image_id)
            return image_id
        image_id = int(known[0])
        self._unindex(image_id)
        self.connection.execute(_UPDATE_IMAGE, (*values, image_id))
        self._set_searched(image_id)
        if known[1] != file_hash:
            self.connection.execute("DELETE FROM embeddings WHERE image_id = ?", (image_id,))
            scenes.forget(self.connection, image_id)
            self.connection.execute("DELETE FROM distinct_images WHERE image_id = ?", (image_id,))
            people.forget_scan(self.connection, image_id)
            texts.forget(self.connection, image_id)
            self._tags.forget_auto(image_id)
        return image_id

    def _copy(self, change: CopyImage) -> None:
        path = rows.path_values(change.path)
        source = self.connection.execute(
            f"SELECT {', '.join(_COPIED_COLUMNS)}, path FROM images WHERE id = ?", (change.source_id,)
        ).fetchone()
        if source is None:
            return
        if source[-1] == path[0]:
            self._touch(TouchImage(change.source_id, change.identity))
            return
        values = (
            *path,
            *rows.identity_values(change.identity),
            rows.modified_micros(change.identity),
            source[0],
            None if change.created_at is None else rows.micros(change.created_at),
            rows.micros(self.now),
            None,
            *source[1:-1],
        )
        image_id = self._upsert(path[0], source[0], values)
        palettes.copy(self.connection, change.source_id, image_id)
        self._copy_embeddings(change.source_id, image_id)
        scenes.copy(self.connection, change.source_id, image_id)
        self._tags.copy_derived(change.source_id, image_id)
        people.copy_faces(self.connection, change.source_id, image_id)
        texts.copy(self.connection, change.source_id, image_id)
        self._clear_error(path[0])

    def _copy_embeddings(self, source_id: int, image_id: int) -> None:
        """Deletes first rather than INSERT OR REPLACE: a replaced row would not fire the trigger on deletions."""
        source = "FROM embeddings WHERE image_id = ?"
        self.connection.execute(
            f"DELETE FROM embeddings WHERE image_id = ? AND space_id IN (SELECT space_id {source})",
            (image_id, source_id),
        )
        self.connection.execute(
            f"INSERT INTO embeddings (image_id, space_id, vector) SELECT ?, space_id, vector {source}",
            (image_id, source_id),
        )

    def _move(self, change: MoveImage, still_to_move: set[int]) -> None:
        path = rows.path_values(change.path)
        row = self.connection.execute("SELECT path FROM images WHERE id = ?", (change.asset_id,)).fetchone()
        if row is None:
            return
        self._make_room(path[0], change.asset_id, still_to_move)
        self._unindex(change.asset_id)
        self.connection.execute(
            f"UPDATE images SET {_assignments(_PATH_COLUMNS)} WHERE id = ?", (*path, change.asset_id)
        )
        self._clear_error(row[0])
        self._touch(TouchImage(change.asset_id, change.identity))

    def _make_room(self, path: bytes, for_id: int, still_to_move: set[int]) -> None:
        """The image that had the path was overwritten by the moved file, unless it moves on later (a swap)."""
        other = self.connection.execute("SELECT id FROM images WHERE path = ? AND id != ?", (path, for_id)).fetchone()
        if other is None:
            return
        if other[0] in still_to_move:
            self.connection.execute("UPDATE images SET path = ? WHERE id = ?", (b"\0moving/%d" % other[0], other[0]))
        else:
            self.forget([other[0]])

    def _touch(self, change: TouchImage) -> None:
        updated = self.connection.execute(
            _UPDATE_STAT,
            (*rows.identity_values(change.identity), rows.modified_micros(change.identity), change.asset_id),
        )
        if updated.rowcount:
            self._changed = True
            self._set_searched(change.asset_id)
            self.connection.execute(
                "DELETE FROM errors WHERE path = (SELECT path FROM images WHERE id = ?)", (change.asset_id,)
            )

    def _mark_missing(self, change: MarkMissing) -> None:
        updated = self.connection.execute(
            "UPDATE images SET missing_since = ? WHERE id = ? AND missing_since IS NULL",
            (rows.micros(change.since), change.asset_id),
        )
        self._changed |= updated.rowcount > 0

    def _update_metadata(self, change: UpdateMetadata) -> None:
        if not self._exists(change.asset_id):
            return
        self._unindex(change.asset_id)
        self.connection.execute(
            f"UPDATE images SET {_assignments(rows.METADATA_COLUMNS)}, sidecar_mtime_ns = ? WHERE id = ?",
            (*rows.metadata_values(change.metadata), change.sidecar_mtime_ns, change.asset_id),
        )
        self._set_searched(change.asset_id)
        self._tags.replace(change.asset_id, rows.keyword_tags(change.metadata), "keywords")
        self._changed = True

    def _put_looks(self, change: PutLooks) -> None:
        if self._exists(change.asset_id):
            self.connection.execute("UPDATE images SET sharpness = ? WHERE id = ?", (change.sharpness, change.asset_id))
            palettes.put(self.connection, change.asset_id, change.palette)
            self._changed = True

    def _put_motion(self, change: PutMotion) -> None:
        """That there is none is remembered, and nothing to search by."""
        if self._exists(change.asset_id):
            self.connection.execute(
                "UPDATE images SET motion_start = ?, motion_length = ? WHERE id = ?",
                (*rows.motion_values(change.motion), change.asset_id),
            )
            self._changed |= change.motion is not None

    def forget(self, asset_ids: Sequence[int]) -> int:
        """Delete images with all that hangs on them; returns how many there were."""
        ids = (rows.ids_json(asset_ids),)
        condition = "id IN (SELECT value FROM json_each(?))"
        found = [row[0] for row in self.connection.execute(f"SELECT id FROM images WHERE {condition}", ids)]
        for image_id in found:
            self._unindex(image_id)
            texts.forget(self.connection, image_id)
            self._touched.discard(image_id)
        deleted = self.connection.execute(f"DELETE FROM images WHERE {condition}", ids).rowcount
        self._changed |= deleted > 0
        return deleted

    def _set_searched(self, image_id: int) -> None:
        """What filters by date and by rating ask for; call whenever metadata or the file's time changed."""
        self.connection.execute(
            "UPDATE images SET moment = coalesce(taken_at, modified_at), stars = coalesce(user_rating, rating)"
            " WHERE id = ?",
            (image_id,),
        )

    def _exists(self, image_id: int) -> bool:
        return self.connection.execute("SELECT 1 FROM images WHERE id = ?", (image_id,)).fetchone() is not None

    def _unindex(self, image_id: int) -> None:
        """Take the image's present text out of the full-text table; call before its text changes."""
        if image_id not in self._touched:
            self._touched.add(image_id)
            self.connection.execute(
                f"INSERT INTO image_fts (image_fts, {_FTS_COLUMNS}) SELECT 'delete', {_FTS_SOURCE} WHERE id = ?",
                (image_id,),
            )

    # -- tags

    def set_tags(self, asset_id: int, tags: Iterable[Tag], source: TagSource) -> bool:
        """Replace the tags of one source; False if there is no such image."""
        if not self._exists(asset_id):
            return False
        if source != "auto":  # automatic tags are not in the full text
            self._unindex(asset_id)
        self._tags.replace(asset_id, tags, source)
        self._changed = True
        return True

    def move_tag(self, name: str, new: str | None) -> int:
        """See `Store.move_tag`."""
        found = self._tags.users_below(name)
        for image_id, tags in found.items():
            self.set_tags(image_id, moved(tags, name, new), "user")
        return len(found)

    def reject_tag(self, asset_id: int, name: str, undo: bool) -> bool:
        """Take an automatic tag off for good, or permit it again; False if there is no such image."""
        if not self._exists(asset_id):
            return False
        (self._tags.permit if undo else self._tags.reject)(asset_id, name)
        self._changed = True
        return True

    def change_tags(self, asset_id: int, change: TagChange) -> None:
        """The tags of an edit; the image must be there."""
        if change.own is not None:
            self.set_tags(asset_id, change.own, "user")
        for name in change.reject:
            self._tags.reject(asset_id, name)
        for tag in change.restore:
            self._tags.restore(asset_id, tag)
        self._changed = True

    def drop_auto_tags(self) -> int:
        """Delete every automatic tag; returns of how many images."""
        dropped = self._tags.drop_auto()
        self._changed |= dropped > 0
        return dropped

    def _put_auto_tags(self, change: PutAutoTags) -> None:
        if self._exists(change.asset_id):
            self._tags.replace_auto(change.asset_id, change.auto_tags)
            self._changed = True

    # -- embeddings

    def _put_embedding(self, change: PutEmbedding) -> None:
        if self._exists(change.asset_id):
            self._put_vector(change.asset_id, change.space, change.vector)
            scenes.put(self.connection, change.asset_id, *self._spaces[change.space], change.scenes)
            if change.auto_tags is not None:
                self._tags.replace_auto(change.asset_id, change.auto_tags)
            self._changed = True

    def _put_vector(self, image_id: int, space: str, vector: Embedding) -> None:
        blob = rows.vector_bytes(vector)
        space_id, dim = self._space(space, vector.size)
        if vector.size != dim:
            raise ValueError(f"vectors of {space} have {dim} dimensions, not {vector.size}")
        # A delete and an insert, never an update: the new id is how the vector index learns of it.
        self.connection.execute("DELETE FROM embeddings WHERE image_id = ? AND space_id = ?", (image_id, space_id))
        self.connection.execute(
            "INSERT INTO embeddings (space_id, image_id, vector) VALUES (?, ?, ?)", (space_id, image_id, blob)
        )

    def _space(self, key: str, dim: int) -> tuple[int, int]:
        if key not in self._spaces:
            self.connection.execute("INSERT OR IGNORE INTO spaces (key, dim) VALUES (?, ?)", (key, dim))
            row = self.connection.execute("SELECT id, dim FROM spaces WHERE key = ?", (key,)).fetchone()
            self._spaces[key] = (row[0], row[1])
        return self._spaces[key]

    def drop_space(self, key: str) -> int:
        """Delete every vector of a space; returns how many."""
        row = self.connection.execute("SELECT id FROM spaces WHERE key = ?", (key,)).fetchone()
        if row is None:
            return 0
        deleted = self.connection.execute("DELETE FROM embeddings WHERE space_id = ?", row).rowcount
        self.connection.execute("DELETE FROM scene_embeddings WHERE space_id = ?", row)
        self.connection.execute("DELETE FROM spaces WHERE id = ?", row)
        self.connection.execute("DELETE FROM embedding_deletions WHERE space_id = ?", row)
        self._changed = True
        return deleted

    # -- errors

    def _record_error(self, error: FileError) -> None:
        path = rows.path_bytes(error.path)
        if path is None:
            raise ValueError(f"no file can have the path {error.path!r}")
        identity: tuple[int | None, ...] = (None,) * 4
        if isinstance(error.identity, FileIdentity):
            identity = rows.identity_values(error.identity)
        self.connection.execute(
            f"INSERT OR REPLACE INTO errors (path, code, message, occurred_at, {', '.join(rows.IDENTITY_COLUMNS)})"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (path, error.code, rows.clean_text(error.message), rows.micros(error.occurred_at), *identity),
        )

    def _clear_error(self, path: bytes | None) -> None:
        self.connection.execute("DELETE FROM errors WHERE path = ?", (path,))
