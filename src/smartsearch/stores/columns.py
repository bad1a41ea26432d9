"""The columns that overviews count (`core.overview`), read from SQLite in bulk: joined text is several times as fast to
fetch as rows, and every query but that of tags is answered from a covering index."""

from __future__ import annotations

import math
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.overview import UNRATED, Coded, Columns, Ints, Mask, Pairs
from smartsearch.core.query import And, HasTag, HasText, InAlbum, Query, Shown, ascii_lower
from smartsearch.core.tagtree import at_or_below
from smartsearch.stores.sql import compile_query

LAG = 10
CHEAP_SECONDS = 0.05


def read_columns(connection: sqlite3.Connection) -> Columns:
    """All images, missing and hidden ones too, as they are in the transaction of the connection."""
    ids, moments = _numbers(connection, "SELECT group_concat(id), group_concat(coalesce(moment, 0)) FROM images")
    order = np.argsort(ids)
    reader = _Reader(connection, ids[order])
    return Columns(
        ids=reader.ids,
        moments=moments[order],
        sizes=reader.numbers("file_size", 0),
        stars=reader.stars(),
        latitudes=reader.degrees("latitude"),
        longitudes=reader.degrees("longitude"),
        shown=reader.shown(),
        texts=reader.among("SELECT image_id AS id FROM image_texts WHERE folded != ''"),
        formats=reader.coded("SELECT format, group_concat(id) FROM images GROUP BY format"),
        cameras=reader.coded("SELECT camera_model, group_concat(id) FROM images GROUP BY camera_make, camera_model"),
        folders=reader.coded("SELECT folder, group_concat(id) FROM images GROUP BY folder"),
        tags=reader.pairs(_TAGS),
        albums=reader.pairs(_ALBUMS),
        people=reader.pairs(_PEOPLE),
    )


_TAGS = """
    SELECT 0, tags.name, joined FROM (
        SELECT tag_id, group_concat(image_id) AS joined, count(*) AS uses FROM image_tags GROUP BY tag_id
    ) JOIN tags ON tags.id = tag_id ORDER BY uses DESC, tags.name"""
"""The most used spelling comes first and gives its name to all that differ in case only, as filters by tag do."""

_ALBUMS = """
    SELECT albums.id, name, group_concat(image_id) FROM albums JOIN album_images ON album_id = albums.id
    GROUP BY albums.id"""


_PEOPLE = """
    SELECT persons.id, name, group_concat(image_id) FROM persons JOIN faces ON person_id = persons.id
    WHERE name IS NOT NULL AND NOT persons.hidden GROUP BY persons.id"""


def _read_said(connection: sqlite3.Connection, columns: Columns, tags: bool) -> Columns:
    """The columns with what the user says of images read anew, and tags if these have changed, which are most of the
    work: of 1,000,000 images 0.1 s and 3 s, all columns 5 s."""
    reader = _Reader(connection, columns.ids)
    known = replace(columns, stars=reader.stars(), shown=reader.shown(), albums=reader.pairs(_ALBUMS))
    return replace(known, tags=reader.pairs(_TAGS)) if tags else known


def read_mask(connection: sqlite3.Connection, columns: Columns, where: Query) -> Mask:
    """The rows that meet ``where``. What the columns know spares most conditions the table."""
    parts = where.parts if isinstance(where, And) else (where,)
    mask, rest = np.ones(len(columns.ids), bool), []
    for part in parts:
        known = _known(columns, part)
        if known is None:
            rest.append(part)
        else:
            mask &= known
    if rest:
        condition = compile_query(And(tuple(rest)))
        query = f"SELECT group_concat(id) FROM images WHERE {condition.sql}"
        mask &= columns.mask(_parsed(connection.execute(query, condition.parameters).fetchone()[0]))
    return mask


def _known(columns: Columns, part: Query) -> Mask | None:
    match part:
        case Shown():
            return columns.shown
        case HasText():
            return columns.texts
        case HasTag(name):
            return _having(columns, columns.tags, [at_or_below(tag, name) for tag in columns.tags.names])
        case InAlbum(album_id):
            return _having(columns, columns.albums, [own == album_id for own in columns.albums.ids])
    return None


def _having(columns: Columns, pairs: Pairs, wanted: list[bool]) -> Mask:
    mask = np.zeros(len(columns.ids), bool)
    mask[pairs.rows[np.array(wanted, bool)[pairs.codes]]] = True
    return mask


@dataclass(frozen=True, slots=True)
class Said:
    """A transaction that changed ratings, albums, what is hidden and, if so said, tags: nothing else that is counted.
    The library's generation before and after it."""

    before: int
    after: int
    tags: bool


