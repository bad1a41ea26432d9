"""Ratings, hidden images and albums: every store keeps them, also when files change."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from smartsearch.core.assets import AutoTags, CopyImage, MarkMissing, Metadata, PutAutoTags, Tag, UpdateMetadata
from smartsearch.core.duplicates import UNKNOWN
from smartsearch.core.edits import Edit, Edited
from smartsearch.core.errors import AlbumExistsError, AlbumNotFoundError, AssetNotFoundError, SmartAlbumError
from smartsearch.core.ports import Store
from smartsearch.core.query import HasTag, Hidden, InAlbum, Or, RatingBetween, Shown
from tests.contract.making import NOW, SPACE, identity, put, vector


@pytest.fixture
def ids(store: Store) -> list[int]:
    store.apply([put(f"/{name}.jpg", metadata=Metadata(rating=rating)) for name, rating in (("a", 5), ("b", None))])
    return store.select(Shown())


class TestRatings:
    def test_the_users_rating_goes_before_the_files(self, store: Store, ids: list[int]) -> None:
        before = store.generation
        store.set_rating(ids[0], 2)
        store.set_rating(ids[1], 3)
        first, second = store.assets(ids)
        assert (first.rating, first.user_rating, first.metadata.rating) == (2, 2, 5)
        assert (second.rating, second.metadata.rating) == (3, None)
        assert store.select(RatingBetween(2, 2)) == [ids[0]]
        assert store.generation > before
        store.set_rating(ids[0], None)
        assert store.assets(ids)[0].rating == 5
        assert store.select(RatingBetween(5, 5)) == [ids[0]]

    def test_it_survives_new_bytes_and_new_metadata(self, store: Store, ids: list[int]) -> None:
        store.set_rating(ids[0], 1)
        store.set_hidden(ids[0], True)
        store.apply([put("/a.jpg", bytes_of="other", metadata=Metadata(rating=4))])
        store.apply([UpdateMetadata(ids[0], Metadata(rating=3), 7)])
        [asset] = store.assets(ids[:1])
        assert (asset.rating, asset.metadata.rating, asset.hidden) == (1, 3, True)
        assert store.select(RatingBetween(1, 1)) == [ids[0]]

    def test_a_copy_is_an_image_of_its_own(self, store: Store, ids: list[int]) -> None:
        album = store.add_album("best")
        store.change_album(album.id, add=ids)
        store.set_rating(ids[0], 1)
        store.set_hidden(ids[0], True)
        store.apply([CopyImage(ids[0], "/copy.jpg", identity(9), NOW)])
        copy = store.asset_by_path("/copy.jpg")
        assert copy is not None
        assert (copy.rating, copy.user_rating, copy.hidden, copy.albums) == (5, None, False, ())

    def test_unknown_images(self, store: Store) -> None:
        for change in (lambda: store.set_rating(99, 1), lambda: store.set_hidden(99, True)):
            with pytest.raises(AssetNotFoundError):
                change()


class TestHidden:
    def test_hidden_images_are_not_shown(self, store: Store, ids: list[int]) -> None:
        store.set_hidden(ids[0], True)
        store.set_hidden(ids[0], True)
        assert (store.select(Shown()), store.select(Hidden())) == ([ids[1]], [ids[0]])
        nearest = store.nearest(SPACE, vector("/a.jpg"), Shown(), 5)
        assert [found.asset_id for found in nearest] == [ids[1]]
        store.set_hidden(ids[0], False)
        assert (store.select(Shown()), store.select(Hidden())) == (ids, [])

    def test_missing_images_are_not_shown(self, store: Store, ids: list[int]) -> None:
        store.apply([MarkMissing(ids[0], NOW)])
        assert store.select(Shown()) == [ids[1]]

    def test_forgotten_images_leave_nothing(self, store: Store, ids: list[int]) -> None:
        album = store.add_album("best")
        store.change_album(album.id, add=ids)
        store.set_hidden(ids[0], True)
        store.forget(ids)
        assert (store.select(Hidden()), store.select(InAlbum(album.id))) == ([], [])
        assert store.albums()[0].images == 0


class TestAlbums:
    def test_images_are_put_in_and_taken_out(self, store: Store, ids: list[int]) -> None:
        album = store.add_album("Lisbon")
        assert (album.name, album.created_at, album.images, album.cover) == ("Lisbon", NOW, 0, None)
        before = store.generation
        filled = store.change_album(album.id, add=[*ids, ids[0], 999])
        assert filled == replace(album, images=2, cover=ids[1])
        assert store.generation > before
        assert store.select(InAlbum(album.id)) == ids
        assert store.assets(ids)[0].albums == (album.id,)
        assert store.change_album(album.id, remove=[ids[1], 999]).images == 1
        assert store.albums() == [replace(album, images=1, cover=ids[0])]

    def test_only_what_is_shown_counts(self, store: Store, ids: list[int]) -> None:
        album = store.add_album("best")
        store.change_album(album.id, add=ids)
        store.set_hidden(ids[1], True)
        store.apply([MarkMissing(ids[0], NOW)])
        assert store.albums() == [album]

    def test_names_are_unlike(self, store: Store) -> None:
        first, second = store.add_album("b"), store.add_album("A")
        assert [album.name for album in store.albums()] == ["A", "b"]
        with pytest.raises(AlbumExistsError):
            store.add_album("b")
        with pytest.raises(AlbumExistsError):
            store.change_album(second.id, name="b")
        assert store.change_album(first.id, name="b").name == "b"
        assert store.change_album(first.id, name="c").name == "c"
        assert [album.name for album in store.albums()] == ["A", "c"]

    def test_removing_one_keeps_its_images(self, store: Store, ids: list[int]) -> None:
        album = store.add_album("best")
        store.change_album(album.id, add=ids)
        store.remove_album(album.id)
        assert (store.albums(), store.select(Shown())) == ([], ids)
        assert store.assets(ids)[0].albums == ()
        assert store.add_album("best").id != album.id, "ids are not used again"

    def test_a_removed_one_comes_back_as_it_was(self, store: Store, ids: list[int]) -> None:
        album = store.add_album("best")
        store.change_album(album.id, add=ids)
        store.set_hidden(ids[0], True)
        assert store.remove_album(album.id) == ids
        store.add_album("other")
        restored = store.restore_album(album.id, "best", images=[*ids, 999])
        assert (restored.id, restored.images, restored.cover) == (album.id, 1, ids[1])
        assert [asset.albums for asset in store.assets(ids)] == [(album.id,)] * 2
        for again, name, error in (
            (album.id, "x", AlbumExistsError),
            (album.id + 50, "x", AlbumNotFoundError),
        ):
            with pytest.raises(error):
                store.restore_album(again, name)
        smart = store.add_album("smart", query="dog")
        assert store.remove_album(smart.id) == []
        with pytest.raises(AlbumExistsError):
            store.restore_album(smart.id, "best")
        assert store.restore_album(smart.id, "smart", query="dog").query == "dog"

    def test_unknown_albums(self, store: Store) -> None:
        with pytest.raises(AlbumNotFoundError):
            store.change_album(7, name="x")
        with pytest.raises(AlbumNotFoundError):
            store.remove_album(7)


class TestSmartAlbums:
    def test_an_album_with_a_query_takes_no_images(self, store: Store, ids: list[int]) -> None:
        smart = store.add_album("dogs", "dog rating:>=4")
        assert (smart.query, smart.images) == ("dog rating:>=4", 0)
        with pytest.raises(SmartAlbumError):
            store.change_album(smart.id, add=ids)
        with pytest.raises(SmartAlbumError):
            store.change_album(smart.id, remove=ids)
        before = store.generation
        assert store.change_album(smart.id, name="puppies", query="puppy").query == "puppy"
        assert store.generation > before
        assert [(album.name, album.query) for album in store.albums()] == [("puppies", "puppy")]
        store.remove_album(smart.id)
        assert store.albums() == []

    def test_an_album_by_hand_takes_no_query(self, store: Store, ids: list[int]) -> None:
        album = store.add_album("by hand")
        with pytest.raises(SmartAlbumError):
            store.change_album(album.id, query="dog", add=ids)
        assert [(kept.query, kept.images) for kept in store.albums()] == [(None, 0)]

    def test_both_kinds_share_their_names(self, store: Store) -> None:
        store.add_album("a")
        with pytest.raises(AlbumExistsError):
            store.add_album("a", "dog")


class TestEditing:
    """Many images at once: all or nothing, and back again."""

    @pytest.fixture
    def many(self, store: Store) -> list[int]:
        store.apply([put(f"/{number}.jpg", metadata=Metadata(rating=4, keywords=("Sea",))) for number in range(5)])
        found = store.select(Shown())
        store.set_tags(found[0], [Tag("Beach"), Tag("own")], "user")
        store.apply([PutAutoTags(found[1], AutoTags("t", (Tag("beach", 0.75, "auto"), Tag("dog", 0.5, "auto"))))])
        store.set_rating(found[2], 1)
        store.set_hidden(found[3], True)
        return found

    def test_everything_at_once_and_back(self, store: Store, many: list[int]) -> None:
        album, other = store.add_album("a"), store.add_album("b")
        store.change_album(album.id, add=many[:2])
        before, generation = store.assets(many), store.generation
        edit = Edit(
            (*many, 999, many[0]),
            add_tags=("beach", "new"),
            remove_tags=("DOG", "own"),
            rating=5,
            hidden=True,
            add_to=(other.id,),
            remove_from=(album.id,),
        )
        done = store.edit([edit])
        assert done.images == len(many)
        assert store.generation > generation
        after = store.assets(many)
        assert {asset.user_rating for asset in after} == {5}
        assert all(asset.hidden and asset.albums == (other.id,) for asset in after)
        assert store.select(HasTag("dog")) == store.select(HasTag("own")) == []
        assert [tag.name for tag in after[0].tags] == ["Beach", "Sea", "new"], "a tag in another case is the same tag"
        assert [(tag.name, tag.source) for tag in after[1].tags] == [
            ("Sea", "keywords"),
            ("beach", "auto"),
            ("beach", "user"),
            ("new", "user"),
        ]
        assert [hit.asset_id for hit in store.match_text("new", Hidden(), 9)] != []
        again = store.edit(done.undo)
        assert store.assets(many) == before
        assert store.match_text("new", Hidden(), 9) == []
        store.edit(again.undo)
        assert store.assets(many) == after, "undoing can be undone"

    def test_what_changes_nothing_needs_no_undoing(self, store: Store, many: list[int]) -> None:
        assert store.edit([Edit((many[2],), rating=1), Edit((many[3],), hidden=True)]) == Edited(2, ())
        assert store.edit([Edit((999,), add_tags=("x",))]) == Edited(0, ())
        assert store.edit([Edit((many[2],), rating=None)]).undo == (Edit((many[2],), rating=1),)
        assert store.assets(many[2:3])[0].rating == 4

    def test_a_rejected_tag_does_not_come_back_until_it_is_undone(self, store: Store, many: list[int]) -> None:
        made = PutAutoTags(many[1], AutoTags("t", (Tag("dog", 0.5, "auto"),)))
        done = store.edit([Edit((many[1],), remove_tags=("dog",))])
        store.apply([made])
        assert store.select(HasTag("dog")) == []
        store.edit(done.undo)
        store.apply([made])
        assert store.select(HasTag("dog")) == [many[1]]

    def test_all_or_nothing(self, store: Store, many: list[int]) -> None:
        before, generation = store.assets(many), store.generation
        smart = store.add_album("smart", query="dog")
        for album_id, error in ((77, AlbumNotFoundError), (smart.id, SmartAlbumError)):
            with pytest.raises(error):
                store.edit([Edit(tuple(many), add_tags=("x",), rating=3), Edit(tuple(many), add_to=(album_id,))])
        assert store.assets(many) == before
        assert store.generation == generation + 1, "of the album"


def added(store: Store, path: str, **fields: object) -> int:
    store.apply([put(path, **fields)])  # type: ignore[arg-type]
    asset = store.asset_by_path(path)
    assert asset is not None
    return asset.id


def test_fingerprints_tell_images_apart(store: Store) -> None:
    meta = Metadata(camera_make="Fuji", camera_model="X100", taken_at=datetime(2024, 1, 2, 3), rating=3)
    added(store, "/a.jpg", metadata=meta, bytes_of="same", phash=2**64 - 3)
    added(store, "/b.jpg", bytes_of="same")
    added(store, "/c.jpg", metadata=meta, phash=5, width=10, height=20, sharpness=2.5)
    hidden = added(store, "/d.jpg")
    store.set_hidden(hidden, True)
    prints = store.fingerprints(Shown())
    assert prints.ids.tolist() == store.select(Shown())
    assert prints.contents[0] == prints.contents[1] != prints.contents[2]
    assert prints.hashes.tolist() == [2**64 - 3, 2**64 - 3, 5]
    assert prints.cameras[0] == prints.cameras[2] >= 0 > prints.cameras[1]
    assert prints.moments[0] == prints.moments[2] > prints.moments[1] == UNKNOWN
    assert (prints.widths[2], prints.heights[2], prints.sharpness[2]) == (10, 20, 2.5)
    assert prints.stars.tolist() == [3, 0, 3]
    assert prints.sizes.tolist() == [asset.identity.size for asset in store.assets(prints.ids.tolist())]
    assert len(store.fingerprints(Or(()))) == 0


def test_what_is_no_duplicate_is_remembered_until_its_bytes_change(store: Store) -> None:
    [one, two, three] = [added(store, f"/{name}.jpg") for name in "abc"]
    before = store.generation
    store.set_distinct([one, two, three, 999], True)
    assert store.distinct_sets() == [(one, two, three)]
    assert store.generation > before
    store.apply([put("/a.jpg", seed=77)])
    assert store.distinct_sets() == [(one, two, three)], "the same bytes"
    store.apply([put("/a.jpg", bytes_of="other")])
    assert store.distinct_sets() == [(two, three)]
    store.set_distinct([one, two], True)
    store.set_distinct([two, three], False)
    assert store.distinct_sets() == [(one, two)]
    store.forget([two])
    assert store.distinct_sets() == []


def test_proposals_are_dismissed_for_good_or_until_restored(store: Store) -> None:
    before = store.generation
    assert store.dismiss_proposal("trip", 7, True)
    assert not store.dismiss_proposal("trip", 7, True)
    assert store.generation > before, "what was computed from it is computed anew"
    store.dismiss_proposal("event", 7, True)
    assert store.dismissed_proposals() == {("trip", 7), ("event", 7)}
    assert store.dismiss_proposal("trip", 7, False)
    assert not store.dismiss_proposal("trip", 7, False)
    assert store.dismissed_proposals() == {("event", 7)}
