"""What the user says of images besides tags: albums, ratings, what is hidden. All inside the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from smartsearch.core.assets import Album
from smartsearch.core.edits import Edit, Said, tag_change
from smartsearch.core.errors import AlbumExistsError, AlbumNotFoundError
from smartsearch.stores import rows, tags
from smartsearch.stores.changes import Writer

_ALBUMS = """
    SELECT albums.id, name, albums.created_at, count(shown.id), max(shown.id), query
    FROM albums LEFT JOIN album_images ON album_id = albums.id
    LEFT JOIN images AS shown ON shown.id = image_id AND missing_since IS NULL
        AND shown.id NOT IN (SELECT image_id FROM hidden_images)
    GROUP BY albums.id"""


def set_rating(connection: sqlite3.Connection, image_id: int, rating: int | None) -> bool:
    """The user's rating, None to go by the file's again; False if there is no such image."""
    updated = connection.execute(
        "UPDATE images SET user_rating = :rating, stars = coalesce(:rating, rating) WHERE id = :id",
        {"rating": rating, "id": image_id},
    )
    return updated.rowcount > 0


def dismiss_proposal(connection: sqlite3.Connection, kind: str, subject: int, dismissed: bool) -> bool:
    """Whether anything changed."""
    statement = (
        "INSERT OR IGNORE INTO dismissed_proposals (kind, subject) VALUES (?, ?)"
        if dismissed
        else "DELETE FROM dismissed_proposals WHERE kind = ? AND subject = ?"
    )
    return connection.execute(statement, (kind, subject)).rowcount > 0


def set_hidden(connection: sqlite3.Connection, image_id: int, hidden: bool) -> bool:
    """Leave an image out of searches, or no longer; False if there is no such image."""
    if hidden:
        connection.execute("INSERT OR IGNORE INTO hidden_images SELECT id FROM images WHERE id = ?", (image_id,))
    else:
        connection.execute("DELETE FROM hidden_images WHERE image_id = ?", (image_id,))
    return connection.execute("SELECT 1 FROM images WHERE id = ?", (image_id,)).fetchone() is not None


def edit(connection: sqlite3.Connection, writer: Writer, change: Edit) -> list[Said]:
    """Carry out an edit; returns what stood before."""
    before = _said(connection, change.ids)
    ids = [said.id for said in before]
    for said in before:
        tagging = tag_change(change, said)
        if tagging.own is not None or tagging.reject or tagging.restore:
            writer.change_tags(said.id, tagging)
    if change.rating != "keep":
        connection.executemany(
            "UPDATE images SET user_rating = ?1, stars = coalesce(?1, rating) WHERE id = ?2",
            [(change.rating, image_id) for image_id in ids],
        )
    if change.hidden is not None:
        ours = "SELECT value FROM json_each(?)"
        put, take = (
            f"INSERT OR IGNORE INTO hidden_images {ours}",
            f"DELETE FROM hidden_images WHERE image_id IN ({ours})",
        )
        connection.execute(put if change.hidden else take, (rows.ids_json(ids),))
    for album_id in change.add_to:
        change_album(connection, album_id, None, None, ids, ())
    for album_id in change.remove_from:
        change_album(connection, album_id, None, None, (), ids)
    return before


def _said(connection: sqlite3.Connection, ids: Sequence[int]) -> list[Said]:
    """Of those of the images that are there, by id."""
    wanted = rows.ids_json(list(dict.fromkeys(ids)))
    tagged = tags.of_images(connection, ids)
    inside: dict[int, list[int]] = {}
    for image_id, album_id in connection.execute(
        "SELECT image_id, album_id FROM album_images WHERE image_id IN (SELECT value FROM json_each(?))", (wanted,)
    ):
        inside.setdefault(image_id, []).append(album_id)
    found = connection.execute(
        "SELECT id, user_rating, id IN (SELECT image_id FROM hidden_images) FROM images"
        " WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
        (wanted,),
    )
    return [
        Said(image_id, tagged.get(image_id, ()), rating, bool(hidden), tuple(inside.get(image_id, ())))
        for image_id, rating, hidden in found
    ]


def albums(connection: sqlite3.Connection) -> list[Album]:
    """By name."""
    found = [
        Album(album_id, name, rows.utc(created_at), images, cover, query)
        for album_id, name, created_at, images, cover, query in connection.execute(_ALBUMS)
    ]
    return sorted(found, key=lambda album: (album.name.casefold(), album.id))


def album(connection: sqlite3.Connection, album_id: int) -> Album:
    """AlbumNotFoundError if there is none."""
    found = [album for album in albums(connection) if album.id == album_id]
    if not found:
        raise AlbumNotFoundError(f"There is no album {album_id}.")
    return found[0]


def add_album(connection: sqlite3.Connection, name: str, now: datetime, query: str | None = None) -> Album:
    """A new, empty album, or a smart one."""
    values = (_free_name(connection, name), rows.micros(now), rows.clean_text(query))
    inserted = connection.execute("INSERT INTO albums (name, created_at, query) VALUES (?, ?, ?)", values)
    assert inserted.lastrowid is not None
    return album(connection, inserted.lastrowid)


def restore_album(
    connection: sqlite3.Connection, album_id: int, name: str, now: datetime, query: str | None, images: Sequence[int]
) -> Album:
    """An album that was removed, under the id it had."""
    used = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'albums'").fetchone()
    if used is None or album_id > used[0]:
        raise AlbumNotFoundError(f"There was no album {album_id}.")
    if connection.execute("SELECT 1 FROM albums WHERE id = ?", (album_id,)).fetchone():
        raise AlbumExistsError(f"There is an album {album_id}.")
    connection.execute(
        "INSERT INTO albums (id, name, created_at, query) VALUES (?, ?, ?, ?)",
        (album_id, _free_name(connection, name), rows.micros(now), rows.clean_text(query)),
    )
    return change_album(connection, album_id, None, None, images, ())


def change_album(
    connection: sqlite3.Connection,
    album_id: int,
    name: str | None,
    query: str | None,
    add: Sequence[int],
    remove: Sequence[int],
) -> Album:
    """Rename an album, put images in (unknown ones are left out) and take images out, or change what it asks."""
    known = album(connection, album_id)
    known.require_kind(query=query, images=[*add, *remove])
    if query is not None:
        connection.execute("UPDATE albums SET query = ? WHERE id = ?", (rows.clean_text(query), album_id))
    if name is not None and rows.clean_text(name) != known.name:
        connection.execute("UPDATE albums SET name = ? WHERE id = ?", (_free_name(connection, name), album_id))
    connection.execute(
        "INSERT OR IGNORE INTO album_images (album_id, image_id)"
        " SELECT ?, id FROM images WHERE id IN (SELECT value FROM json_each(?))",
        (album_id, rows.ids_json(add)),
    )
    connection.execute(
        "DELETE FROM album_images WHERE album_id = ? AND image_id IN (SELECT value FROM json_each(?))",
        (album_id, rows.ids_json(remove)),
    )
    return album(connection, album_id)


def remove_album(connection: sqlite3.Connection, album_id: int) -> list[int]:
    """The images stay: their ids."""
    query = "SELECT image_id FROM album_images WHERE album_id = ? ORDER BY image_id"
    images = [row[0] for row in connection.execute(query, (album_id,))]
    if not connection.execute("DELETE FROM albums WHERE id = ?", (album_id,)).rowcount:
        raise AlbumNotFoundError(f"There is no album {album_id}.")
    return images


def _free_name(connection: sqlite3.Connection, name: str) -> str:
    wanted = rows.clean_text(name) or ""
    if connection.execute("SELECT 1 FROM albums WHERE name = ?", (wanted,)).fetchone():
        raise AlbumExistsError(f"There is an album called {wanted!r} already.")
    return wanted