class ColumnCache:
    """The columns of the latest generation asked for. Safe to use from several threads.

    In a large library they take longer to read than an index run takes to the next commit. While one is going on they
    may therefore lag behind by `LAG` times what reading them costs; what the user did in this process shows at once.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._columns: Columns | None = None
        self._generation = -1
        self._fresh_until = 0.0
        self._said: dict[int, Said] = {}

    def expire(self, said: Said | None = None) -> None:
        """Read again at the next call: the user has changed something, no more than ``said`` if it is given."""
        if said is not None and self._columns is not None:
            self._said[said.before] = said
        self._fresh_until = 0.0

    def get(self, connection: sqlite3.Connection) -> Columns:
        """The columns as they are in the transaction of the connection, or nearly so."""
        with self._lock:
            generation = connection.execute("SELECT generation FROM library").fetchone()[0]
            if self._columns is not None and (generation == self._generation or self._may_lag(connection)):
                return self._columns
            self._fresh_until = math.inf  # `expire` may come while this reads
            started = self._clock()
            columns = self._read(connection, generation)
            cost = self._clock() - started
            self._columns, self._generation = columns, generation
            if self._fresh_until:
                self._fresh_until = self._clock() + LAG * cost if cost > CHEAP_SECONDS else 0.0
            return columns

    def _read(self, connection: sqlite3.Connection, generation: int) -> Columns:
        said, self._said = self._said, {}
        at, tags = self._generation, False
        while at != generation and at in said:
            at, tags = said[at].after, tags or said[at].tags
        if self._columns is None or at != generation:
            return read_columns(connection)
        return _read_said(connection, self._columns, tags)

    def _may_lag(self, connection: sqlite3.Connection) -> bool:
        if self._clock() >= self._fresh_until:
            return False
        return connection.execute("SELECT 1 FROM jobs WHERE state = 'running' LIMIT 1").fetchone() is not None


class _Reader:
    """Puts what queries say of ids into the rows of those ids."""

    def __init__(self, connection: sqlite3.Connection, ids: Ints) -> None:
        self._connection = connection
        self.ids = ids

    def numbers(self, name: str, unknown: int, where: str = "") -> Ints:
        found = np.full(len(self.ids), unknown, np.int64)
        ids, values = _numbers(self._connection, f"SELECT group_concat(id), group_concat({name}) FROM images {where}")
        found[np.searchsorted(self.ids, ids)] = values
        return found

    def stars(self) -> NDArray[np.int16]:
        return self.numbers("stars", UNRATED, "WHERE stars IS NOT NULL").clip(-99, 99).astype(np.int16)

    def shown(self) -> Mask:
        missing = self.among("SELECT id FROM images WHERE missing_since IS NOT NULL")
        return ~(missing | self.among("SELECT image_id AS id FROM hidden_images"))

    def degrees(self, name: str) -> NDArray[np.float64]:
        """17 digits, so that none is lost: a search in a cluster's box must find all of it."""
        found = np.full(len(self.ids), np.nan)
        exact = f"group_concat(format('%!.17g', {name}))"
        query = f"SELECT group_concat(id), {exact} FROM images WHERE latitude IS NOT NULL"
        ids, values = self._connection.execute(query).fetchone()
        if ids:
            found[self._rows(ids)] = np.fromstring(values, np.float64, sep=",")
        return found

    def among(self, query: str) -> Mask:
        found = np.zeros(len(self.ids), bool)
        joined = self._connection.execute(f"SELECT group_concat(id) FROM ({query})").fetchone()[0]
        found[self._rows(joined)] = True
        return found

    def coded(self, query: str) -> Coded:
        """Of rows (name or None, joined ids); a name may come several times."""
        codes = np.full(len(self.ids), -1, np.int32)
        names: dict[str, int] = {}
        for name, joined in self._connection.execute(query):
            if name is not None:
                codes[self._rows(joined)] = names.setdefault(name, len(names))
        return Coded(codes, tuple(names))

    def pairs(self, query: str) -> Pairs:
        """Of rows (id of the value or 0, name, joined ids of images); names that differ in case only become one."""
        names: dict[str, tuple[str, int]] = {}
        found: dict[str, list[Ints]] = {}
        for own, name, joined in self._connection.execute(query):
            key = f"{own}:{ascii_lower(name)}"
            names.setdefault(key, (name, own))
            found.setdefault(key, []).append(self._rows(joined))
        rows = [np.unique(np.concatenate(parts)) for parts in found.values()]
        return Pairs(
            rows=_joined(rows),
            codes=np.repeat(np.arange(len(rows), dtype=np.int32), [len(part) for part in rows]),
            names=tuple(name for name, _ in names.values()),
            ids=tuple(own for _, own in names.values() if own),
        )

    def _rows(self, joined: str | None) -> Ints:
        return np.searchsorted(self.ids, _parsed(joined))


def _numbers(connection: sqlite3.Connection, query: str) -> Iterator[Ints]:
    return map(_parsed, connection.execute(query).fetchone())


def _parsed(joined: str | None) -> Ints:
    return np.empty(0, np.int64) if joined is None else np.fromstring(joined, np.int64, sep=",")


def _joined(parts: Iterable[Ints]) -> NDArray[np.int32]:
    listed = list(parts)
    return np.concatenate(listed).astype(np.int32) if listed else np.empty(0, np.int32)
