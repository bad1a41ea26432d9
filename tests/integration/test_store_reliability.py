"""What the SQLite store does when things go wrong: killed writers, full disks, read-only and damaged files."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from tests.contract.making import NOW, SPACE, put, vector

from smartsearch.core.assets import FileError, RecordError
from smartsearch.core.errors import (
    DiskFullError,
    LibraryBusyError,
    LibraryCorruptError,
    LibraryError,
    LibraryNotFoundError,
    LibraryReadOnlyError,
    LibraryTooNewError,
)
from smartsearch.core.query import Everything, Present
from smartsearch.stores.connection import Database, library_error
from smartsearch.stores.sqlite import SqliteStore
from smartsearch.stores.upgrade import VERSIONS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A library with twenty images, closed."""
    made = tmp_path / "home" / "library.db"
    with create(made) as store:
        store.apply([put(f"/{number}.jpg") for number in range(20)])
    return made


def create(path: Path) -> SqliteStore:
    return SqliteStore.create(path, vectors=path.parent / "vectors")


def reopen(path: Path, *, read_only: bool = False) -> SqliteStore:
    return SqliteStore.open(path, vectors=path.parent / "vectors", read_only=read_only)


def use(path: Path) -> None:
    with reopen(path) as store:
        store.assets(store.select(Everything()))
        list(store.file_states(SPACE))
        store.apply([put("/new.jpg")])


# -- opening


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(LibraryNotFoundError, match="no library"):
        reopen(tmp_path / "library.db")
    assert list(tmp_path.iterdir()) == []


def test_create_opens_what_is_there(path: Path) -> None:
    with create(path) as store:
        assert store.counts().images == 20
    assert sorted(file.name for file in path.parent.iterdir()) == ["library.db"], "no leftovers"


@pytest.mark.parametrize("content", [b"", b"not a database, but long enough to be read as one" * 100])
def test_not_a_database(tmp_path: Path, content: bytes) -> None:
    made = tmp_path / "library.db"
    made.write_bytes(content)
    with pytest.raises(LibraryCorruptError) as caught:
        create(made)
    assert caught.value.exit_code == 5
    assert made.read_bytes() == content


def test_somebody_elses_database(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "library.db")) as other, other:
        other.execute("CREATE TABLE theirs (x)")
    with pytest.raises(LibraryCorruptError, match="not a smartsearch library"):
        create(tmp_path / "library.db")


def test_written_by_a_newer_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LibraryTooNewError, match="9999") as caught:
        reopen(path)
    assert "Update" in str(caught.value)


