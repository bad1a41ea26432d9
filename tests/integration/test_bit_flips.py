"""A disk that changes what was written: found wherever it happens, and said whether repair or only a backup helps."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from tests.contract.making import SPACE, put, vector
from tests.pictures import save_album

from smartsearch.config import Places, find_places, load_settings
from smartsearch.core.assets import Tag
from smartsearch.core.query import Everything
from smartsearch.core.settings import OcrSettings, Settings
from smartsearch.library import Library
from smartsearch.stores.seal import changed_blocks, seal_path, write_seal
from smartsearch.stores.sqlite import SqliteStore

PAGE = 4096


def flip(path: Path, position: int, bit: int = 4) -> None:
    """As a disk does it: without a trace in the file's times."""
    status = path.stat()
    data = bytearray(path.read_bytes())
    data[position] ^= bit
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_models: Path) -> Path:
    folder = tmp_path_factory.mktemp("made")
    save_album(folder / "photos", 24)
    (folder / "home").mkdir()
    (folder / "home" / "models").symlink_to(tiny_models)
    with Library.open(
        Places(folder / "home", folder / "library"), Settings(model="tiny", ocr=OcrSettings("later")), create=True
    ) as library:
        library.index([folder / "photos"])
        library.store.set_tags(1, [Tag("mine")], "user")
        assert library.doctor().findings == ()
    return folder


@pytest.fixture
def library(home: Path, made: Path) -> Iterator[Library]:
    places = find_places()
    shutil.copytree(made / "library", places.library, copy_function=shutil.copy2)
    with Library.open(places, load_settings(places)) as opened:
        yield opened


@pytest.fixture
def database(library: Library) -> Path:
    return library.places.library / "library.db"


def pages_of(database: Path, name: str) -> list[int]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        try:
            return [row[0] for row in connection.execute("SELECT pageno FROM dbstat WHERE name = ?", (name,))]
        except sqlite3.OperationalError:
            pytest.skip("this SQLite does not say which page belongs to whom")


def remedies(library: Library, *, repair: bool = False) -> set[tuple[str, str]]:
    return {(finding.kind, finding.remedy) for finding in library.doctor(repair=repair).open}


def test_any_flipped_bit_of_the_database_is_found(library: Library, database: Path) -> None:
    """One at a time, anywhere: also where SQLite itself sees nothing wrong."""
    chance = random.Random(7)
    whole = database.read_bytes()
    found_by_sqlite = 0
    for position in sorted(chance.sample(range(len(whole)), 60)):
        flip(database, position)
        assert changed_blocks(database) == [position // PAGE]
        with closing(sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)) as connection:
            try:
                found_by_sqlite += connection.execute("PRAGMA integrity_check").fetchone() != ("ok",)
            except sqlite3.DatabaseError:
                found_by_sqlite += 1
        flip(database, position)
    assert changed_blocks(database) == []
    assert found_by_sqlite < 60, "the seal is worth having"


def test_damage_in_what_only_the_user_knows_wants_a_backup(library: Library, database: Path) -> None:
    [page, *_] = pages_of(database, "tags")
    flip(database, page * PAGE - 20)
    found = [finding for finding in library.doctor().open if finding.kind == "database"]
    assert {finding.remedy for finding in found} == {"restore"}, "also what SQLite says of the index of names"
    finding = found[0]
    assert finding.message == "1 pages are not what was written to them (they hold tags): the disk changed them."
    assert (finding.remedy, finding.repairable) == ("restore", False)
    assert ("database", "restore") in remedies(library, repair=True), "repair does not pretend"


@pytest.mark.parametrize("name", ["ix_images_moment", "image_fts_data"])
def test_damage_in_what_is_derived_is_repaired(library: Library, database: Path, name: str) -> None:
    [page, *_] = pages_of(database, name)
    flip(database, page * PAGE - 3)
    library.close()
    with Library.open(library.places, library.settings) as fresh:
        assert ("database", "repair") in remedies(fresh)
        assert remedies(fresh, repair=True) == set()
        assert fresh.doctor().findings == ()
        assert len(fresh.store.match_text("red", Everything(), 9)) > 0


