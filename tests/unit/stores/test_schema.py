"""The migrations make the schema that `schema.py` describes, and upgrading keeps a copy."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateIndex, CreateTable

from smartsearch.core.assets import PutLooks, Swatch
from smartsearch.core.query import ColorNear, Everything, RatingBetween
from smartsearch.stores.schema import metadata
from smartsearch.stores.sql import compile_query
from smartsearch.stores.sqlite import SqliteStore
from smartsearch.stores.tags import UNTAGGED
from smartsearch.stores.upgrade import APPLICATION_ID, VERSIONS, create_database, run_migrations, upgrade_database


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("schema") / "library.db"
    create_database(made)
    return made


def test_migrations_make_the_described_schema(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.connect() as connection:
        options = {
            "include_name": lambda name, kind, _: (
                not (kind == "table" and str(name).startswith(("image_fts", "text_fts")))
            )
        }
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    assert differences == []


def test_the_tables_are_fit_for_postgresql_too() -> None:
    for table in metadata.sorted_tables:
        assert str(CreateTable(table).compile(dialect=postgresql.dialect()))
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=postgresql.dialect()))


def test_upgrading_keeps_a_copy(path: Path) -> None:
    backup = upgrade_database(path, VERSIONS[-1])
    assert backup.name == f"library.db.{VERSIONS[-1]}.backup"
    with closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("SELECT version_num FROM alembic_version").fetchone() == (VERSIONS[-1],)


def test_a_library_from_before_automatic_tags_keeps_everything(tmp_path: Path) -> None:
    old = tmp_path / "library.db"
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        run_migrations(connection, "0001")
        connection.execute(
            "INSERT INTO images (path, file_path, folder, file_name, file_hash, device, inode, file_size, mtime_ns,"
            " width, height, format, frames, modified_at, indexed_at, phash, color)"
            " VALUES (x'2f61', '/a', '/', 'a', x'00', 1, 1, 1, 1, 1, 1, 'png', 1, 1, 1, 1, 1)"
        )
        connection.execute("INSERT INTO tags (name) VALUES ('mine'), ('guessed')")
        connection.execute("INSERT INTO image_tags VALUES (1, 1, 'user', 1.0), (1, 2, 'auto', 0.5)")
        connection.execute("INSERT INTO image_fts (image_fts) VALUES ('rebuild')")
    with SqliteStore.open(old, vectors=tmp_path / "vectors") as store:
        [asset] = store.assets([1])
        assert [(tag.name, tag.source) for tag in asset.tags] == [("guessed", "auto"), ("mine", "user")]
        assert len(store.match_text("mine", Everything(), 9)) == 1
        assert store.match_text("guessed", Everything(), 9) == [], "automatic tags have left the full text"
        assert store.check() == []
    assert (tmp_path / "library.db.0001.backup").exists()


def test_a_library_from_before_albums_keeps_its_ratings(tmp_path: Path) -> None:
    old = tmp_path / "library.db"
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        run_migrations(connection, "0002")
        connection.execute(
            "INSERT INTO images (path, file_path, folder, file_name, file_hash, device, inode, file_size, mtime_ns,"
            " width, height, format, frames, modified_at, indexed_at, phash, color, rating)"
            " VALUES (x'2f61', '/a', '/', 'a', x'00', 1, 1, 1, 1, 1, 1, 'png', 1, 1, 1, 1, 1, 4)"
        )
        connection.execute("INSERT INTO image_fts (image_fts) VALUES ('rebuild')")
    with SqliteStore.open(old, vectors=tmp_path / "vectors") as store:
        assert store.select(RatingBetween(4, 4)) == [1]
        store.set_rating(1, 2)
        assert (store.select(RatingBetween(4, 4)), store.assets([1])[0].metadata.rating) == ([], 4)
        assert store.check() == []
    assert (tmp_path / "library.db.0002.backup").exists()


def test_what_is_untagged_is_answered_from_an_index(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        steps = connection.execute(f"EXPLAIN QUERY PLAN {UNTAGGED}", {"tagger": "x", "space": "s"})
        plan = " ".join(row[3] for row in steps)
    assert "SCAN images" not in plan
    assert "COVERING INDEX ix_images_tagger" in plan


def test_opening_a_current_library_is_lean(path: Path) -> None:
    """SQLAlchemy, Alembic and FAISS together take most of a second to import."""
    script = (
        "import sys; from pathlib import Path; from smartsearch.stores.sqlite import SqliteStore;"
        "from smartsearch.core.query import Present; path = Path(sys.argv[1]);"
        "store = SqliteStore.create(path, vectors=path.parent / 'vectors'); store.count(Present()); store.close();"
        "print([name for name in ('sqlalchemy', 'alembic', 'faiss', 'filelock') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ("moment >= 5 AND moment < 9", "moment"),
        ("format IN (SELECT value FROM json_each('[\"png\"]'))", "format"),
        ("file_size >= 5", "file_size"),
        ("stars >= 3", "stars"),
        ("id NOT IN (SELECT image_id FROM hidden_images) AND moment >= 5", "moment"),
        ("latitude >= 3 AND latitude <= 4", "latitude_longitude"),
    ],
)
def test_filters_are_answered_from_a_covering_index(path: Path, condition: str, index: str) -> None:
    with SqliteStore.open(path, vectors=path.parent / "vectors") as store, store._database.read() as connection:
        query = f"EXPLAIN QUERY PLAN SELECT id FROM images WHERE missing_since IS NULL AND {condition}"
        plan = " ".join(row[3] for row in connection.execute(query))
    assert f"COVERING INDEX ix_images_{index}" in plan


def test_colours_are_answered_from_a_covering_index(path: Path) -> None:
    condition = compile_query(ColorNear(0x108080))
    with closing(sqlite3.connect(path)) as connection:
        steps = connection.execute(
            f"EXPLAIN QUERY PLAN SELECT id FROM images WHERE {condition.sql}", condition.parameters
        )
        plan = " ".join(row[3] for row in steps)
    assert "COVERING INDEX ix_image_colors_cell" in plan


def test_a_library_from_before_palettes_is_searched_by_its_dominant_colours(tmp_path: Path) -> None:
    old = tmp_path / "library.db"
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        run_migrations(connection, "0006")
        connection.execute(
            "INSERT INTO images (path, file_path, folder, file_name, file_hash, device, inode, file_size, mtime_ns,"
            " width, height, format, frames, modified_at, indexed_at, phash, color)"
            " VALUES (x'2f61', '/a', '/', 'a', x'00', 1, 1, 1, 1, 1, 1, 'png', 1, 1, 1, 1, 1081472)"
        )
        connection.execute("INSERT INTO image_fts (image_fts) VALUES ('rebuild')")
    with SqliteStore.open(old, vectors=tmp_path / "vectors") as store:
        [asset] = store.assets([1])
        assert (asset.palette, asset.sharpness) == ((Swatch(0x108080, 100),), None)
        assert store.select(ColorNear(0x108080)) == store.without_looks() == [1]
        store.apply([PutLooks(1, (Swatch(0xFF0000, 90),), 4.0)])
        assert store.select(ColorNear(0x108080)) == store.without_looks() == []
        assert store.check() == []


def test_a_library_from_before_people_opens(tmp_path: Path) -> None:
    old = tmp_path / "library.db"
    with closing(sqlite3.connect(old, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        run_migrations(connection, "0003")
    with SqliteStore.open(old, vectors=tmp_path / "vectors") as store, store.people.reading() as rows:
        assert rows.counts() == (0, 0, 0)
