"""The vector index follows the database, survives every damage to its files, and finds what an exact scan finds."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from tests.contract.making import put

from smartsearch.core.assets import PutEmbedding
from smartsearch.core.query import And, Everything, FileSizeBetween, FormatIs, Not, Present, Query
from smartsearch.core.spaces import EmbeddingSpace
from smartsearch.stores import nearest
from smartsearch.stores.candidates import Limits, products, to_float32
from smartsearch.stores.connection import Database
from smartsearch.stores.sql import Condition
from smartsearch.stores.sqlite import SqliteStore
from smartsearch.stores.vector_files import Ids
from smartsearch.stores.vectors import CODING, SpaceVectors

WIDE = EmbeddingSpace("wide", "1", "p", dim=256)
SPACE = EmbeddingSpace("index", "1", "p", dim=64)
SMALL = 1_200
RANDOM = np.random.default_rng(5)


def clustered(count: int, dim: int = SPACE.dim) -> np.ndarray:
    """Vectors in clusters around one mean, as embeddings are."""
    centres = RANDOM.standard_normal((40, dim)) / np.sqrt(np.arange(1, dim + 1))
    rows = centres[RANDOM.integers(0, 40, count)] + 0.3 * RANDOM.standard_normal((count, dim)) / np.sqrt(dim) + 0.2
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


VECTORS = clustered(SMALL)
QUERIES = clustered(20)


def fill(store: SqliteStore, vectors: np.ndarray, name: str = "a", space: EmbeddingSpace = SPACE) -> None:
    """Row i has size 1000 + i, and every tenth is a PNG."""
    for start in range(0, len(vectors), 500):
        store.apply(
            [
                put(f"/{name}/{i}.jpg", embeddings={space.key: vectors[i]}, seed=i, format="jpeg" if i % 10 else "png")
                for i in range(start, min(start + 500, len(vectors)))
            ]
        )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    with SqliteStore.create(folder / "library.db", vectors=folder / "vectors") as store:
        fill(store, VECTORS)
        store.settle_vectors(SPACE)
    return folder


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Path:
    """A library with 1,200 vectors and index files."""
    return Path(shutil.copytree(filled, tmp_path / "home"))


def opened(home: Path, limits: Limits | None = None, *, read_only: bool = False) -> SqliteStore:
    database = Database(home / "library.db", read_only=read_only)
    return SqliteStore(database, vectors=home / "vectors", limits=limits or Limits())


def expect_right_answers(store: SqliteStore, where: Query | None = None) -> None:
    """Against the vectors as the store itself holds them."""
    where = where or Everything()
    ids = store.select(where)
    held = store.vectors(SPACE, ids)
    ids = [i for i in ids if i in held]
    matrix = np.array([held[i] for i in ids]).reshape(-1, SPACE.dim)
    for query in QUERIES:
        exact = (matrix.astype(np.float64) @ query.astype(np.float64)).astype(np.float32)
        order = np.lexsort((ids, -exact))[:10]
        found = store.nearest(SPACE, query, where, 10)
        assert [neighbor.asset_id for neighbor in found] == [ids[i] for i in order]
        assert [neighbor.similarity for neighbor in found] == [float(exact[i]) for i in order]


def files(home: Path, suffix: str) -> Path:
    [found] = (home / "vectors").rglob(f"*{suffix}")
    return found


# -- numbers


def test_float16_to_float32_is_exact() -> None:
    every = np.arange(2**16, dtype=np.uint16).view(np.float16)
    finite = every[np.isfinite(every)]
    assert np.array_equal(to_float32(finite).view(np.uint32), finite.astype(np.float32).view(np.uint32))


def test_products() -> None:
    assert np.allclose(products(VECTORS, QUERIES[0]), VECTORS @ QUERIES[0], atol=1e-6)


# -- answers


@pytest.mark.parametrize(
    "limits", [Limits(), Limits(numpy=0), Limits(numpy=0, exact=0)], ids=["numpy", "flat", "codes"]
)
@pytest.mark.parametrize(
    "where",
    [
        Everything(),
        Present(),
        FormatIs(("png",)),
        And((Present(), Not(FormatIs(("png",))))),
        FileSizeBetween(maximum=1000 + SMALL // 2),
        FileSizeBetween(maximum=1004),
        FileSizeBetween(maximum=1),
    ],
    ids=["everything", "present", "10%", "90%", "50%", "five", "none"],
)
def test_right_answers_under_filters(home: Path, limits: Limits, where: Query) -> None:
    with opened(home, limits) as store:
        expect_right_answers(store, where)
        store.settle_vectors(SPACE)
        expect_right_answers(store, where)


@pytest.mark.slow
@pytest.mark.parametrize("share", [1.0, 0.5, 0.1, 0.01])
def test_recall_of_the_codes_on_shifted_queries(large_library: Path, share: float) -> None:
    gap = RANDOM.standard_normal(WIDE.dim)
    gap /= np.linalg.norm(gap)
    with opened(large_library, Limits(numpy=0, exact=0)) as store:
        where = And((Present(), FileSizeBetween(maximum=999 + int(12_000 * share))))
        ids = np.array(store.select(where))
        held = store.vectors(WIDE, ids.tolist())
        matrix = np.array([held[i] for i in ids.tolist()])
        recalls = []
        for query in clustered(50, WIDE.dim):
            shifted = (0.6 * query + 0.6 * gap).astype(np.float32)
            shifted /= np.linalg.norm(shifted)
            best = set(ids[np.argsort(-(matrix @ shifted))[:10]].tolist())
            found = {neighbor.asset_id for neighbor in store.nearest(WIDE, shifted, where, 10)}
            recalls.append(len(found & best) / 10)
        assert np.mean(recalls) >= 0.98


@pytest.mark.slow
def test_a_wide_condition_is_asked_about_few_of_the_nearest(
    large_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    passing = nearest._passing

    def noting(connection: sqlite3.Connection, condition: Condition, ids: Ids) -> Ids:
        asked.append(len(ids))
        return passing(connection, condition, ids)

    monkeypatch.setattr(nearest, "_passing", noting)
    monkeypatch.setattr(SpaceVectors, "nearest_among", None)  # would read every id
    with opened(large_library, Limits(numpy=0, exact=0)) as store:
        for query in clustered(20, WIDE.dim):
            assert len(store.nearest(WIDE, query, Present(), 10)) == 10
    assert max(asked) < 200


@pytest.fixture(scope="module")
def large_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    with SqliteStore.create(folder / "library.db", vectors=folder / "vectors") as store:
        fill(store, clustered(12_000, WIDE.dim), space=WIDE)
    with opened(folder, Limits(numpy=0, exact=0)) as store:
        store.settle_vectors(WIDE)
    assert files(folder, ".codes").stat().st_size < 12_000 * (WIDE.dim // 8 + 40)
    return folder


# -- following the database


@pytest.mark.parametrize(
    "limits", [Limits(), Limits(numpy=0), Limits(numpy=0, exact=0)], ids=["numpy", "flat", "codes"]
)
def test_follows_additions_replacements_and_deletions(home: Path, limits: Limits) -> None:
    with opened(home, limits) as store:
        expect_right_answers(store)
        fill(store, clustered(300), name="more")
        expect_right_answers(store)
        ids = store.select(Everything())
        store.apply([PutEmbedding(i, SPACE.key, vector) for i, vector in zip(ids[:50], clustered(50), strict=True)])
        expect_right_answers(store)
        store.forget(ids[100:200])
        expect_right_answers(store)
        expect_right_answers(store, FormatIs(("png",)))
    with opened(home, limits) as store:
        expect_right_answers(store)
        assert store.check() == []


def test_many_deletions_make_the_files_anew(home: Path) -> None:
    before = files(home, ".vectors")
    with opened(home) as store:
        store.nearest(SPACE, QUERIES[0], Everything(), 1)
        store.forget(store.select(Everything())[:1050])
        expect_right_answers(store)
    after = files(home, ".vectors")
    assert after.name != before.name
    assert after.stat().st_size == 150 * 2 * SPACE.dim
    with opened(home) as store:
        expect_right_answers(store)


def test_few_new_rows_are_not_written_each_time(home: Path) -> None:
    before = files(home, ".vectors").stat().st_size
    with opened(home) as store:
        fill(store, clustered(10), name="more")
        expect_right_answers(store)
        assert files(home, ".vectors").stat().st_size == before
        store.settle_vectors(SPACE)
    assert files(home, ".vectors").stat().st_size == before + 10 * 2 * SPACE.dim


def test_two_processes_share_the_files(home: Path) -> None:
    with opened(home) as indexer, opened(home) as searcher:
        expect_right_answers(searcher)
        for number in range(3):
            fill(indexer, clustered(1100), name=f"more{number}")
            indexer.nearest(SPACE, QUERIES[0], Everything(), 1)
            expect_right_answers(searcher)
            indexer.forget(indexer.select(Everything())[:30])
            expect_right_answers(searcher)
        searcher.settle_vectors(SPACE)
        indexer.settle_vectors(SPACE)
    with opened(home) as store:
        expect_right_answers(store)
        assert store.check() == []


def test_read_only_keeps_everything_in_memory(home: Path) -> None:
    shutil.rmtree(home / "vectors")
    for limits in (Limits(), Limits(numpy=0, exact=0)):
        with opened(home, limits, read_only=True) as store:
            expect_right_answers(store)
            store.settle_vectors(SPACE)
            expect_right_answers(store)
    assert not (home / "vectors").exists()


# -- damage


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def overwrite(path: Path) -> None:
    path.write_bytes(RANDOM.bytes(path.stat().st_size))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def delete(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("harm", [cut, overwrite, empty, delete])
@pytest.mark.parametrize("suffix", ["state.json", ".ids", ".vectors", ".codes"])
def test_damaged_files_never_change_an_answer(home: Path, suffix: str, harm: Callable[[Path], None]) -> None:
    limits = Limits(numpy=0, exact=0)
    with opened(home, limits) as store:
        store.settle_vectors(SPACE)
    if not (suffix == ".codes" and harm is overwrite):
        harm(files(home, suffix))
    else:
        files(home, suffix).write_bytes(b"IxPT" + RANDOM.bytes(100))
    with opened(home, limits) as store:
        expect_right_answers(store)
        store.settle_vectors(SPACE)
        assert store.check() == []
    with opened(home, limits) as store:
        expect_right_answers(store)


def test_a_damaged_row_that_is_found_makes_the_files_anew(home: Path) -> None:
    path = files(home, ".vectors")
    data = np.fromfile(path, "<f2").reshape(-1, SPACE.dim)
    data[7] = (QUERIES[0] * 1.5).astype(np.float16)
    data.tofile(path)
    with opened(home) as store:
        assert [problem.kind for problem in store.check()] == ["vector-index"]
        expect_right_answers(store)
        assert store.check() == []


def test_doctor_repairs_a_damaged_row_that_no_search_has_found(home: Path) -> None:
    path = files(home, ".vectors")
    data = np.fromfile(path, "<f2").reshape(-1, SPACE.dim)
    data[7] = 0
    data.tofile(path)
    with opened(home) as store:
        assert [problem.kind for problem in store.check()] == ["vector-index"]
        assert store.repair() == []


def test_files_of_another_database_are_not_used(home: Path) -> None:
    """The library was put back from an older copy, then went another way."""
    copy = home / "copy.db"
    with closing(sqlite3.connect(home / "library.db")) as source:
        source.execute("VACUUM INTO ?", (str(copy),))
    with opened(home) as store:
        fill(store, clustered(1200), name="lost")
        store.settle_vectors(SPACE)
    copy.replace(home / "library.db")
    with opened(home) as store:
        expect_right_answers(store)
        fill(store, clustered(1300), name="other")
        expect_right_answers(store)
        assert store.check() == []


@pytest.mark.parametrize("field", ["key", "dim", "layout", "rows", "seen", "stem"])
def test_a_state_that_does_not_fit(home: Path, field: str) -> None:
    path = files(home, "state.json")
    state = json.loads(path.read_text())
    state[field] = "../../library" if isinstance(state[field], str) else state[field] + 1
    path.write_text(json.dumps(state))
    with opened(home) as store:
        expect_right_answers(store)
    assert (home / "library.db").exists()


@pytest.fixture(autouse=True)
def _no_stray_threads() -> Iterator[None]:
    yield
    assert CODING not in [thread.name for thread in threading.enumerate()]
