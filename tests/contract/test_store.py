"""What every store promises, run on every store. The port's docstrings are the specification."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from smartsearch.core.assets import (
    AutoTags,
    ClearError,
    CopyImage,
    FileError,
    FileIdentity,
    FileState,
    Gps,
    MarkMissing,
    Metadata,
    MoveImage,
    PutAutoTags,
    PutEmbedding,
    PutLooks,
    RecordError,
    Swatch,
    Tag,
    TagCount,
    TouchImage,
    UpdateMetadata,
)
from smartsearch.core.errors import AssetNotFoundError, JobNotFoundError
from smartsearch.core.ports import Store
from smartsearch.core.query import (
    And,
    ColorNear,
    Everything,
    FormatIs,
    HasTag,
    IdIn,
    InFolder,
    Not,
    Present,
    TakenBetween,
)
from tests.contract.conftest import Clock
from tests.contract.making import NOW, OTHER_SPACE, SPACE, identity, put, same_direction, vector

FULL = Metadata(
    taken_at=datetime(2023, 7, 14, 18, 30, 5, 250000),
    taken_offset=120,
    gps=Gps(-33.8568, 151.2153, 12.5),
    camera_make="Canon",
    camera_model="EOS R5",
    lens_model="RF24-105mm",
    focal_length=35.0,
    f_number=4.0,
    exposure_time=1 / 250,
    iso=400,
    rating=4,
    title="Opera house",
    description="A ferry passes",
    keywords=("harbour", "ferry"),
    exif={"EXIF": {"Make": "Canon", "Values": [1, 2.5, None]}, "GPS": {}},
)


def add(store: Store, *paths: str, **fields: object) -> list[int]:
    store.apply([put(path, **fields) for path in paths])  # type: ignore[arg-type]
    found = [store.asset_by_path(path) for path in paths]
    return [asset.id for asset in found if asset is not None]


def ids_of(neighbors: list) -> list[int]:
    return [neighbor.asset_id for neighbor in neighbors]


class TestPutImage:
    def test_what_goes_in_comes_out(self, store: Store) -> None:
        store.apply([put("/photos/a.jpg", metadata=FULL, seed=7)])
        asset = store.asset_by_path("/photos/a.jpg")
        assert asset is not None
        assert asset.path == "/photos/a.jpg"
        assert asset.file_hash == put("/photos/a.jpg").file_hash
        assert asset.identity == identity(7)
        assert (asset.format, asset.width, asset.height, asset.frames) == ("jpeg", 640, 480, 1)
        assert (asset.phash, asset.color) == (2**64 - 3, 0xFFCC00)
        assert (asset.palette, asset.sharpness) == ((Swatch(0xFFCC00, 60), Swatch(0x203040, 30)), 12.5)
        assert asset.created_at == asset.indexed_at == NOW
        assert asset.modified_at == datetime.fromtimestamp(1_700_000_000, UTC) + timedelta(microseconds=7)
        assert asset.missing_since is None
        assert asset.metadata == FULL
        assert asset.tags == (Tag("ferry", 1.0, "keywords"), Tag("harbour", 1.0, "keywords"))
        assert store.assets([asset.id]) == [asset]

    def test_identity_of_any_64_bits(self, store: Store) -> None:
        wide = FileIdentity(device=2**64 - 1, inode=2**63, size=2**40, mtime_ns=-5)
        store.apply([replace(put("/a.jpg"), identity=wide)])
        asset = store.asset_by_path("/a.jpg")
        assert asset is not None
        assert asset.identity == wide
        assert [state.identity for state in store.file_states(SPACE)] == [wide]

    @pytest.mark.parametrize("mtime_ns", [2**63 - 1, -(2**63), 0])
    def test_absurd_file_times_are_kept_as_identity_and_give_a_date(self, store: Store, mtime_ns: int) -> None:
        store.apply([replace(put("/a.jpg"), identity=FileIdentity(1, 1, 1, mtime_ns))])
        asset = store.asset_by_path("/a.jpg")
        assert asset is not None
        assert asset.identity.mtime_ns == mtime_ns
        assert asset.modified_at.tzinfo is not None

    def test_numbers_that_mean_nothing_become_unknown(self, store: Store) -> None:
        hostile = Metadata(
            gps=Gps(float("nan"), 5.0), focal_length=float("inf"), iso=2**70, rating=-(2**70), title="a\ud800b"
        )
        store.apply([put("/a.jpg", metadata=hostile)])
        asset = store.asset_by_path("/a.jpg")
        assert asset is not None
        assert asset.metadata == Metadata(title="a?b")

    def test_put_again_keeps_id_and_the_users_tags_and_replaces_the_rest(self, store: Store, clock: Clock) -> None:
        [asset_id] = add(store, "/a.jpg", metadata=FULL)
        store.set_tags(asset_id, [Tag("mine")], "user")
        store.apply([PutEmbedding(asset_id, OTHER_SPACE.key, vector("x", OTHER_SPACE))])
        store.apply([MarkMissing(asset_id, NOW)])
        clock.tick()
        changed = put("/a.jpg", bytes_of="new", metadata=Metadata(keywords=("night",)), format="png")
        store.apply([changed])
        asset = store.asset_by_path("/a.jpg")
        assert asset is not None
        assert (asset.id, asset.format, asset.missing_since) == (asset_id, "png", None)
        assert asset.indexed_at == NOW + timedelta(seconds=1)
        assert asset.tags == (Tag("mine", 1.0, "user"), Tag("night", 1.0, "keywords"))
        assert asset.metadata == Metadata(keywords=("night",))
        assert store.counts().embeddings == {SPACE.key: 1}, "vectors of the old bytes are gone"

    def test_put_again_with_the_same_bytes_keeps_vectors_of_other_spaces(self, store: Store) -> None:
        [asset_id] = add(store, "/a.jpg")
        store.apply([PutEmbedding(asset_id, OTHER_SPACE.key, vector("x", OTHER_SPACE)), put("/a.jpg")])
        assert store.counts().embeddings == {SPACE.key: 1, OTHER_SPACE.key: 1}

    def test_clears_the_error_of_the_path(self, store: Store) -> None:
        store.apply([RecordError(FileError("/a.jpg", "corrupt", "cut off", NOW))])
        add(store, "/a.jpg")
        assert store.errors() == []

    @pytest.mark.parametrize(
        "bad",
        [np.zeros((2, 16)), np.array([np.nan] * 16), np.array([np.inf] * 16), np.array([1e9] * 16), np.zeros(0)],
        ids=["matrix", "nan", "inf", "too-big", "empty"],
    )
    def test_a_bad_vector_changes_nothing(self, store: Store, bad: np.ndarray) -> None:
        before = store.generation
        with pytest.raises(ValueError, match="embedding"):
            store.apply([put("/good.jpg"), put("/a.jpg", embeddings={SPACE.key: bad.astype(np.float32)})])
        assert store.counts().images == 0
        assert store.generation == before

    def test_a_vector_of_another_dimension_changes_nothing(self, store: Store) -> None:
        add(store, "/a.jpg")
        with pytest.raises(ValueError, match="dimensions"):
            store.apply([put("/b.jpg", embeddings={SPACE.key: vector("x", OTHER_SPACE)})])
        assert store.counts().images == 1

    def test_an_impossible_path_changes_nothing(self, store: Store) -> None:
        with pytest.raises(ValueError, match="path"):
            store.apply([put("/good.jpg"), replace(put("/a.jpg"), path="/\ud800.jpg")])
        assert store.counts().images == 0


ODD_PATHS = [
    "/p/with 'quotes\" and `ticks`.jpg",
    "/p/100%_sure!.jpg",
    "/p/new\nline\tand\x01control.jpg",
    "/p/emoji 🏖️ é é.jpg",
    os.fsdecode(b"/p/latin \xe9\xff.jpg"),
    "/p/" + "long" * 60 + ".jpg",
    "/p/[brackets]*?.jpg",
    "/p/-- ; DROP TABLE images.jpg",
]


class TestPaths:
    def test_any_name_a_file_can_have(self, store: Store) -> None:
        ids = add(store, *ODD_PATHS)
        assert [asset.path for asset in store.assets(ids)] == ODD_PATHS
        assert sorted(state.path for state in store.file_states(SPACE)) == sorted(ODD_PATHS)
        store.apply([RecordError(FileError(path + "x", "corrupt", "bad", NOW)) for path in ODD_PATHS])
        assert {error.path for error in store.errors()} == {path + "x" for path in ODD_PATHS}

    def test_order_is_by_bytes(self, store: Store) -> None:
        add(store, *ODD_PATHS)
        by_path = [asset.path for asset in store.assets(store.select(Everything(), order="path"))]
        assert by_path == sorted(ODD_PATHS, key=os.fsencode)

    def test_case_matters(self, store: Store) -> None:
        assert len(set(add(store, "/p/A.jpg", "/p/a.jpg"))) == 2
        assert store.asset_by_path("/P/a.jpg") is None

    def test_unknown_and_impossible_paths_are_not_found(self, store: Store) -> None:
        assert store.asset_by_path("/nowhere.jpg") is None
        assert store.asset_by_path("/\ud800.jpg") is None


class TestOtherChanges:
    def test_copy(self, store: Store) -> None:
        [source] = add(store, "/a.jpg", metadata=FULL)
        store.set_tags(source, [Tag("mine")], "user")
        store.set_tags(source, [Tag("boat", 0.75)], "auto")
        store.apply([RecordError(FileError("/b.jpg", "corrupt", "bad", NOW))])
        store.apply([CopyImage(source, "/b.jpg", identity(9), None)])
        copy = store.asset_by_path("/b.jpg")
        original = store.asset_by_path("/a.jpg")
        assert copy is not None
        assert original is not None
        assert copy.id != source
        assert (copy.file_hash, copy.metadata, copy.phash) == (original.file_hash, original.metadata, original.phash)
        assert (copy.palette, copy.sharpness) == (original.palette, original.sharpness)
        assert (copy.identity, copy.created_at) == (identity(9), None)
        assert [tag.name for tag in copy.tags] == ["boat", "ferry", "harbour"], "the user's own tags are not copied"
        held = store.vectors(SPACE, [source, copy.id])
        assert np.array_equal(held[source], held[copy.id])
        assert store.errors() == []

    def test_copy_over_a_known_path_replaces_its_content(self, store: Store) -> None:
        source, target = add(store, "/a.jpg", "/b.jpg", metadata=FULL)
        store.apply([CopyImage(source, "/b.jpg", identity(9), None), CopyImage(source, "/a.jpg", identity(10), None)])
        first, second = store.assets([source, target])
        assert first.file_hash == second.file_hash
        assert (first.identity, second.identity) == (identity(10), identity(9))
        assert store.counts().embeddings == {SPACE.key: 2}

    def test_move_keeps_everything_else(self, store: Store) -> None:
        [asset_id] = add(store, "/old/a.jpg", metadata=FULL)
        before = store.assets([asset_id])[0]
        store.apply([MarkMissing(asset_id, NOW), MoveImage(asset_id, "/new/b.jpg", identity(5))])
        after = store.assets([asset_id])[0]
        assert after == replace(before, path="/new/b.jpg", identity=identity(5), modified_at=after.modified_at)
        assert store.asset_by_path("/old/a.jpg") is None
        assert ids_of(store.match_text("new", Everything(), 5)) == [asset_id]
        assert store.match_text("old", Everything(), 5) == []

    def test_two_files_swap_names(self, store: Store) -> None:
        first, second = add(store, "/a.jpg", "/b.jpg")
        store.apply([MoveImage(first, "/b.jpg", identity(1)), MoveImage(second, "/a.jpg", identity(2))])
        assert [asset.path for asset in store.assets([first, second])] == ["/b.jpg", "/a.jpg"]

    def test_a_file_moved_onto_another_takes_its_place(self, store: Store) -> None:
        first, second = add(store, "/a.jpg", "/b.jpg")
        store.apply([MoveImage(first, "/b.jpg", identity(1))])
        assert store.select(Everything()) == [first]
        assert store.assets([second]) == []

    def test_touch(self, store: Store) -> None:
        [asset_id] = add(store, "/a.jpg")
        store.apply([MarkMissing(asset_id, NOW), TouchImage(asset_id, identity(77))])
        asset = store.assets([asset_id])[0]
        assert asset.identity == identity(77)
        assert asset.missing_since is None

    def test_missing_keeps_the_first_date(self, store: Store) -> None:
        [asset_id] = add(store, "/a.jpg")
        store.apply([MarkMissing(asset_id, NOW), MarkMissing(asset_id, NOW + timedelta(days=1))])
        assert store.assets([asset_id])[0].missing_since == NOW
        assert store.count(Present()) == 0
        assert store.counts().missing == 1

    def test_new_metadata(self, store: Store) -> None:
        [asset_id] = add(store, "/a.jpg", metadata=FULL)
        store.set_tags(asset_id, [Tag("mine")], "user")
        store.apply([UpdateMetadata(asset_id, Metadata(title="Sidecar", keywords=("xmp",)), 123)])
        asset = store.assets([asset_id])[0]
        assert asset.metadata == Metadata(title="Sidecar", keywords=("xmp",))
        assert [tag.name for tag in asset.tags] == ["mine", "xmp"]
        assert [state.sidecar_mtime_ns for state in store.file_states(SPACE)] == [123]
        assert ids_of(store.match_text("sidecar", Everything(), 5)) == [asset_id]
        assert store.match_text("opera", Everything(), 5) == []

    def test_date_filters_follow_the_capture_time_and_else_the_file_time(self, store: Store) -> None:
        [asset_id] = add(store, "/a.jpg")
        day = lambda year, month, date: TakenBetween(datetime(year, month, date), datetime(year, month, date + 1))  # noqa: E731
        assert store.count(day(2023, 11, 14)) == 1
        store.apply([TouchImage(asset_id, FileIdentity(1, 1, 1, 10**18))])
        assert store.count(day(2001, 9, 9)) == 1
        store.apply([UpdateMetadata(asset_id, FULL, None)])
        assert store.count(day(2023, 7, 14)) == 1
        store.apply([TouchImage(asset_id, identity(1)), CopyImage(asset_id, "/b.jpg", identity(2), None)])
        assert store.count(day(2023, 7, 14)) == 2
        store.apply([put("/a.jpg", bytes_of="new")])
        assert store.count(day(2023, 11, 14)) == 1

    def test_changes_of_unknown_assets_are_ignored(self, store: Store) -> None:
        before = store.generation
        store.apply(
            [
                CopyImage(99, "/b.jpg", identity(), None),
                MoveImage(99, "/c.jpg", identity()),
                TouchImage(99, identity()),
                MarkMissing(99, NOW),
                PutEmbedding(99, SPACE.key, vector("x")),
                UpdateMetadata(99, FULL, None),
                ClearError("/nowhere.jpg"),
            ]
        )
        assert store.counts().images == store.counts().missing == 0
        assert store.generation == before

    def test_later_changes_win(self, store: Store) -> None:
        store.apply([put("/a.jpg", format="png"), put("/a.jpg", format="webp"), put("/b.jpg")])
        asset = store.asset_by_path("/a.jpg")
        assert asset is not None
        assert asset.format == "webp"
        assert store.counts().images == 2
        assert store.counts().embeddings == {SPACE.key: 2}

    def test_generation_grows_with_what_is_searchable(self, store: Store) -> None:
        seen = [store.generation]
        [asset_id] = add(store, "/a.jpg")
        seen.append(store.generation)
        store.set_tags(asset_id, [Tag("x")], "user")
        seen.append(store.generation)
        store.apply([PutEmbedding(asset_id, OTHER_SPACE.key, vector("x", OTHER_SPACE))])
        seen.append(store.generation)
        store.forget([asset_id])
        seen.append(store.generation)
        assert seen == sorted(set(seen))


class TestFileStates:
    def test_of_images_and_errors(self, store: Store) -> None:
        store.apply([put("/r/a.jpg", seed=1), put("/r/b.jpg", seed=2, embeddings={})])
        a, b = store.select(Everything(), order="path")
        store.apply([MarkMissing(b, NOW), RecordError(FileError("/r/c.jpg", "corrupt", "bad", NOW, identity(3)))])
        states = {state.path: state for state in store.file_states(SPACE)}
        hashes = [put(f"/r/{name}.jpg").file_hash for name in "ab"]
        assert states == {
            "/r/a.jpg": FileState(a, "/r/a.jpg", identity(1), hashes[0]),
            "/r/b.jpg": FileState(b, "/r/b.jpg", identity(2), hashes[1], missing=True, embedded=False),
            "/r/c.jpg": FileState(None, "/r/c.jpg", identity(3), None, embedded=False),
        }

    def test_under_a_folder_or_a_file(self, store: Store) -> None:
        add(store, "/r/a.jpg", "/r/sub/b.jpg", "/r2/c.jpg", "/r")
        paths = lambda under: sorted(state.path for state in store.file_states(SPACE, under))  # noqa: E731
        assert paths("/r") == paths("/r/") == ["/r", "/r/a.jpg", "/r/sub/b.jpg"]
        assert paths("/r/sub/b.jpg") == ["/r/sub/b.jpg"]
        assert len(paths("/")) == 4
        assert paths("/x") == []

    def test_a_known_image_that_became_unreadable_shows_the_failed_attempt(self, store: Store) -> None:
        [asset_id] = add(store, "/a.jpg", seed=1)
        store.apply([RecordError(FileError("/a.jpg", "corrupt", "bad", NOW, identity(2)))])
        [state] = store.file_states(SPACE)
        assert (state.asset_id, state.identity) == (asset_id, identity(2))
        assert store.assets([asset_id])[0].identity == identity(1)

    def test_writing_while_reading(self, store: Store) -> None:
        add(store, *(f"/{i}.jpg" for i in range(50)))
        for state in store.file_states(SPACE):
            assert state.asset_id is not None
            store.apply([TouchImage(state.asset_id, identity(5))])
        assert {state.identity for state in store.file_states(SPACE)} == {identity(5)}

    def test_by_hash_oldest_first(self, store: Store) -> None:
        ids = add(store, "/b.jpg", "/a.jpg", bytes_of="same")
        add(store, "/c.jpg")
        found = store.find_by_hash(put("/x", bytes_of="same").file_hash, SPACE)
        assert [state.asset_id for state in found] == ids
        assert [state.embedded for state in store.find_by_hash(found[0].file_hash or b"", OTHER_SPACE)] == [
            False,
            False,
        ]
        assert store.find_by_hash(b"none", SPACE) == []


class TestErrors:
    def test_newest_first_and_replaced_by_path(self, store: Store) -> None:
        errors = [FileError(f"/{n}", "corrupt", "m", NOW + timedelta(seconds=n), identity(n)) for n in range(3)]
        store.apply([RecordError(error) for error in errors])
        newer = FileError("/0", "timeout", "slow", NOW + timedelta(hours=1))
        store.apply([RecordError(newer)])
        assert store.errors() == [newer, errors[2], errors[1]]
        assert store.errors(limit=1) == [newer]
        assert store.counts().errors == 3

    def test_forgotten(self, store: Store) -> None:
        store.apply([RecordError(FileError(path, "corrupt", "m", NOW)) for path in ("/a", "/b", "/c")])
        store.apply([ClearError("/a")])
        assert store.forget_errors(["/b", "/unknown", "/\ud800"]) == 1
        assert [error.path for error in store.errors()] == ["/c"]


class TestTags:
    def test_one_source_at_a_time(self, store: Store) -> None:
        [asset_id] = add(store, "/a.jpg")
        store.set_tags(asset_id, [Tag("b", 0.5), Tag("a")], "user")
        store.set_tags(asset_id, [Tag("c", 0.25, "auto"), Tag("a", 0.5)], "auto")
        store.set_tags(asset_id, [Tag("b")], "user")
        expected = (Tag("a", 0.5, "auto"), Tag("b", 1.0, "user"), Tag("c", 0.25, "auto"))
        assert store.assets([asset_id])[0].tags == expected

    def test_unknown_image(self, store: Store) -> None:
        with pytest.raises(AssetNotFoundError):
            store.set_tags(5, [Tag("x")], "user")


def auto(*names: str, tagger: str = "t1") -> AutoTags:
    return AutoTags(tagger, tuple(Tag(name, 0.75, "auto") for name in names))


def tags_of(store: Store, asset_id: int) -> list[tuple[str, str]]:
    return [(tag.name, tag.source) for tag in store.assets([asset_id])[0].tags]


class TestAutomaticTags:
    def test_come_with_the_image_and_leave_other_sources_alone(self, store: Store) -> None:
        store.apply([replace(put("/a.jpg", metadata=Metadata(keywords=("dog",))), auto_tags=auto("dog", "beach"))])
        [asset_id] = store.select(Everything())
        store.set_tags(asset_id, [Tag("mine"), Tag("dog")], "user")
        generation = store.generation
        store.apply([PutAutoTags(asset_id, auto("dog", tagger="t2")), PutAutoTags(99, auto("cat"))])
        assert store.generation > generation
        assert tags_of(store, asset_id) == [("dog", "auto"), ("dog", "keywords"), ("dog", "user"), ("mine", "user")]
        assert store.select(HasTag("DOG")) == [asset_id]
        assert store.assets([asset_id])[0].tags[0].confidence == 0.75

    def test_come_with_a_vector_too(self, store: Store) -> None:
        [asset_id] = add(store, "/a.jpg")
        store.apply([PutEmbedding(asset_id, OTHER_SPACE.key, vector("a", OTHER_SPACE), auto("dog"))])
        assert tags_of(store, asset_id) == [("dog", "auto")]
        store.apply([PutEmbedding(asset_id, SPACE.key, vector("b"))])
        assert tags_of(store, asset_id) == [("dog", "auto")], "a vector without tags says nothing about them"

    def test_untagged_are_those_with_a_vector_and_another_tagger(self, store: Store) -> None:
        first, second, third, fourth = add(store, "/a.jpg", "/b.jpg", "/c.jpg", "/d.jpg")
        [bare] = add(store, "/e.jpg", embeddings={})
        store.apply([MarkMissing(fourth, NOW)])
        assert store.untagged(SPACE, "t1") == [first, second, third, fourth]
        store.apply([PutAutoTags(i, auto("dog")) for i in (first, third, bare)])
        assert store.untagged(SPACE, "t1") == [second, fourth]
        assert store.untagged(SPACE, "t2") == [first, second, third, fourth]
        assert store.untagged(SPACE, "t0") == [first, second, third, fourth]
        assert store.untagged(OTHER_SPACE, "t1") == []

    def test_new_bytes_are_untagged_the_same_bytes_are_not(self, store: Store) -> None:
        store.apply([replace(put("/a.jpg"), auto_tags=auto("dog"))])
        [asset_id] = store.select(Everything())
        store.apply([put("/a.jpg", seed=5)])
        assert tags_of(store, asset_id) == [("dog", "auto")]
        assert store.untagged(SPACE, "t1") == []
        store.apply([put("/a.jpg", bytes_of="new")])
        assert tags_of(store, asset_id) == []
        assert store.untagged(SPACE, "t1") == [asset_id]

    def test_a_copy_has_them_and_what_was_rejected(self, store: Store) -> None:
        store.apply(
            [replace(put("/a.jpg"), auto_tags=auto("boat", "dog")), replace(put("/b.jpg"), auto_tags=auto("x"))]
        )
        source, target = store.select(Everything())
        store.reject_tag(source, "dog")
        store.reject_tag(target, "boat")
        store.apply([CopyImage(source, "/b.jpg", identity(8), None), CopyImage(source, "/c.jpg", identity(9), None)])
        assert tags_of(store, target) == [], "what was rejected on a file stays rejected there"
        copy = store.select(Everything())[-1]
        assert tags_of(store, copy) == [("boat", "auto")]
        assert store.untagged(SPACE, "t1") == []
        store.apply([PutAutoTags(i, auto("boat", "dog", tagger="t2")) for i in (target, copy)])
        assert tags_of(store, target) == []
        assert tags_of(store, copy) == [("boat", "auto")]

    def test_a_rejected_tag_stays_away_until_that_is_undone(self, store: Store) -> None:
        store.apply([replace(put("/a.jpg"), auto_tags=auto("dog", "cat"))])
        [asset_id] = store.select(Everything())
        store.set_tags(asset_id, [Tag("dog")], "user")
        generation = store.generation
        store.reject_tag(asset_id, "dog")
        store.reject_tag(asset_id, "Dog")
        assert store.generation > generation
        assert tags_of(store, asset_id) == [("cat", "auto"), ("dog", "user")], "the user's own tag stays"
        store.apply([PutAutoTags(asset_id, auto("dog", "DOG", "cat", tagger="t2"))])
        assert tags_of(store, asset_id) == [("cat", "auto"), ("dog", "user")]
        store.reject_tag(asset_id, "cow", undo=True)
        assert store.untagged(SPACE, "t2") == []
        store.reject_tag(asset_id, "DoG", undo=True)
        assert store.untagged(SPACE, "t2") == [asset_id], "the next tagging sees to it"
        store.apply([PutAutoTags(asset_id, auto("dog", "cat", tagger="t2"))])
        assert tags_of(store, asset_id) == [("cat", "auto"), ("dog", "auto"), ("dog", "user")]
        with pytest.raises(AssetNotFoundError):
            store.reject_tag(99, "dog")

    def test_all_dropped(self, store: Store) -> None:
        store.apply([replace(put(path, metadata=FULL), auto_tags=auto("dog")) for path in ("/a.jpg", "/b.jpg")])
        first, second = store.select(Everything())
        store.reject_tag(second, "cow")
        assert store.drop_auto_tags() == 2
        assert store.drop_auto_tags() == 0
        assert tags_of(store, first) == [("ferry", "keywords"), ("harbour", "keywords")]
        store.apply([PutAutoTags(second, auto("cow"))])
        assert ("cow", "auto") not in tags_of(store, second), "what was rejected stays rejected"

    def test_are_not_in_the_full_text(self, store: Store) -> None:
        store.apply([replace(put("/a.jpg"), auto_tags=auto("zebra"))])
        [asset_id] = store.select(Everything())
        assert store.match_text("zebra", Everything(), 5) == []
        store.set_tags(asset_id, [Tag("zebra")], "user")
        assert ids_of(store.match_text("zebra", Everything(), 5)) == [asset_id]
        store.apply([PutAutoTags(asset_id, auto("lion"))])
        store.set_tags(asset_id, [], "user")
        assert store.match_text("zebra", Everything(), 5) == []
        assert ids_of(store.match_text("a.jpg", Everything(), 5)) == [asset_id]

    def test_counts_by_source_of_present_images(self, store: Store) -> None:
        store.apply(
            [replace(put(path, metadata=FULL), auto_tags=auto("dog")) for path in ("/a.jpg", "/b.jpg", "/c.jpg")]
        )
        first, *_, last = store.select(Everything())
        store.set_tags(first, [Tag("dog"), Tag("x")], "user")
        store.apply([MarkMissing(last, NOW)])
        assert store.tag_counts() == [
            TagCount("dog", "auto", 2),
            TagCount("ferry", "keywords", 2),
            TagCount("harbour", "keywords", 2),
            TagCount("dog", "user", 1),
            TagCount("x", "user", 1),
        ]
        assert store.tag_counts("user") == [TagCount("dog", "user", 1), TagCount("x", "user", 1)]

    def test_go_with_the_image(self, store: Store) -> None:
        store.apply([replace(put("/a.jpg"), auto_tags=auto("dog"))])
        [asset_id] = store.select(Everything())
        store.reject_tag(asset_id, "cat")
        store.forget([asset_id])
        assert store.tag_counts() == []
        [again] = add(store, "/a.jpg")
        store.apply([PutAutoTags(again, auto("cat"))])
        assert tags_of(store, again) == [("cat", "auto")]


class TestForget:
    def test_with_all_that_hangs_on_it(self, store: Store) -> None:
        first, second = add(store, "/a.jpg", "/b.jpg", metadata=FULL)
        assert store.forget([first, first, 999, 2**70]) == 1
        assert store.select(Everything()) == [second]
        assert store.counts().embeddings == {SPACE.key: 1}
        assert ids_of(store.match_text("opera", Everything(), 9)) == [second]
        assert ids_of(store.nearest(SPACE, vector("/a.jpg"), Everything(), 9)) == [second]

    def test_ids_are_not_used_again(self, store: Store) -> None:
        [first] = add(store, "/a.jpg")
        store.forget([first])
        assert add(store, "/a.jpg") != [first]


class TestSelect:
    def test_order(self, store: Store) -> None:
        days = {"/c.jpg": 3, "/a.jpg": 1, "/d.jpg": None, "/b.jpg": 1}
        for path, day in days.items():
            add(store, path, metadata=Metadata(taken_at=datetime(2020, 1, day) if day else None))
        c, a, d, b = store.select(Everything())
        assert store.select(Everything(), order="taken_at") == [a, b, c, d]
        assert store.select(Everything(), order="taken_at", descending=True) == [c, a, b, d]
        assert store.select(Everything(), order="path") == [a, b, c, d]
        assert store.select(Everything(), descending=True) == [b, d, a, c]
        assert store.select(Everything(), order="path", limit=2, offset=1) == [b, c]
        assert store.select(Everything(), offset=9) == store.select(Everything(), limit=0) == []

    def test_order_of_moments(self, store: Store) -> None:
        """Photos without a time of their own stand where their files were written (2023-11-14)."""
        for path, year in (("/a", 2020), ("/b", None), ("/c", 2024)):
            add(store, path, metadata=Metadata(taken_at=datetime(year, 1, 1) if year else None))
        a, b, c = store.select(Everything())
        assert store.select(Everything(), order="moment") == [a, b, c]
        assert store.select(Everything(), order="moment", descending=True) == [c, b, a]
        assert [asset.moment.year for asset in store.assets([a, b, c])] == [2020, 2023, 2024]

    def test_assets_come_in_the_order_asked(self, store: Store) -> None:
        ids = add(store, "/a.jpg", "/b.jpg", "/c.jpg")
        wanted = [ids[2], 12345, ids[0]]
        assert [asset.id for asset in store.assets(wanted)] == [ids[2], ids[0]]
        assert store.assets([]) == store.assets([2**70, -1]) == []

    def test_very_many_ids_and_parts(self, store: Store) -> None:
        ids = add(store, "/a.jpg", "/b.jpg")
        assert store.select(IdIn((*range(40_000), 2**80))) == ids
        assert store.count(And(tuple(Not(IdIn((10_000 + n,))) for n in range(3000)))) == 2


class TestText:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("beach", True),
            ("BEACH", True),
            ("bea", True),
            ("each", False),
            ("cafe", True),
            ("café", True),
            ("sunset ferry", True),
            ("sunset tram", False),
            ("img 0042", True),
            ("IMG_0042.JPG", True),
            ("holidays", True),
            ("lisbon", True),
            ("happine", True),
            ("", False),
            ("   ", False),
            ("🏖", False),
        ],
    )
    def test_words_are_prefixes_joined_by_and(self, store: Store, text: str, found: bool) -> None:
        metadata = Metadata(title="Sunset at the Café", description="pure happiness", keywords=("ferry", "Beach"))
        [asset_id] = add(store, "/Holidays/Lisbon 2023/IMG_0042.jpg", metadata=metadata)
        add(store, "/other/x.png")
        assert ids_of(store.match_text(text, Everything(), 5)) == ([asset_id] if found else [])

    @pytest.mark.parametrize(
        "text",
        ['"', '""', "a\" OR \"b", "*", "a*", "NOT", "AND", "beach AND", "NEAR(a b)", "title:beach", "^a", "{a}", "(",
         "-beach", "a\x00b", "\ud800", "'", ";--", "+", "x" * 10_000, "é" * 500],
    )  # fmt: skip
    def test_hostile_text_is_plain_text(self, store: Store, text: str) -> None:
        add(store, "/a.jpg", metadata=Metadata(title="nothing of the kind"))
        assert isinstance(store.match_text(text, Everything(), 5), list)

    def test_operators_are_words(self, store: Store) -> None:
        [asset_id] = add(store, "/a.jpg", metadata=Metadata(title="Not near and or"))
        assert ids_of(store.match_text("NOT NEAR AND OR", Everything(), 5)) == [asset_id]

    def test_limit_filter_and_order(self, store: Store) -> None:
        ids = add(store, *(f"/dog {n}.jpg" for n in range(5)))
        found = store.match_text("dog", IdIn(tuple(ids[1:])), 3)
        assert len(found) == 3
        assert set(ids_of(found)) <= set(ids[1:])
        assert [n.similarity for n in found] == sorted((n.similarity for n in found), reverse=True)
        assert store.match_text("dog", Everything(), 0) == []

    def test_follows_tags(self, store: Store) -> None:
        [asset_id] = add(store, "/a.jpg")
        store.set_tags(asset_id, [Tag("Zebra"), Tag("Ähre")], "user")
        assert ids_of(store.match_text("zebra ahre", Everything(), 5)) == [asset_id]
        store.set_tags(asset_id, [], "user")
        assert store.match_text("zebra", Everything(), 5) == []


class TestNearest:
    def test_best_first_with_the_cosine(self, store: Store) -> None:
        query = vector("query")
        cosines = {"/a.jpg": 0.3, "/b.jpg": 0.9, "/c.jpg": -0.5, "/d.jpg": 0.6}
        for path, cosine in cosines.items():
            add(store, path, embeddings={SPACE.key: same_direction(cosine, query)})
        a, b, c, d = store.select(Everything())
        found = store.nearest(SPACE, query, Everything(), 10)
        assert ids_of(found) == [b, d, a, c]
        assert [neighbor.similarity for neighbor in found] == pytest.approx([0.9, 0.6, 0.3, -0.5], abs=1e-3)
        assert ids_of(store.nearest(SPACE, query, Everything(), 2)) == [b, d]
        assert ids_of(store.nearest(SPACE, query, Not(IdIn((b,))), 2)) == [d, a]

    def test_similarity_is_that_of_the_stored_vector(self, store: Store) -> None:
        [asset_id] = add(store, "/a.jpg")
        query = vector("query")
        stored = store.vectors(SPACE, [asset_id])[asset_id]
        assert stored.dtype == np.float32
        assert np.array_equal(stored, vector("/a.jpg").astype(np.float16).astype(np.float32))
        [found] = store.nearest(SPACE, query, Everything(), 1)
        assert found.similarity == pytest.approx(float(stored.astype(float) @ query.astype(float)), abs=1e-7)

    def test_ties_by_id(self, store: Store) -> None:
        same = {SPACE.key: vector("same")}
        ids = add(store, *(f"/{n}.jpg" for n in range(60)), embeddings=same)
        assert ids_of(store.nearest(SPACE, vector("same"), Everything(), 7)) == ids[:7]
        assert ids_of(store.nearest(SPACE, vector("other"), IdIn(tuple(ids[5:])), 7)) == ids[5:12]

    def test_filter(self, store: Store) -> None:
        jpegs = add(store, *(f"/r/{n}.jpg" for n in range(20)))
        pngs = add(store, *(f"/r/{n}.png" for n in range(3)), format="png")
        store.apply([MarkMissing(jpegs[0], NOW)])
        query = vector("/r/0.jpg")
        assert set(ids_of(store.nearest(SPACE, query, FormatIs(("png",)), 10))) == set(pngs)
        assert jpegs[0] not in ids_of(store.nearest(SPACE, query, Present(), 100))
        assert store.nearest(SPACE, query, Everything(), 1)[0].asset_id == jpegs[0]
        assert store.nearest(SPACE, query, InFolder("/nowhere"), 5) == []
        assert store.nearest(SPACE, query, HasTag("none"), 5) == []

    def test_follows_every_change(self, store: Store) -> None:
        query = vector("query")
        first, second = add(store, "/a.jpg", "/b.jpg")
        assert len(store.nearest(SPACE, query, Everything(), 9)) == 2
        store.apply([PutEmbedding(second, SPACE.key, query)])
        assert store.nearest(SPACE, query, Everything(), 1)[0].asset_id == second
        store.apply([put("/a.jpg", bytes_of="new", embeddings={SPACE.key: query})])
        assert ids_of(store.nearest(SPACE, query, Everything(), 9)) == [first, second]
        store.forget([first])
        assert ids_of(store.nearest(SPACE, query, Everything(), 9)) == [second]
        store.apply([put("/b.jpg", bytes_of="newer", embeddings={})])
        assert store.nearest(SPACE, query, Everything(), 9) == []

    def test_spaces_never_meet(self, store: Store) -> None:
        [asset_id] = add(store, "/a.jpg")
        assert store.nearest(OTHER_SPACE, vector("x", OTHER_SPACE), Everything(), 5) == []
        store.apply([PutEmbedding(asset_id, OTHER_SPACE.key, vector("x", OTHER_SPACE))])
        assert ids_of(store.nearest(OTHER_SPACE, vector("x", OTHER_SPACE), Everything(), 5)) == [asset_id]
        assert store.drop_space(SPACE.key) == 1
        assert store.drop_space(SPACE.key) == store.drop_space("unknown") == 0
        assert store.nearest(SPACE, vector("x"), Everything(), 5) == []
        assert store.counts().embeddings == {OTHER_SPACE.key: 1}
        add(store, "/a.jpg")
        assert len(store.nearest(SPACE, vector("x"), Everything(), 5)) == 1

    def test_odd_requests(self, store: Store) -> None:
        assert store.nearest(SPACE, vector("x"), Everything(), 5) == [], "an empty library"
        add(store, "/a.jpg")
        assert store.nearest(SPACE, vector("x"), Everything(), 0) == []
        assert len(store.nearest(SPACE, vector("x"), Everything(), 10**6)) == 1
        assert len(store.nearest(SPACE, vector("x")[::1].astype(np.float64), Everything(), 1)) == 1
        with pytest.raises(ValueError, match="shape"):
            store.nearest(SPACE, vector("x", OTHER_SPACE), Everything(), 5)

    def test_vectors_and_samples(self, store: Store) -> None:
        ids = add(store, *(f"/{n}.jpg" for n in range(10)))
        assert set(store.vectors(SPACE, [ids[3], 999])) == {ids[3]}
        sample = store.sample_vectors(SPACE, 4)
        assert sample.shape == (4, SPACE.dim)
        assert sample.dtype == np.float32
        assert np.array_equal(sample, store.sample_vectors(SPACE, 4))
        assert np.array_equal(sample[0], store.vectors(SPACE, ids)[ids[0]])
        assert np.array_equal(sample[-1], store.vectors(SPACE, ids)[ids[9]])
        assert store.sample_vectors(SPACE, 99).shape == (10, SPACE.dim)
        assert store.sample_vectors(OTHER_SPACE, 5).shape == (0, OTHER_SPACE.dim)
        assert store.sample_vectors(SPACE, 0).shape == (0, SPACE.dim)


class TestTheRest:
    def test_roots(self, store: Store) -> None:
        first = store.add_root("/photos", True)
        second = store.add_root(os.fsdecode(b"/caf\xe9"), True)
        again = store.add_root("/photos", False)
        assert again == replace(first, recursive=False)
        assert store.roots() == [again, second]
        store.remove_root("/photos")
        store.remove_root("/unknown")
        assert store.roots() == [second]

    def test_counts(self, store: Store, clock: Clock) -> None:
        assert store.counts().last_indexed_at is None
        add(store, "/a.jpg")
        clock.tick()
        add(store, "/b.jpg")
        counts = store.counts()
        assert (counts.images, counts.missing, counts.errors) == (2, 0, 0)
        assert counts.last_indexed_at == NOW + timedelta(seconds=1)

    def test_settings(self, store: Store) -> None:
        assert store.setting("space") is None
        store.put_setting("space", "a")
        store.put_setting("space", "b 🏖")
        assert store.setting("space") == "b 🏖"

    def test_jobs(self, store: Store, clock: Clock) -> None:
        first = store.start_job("index", {"paths": ["/a"]})
        assert (first.state, first.done, first.errors, first.total, first.pid) == ("running", 0, 0, None, os.getpid())
        assert first.started_at == NOW
        clock.tick()
        store.update_job(first.id, done=5, errors=1, total=10)
        second = store.start_job("prune", {})
        assert [job.id for job in store.jobs()] == [second.id, first.id]
        job = store.jobs()[1]
        assert (job.done, job.errors, job.total, job.state, job.finished_at) == (5, 1, 10, "running", None)
        assert job.updated_at == NOW + timedelta(seconds=1)
        assert job.detail == {"paths": ["/a"]}
        store.update_job(first.id, done=10, errors=1, state="done", detail={"new": 9})
        job = store.jobs()[1]
        assert (job.state, job.total, job.finished_at, job.detail) == ("done", 10, clock.now, {"new": 9})
        assert len(store.jobs(limit=1)) == 1
        assert store.job(first.id) == job
        with pytest.raises(JobNotFoundError):
            store.job(second.id + 1)

    def test_cancel(self, store: Store) -> None:
        job = store.start_job("index", {})
        assert not store.cancel_requested(job.id)
        store.request_cancel(job.id)
        assert store.cancel_requested(job.id)
        assert not store.cancel_requested(999)

    def test_threads(self, store: Store) -> None:
        failures: list[BaseException] = []

        def work(number: int) -> None:
            try:
                for step in range(10):
                    store.apply([put(f"/{number}/{step}.jpg")])
                    assert len(store.nearest(SPACE, vector("q"), Present(), 100)) >= step + 1
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert store.counts().images == 40


def test_positions_are_those_of_images_that_have_one(store: Store) -> None:
    assert [len(column) for column in store.positions()] == [0, 0, 0]
    spots = {"/a.jpg": Gps(38.7, -9.1), "/b.jpg": None, "/c.jpg": Gps(-33.9, 151.2)}
    store.apply([put(path, metadata=Metadata(gps=gps)) for path, gps in spots.items()])
    ids, latitudes, longitudes = store.positions()
    assert [asset.path for asset in store.assets(ids.tolist())] == ["/a.jpg", "/c.jpg"]
    assert (latitudes.tolist(), longitudes.tolist()) == ([38.7, -33.9], [-9.1, 151.2])


def test_images_with_words_have_each_as_a_whole_word(store: Store) -> None:
    paths = ("/pets/Golden-Retriever.jpg", "/r/retrievers/1.jpg", "/r/goldenrod.jpg", "/r/3.jpg")
    store.apply([put(path) for path in paths])
    store.apply([put("/r/tagged.jpg", metadata=Metadata(title="Mein Café", keywords=("retriever",)))])
    ids = store.select(Everything())
    found = store.images_with_words(["golden", "retriever", "cafe", "nothing", "a b", ""], Everything(), 10)
    assert found == [[ids[0]], [ids[0], ids[1], ids[4]], [ids[4]], [], [], []]
    assert store.images_with_words(["retriever"], IdIn(tuple(ids[1:3])), 10) == [[ids[1]]]
    assert store.images_with_words(["retriever"], Everything(), 2) == [[ids[0], ids[1]]]
    assert store.images_with_words([], Everything(), 10) == []


def test_perceptual_hashes_come_back_unsigned(store: Store) -> None:
    store.apply([put("/a.jpg", phash=2**64 - 3), put("/b.jpg", phash=5)])
    first, second = store.select(Everything())
    assert store.hashes([second, first, 99]) == {first: 2**64 - 3, second: 5}
    assert store.hashes([]) == {}


def test_new_bytes_bring_a_new_palette_and_nobody_has_to_measure_them(store: Store) -> None:
    [changing] = add(store, "/a.jpg")
    store.apply([put("/a.jpg", bytes_of="other", palette=(Swatch(0x112233, 80),), sharpness=3.0)])
    [asset] = store.assets([changing])
    assert (asset.palette, asset.sharpness) == ((Swatch(0x112233, 80),), 3.0)
    assert store.without_looks() == []


def test_looks_that_are_measured_later_replace_the_palette(store: Store) -> None:
    [image] = add(store, "/a.jpg")
    before = store.generation
    store.apply([PutLooks(image, (Swatch(0x108080, 30), Swatch(0xFFFFFF, 20)), 2.5), PutLooks(99, (), 1.0)])
    [asset] = store.assets([image])
    assert (asset.palette, asset.sharpness) == ((Swatch(0x108080, 30), Swatch(0xFFFFFF, 20)), 2.5)
    assert store.select(ColorNear(0x108080, 30)) == [image]
    assert store.select(ColorNear(0x108080, 31)) == []
    assert store.generation > before
    store.forget([image])
    assert store.select(ColorNear(0x108080)) == []


def test_erasing_takes_the_errors_of_the_folder_and_the_jobs_that_have_ended(store: Store) -> None:
    one, two = add(store, "/a/1.jpg", "/b/2.jpg")
    store.apply([RecordError(FileError(path, "corrupt", "m", NOW)) for path in ("/a/3", "/a", "/ab/4")])
    ended, running = store.start_job("index", {"current": "/a/1.jpg"}), store.start_job("index", {})
    store.update_job(ended.id, done=1, errors=0, state="done")
    before = store.generation
    assert store.erase([one, 99], "/a") == 1
    assert store.generation > before
    assert store.select(Everything()) == [two]
    assert [error.path for error in store.errors()] == ["/ab/4"]
    assert [job.id for job in store.jobs()] == [running.id]
    assert [neighbor.asset_id for neighbor in store.nearest(SPACE, vector("/b/2.jpg"), Everything(), 5)] == [two]
