"""Everything in the database as plain values, for people who want to take it elsewhere."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from smartsearch.core.assets import Asset
from smartsearch.stores import rows

DERIVED = frozenset(
    {
        "embeddings",
        "embedding_deletions",
        "scene_embeddings",
        "face_thumbnails",
        "face_scans",
        "adapters",
        "image_texts",
        "alembic_version",
        "library",
        "sqlite_sequence",
    }
)
"""Tables that are made from images and models, or belong to the file format."""

_IN_IMAGES = frozenset({"images", "image_colors", "image_tags", "hidden_images"})
"""Tables whose content `images` already gives, joined."""
_BATCH = 500
_FULL_TEXT = ("image_fts", "text_fts")


class Snapshot:
    """The library in one read transaction. Values are JSON-ready: times in ISO 8601, hashes in hexadecimal, vectors as
    base64 of little-endian float16; bytes of paths that are no UTF-8 as lone surrogates (``os.fsdecode``)."""

    def __init__(
        self, connection: sqlite3.Connection, assets: Callable[[sqlite3.Connection, Sequence[int]], Iterator[Asset]]
    ) -> None:
        self._connection = connection
        self._assets = assets

    def assets(self) -> Iterator[Asset]:
        """Every image, missing and hidden ones too, by id."""
        ids = [row[0] for row in self._connection.execute("SELECT id FROM images ORDER BY id")]
        for start in range(0, len(ids), _BATCH):
            batch = {asset.id: asset for asset in self._assets(self._connection, ids[start : start + _BATCH])}
            yield from (batch[i] for i in ids[start : start + _BATCH])

    def people(self, asset_id: int) -> list[str]:
        """The names of the people on an image."""
        found = self._connection.execute(
            "SELECT DISTINCT persons.name FROM faces JOIN persons ON persons.id = faces.person_id"
            " WHERE faces.image_id = ? AND persons.name IS NOT NULL AND NOT faces.ignored ORDER BY persons.name",
            (asset_id,),
        )
        return [name for (name,) in found]

    def tables(self, *, vectors: bool = False) -> list[str]:
        """The other tables that hold something of their own."""
        found = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        left_out = DERIVED | _IN_IMAGES
        names = [name for (name,) in found if name not in left_out and not name.startswith(_FULL_TEXT)]
        return [*names, "embeddings"] if vectors else names

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """The rows of a table, column by column."""
        columns = self._connection.execute(f'PRAGMA table_info("{table}")').fetchall()
        readers = [(name, _reader(name, kind)) for _, name, kind, *_ in columns]
        for row in self._connection.execute(f'SELECT * FROM "{table}"'):
            yield {
                name: None if value is None else read(value) for (name, read), value in zip(readers, row, strict=True)
            }


def asset_values(asset: Asset) -> dict[str, Any]:
    """An image with its metadata, tags, rating and albums, JSON-ready."""
    values: dict[str, Any] = _plain(dataclasses.asdict(asset))
    values["color"] = f"#{asset.color:06x}"
    values["palette"] = [{"color": f"#{each.color:06x}", "percent": each.percent} for each in asset.palette]
    values["phash"] = f"{asset.phash:016x}"
    return values


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value


def _reader(name: str, kind: str) -> Callable[[Any], Any]:
    """How a column's values read; see `schema` for what is stored."""
    if kind == "JSON":
        return json.loads
    if name.endswith(("_at", "_since")):
        return lambda value: rows.utc(value).isoformat()
    if kind == "BLOB":
        return _path_or_bytes if name == "path" else _vector if name in ("vector", "centroid") else _hexadecimal
    return lambda value: value


def _path_or_bytes(value: bytes) -> str:
    return os.fsdecode(value)


def _vector(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _hexadecimal(value: bytes) -> str:
    return value.hex()