def test_a_database_that_does_not_open_wants_a_backup(library: Library, database: Path) -> None:
    import subprocess
    import sys

    library.close()
    flip(database, 3)
    program = Path(sys.executable).with_name("smartsearch")
    done = subprocess.run([program, "doctor"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 5
    assert "(restore a backup)" in done.stdout
    assert "smartsearch restore BACKUP --replace" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_write_makes_the_seal_void_until_the_next(library: Library, database: Path) -> None:
    assert changed_blocks(database) == []
    library.store.set_rating(1, 3)
    library.close()
    assert changed_blocks(database) is None
    with Library.open(library.places, library.settings) as fresh:
        assert fresh.doctor().findings == ()
    assert changed_blocks(database) == []


def test_a_damaged_seal_says_nothing(library: Library, database: Path) -> None:
    seal = seal_path(database)
    whole = seal.read_bytes()
    for position in (0, 9, len(whole) // 2, len(whole) - 1):
        seal.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        assert changed_blocks(database) is None
    seal.write_bytes(b"")
    assert changed_blocks(database) is None
    assert write_seal(database)
    assert changed_blocks(database) == []


def test_a_thumbnail(library: Library) -> None:
    [asset] = library.store.assets([1])
    path = library.thumbnails.path(asset.file_hash)
    assert path is not None
    flip(path, path.stat().st_size // 2)
    [finding] = library.doctor().open
    assert (finding.kind, finding.remedy) == ("thumbnails", "repair")
    assert finding.message == "1 thumbnails are missing or damaged."
    assert remedies(library, repair=True) == set()


def test_a_preview(library: Library) -> None:
    [asset] = library.store.assets([1])
    preview = library.preview(asset)
    [path] = (library.places.library / "previews").rglob("*.webp")
    flip(path, path.stat().st_size // 2)
    assert remedies(library) == {("previews", "repair")}
    assert remedies(library, repair=True) == set()
    assert library.preview(asset) == preview


def test_a_model(library: Library, home: Path, tiny_models: Path) -> None:
    (home / "models").unlink()
    shutil.copytree(tiny_models, home / "models")
    weights = max((home / "models").rglob("*.onnx"), key=lambda path: path.stat().st_size)
    flip(weights, weights.stat().st_size // 2)
    [finding] = library.doctor().open
    assert (finding.kind, finding.remedy) == ("model", "reinstall")
    assert f"{weights.name} does not match its checksum" in finding.message


# -- vectors, which are in the database and in the index files


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    """A store whose vectors are in index files too."""
    path = tmp_path / "library.db"
    with SqliteStore.create(path, vectors=tmp_path / "vectors") as store:
        names = [f"/{number}.jpg" for number in range(1100)]
        store.apply([put(name, embeddings={SPACE.key: vector(name)}) for name in names])
        store.settle_vectors(SPACE)
        store.seal()
    return path


def reopened(path: Path) -> SqliteStore:
    return SqliteStore.open(path, vectors=path.parent / "vectors")


@pytest.mark.parametrize("suffix", [".ids", ".vectors"])
def test_the_index_files(vectors: Path, suffix: str) -> None:
    [path] = (vectors.parent / "vectors").glob(f"*/*{suffix}")
    flip(path, path.stat().st_size // 3)
    with reopened(vectors) as store:
        [problem] = store.check()
        assert (problem.kind, problem.repairable) == ("vector-index", True)
        assert "not what was written" in problem.message
        assert store.repair() == []


def test_a_vector_in_the_database_comes_back_from_the_index(vectors: Path) -> None:
    with closing(sqlite3.connect(vectors)) as connection:
        blob = connection.execute("SELECT vector FROM embeddings WHERE id = 555").fetchone()[0]
    position = vectors.read_bytes().index(blob)
    flip(vectors, position + 1, 64)
    with reopened(vectors) as store:
        before = store.check()
        assert {(problem.kind, problem.repairable) for problem in before} >= {("embedding", True)}
        store.repair()
        [image] = store.select(Everything(), limit=1, offset=554)
        assert np.allclose(store.vectors(SPACE, [image])[image], np.frombuffer(blob, "<f2").astype(np.float32))
    with reopened(vectors) as store:
        assert [problem for problem in store.check() if problem.kind == "embedding"] == []


def test_many_differences_mean_another_database_not_damage(vectors: Path) -> None:
    with closing(sqlite3.connect(vectors)) as connection, connection:
        connection.execute("UPDATE embeddings SET vector = zeroblob(length(vector)) WHERE id % 3 = 0")
    with reopened(vectors) as store:
        assert "embedding" not in {problem.kind for problem in store.check()}


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
def test_lost_index_files_are_no_fault(vectors: Path, harm: Callable[[Path], object]) -> None:
    [path] = (vectors.parent / "vectors").glob("*/state.json")
    harm(path)
    with reopened(vectors) as store:
        assert store.check() == []
