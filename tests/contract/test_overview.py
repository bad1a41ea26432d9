"""Facets, timeline and clusters: every store counts the same, and agrees with its own searches."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from smartsearch.core.assets import AutoTags, Gps, MarkMissing, Metadata, PutAutoTags, Tag
from smartsearch.core.edits import Edit
from smartsearch.core.overview import SizeCount, ValueCount
from smartsearch.core.ports import Store
from smartsearch.core.query import And, Everything, FormatIs, HasTag, HasText, Hidden, InAlbum, Not, Shown, WithinBox
from smartsearch.core.reading import PutText, TextLine, TextScan
from smartsearch.stores import columns
from smartsearch.stores.columns import ColumnCache
from smartsearch.stores.sqlite import SqliteStore
from tests.contract.making import NOW, put

LISBON, PORTO, FIJI, TONGA = Gps(38.7, -9.1), Gps(41.1, -8.6), Gps(-18.0, 179.5), Gps(-20.0, -175.0)


@pytest.fixture
def ids(store: Store) -> list[int]:
    """Six images: four shown, one hidden, one missing."""
    facts: list[tuple[str, datetime | None, str | None, Gps | None, int | None]] = [
        ("/r/a/1.jpg", datetime(2021, 6, 30, 23, 59, 59), "X100V", LISBON, 5),
        ("/r/a/2.jpg", datetime(2021, 6, 1), "X100V", Gps(38.701, -9.101), None),
        ("/r/b/3.jpg", datetime(1969, 12, 31, 12), None, FIJI, -1),
        ("/r/4.png", None, "EOS R5", None, 0),
        ("/r/5.jpg", datetime(2022, 1, 1), "EOS R5", PORTO, 5),
        ("/r/6.jpg", datetime(2022, 1, 1), "EOS R5", PORTO, 5),
    ]
    store.apply(
        [
            put(
                path,
                metadata=Metadata(taken_at=taken, camera_model=model, gps=gps, rating=rating, keywords=("Trip",)),
                format=path[-3:].replace("jpg", "jpeg"),
            )
            for path, taken, model, gps, rating in facts
        ]
    )
    found = store.select(Everything())
    store.set_tags(found[0], [Tag("trip"), Tag("own")], "user")
    store.apply([PutAutoTags(found[1], AutoTags("t", (Tag("own", 0.9, "auto"),)))])
    store.set_hidden(found[4], True)
    store.apply([MarkMissing(found[5], NOW)])
    return found


def counts(values: tuple[ValueCount, ...]) -> dict[str, int]:
    return {value.value: value.count for value in values}


def test_facets_of_what_is_shown(store: Store, ids: list[int]) -> None:
    album = store.add_album("best")
    store.change_album(album.id, add=ids)
    found = store.facets(Shown())
    assert found.total == 4
    assert found.formats == (ValueCount("jpeg", 3), ValueCount("png", 1))
    assert found.cameras == (ValueCount("X100V", 2), ValueCount("EOS R5", 1))
    assert counts(found.folders) == {"/r/a": 2, "/r/b": 1, "/r": 1}
    assert found.tags == (ValueCount("Trip", 4), ValueCount("own", 2)), "spellings that differ in case are one tag"
    assert found.albums == (ValueCount("best", 4, album.id),)
    assert found.ratings == ((-1, 1), (0, 1), (5, 1))
    assert found.months == (ValueCount("1969-12", 1), ValueCount("2021-06", 2), ValueCount("2023-11", 1))
    assert found.with_position == 3
    assert found.with_text == 0
    line = TextLine("EXIT", 0.9, ((0, 0), (9, 0), (9, 9), (0, 9)))
    texts = [(ids[0], (line,)), (ids[1], ()), (ids[4], (line,))]
    store.apply([PutText(number, TextScan("r", lines)) for number, lines in texts])
    assert store.facets(Shown()).with_text == 1, "looked at is not enough, and hidden is not counted"
    assert store.facets(And((Shown(), HasText()))).total == 1
    assert store.facets(Not(HasText())).with_text == 0
    assert sum(size.count for size in found.sizes) == 4


def test_facets_under_filters(store: Store, ids: list[int]) -> None:
    assert store.facets(And((Shown(), FormatIs(("png",))))).total == 1
    assert store.facets(And((Shown(), HasTag("OWN")))).total == 2
    assert counts(store.facets(Not(HasTag("own"))).cameras) == {"EOS R5": 3}
    assert store.facets(Hidden()).months == (ValueCount("2022-01", 1),)
    assert store.facets(InAlbum(7)).total == 0
    assert store.facets(Everything()).total == 6


def test_an_empty_library(store: Store) -> None:
    assert (store.facets(Shown()).total, store.facets(Shown()).formats) == (0, ())
    assert (store.timeline(Shown(), "day"), store.clusters(Shown(), 3)) == ([], [])


def test_file_sizes_are_counted_in_ranges(store: Store) -> None:
    store.apply([put(f"/{size}", seed=size - 1000) for size in (99_999, 100_000, 499_999, 10**9)])
    assert store.facets(Shown()).sizes == (
        SizeCount(0, 99_999, 1),
        SizeCount(100_000, 499_999, 2),
        SizeCount(100_000_000, None, 1),
    )


def test_timeline(store: Store, ids: list[int]) -> None:
    days = store.timeline(Shown(), "day")
    assert [(bucket.start, bucket.count, bucket.cover) for bucket in days] == [
        (date(2023, 11, 14), 1, ids[3]),
        (date(2021, 6, 30), 1, ids[0]),
        (date(2021, 6, 1), 1, ids[1]),
        (date(1969, 12, 31), 1, ids[2]),
    ]
    assert [(bucket.start, bucket.count) for bucket in store.timeline(Shown(), "month")][1] == (date(2021, 6, 1), 2)
    years = store.timeline(Everything(), "year")
    assert [(bucket.start.year, bucket.count) for bucket in years] == [(2023, 1), (2022, 2), (2021, 2), (1969, 1)]


def test_counts_are_places_in_the_search(store: Store, ids: list[int]) -> None:
    newest = store.select(Everything(), order="moment", descending=True)
    place = 0
    for bucket in store.timeline(Everything(), "month"):
        assert newest[place] == bucket.cover
        place += bucket.count
    assert place == len(ids)


def test_clusters_part_as_the_map_comes_nearer(store: Store, ids: list[int]) -> None:
    world = store.clusters(Shown(), 0)
    assert sum(cluster.count for cluster in world) == 3
    near = store.clusters(Shown(), 8)
    assert [(cluster.count, cluster.cover) for cluster in near] == [(2, ids[0]), (1, ids[2])]
    lisbon = near[0]
    assert (lisbon.south, lisbon.west, lisbon.north, lisbon.east) == (38.7, -9.101, 38.701, -9.1)
    assert lisbon.latitude == pytest.approx(38.7005)
    assert [cluster.count for cluster in store.clusters(Shown(), 20)] == [1, 1, 1]


def test_the_box_of_a_cluster_finds_its_images(store: Store) -> None:
    store.apply([put(f"/{n}", metadata=Metadata(gps=Gps(1 / 3 + n / 7e5, 2 / 3 - n / 9e5))) for n in range(9)])
    for cluster in store.clusters(Shown(), 10):
        box = WithinBox(cluster.south, cluster.west, cluster.north, cluster.east)
        assert store.count(box) == cluster.count


def test_a_box_over_the_antimeridian(store: Store) -> None:
    store.apply([put("/fiji", metadata=Metadata(gps=FIJI)), put("/tonga", metadata=Metadata(gps=TONGA))])
    store.apply([put("/lisbon", metadata=Metadata(gps=LISBON))])
    found = store.clusters(And((Shown(), WithinBox(-30, 170, 0, -170))), 10)
    assert sorted(cluster.longitude for cluster in found) == [-175.0, 179.5]


def test_positions_at_the_poles(store: Store) -> None:
    store.apply([put(f"/{lat}", metadata=Metadata(gps=Gps(lat, 180.0))) for lat in (90.0, -90.0)])
    assert [cluster.count for cluster in store.clusters(Shown(), 20)] == [1, 1]


def test_what_changes_is_counted_anew(store: Store, ids: list[int]) -> None:
    assert store.facets(Shown()).total == 4
    store.set_hidden(ids[0], True)
    assert store.facets(Shown()).total == 3
    store.set_rating(ids[1], 3)
    assert (3, 1) in store.facets(Shown()).ratings
    store.forget([ids[1]])
    assert store.facets(Shown()).total == 2


def test_of_what_the_user_says_only_its_columns_are_read(
    store: Store, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the order of changes, the counts are those of a store that reads everything."""
    if not isinstance(store, SqliteStore):
        pytest.skip("a store without a cache")
    full: list[int] = []
    read_all = columns.read_columns
    monkeypatch.setattr(columns, "read_columns", lambda connection: full.append(1) or read_all(connection))

    def counted() -> int:
        """How often all was read for right counts."""
        full.clear()
        facets = store.facets(Shown())
        reads = len(full)
        monkeypatch.setattr(store, "_columns", ColumnCache())
        assert store.facets(Shown()) == facets
        return reads

    store.facets(Shown())
    album = store.add_album("Best")
    store.change_album(album.id, add=ids[:2])
    store.set_rating(ids[1], 3)
    store.set_tags(ids[1], [Tag("quay")], "user")
    store.edit([Edit((ids[0], ids[2]), add_tags=("mine",), rating=4), Edit((ids[3],), hidden=True)])
    assert counted() == 0
    store.set_rating(ids[1], 2)
    store.apply([put("/new")])
    store.set_rating(ids[1], 1)
    assert counted() == 1
    store.apply([put("/newer")])
    assert counted() == 1


