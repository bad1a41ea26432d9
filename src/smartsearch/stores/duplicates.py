"""What duplicates are found by, and what the user said of them. All inside the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import numpy as np

from smartsearch.core.duplicates import UNKNOWN, Fingerprints
from smartsearch.stores import rows
from smartsearch.stores.sql import Condition

_ROWS = 20_000


def fingerprints(connection: sqlite3.Connection, condition: Condition) -> Fingerprints:
    """See the port."""
    found = connection.execute(
        "SELECT id, dense_rank() OVER (ORDER BY file_hash), phash, coalesce(taken_at, :unknown), camera_make,"
        " camera_model, width, height, coalesce(sharpness, 0.0), file_size, coalesce(stars, 0),"
        " duration"
        f" FROM images WHERE {condition.sql}",
        condition.parameters | {"unknown": UNKNOWN},
    )
    cameras: dict[tuple[str | None, str | None], int] = {(None, None): -1}
    types = (np.int64,) * 7 + (np.float64,) + (np.int64,) * 2 + (np.float64,)
    parts: list[list[np.ndarray[Any, Any]]] = [[np.empty(0, kind)] for kind in types]
    while batch := found.fetchmany(_ROWS):
        columns = [list(column) for column in zip(*batch, strict=True)]
        makes, models = columns.pop(4), columns.pop(4)
        names = zip(makes, models, strict=True)
        columns.insert(4, [cameras.setdefault(name, len(cameras) - 1) for name in names])
        for part, column, kind in zip(parts, columns, types, strict=True):
            part.append(np.array(column, kind))
    table = [np.concatenate(part) for part in parts]
    order = np.argsort(table[0])
    ids, contents, hashes, *rest = (column[order] for column in table)
    return Fingerprints(ids, contents, hashes.view(np.uint64), *rest)


def distinct_sets(connection: sqlite3.Connection) -> list[tuple[int, ...]]:
    """See the port."""
    sets: dict[int, list[int]] = {}
    for set_id, image_id in connection.execute("SELECT set_id, image_id FROM distinct_images ORDER BY 1, 2"):
        sets.setdefault(set_id, []).append(image_id)
    return [tuple(ids) for ids in sets.values() if len(ids) > 1]


def set_distinct(connection: sqlite3.Connection, asset_ids: Sequence[int], distinct: bool) -> None:
    """See the port."""
    ids = rows.ids_json(asset_ids)
    if distinct:
        connection.execute(
            "INSERT INTO distinct_images (set_id, image_id)"
            " SELECT (SELECT coalesce(max(set_id), 0) + 1 FROM distinct_images), id FROM images"
            " WHERE id IN (SELECT value FROM json_each(?))",
            (ids,),
        )
        return
    connection.execute(
        "DELETE FROM distinct_images WHERE image_id IN (SELECT value FROM json_each(:ids)) AND set_id IN"
        " (SELECT set_id FROM distinct_images WHERE image_id IN (SELECT value FROM json_each(:ids))"
        "  GROUP BY set_id HAVING count(*) > 1)",
        {"ids": ids},
    )
