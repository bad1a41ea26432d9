"""Palettes of images, and their sharpness. All inside the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from smartsearch.core.assets import Swatch
from smartsearch.core.color import cell
from smartsearch.stores import rows


def put(connection: sqlite3.Connection, image_id: int, palette: Sequence[Swatch]) -> None:
    """Replace the palette of an image."""
    connection.execute("DELETE FROM image_colors WHERE image_id = ?", (image_id,))
    connection.executemany(
        "INSERT INTO image_colors (image_id, place, color, cell, percent) VALUES (?, ?, ?, ?, ?)",
        [(image_id, place, swatch.color, cell(swatch.color), swatch.percent) for place, swatch in enumerate(palette)],
    )


def copy(connection: sqlite3.Connection, source_id: int, image_id: int) -> None:
    """Give a copy the palette of its source."""
    connection.execute("DELETE FROM image_colors WHERE image_id = ?", (image_id,))
    connection.execute(
        "INSERT INTO image_colors (image_id, place, color, cell, percent)"
        " SELECT ?, place, color, cell, percent FROM image_colors WHERE image_id = ?",
        (image_id, source_id),
    )


def of_images(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, tuple[Swatch, ...]]:
    """The palette of each image, the largest colour first."""
    found: dict[int, tuple[Swatch, ...]] = {}
    for image_id, color, percent in connection.execute(
        "SELECT image_id, color, percent FROM image_colors WHERE image_id IN (SELECT value FROM json_each(?))"
        " ORDER BY image_id, place",
        (rows.ids_json(ids),),
    ):
        found[image_id] = (*found.get(image_id, ()), Swatch(color, percent))
    return found


def missing(connection: sqlite3.Connection) -> list[int]:
    """Ids of the images whose palette and sharpness are still to be measured."""
    return [row[0] for row in connection.execute("SELECT id FROM images WHERE sharpness IS NULL ORDER BY id")]