def test_columns_may_lag_while_an_index_run_goes_on(
    store: Store, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a large library, where reading them is slow; what the user does shows at once."""
    if not isinstance(store, SqliteStore):
        pytest.skip("a store without a cache")
    now = [0.0]

    def slow() -> float:
        now[0] += 1
        return now[0]

    monkeypatch.setattr(store, "_columns", ColumnCache(slow))
    job = store.start_job("index", {})
    assert store.facets(Everything()).total == 6
    store.apply([put("/new.jpg")])
    assert store.facets(Everything()).total == 6
    store.set_rating(ids[0], 1)
    assert store.facets(Everything()).total == 7
    store.apply([put("/newer.jpg")])
    assert store.facets(Everything()).total == 7
    now[0] += 1000
    assert store.facets(Everything()).total == 8
    store.apply([put("/newest.jpg")])
    store.update_job(job.id, done=1, errors=0, state="done")
    assert store.facets(Everything()).total == 9


def test_the_vocabulary(store: Store, ids: list[int]) -> None:
    found = store.vocabulary()
    assert found.tags == (ValueCount("Trip", 4), ValueCount("own", 2))
    assert found.cameras == (ValueCount("X100V", 2), ValueCount("EOS R5", 1))
    assert counts(found.folders) == {"/r/a": 2, "/r/b": 1, "/r": 1}
    assert {word: count for word, count in counts(found.words).items() if word in ("trip", "own")} == {
        "trip": 6,
        "own": 1,
    }, "of the text index: missing and hidden images too, without automatic tags"
    assert "1" not in counts(found.words)
