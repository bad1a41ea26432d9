"""The SQL of a query selects exactly the assets that ``matches`` says: random libraries, random query trees."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartsearch.core.assets import FileIdentity, Gps, MarkMissing, Metadata, Motion, PutImage, Swatch, Tag
from smartsearch.core.errors import QueryError
from smartsearch.core.faces import FaceScan, PutFaces
from smartsearch.core.people import Grouping
from smartsearch.core.ports import Store
from smartsearch.core.query import (
    And,
    CameraIs,
    CameraModelIn,
    ColorNear,
    Everything,
    FaceCount,
    FileSizeBetween,
    FolderNamed,
    FormatIs,
    HasGps,
    HasMotion,
    HasPerson,
    HasTag,
    HasText,
    Hidden,
    IdIn,
    InAlbum,
    InFolder,
    LastsBetween,
    NameLike,
    Not,
    Or,
    PixelsBetween,
    Present,
    Query,
    RatingBetween,
    Shown,
    TakenBetween,
    TakenInSeason,
    TextContains,
    WithinBox,
)
from smartsearch.core.reading import PutText, TextLine, TextScan
from smartsearch.stores.sql import compile_query
from smartsearch.stores.sqlite import SqliteStore
from smartsearch.testing import MemoryStore
from tests.contract.making import NOW, content, found_face, person, put

# Few and awkward values, so that predicates and assets meet often.
BAD_BYTES = os.fsdecode(b"\xff\xe9")
NAMES = st.text(alphabet=st.sampled_from([*"aAbB%_!*?[]'\"\\.é🏖\n", *BAD_BYTES, "\ufffd"]), min_size=1, max_size=5)
FOLDERS = st.sampled_from(["/", "/r", "/r/a", "/r/A", "/r/a%", "/r/a_", f"/r/{BAD_BYTES}", "/r2"])
WORDS = st.sampled_from(["Canon", "canon", "CAN", "EOS", "é", "É", "", "%", "\x00", "a'b"])
TAGS = st.sampled_from(["dog", "Dog", "DOG", "É", "é", "100%", "_"])
FORMATS = st.sampled_from(["jpeg", "png", "heif"])
MOMENTS = st.datetimes(datetime(2019, 1, 1), datetime(2021, 1, 1)) | st.sampled_from([datetime.min, datetime.max])
DAYS = st.tuples(st.integers(1, 12), st.integers(1, 31))
SECONDS = st.sampled_from([0.0, 0.5, 2.0, 1e9])
SIZES = st.integers(0, 5) | st.sampled_from([2**31, 2**62])
COLORS = st.sampled_from([0, 0xFFFFFF, 0xFF0000, 0xD03020, 0x101010, 0x8C2020])
PERCENTS = st.integers(0, 50)
PALETTES = st.lists(st.builds(Swatch, COLORS, PERCENTS), max_size=3).map(tuple)
DEGREES = st.integers(-3, 3).map(float) | st.sampled_from([-180.0, 180.0, 179.5])

METADATA = st.builds(
    Metadata,
    taken_at=st.none() | MOMENTS,
    gps=st.none() | st.builds(Gps, DEGREES, DEGREES),
    camera_make=st.none() | WORDS,
    camera_model=st.none() | WORDS,
    lens_model=st.none() | WORDS,
    rating=st.none() | st.integers(-1, 5),
    keywords=st.lists(TAGS, max_size=2).map(tuple),
)
PATHS = st.builds(lambda folder, name: os.path.join(folder, name), FOLDERS, NAMES)


@st.composite
def images(draw: st.DrawFn) -> PutImage:
    made = put(
        draw(PATHS),
        metadata=draw(METADATA),
        embeddings={},
        format=draw(FORMATS),
        width=draw(st.integers(1, 4)),
        height=draw(st.integers(1, 4)),
        palette=draw(PALETTES),
        duration=draw(st.none() | SECONDS),
        motion=draw(st.sampled_from([None, Motion(5, 10), Motion(2**62, 1)])),
    )
    identity = FileIdentity(1, 1, draw(SIZES), draw(st.sampled_from([0, 1_577_836_800 * 10**9, -(10**18)])))
    return PutImage(made.path, identity, made.file_hash, None, made.content, {})


LEAVES: st.SearchStrategy[Query] = st.one_of(
    st.sampled_from([Everything(), Present(), Shown(), Hidden(), HasGps(), HasMotion(), And(()), Or(())]),
    st.builds(InAlbum, st.integers(-1, 6) | st.just(2**70)),
    st.builds(IdIn, st.lists(st.integers(-1, 6) | st.just(2**70), max_size=4).map(tuple)),
    st.builds(TakenBetween, st.none() | MOMENTS, st.none() | MOMENTS),
    st.builds(TakenInSeason, DAYS, DAYS),
    st.builds(FormatIs, st.lists(FORMATS | st.just("\ud800"), max_size=2).map(tuple)),
    st.builds(FileSizeBetween, st.none() | SIZES, st.none() | SIZES | st.just(2**80)),
    st.builds(PixelsBetween, st.none() | st.integers(0, 17), st.none() | st.integers(0, 17)),
    st.builds(LastsBetween, st.none() | SECONDS, st.none() | SECONDS),
    st.builds(InFolder, FOLDERS | FOLDERS.map(lambda folder: folder + "/") | st.sampled_from(["", "\ud800"])),
    st.builds(FolderNamed, st.sampled_from(["a", "A", "r", "r/a", "a%", "", "/", "a_", BAD_BYTES, "\ud800", "\ufffd"])),
    st.builds(NameLike, NAMES | st.sampled_from(["", "*", "?", "*a*", "??", "\ud800", "*" * 9000, "a" * 9000])),
    st.builds(CameraIs, WORDS | st.just("\ud800")),
    st.builds(CameraModelIn, st.lists(WORDS | st.just("\ud800"), max_size=2).map(tuple)),
    st.builds(ColorNear, COLORS, st.integers(-1, 120)),
    st.builds(HasTag, TAGS | st.sampled_from(["", "\ud800"])),
    st.builds(RatingBetween, st.integers(-2, 6), st.integers(-2, 6)),
    st.just(HasText()),
    st.builds(
        TextContains, st.sampled_from(["Ab", "BIRTHDAY", "day to\n you", "é", "", " ", "\ud800", '"', "x" * 2000])
    ),
    st.builds(HasPerson, st.integers(-1, 6) | st.just(2**70)),
    st.builds(FaceCount, st.none() | st.integers(-1, 3), st.none() | st.integers(0, 3) | st.just(2**80)),
    st.builds(WithinBox, DEGREES, DEGREES, DEGREES, DEGREES),
)
QUERIES = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.builds(And, st.lists(parts, max_size=3).map(tuple)),
        st.builds(Or, st.lists(parts, max_size=3).map(tuple)),
        st.builds(Not, parts),
    ),
    max_leaves=6,
)


QUAD = ((0, 0), (9, 0), (9, 9), (0, 9))


def give_faces(store: Store, ids: list[int]) -> int:
    """No face in the first image, one in the second, two in the third; the rest is not looked at. Text in the second
    and fourth, none in the third."""
    for count, asset_id in enumerate(ids[:3]):
        store.apply([PutFaces(asset_id, FaceScan("a", tuple(found_face(f"{i}", left=i * 0.3) for i in range(count))))])
    for text, asset_id in zip(('Happy birthday\nto you, "Ab"', "", "ÉTÉ"), ids[1:], strict=False):
        store.apply([PutText(asset_id, TextScan("r", (TextLine(text, 0.9, QUAD),) if text else ()))])
    with store.people.writing() as rows:
        anna = rows.put_person(person())
        rows.regroup([Grouping(face.id, anna, 0.9) for face in rows.faces_in(ids[2:3])])
    return anna


@pytest.fixture(scope="module")
def sqlite_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    folder = tmp_path_factory.mktemp("agreement")
    with SqliteStore.create(folder / "library.db", vectors=folder / "vectors") as store:
        yield store


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=st.lists(images(), max_size=5), queries=st.lists(QUERIES, min_size=4, max_size=8), missing=st.booleans())
def test_sql_and_matches_agree(
    sqlite_store: SqliteStore, changes: list[PutImage], queries: list[Query], missing: bool
) -> None:
    for store in (sqlite_store, MemoryStore()):
        store.forget(store.select(Everything()))
        store.apply(changes)
        ids = store.select(Everything())
        store.apply([MarkMissing(asset_id, NOW) for asset_id in ids[:1] if missing])
        for asset_id in ids[1:2]:
            store.set_tags(asset_id, [Tag("dog")], "user")
            store.set_rating(asset_id, 3)
        for album in store.albums():
            store.remove_album(album.id)
        album = store.add_album("few")
        store.change_album(album.id, add=ids[1:3])
        for asset_id in ids[2:4]:
            store.set_hidden(asset_id, True)
        anna = give_faces(store, ids)
        check(store, [*queries, InAlbum(album.id), HasPerson(anna), Not(HasPerson(anna)), FaceCount(1, 1)])
        check(store, queries)


def check(store: Store, queries: list[Query]) -> None:
    assets = store.assets(store.select(Everything()))
    for query in queries:
        expected = [asset.id for asset in assets if query.matches(asset)]
        assert store.select(query) == expected, (query, assets)
        assert store.count(query) == len(expected)


def test_names_that_are_not_utf8_meet_wildcards_byte_by_byte(sqlite_store: SqliteStore) -> None:
    sqlite_store.forget(sqlite_store.select(Everything()))
    sqlite_store.apply([PutImage(f"/r/{BAD_BYTES}", FileIdentity(1, 1, 1, 1), b"h", None, content(), {})])
    check(
        sqlite_store,
        [NameLike(pattern) for pattern in ("?", "??", "???", BAD_BYTES, BAD_BYTES[:1] + "*", "\ufffd\ufffd")],
    )


def test_a_predicate_nobody_knows() -> None:
    class Strange:
        def matches(self, asset: object) -> bool:
            return True

    with pytest.raises(QueryError, match="Strange"):
        compile_query(Strange())


def test_sql_of_postgresql() -> None:
    """Names no SQLite function; runs for real when the PostgreSQL store joins this suite."""
    where = And((FormatIs(("png",)), NameLike("a*"), CameraIs("x"), IdIn((1,))))
    condition = compile_query(where, "postgresql")
    assert "json_each" not in condition.sql
    assert "instr" not in condition.sql
    assert condition.parameters["p0"] == ["png"]


def test_values_are_never_part_of_the_sql(tmp_path: Path) -> None:
    hostile = "'; DROP TABLE images; --"
    for query in (InFolder(hostile), NameLike(hostile), CameraIs(hostile), HasTag(hostile), FormatIs((hostile,))):
        assert "DROP" not in compile_query(query).sql