def test_overwritten_pages(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for start in range(4096 * 3, len(data), 4096):
        data[start : start + 2048] = b"\xa5" * 2048
    path.write_bytes(data)
    with pytest.raises(LibraryCorruptError, match="damaged") as caught:
        use(path)
    assert "doctor" in caught.value.hint


def test_cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(LibraryCorruptError):
        use(path)


# -- killed at any moment

WRITER = """
import sys
from pathlib import Path
from smartsearch.stores.sqlite import SqliteStore
from tests.contract.making import put
path = Path(sys.argv[1])
store = SqliteStore.create(path, vectors=path.parent / "vectors")
for batch in range(10_000):
    store.apply([put(f"/{batch}/{number}.jpg") for number in range(25)])
    print(batch, flush=True)
"""


@pytest.mark.slow
def test_killed_while_writing_loses_no_committed_batch_and_keeps_no_half_batch(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    committed = -1
    for after in (1, 3, 7):
        target = committed + after
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            for line in writer.stdout:
                committed = max(committed, int(line))
                if int(line) >= target:
                    writer.send_signal(signal.SIGKILL)
                    break
            committed = max([committed, *map(int, writer.stdout.read().split())])
        with reopen(path) as store:
            batches: dict[str, int] = {}
            for state in store.file_states(SPACE):
                assert state.embedded
                batch = state.path.split("/")[1]
                batches[batch] = batches.get(batch, 0) + 1
            assert set(batches.values()) == {25}
            assert {str(number) for number in range(committed + 1)} <= set(batches)
            assert store.check() == []
            assert len(store.nearest(SPACE, vector("q"), Present(), 10)) == 10


# -- full disk, read-only places, other writers


def limit_pages(store: SqliteStore, spare: int) -> None:
    """Let the database grow by only ``spare`` pages more: SQLite then says what it says on a full disk."""
    database: Database = store._database
    with database.read() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + spare}")


def test_full_disk_changes_nothing_and_is_survived(path: Path) -> None:
    with reopen(path) as store:
        limit_pages(store, 2)
        with pytest.raises(DiskFullError, match="no space") as caught:
            store.apply([put(f"/more/{number}.jpg") for number in range(500)])
        assert caught.value.exit_code == 8
        assert store.counts().images == 20
        limit_pages(store, 10_000)
        store.apply([put("/more.jpg")])
        assert store.counts().images == 21
        assert store.check() == []


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), DiskFullError),
        (OSError(errno.EDQUOT, "Quota exceeded"), DiskFullError),
        (OSError(errno.EROFS, "Read-only file system"), LibraryReadOnlyError),
        (OSError(errno.EACCES, "Permission denied"), LibraryReadOnlyError),
        (OSError(errno.EIO, "Input/output error"), LibraryError),
    ],
)
def test_errors_of_the_system(error: OSError, kind: type[LibraryError]) -> None:
    assert type(library_error(error, Path("library.db"))) is kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, DiskFullError),
        (sqlite3.SQLITE_READONLY_DIRECTORY, LibraryReadOnlyError),
        (sqlite3.SQLITE_CANTOPEN, LibraryReadOnlyError),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, LibraryBusyError),
        (sqlite3.SQLITE_CORRUPT_VTAB, LibraryCorruptError),
        (sqlite3.SQLITE_IOERR_READ, LibraryError),
    ],
)
def test_errors_of_sqlite(code: int, kind: type[LibraryError]) -> None:
    error = sqlite3.OperationalError("as SQLite says it")
    error.sqlite_errorcode = code
    assert type(library_error(error, Path("library.db"))) is kind


def test_a_library_on_a_path_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LibraryError):
        create(tmp_path / "file" / "library.db")


def test_read_only_searches_and_refuses_to_write(path: Path) -> None:
    with reopen(path, read_only=True) as store:
        assert store.read_only
        assert len(store.nearest(SPACE, vector("q"), Present(), 5)) == 5
        assert len(store.match_text("jpg", Present(), 5)) == 5
        for write in (
            lambda: store.apply([put("/new.jpg")]),
            lambda: store.set_tags(1, [], "user"),
            lambda: store.reject_tag(1, "dog"),
            store.drop_auto_tags,
            lambda: store.forget([1]),
            lambda: store.put_setting("a", "b"),
            lambda: store.start_job("index", {}),
            lambda: store.apply([RecordError(FileError("/a", "corrupt", "m", NOW))]),
        ):
            with pytest.raises(LibraryReadOnlyError):
                write()
    assert not (path.parent / "vectors").exists()


@pytest.fixture
def read_only_media(path: Path) -> Path:
    """The library's folder mounted read-only, in a mount namespace of a helper process; skipped where not allowed."""
    probe = subprocess.run(
        ["unshare", "-rm", "sh", "-c", 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"', str(path.parent)],
        capture_output=True,
        check=False,
    )
    if probe.returncode:
        pytest.skip("no mount namespaces here")
    return path


READER = """
import sys
from pathlib import Path
from smartsearch.core.errors import SmartsearchError
from smartsearch.core.query import Present
from smartsearch.stores.sqlite import SqliteStore
from tests.contract.making import SPACE, put, vector
path = Path(sys.argv[1])
def attempt(work):
    try:
        return work()
    except SmartsearchError as error:
        return type(error).__name__
with SqliteStore.open(path, vectors=path.parent / "vectors", read_only=True) as store:
    print(len(store.nearest(SPACE, vector("q"), Present(), 5)), store.check())
def write():
    with SqliteStore.open(path, vectors=path.parent / "vectors") as store:
        store.apply([put("/new.jpg")])
print(attempt(write))
"""


@pytest.mark.slow
def test_on_read_only_media(read_only_media: Path) -> None:
    folder = read_only_media.parent
    script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$1" && exec "$2" -c "$3" "$4"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, folder, ROOT, sys.executable, READER, read_only_media],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["5 []", "LibraryReadOnlyError"], done.stderr


def test_another_process_is_writing(path: Path) -> None:
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        SqliteStore(Database(path, busy_seconds=0.05), vectors=path.parent / "vectors") as store,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LibraryBusyError) as caught:
            store.apply([put("/new.jpg")])
        assert caught.value.exit_code == 6
        assert len(store.nearest(SPACE, vector("q"), Present(), 5)) == 5, "readers are not held up"
        other.execute("ROLLBACK")
        store.apply([put("/new.jpg")])


