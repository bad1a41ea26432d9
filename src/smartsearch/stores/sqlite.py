"""The library in one SQLite file: the `Store` port."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from smartsearch.core import overview
from smartsearch.core.assets import (
    Album,
    Asset,
    Change,
    Embedding,
    FileError,
    FileState,
    Job,
    JobState,
    Root,
    Tag,
    TagCount,
    TagSource,
)
from smartsearch.core.duplicates import Fingerprints
from smartsearch.core.edits import Edit, Edited, apply_edits
from smartsearch.core.errors import AssetNotFoundError, LibraryCorruptError
from smartsearch.core.overview import Cluster, Facets, TimeBucket, TimeUnit, Vocabulary
from smartsearch.core.ports import FileCipher, Neighbor, SortKey, StoreCounts
from smartsearch.core.query import Query
from smartsearch.core.spaces import EmbeddingSpace
from smartsearch.core.tagtree import TagNode, tag_tree
from smartsearch.stores import backup, curation, doctor, duplicates, jobs, palettes, rows
from smartsearch.stores import scenes as scene_rows
from smartsearch.stores import tags as tag_rows
from smartsearch.stores import text as full_text
from smartsearch.stores import texts as text_rows
from smartsearch.stores.candidates import Limits
from smartsearch.stores.changes import Writer
from smartsearch.stores.columns import ColumnCache, Said, read_mask
from smartsearch.stores.connection import Database, mapped_errors
from smartsearch.stores.doctor import Problem
from smartsearch.stores.driver import name_rows
from smartsearch.stores.export import Snapshot
from smartsearch.stores.feedback import SqliteFeedback
from smartsearch.stores.nearest import nearest
from smartsearch.stores.people import SqlitePeople
from smartsearch.stores.scenes import SceneVectors
from smartsearch.stores.sealed_vector_files import SealedVectorFiles
from smartsearch.stores.sql import compile_query
from smartsearch.stores.texts import SqliteTexts
from smartsearch.stores.vector_files import VectorFiles
from smartsearch.stores.vectors import SpaceVectors

DEFAULT_LIMITS = Limits()


def utc_now() -> datetime:
    """The default clock."""
    return datetime.now(UTC)


class SqliteStore:
    """A `smartsearch.core.ports.Store` over one SQLite file.

    Made by `open` or `create`; close it when done. ``clock`` gives the aware UTC time of rows.
    """

    def __init__(
        self,
        database: Database,
        *,
        vectors: Path,
        cipher: FileCipher | None = None,
        clock: Callable[[], datetime] = utc_now,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._database = database
        self._cipher = cipher
        self._vectors_folder = vectors
        self._clock = clock
        self._limits = limits
        self._spaces: dict[int, SpaceVectors] = {}
        self._scenes: dict[int, SceneVectors] = {}
        self._spaces_lock = threading.Lock()
        self._columns = ColumnCache()
        self.people = SqlitePeople(database)
        self.feedback = SqliteFeedback(database, clock)
        self.texts = SqliteTexts(database)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        vectors: Path,
        key: bytes | None = None,
        cipher: FileCipher | None = None,
        read_only: bool = False,
        clock: Callable[[], datetime] = utc_now,
    ) -> Self:
        """The library at ``path``, upgraded if it is older; its vector index is cached in the folder ``vectors``. Of an
        encrypted library ``key`` opens the database and ``cipher`` the index.

        Raises LibraryNotFoundError, LibraryCorruptError, LibraryTooNewError, LibraryReadOnlyError, LibraryBusyError.
        """
        return cls(Database(path, key=key, read_only=read_only), vectors=vectors, cipher=cipher, clock=clock)

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        vectors: Path,
        key: bytes | None = None,
        cipher: FileCipher | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> Self:
        """The library at ``path``, made empty if there is none."""
        return cls(Database.create(path, key=key), vectors=vectors, cipher=cipher, clock=clock)

    @property
    def read_only(self) -> bool:
        """Whether every write raises LibraryReadOnlyError."""
        return self._database.read_only

    @property
    def generation(self) -> int:
        with self._database.read() as connection:
            return _generation(connection)

    def close(self) -> None:
        for index in self._spaces.values():
            index.close()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- roots and what is known of files

    def add_root(self, path: str, recursive: bool) -> Root:
        encoded = rows.path_values(path)[0]
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO roots (path, recursive) VALUES (?, ?)"
                " ON CONFLICT (path) DO UPDATE SET recursive = excluded.recursive",
                (encoded, recursive),
            )
            row = connection.execute("SELECT id FROM roots WHERE path = ?", (encoded,)).fetchone()
        return Root(row[0], path, recursive)

    def remove_root(self, path: str) -> None:
        with self._database.write() as connection:
            connection.execute("DELETE FROM roots WHERE path = ?", (rows.path_bytes(path),))

    def roots(self) -> list[Root]:
        with self._database.read() as connection:
            found = connection.execute("SELECT id, path, recursive FROM roots ORDER BY id").fetchall()
        return [Root(row[0], os.fsdecode(row[1]), bool(row[2])) for row in found]

    def file_states(self, space: EmbeddingSpace, under: str | None = None) -> Iterator[FileState]:
        """See the port. For an image whose file has changed and could not be read since, ``identity`` is that of the
        failed attempt, so that the same broken file is not tried again at every scan."""
        with self._database.read() as connection:
            for table in ("images", "errors"):
                condition, parameters = _at_or_below(f"{table}.path", under)
                query = _IMAGE_STATES if table == "images" else _ERROR_STATES
                yield from map(
                    _file_state, connection.execute(f"{query} AND {condition}", {"space": space.key} | parameters)
                )

    def find_by_hash(self, file_hash: bytes, space: EmbeddingSpace) -> list[FileState]:
        with self._database.read() as connection:
            found = connection.execute(
                f"{_IMAGE_STATES} AND images.file_hash = :hash ORDER BY images.id",
                {"space": space.key, "hash": file_hash},
            ).fetchall()
        return list(map(_file_state, found))

    # -- writing

    def apply(self, changes: Sequence[Change]) -> None:
        """See the port. ValueError for an embedding that is not finite or not of its space's dimension."""
        with self._writer() as writer:
            writer.apply(changes)

    def set_tags(self, asset_id: int, tags: Iterable[Tag], source: TagSource) -> None:
        with self._curating(tags=True) as connection, self._writing(connection) as writer:
            if not writer.set_tags(asset_id, tags, source):
                raise _no_image(asset_id)

    def reject_tag(self, asset_id: int, name: str, *, undo: bool = False) -> None:
        with self._curating(tags=True) as connection, self._writing(connection) as writer:
            if not writer.reject_tag(asset_id, name, undo):
                raise _no_image(asset_id)

    def move_tag(self, name: str, new: str | None) -> int:
        with self._curating(tags=True) as connection, self._writing(connection) as writer:
            return writer.move_tag(name, new)

    def drop_auto_tags(self) -> int:
        with self._writer() as writer:
            return writer.drop_auto_tags()

    def set_rating(self, asset_id: int, rating: int | None) -> None:
        with self._curating() as connection:
            if not curation.set_rating(connection, asset_id, rating):
                raise _no_image(asset_id)

    def set_hidden(self, asset_id: int, hidden: bool) -> None:
        with self._curating() as connection:
            if not curation.set_hidden(connection, asset_id, hidden):
                raise _no_image(asset_id)

    def set_distinct(self, asset_ids: Sequence[int], distinct: bool) -> None:
        with self._curating() as connection:
            duplicates.set_distinct(connection, asset_ids, distinct)

    def dismissed_proposals(self) -> frozenset[tuple[str, int]]:
        with self._database.read() as connection:
            return frozenset(connection.execute("SELECT kind, subject FROM dismissed_proposals").fetchall())

    def dismiss_proposal(self, kind: str, subject: int, dismissed: bool) -> bool:
        with self._curating() as connection:
            return curation.dismiss_proposal(connection, kind, subject, dismissed)

    def add_album(self, name: str, query: str | None = None) -> Album:
        with self._curating() as connection:
            return curation.add_album(connection, name, self._clock(), query)

    def change_album(
        self,
        album_id: int,
        *,
        name: str | None = None,
        query: str | None = None,
        add: Sequence[int] = (),
        remove: Sequence[int] = (),
    ) -> Album:
        with self._curating() as connection:
            return curation.change_album(connection, album_id, name, query, add, remove)

    def remove_album(self, album_id: int) -> list[int]:
        with self._curating() as connection:
            return curation.remove_album(connection, album_id)

    def restore_album(self, album_id: int, name: str, *, query: str | None = None, images: Sequence[int] = ()) -> Album:
        with self._curating() as connection:
            return curation.restore_album(connection, album_id, name, self._clock(), query, images)

    def edit(self, edits: Sequence[Edit]) -> Edited:
        tags = any(edit.says_tags for edit in edits)
        with self._curating(tags=tags) as connection, self._writing(connection) as writer:
            return apply_edits(edits, lambda edit: curation.edit(connection, writer, edit))

    @contextmanager
    def _curating(self, *, tags: bool = False) -> Iterator[sqlite3.Connection]:
        """A write transaction that lets the generation grow: ratings, albums, what is hidden, and ``tags``."""
        with self._database.write() as connection:
            before = _generation(connection)
            yield connection
            connection.execute("UPDATE library SET generation = generation + 1")
            said = Said(before, _generation(connection), tags)
        self._columns.expire(said)

    def forget(self, asset_ids: Sequence[int]) -> int:
        with self._writer() as writer:
            forgotten = writer.forget(asset_ids)
        self._columns.expire()
        return forgotten

    def erase(self, asset_ids: Sequence[int], folder: str) -> int:
        """See the port. The vector index is erased as a whole, and made again from the database."""
        with self._database.erasing() as connection:
            writer = Writer(connection, self._clock())
            erased = writer.forget(asset_ids)
            writer.finish()
            condition, parameters = _at_or_below("path", folder)
            connection.execute(f"DELETE FROM errors WHERE {condition}", parameters)
            connection.execute("DELETE FROM jobs WHERE state <> 'running'")  # they say which file was the last
            connection.execute("DELETE FROM tags WHERE id NOT IN (SELECT tag_id FROM image_tags)")
            connection.execute("INSERT INTO image_fts (image_fts) VALUES ('rebuild')")  # its deletions only mark words
        for space_id, key, dim in self._known_spaces():
            with self._spaces_lock:
                index = self._spaces.pop(space_id, None)
                self._scenes.pop(space_id, None)
            if index is not None:
                index.close()
            with mapped_errors(self._database.path):
                self._files(space_id, key, dim).erase()
        self._columns.expire()
        return erased

    def forget_errors(self, paths: Sequence[str]) -> int:
        with self._database.write() as connection:
            deleted = [
                connection.execute("DELETE FROM errors WHERE path = ?", (rows.path_bytes(path),)).rowcount
                for path in paths
            ]
        return sum(deleted)

    def drop_space(self, space_key: str) -> int:
        with self._writer() as writer:
            return writer.drop_space(space_key)

    @contextmanager
    def _writer(self) -> Iterator[Writer]:
        with self._database.write() as connection, self._writing(connection) as writer:
            yield writer

    @contextmanager
    def _writing(self, connection: sqlite3.Connection) -> Iterator[Writer]:
        writer = Writer(connection, self._clock())
        yield writer
        writer.finish()

    # -- reading

    def assets(self, ids: Sequence[int]) -> list[Asset]:
        with self._database.read() as connection:
            found = {asset.id: asset for asset in _assets(connection, ids)}
        return [found[asset_id] for asset_id in ids if asset_id in found]

    def albums(self) -> list[Album]:
        with self._database.read() as connection:
            return curation.albums(connection)

    def asset_by_path(self, path: str) -> Asset | None:
        with self._database.read() as connection:
            row = connection.execute("SELECT id FROM images WHERE path = ?", (rows.path_bytes(path),)).fetchone()
            return None if row is None else next(_assets(connection, [row[0]]))

    def select(
        self,
        where: Query,
        *,
        order: SortKey = "id",
        descending: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[int]:
        condition = compile_query(where)
        direction = "DESC" if descending else "ASC"
        by = f"id {direction}" if order == "id" else f"{order} {direction} NULLS LAST, id"
        with self._database.read() as connection:
            found = connection.execute(
                f"SELECT id FROM images WHERE {condition.sql} ORDER BY {by} LIMIT :limit OFFSET :offset",
                condition.parameters | {"limit": -1 if limit is None else limit, "offset": offset},
            )
            return [row[0] for row in found]

    def count(self, where: Query) -> int:
        condition = compile_query(where)
        with self._database.read() as connection:
            query = f"SELECT count(*) FROM images WHERE {condition.sql}"
            return int(connection.execute(query, condition.parameters).fetchone()[0])

    def match_text(self, text: str, where: Query, limit: int) -> list[Neighbor]:
        condition = compile_query(where)
        with self._database.read() as connection:
            return full_text.match(connection, text, condition, limit)

    def untagged(self, space: EmbeddingSpace, tagger: str) -> list[int]:
        with self._database.read() as connection:
            return tag_rows.untagged(connection, space, tagger)

    def without_looks(self) -> list[int]:
        with self._database.read() as connection:
            return palettes.missing(connection)

    def without_motion(self) -> list[int]:
        with self._database.read() as connection:
            found = connection.execute(
                "SELECT id FROM images WHERE motion_length IS NULL AND missing_since IS NULL ORDER BY id"
            )
            return [row[0] for row in found]

    def tag_counts(self, source: TagSource | None = None) -> list[TagCount]:
        with self._database.read() as connection:
            return tag_rows.counts(connection, source)

    def tag_tree(self) -> tuple[TagNode, ...]:
        with self._database.read() as connection:
            yours = (count.name for count in tag_rows.counts(connection, "user"))
            return tag_tree(self._columns.get(connection), yours)

    # -- overviews

    def facets(self, where: Query) -> Facets:
        with self._database.read() as connection:
            columns = self._columns.get(connection)
            return overview.facets(columns, read_mask(connection, columns, where))

    def vocabulary(self) -> Vocabulary:
        with self._database.read() as connection:
            return overview.vocabulary(self._columns.get(connection), full_text.counts(connection))

    def timeline(self, where: Query, unit: TimeUnit) -> list[TimeBucket]:
        with self._database.read() as connection:
            columns = self._columns.get(connection)
            return overview.timeline(columns, read_mask(connection, columns, where), unit)

    def clusters(self, where: Query, zoom: int) -> list[Cluster]:
        with self._database.read() as connection:
            columns = self._columns.get(connection)
            return overview.clusters(columns, read_mask(connection, columns, where), zoom)

    def counts(self) -> StoreCounts:
        with self._database.read() as connection:
            images, missing, errors, last = connection.execute(
                "SELECT (SELECT count(*) FROM images WHERE missing_since IS NULL),"
                " (SELECT count(*) FROM images WHERE missing_since IS NOT NULL),"
                " (SELECT count(*) FROM errors), (SELECT max(indexed_at) FROM images)"
            ).fetchone()
            embeddings = connection.execute(
                "SELECT key, (SELECT count(*) FROM embeddings WHERE space_id = spaces.id) FROM spaces ORDER BY key"
            ).fetchall()
        return StoreCounts(
            images=images,
            missing=missing,
            errors=errors,
            embeddings={key: number for key, number in embeddings if number},
            last_indexed_at=None if last is None else rows.utc(last),
        )

    def images_with_words(self, words: Sequence[str], where: Query, limit: int) -> list[list[int]]:
        condition = compile_query(where)
        with self._database.read() as connection:
            return full_text.with_words(connection, words, condition, limit)

    def hashes(self, ids: Sequence[int]) -> dict[int, int]:
        with self._database.read() as connection:
            found = connection.execute(
                "SELECT id, phash FROM images WHERE id IN (SELECT value FROM json_each(?))", (rows.ids_json(ids),)
            )
            return {image_id: rows.to_unsigned(value) for image_id, value in found}

    def durations(self, ids: Sequence[int]) -> dict[int, float]:
        with self._database.read() as connection:
            return dict(
                connection.execute(
                    "SELECT id, duration FROM images"
                    " WHERE id IN (SELECT value FROM json_each(?)) AND duration IS NOT NULL",
                    (rows.ids_json(ids),),
                )
            )

    def fingerprints(self, where: Query) -> Fingerprints:
        with self._database.read() as connection:
            return duplicates.fingerprints(connection, compile_query(where))

    def distinct_sets(self) -> list[tuple[int, ...]]:
        with self._database.read() as connection:
            return duplicates.distinct_sets(connection)

    def positions(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        with self._database.read() as connection:
            found = connection.execute(
                "SELECT id, latitude, longitude FROM images WHERE latitude IS NOT NULL ORDER BY id"
            ).fetchall()
        table = np.array(found, np.float64).reshape(-1, 3)
        return table[:, 0].astype(np.int64), table[:, 1], table[:, 2]

    def taken(
        self,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        with self._database.read() as connection:
            columns = self._columns.get(connection)
        shown = columns.shown
        return columns.ids[shown], columns.moments[shown], columns.latitudes[shown], columns.longitudes[shown]

    # -- vectors

    def vectors(self, space: EmbeddingSpace, ids: Sequence[int]) -> dict[int, Embedding]:
        with self._database.read() as connection:
            found = connection.execute(
                "SELECT image_id, vector FROM embeddings WHERE space_id = (SELECT id FROM spaces WHERE key = ?)"
                " AND image_id IN (SELECT value FROM json_each(?))",
                (space.key, rows.ids_json(ids)),
            )
            return {image_id: rows.vector_from(blob) for image_id, blob in found}

    def sample_vectors(self, space: EmbeddingSpace, count: int) -> NDArray[np.float32]:
        with self._index(space.key, space.dim) as (_, index):
            ids = np.empty(0, np.int64) if index is None else index.ids()
        chosen = ids[np.linspace(0, len(ids) - 1, min(max(count, 0), len(ids))).astype(np.int64)]
        found = self.vectors(space, chosen.tolist())
        return np.array([found[i] for i in chosen.tolist() if i in found], np.float32).reshape(-1, space.dim)

    def nearest(self, space: EmbeddingSpace, vector: Embedding, where: Query, k: int) -> list[Neighbor]:
        """See the port. ``similarity`` is the inner product of ``vector`` with the float16 vector in the database."""
        if vector.shape != (space.dim,):
            raise ValueError(f"a query vector of {space.key} has shape ({space.dim},), not {vector.shape}")
        vector = np.ascontiguousarray(vector, np.float32)
        with self._index(space.key, space.dim) as (connection, index):
            if index is None or k <= 0:
                return []
            scenes = self._scenes.setdefault(index.space_id, SceneVectors(index.space_id, space.dim))
            scenes.catch_up(connection)
            return scenes.improve(connection, vector, where, k, nearest(connection, index, vector, where, k))

    def scenes(self, asset_id: int) -> list[int]:
        with self._database.read() as connection:
            return scene_rows.times(connection, asset_id)

    def scene_vectors(self, space: EmbeddingSpace, ids: Sequence[int]) -> dict[int, dict[int, Embedding]]:
        with self._database.read() as connection:
            return scene_rows.vectors(connection, space.key, ids)

    def scene_counts(self, space: EmbeddingSpace, ids: Sequence[int]) -> dict[int, int]:
        with self._database.read() as connection:
            return scene_rows.counts(connection, space.key, ids)

    def settle_vectors(self, space: EmbeddingSpace) -> None:
        """Bring the cached index of the space up to date, so that the next process starts fast. Call after indexing."""
        with self._index(space.key, space.dim) as (_, index):
            if index is not None:
                index.settle()

    # -- doctor

    def check(self) -> list[Problem]:
        """Everything that is wrong with the database and its indexes. Reads all of both.

        Damage that stops a check is a problem, not an error: what can be checked still is.
        """
        problems: list[Problem] = []
        for part in (self._check_pages, self._check_rows, self._check_text, self._check_vectors):
            try:
                problems += part()
            except LibraryCorruptError as error:
                problems.append(Problem("database", error.message, repairable=False))
        if any(problem.kind == "database" and not problem.repairable for problem in problems):
            # Then an index that differs from its table may well be the one that is right.
            problems = [replace(found, repairable=found.repairable and found.kind != "database") for found in problems]
        return problems

    def _check_pages(self) -> list[Problem]:
        if self._database.key is not None:
            return [
                Problem("database", f"The disk has changed the encrypted database: {fault}.", repairable=False)
                for fault in self._database.check_pages()[:20]
            ]
        with self._database.read() as connection:
            return list(doctor.check_pages(connection, self._database.path))

    def _check_rows(self) -> list[Problem]:
        with self._database.read() as connection:
            return list(doctor.check_rows(connection))

    def _check_text(self) -> list[Problem]:
        if self.read_only:
            return []
        with self._database.write() as connection:
            return list(doctor.check_text(connection))

    def _check_vectors(self) -> list[Problem]:
        problems = []
        for space_id, key, dim in self._known_spaces():
            files = self._files(space_id, key, dim)
            if files.soundness() is False:
                message = f"The files of the vector index of {key} are not what was written to them."
                problems.append(Problem("vector-index", message, repairable=True))
                continue
            with self._database.read() as connection:
                lost = len(doctor.damaged_vectors(connection, space_id, files))
            if lost:
                message = f"{lost} vectors of {key} are not what was stored; the vector index has them unharmed."
                problems.append(Problem("embedding", message, repairable=True))
                continue  # the index would seem to differ, but it is the one that is right
            with self._index(key, dim) as (connection, index):
                damaged = 0 if index is None else index.damage(connection)
            if damaged:
                message = f"{damaged} rows of the vector index of {key} differ from the database."
                problems.append(Problem("vector-index", message, repairable=True))
        return problems

    def repair(self) -> list[Problem]:
        """Make what is derived anew where it is wrong; returns what is still wrong then.

        Vectors that are lost are taken from the index files where these are sound, or else deleted, to be made again by
        the next `index`.
        """
        problems = self.check()
        for space_id, key, dim in self._known_spaces():
            with self._database.write() as connection:
                copies = doctor.damaged_vectors(connection, space_id, self._files(space_id, key, dim))
                doctor.put_back(connection, copies)
        with self._database.write() as connection:
            doctor.repair(connection, problems)
        for space_id, key, dim in self._known_spaces():
            unsound = self._files(space_id, key, dim).soundness() is False
            with self._index(key, dim) as (connection, index):
                if index is not None and (unsound or index.damage(connection)):
                    index.rebuild(connection)
                    index.settle()
        if any(problem.kind == "database" and problem.repairable for problem in problems):
            self._database.seal()  # what was damaged has been written anew
        return self.check()

    def seal(self) -> None:
        """Remember checksums of the database file, by which `check` finds what a disk changes in it from now on. Cheap
        when nothing was written since the last time."""
        self._database.seal()

    def _known_spaces(self) -> list[tuple[int, str, int]]:
        """Id, key and dimension of every space."""
        with self._database.read() as connection:
            return connection.execute("SELECT id, key, dim FROM spaces ORDER BY id").fetchall()

    def _files(self, space_id: int, key: str, dim: int) -> VectorFiles:
        folder = self._vectors_folder / f"{space_id}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
        if self._cipher is not None:
            return SealedVectorFiles(folder, key, dim, read_only=self.read_only, cipher=self._cipher)
        return VectorFiles(folder, key, dim, read_only=self.read_only)

    @contextmanager
    def _index(self, key: str, dim: int) -> Iterator[tuple[sqlite3.Connection, SpaceVectors | None]]:
        """The space's vectors as they are in the transaction of the connection, locked; None if there are none."""
        with self._database.read() as connection:
            row = connection.execute("SELECT id, dim FROM spaces WHERE key = ?", (key,)).fetchone()
            if row is None or row[1] != dim:
                yield connection, None
                return
            with self._spaces_lock:
                index = self._spaces.get(row[0])
                if index is None:
                    files = self._files(row[0], key, dim)
                    index = self._spaces[row[0]] = SpaceVectors(row[0], dim, files, self._limits)
            with index.lock:
                index.catch_up(connection)
                yield connection, index

    # -- copies

    def copy_to(self, target: Path) -> None:
        """Write the database as it is now into the new file ``target``. Others may read and write meanwhile."""
        with self._database.read() as connection:
            backup.copy_database(connection, target, self._database.key)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """All that is stored, as of one moment, for an export."""
        with self._database.read() as connection:
            yield Snapshot(connection, _assets)

    # -- errors, jobs and settings

    def errors(self, limit: int | None = None) -> list[FileError]:
        with self._database.read() as connection:
            found = connection.execute(
                f"SELECT path, code, message, occurred_at, {', '.join(rows.IDENTITY_COLUMNS)} FROM errors"
                " ORDER BY occurred_at DESC, id DESC LIMIT ?",
                (-1 if limit is None else limit,),
            )
            return [
                FileError(
                    path=os.fsdecode(path),
                    code=code,
                    message=message,
                    occurred_at=rows.utc(occurred_at),
                    identity=None if identity[0] is None else rows.identity_from(*identity),
                )
                for path, code, message, occurred_at, *identity in found
            ]

    def start_job(self, kind: str, detail: Mapping[str, Any]) -> Job:
        with self._database.write() as connection:
            return jobs.start(connection, kind, detail, self._clock())

    def update_job(
        self,
        job_id: int,
        *,
        done: int,
        errors: int,
        total: int | None = None,
        state: JobState = "running",
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        with self._database.write() as connection:
            now = self._clock()
            jobs.update(connection, job_id, now, done=done, errors=errors, total=total, state=state, detail=detail)

    def request_cancel(self, job_id: int) -> None:
        with self._database.write() as connection:
            connection.execute("UPDATE jobs SET cancel_requested = 1 WHERE id = ?", (job_id,))

    def cancel_requested(self, job_id: int) -> bool:
        with self._database.read() as connection:
            row = connection.execute("SELECT cancel_requested FROM jobs WHERE id = ?", (job_id,)).fetchone()
        return row is not None and bool(row[0])

    def job(self, job_id: int) -> Job:
        with self._database.read() as connection:
            return jobs.one(connection, job_id)

    def jobs(self, limit: int = 20) -> list[Job]:
        with self._database.read() as connection:
            return jobs.recent(connection, limit)

    def setting(self, key: str) -> str | None:
        with self._database.read() as connection:
            row = connection.execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def put_setting(self, key: str, value: str) -> None:
        with self._database.write() as connection:
            connection.execute("INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)", (key, value))


# The identity of the last attempt to read the file: of the failed one where there is an error.
_IMAGE_STATES = """
    SELECT images.id, images.path, coalesce(errors.device, images.device), coalesce(errors.inode, images.inode),
           coalesce(errors.file_size, images.file_size), coalesce(errors.mtime_ns, images.mtime_ns),
           images.file_hash, images.missing_since IS NOT NULL,
           EXISTS (SELECT 1 FROM embeddings WHERE image_id = images.id
                   AND space_id = (SELECT id FROM spaces WHERE key = :space)),
           images.sidecar_mtime_ns
    FROM images LEFT JOIN errors ON errors.path = images.path AND errors.device IS NOT NULL
    WHERE TRUE"""

_ERROR_STATES = """
    SELECT NULL, errors.path, coalesce(errors.device, 0), coalesce(errors.inode, 0), coalesce(errors.file_size, 0),
           coalesce(errors.mtime_ns, 0), NULL, FALSE, :space IS NULL, NULL
    FROM errors
    WHERE NOT EXISTS (SELECT 1 FROM images WHERE images.path = errors.path)"""


def _file_state(row: tuple[Any, ...]) -> FileState:
    asset_id, path, device, inode, size, mtime_ns, file_hash, missing, embedded, sidecar_mtime_ns = row
    return FileState(
        asset_id=asset_id,
        path=os.fsdecode(path),
        identity=rows.identity_from(device, inode, size, mtime_ns),
        file_hash=file_hash,
        missing=bool(missing),
        embedded=bool(embedded),
        sidecar_mtime_ns=sidecar_mtime_ns,
    )


def _at_or_below(column: str, under: str | None) -> tuple[str, dict[str, object]]:
    """The condition that a path is ``under`` itself or lies below it."""
    if under is None:
        return "TRUE", {}
    path = rows.path_values(under.rstrip(os.sep) or os.sep)[0]
    prefix = path if path.endswith(os.sep.encode()) else path + os.sep.encode()
    after = prefix[:-1] + bytes([prefix[-1] + 1])
    condition = f"({column} = :path OR ({column} >= :prefix AND {column} < :after))"
    return condition, {"path": path, "prefix": prefix, "after": after}


def _assets(connection: sqlite3.Connection, ids: Sequence[int]) -> Iterator[Asset]:
    """The images with these ids, in no particular order."""
    tags = tag_rows.of_images(connection, ids)
    parameters = (rows.ids_json(ids),)
    among = "WHERE image_id IN (SELECT value FROM json_each(?))"
    hidden = {row[0] for row in connection.execute(f"SELECT image_id FROM hidden_images {among}", parameters)}
    albums: dict[int, list[int]] = {}
    for image_id, album_id in connection.execute(
        f"SELECT image_id, album_id FROM album_images {among} ORDER BY album_id", parameters
    ):
        albums.setdefault(image_id, []).append(album_id)
    faces = _faces_of(connection, ids)
    colors = palettes.of_images(connection, ids)
    texts = text_rows.of_images(connection, ids)
    cursor = connection.cursor()
    name_rows(cursor)
    query = f"SELECT {', '.join(rows.ASSET_COLUMNS)} FROM images WHERE id IN (SELECT value FROM json_each(?))"
    for row in cursor.execute(query, parameters):
        image_id = row["id"]
        people, face_count = faces.get(image_id, ((), None))
        yield rows.asset_from(
            row,
            tags.get(image_id, ()),
            image_id in hidden,
            tuple(albums.get(image_id, ())),
            people,
            face_count,
            colors.get(image_id, ()),
            texts.get(image_id),
        )


def _faces_of(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, tuple[tuple[int, ...], int | None]]:
    """The people in each image, and how many faces there are if anybody looked for them."""
    found = connection.execute(
        "SELECT value, group_concat(DISTINCT person_id), count(faces.id),"
        " EXISTS (SELECT 1 FROM face_scans WHERE image_id = value)"
        " FROM json_each(?) LEFT JOIN faces ON image_id = value GROUP BY value",
        (rows.ids_json(ids),),
    )
    return {
        image_id: (tuple(sorted(map(int, people.split(",")))) if people else (), count if looked else None)
        for image_id, people, count, looked in found
    }


def _generation(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT generation FROM library").fetchone()[0])


def _no_image(asset_id: int) -> AssetNotFoundError:
    return AssetNotFoundError(f"There is no image {asset_id} in the library.")