def test_a_closed_store_says_so(path: Path) -> None:
    store = reopen(path)
    store.close()
    store.close()
    with pytest.raises(LibraryError, match="closed"):
        store.counts()


def test_two_stores_see_each_others_commits(path: Path) -> None:
    with reopen(path) as indexer, reopen(path) as searcher:
        before = searcher.generation
        assert len(searcher.nearest(SPACE, vector("q"), Everything(), 99)) == 20
        indexer.apply([put("/new.jpg", embeddings={SPACE.key: vector("q")})])
        assert searcher.generation > before
        assert searcher.nearest(SPACE, vector("q"), Everything(), 1)[0].similarity == pytest.approx(1, abs=1e-3)
        indexer.forget(searcher.select(Everything())[:5])
        assert len(searcher.nearest(SPACE, vector("q"), Everything(), 99)) == 16


def test_made_by_several_threads_at_once(tmp_path: Path) -> None:
    failures: list[Exception] = []

    def make(number: int) -> None:
        try:
            with create(tmp_path / "library.db") as store:
                store.apply([put(f"/{number}.jpg")])
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with create(tmp_path / "library.db") as store:
        assert store.counts().images == 3


# -- jobs of dead processes


def test_a_job_of_a_dead_process_is_interrupted(path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from smartsearch.stores.sqlite import SqliteStore;"
        "s = SqliteStore.open(Path(sys.argv[1]), vectors=Path(sys.argv[1]).parent / 'vectors');"
        "s.start_job('index', {}); s.close()"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], cwd=ROOT, check=True)
    with reopen(path) as store:
        assert [job.state for job in store.jobs()] == ["interrupted"]
        mine = store.start_job("prune", {})
        assert [(job.id, job.state) for job in store.jobs()] == [(mine.id, "running"), (1, "interrupted")]
    with reopen(path, read_only=True) as store:
        assert store.jobs()[0].state == "running"


# -- doctor


def test_a_sound_library_has_no_problems(path: Path) -> None:
    with reopen(path) as store:
        store.nearest(SPACE, vector("q"), Everything(), 1)
        assert store.check() == []


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        ("UPDATE embeddings SET vector = zeroblob(7) WHERE id = 3", "embedding"),
        ("UPDATE embeddings SET vector = unistr_nan WHERE id = 3", "embedding"),
        ("INSERT INTO embeddings (space_id, image_id, vector) VALUES (1, 999, zeroblob(32))", "reference"),
        ("DELETE FROM images WHERE id = 4", "reference"),
        ("INSERT INTO rejected_tags (image_id, tag_id) VALUES (4, 999)", "reference"),
        ("INSERT INTO image_tags (image_id, tag_id, source, confidence) VALUES (4, 999, 'auto', 0.5)", "reference"),
        ("UPDATE images SET file_name = 'other.jpg' WHERE id = 4", "full-text"),
    ],
)
def test_doctor_finds_and_repairs(path: Path, damage: str, kind: str) -> None:
    damage = damage.replace("unistr_nan", "x'" + "00fe" * SPACE.dim + "'")
    with closing(sqlite3.connect(path)) as other, other:
        other.execute(damage)
    with reopen(path) as store:
        problems = store.check()
        assert kind in {problem.kind for problem in problems}
        assert all(problem.repairable and problem.message for problem in problems)
        assert store.repair() == []
        assert len(store.nearest(SPACE, vector("q"), Everything(), 99)) >= 19


def test_schema_version_is_the_newest_migration() -> None:
    steps = sorted((ROOT / "src/smartsearch/stores/migrations/versions").glob("[0-9]*.py"))
    assert [step.name.split("_")[0] for step in steps] == list(VERSIONS)
