"""Groups of duplicates: what belongs together, which is the best, and what the user keeps apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from tests.contract.making import SPACE, put, same_direction, vector

from smartsearch.core.assets import Embedding, FileIdentity, Metadata, PutImage
from smartsearch.core.duplicates import KINDS, DuplicateGroup, DuplicateKind, near_enough
from smartsearch.core.query import Everything
from smartsearch.duplicates.finding import find_duplicates
from smartsearch.testing import MemoryStore

BASE = int.from_bytes(bytes(range(100, 108)))
LOOK = vector("picture")
TAKEN = datetime(2024, 5, 1, 12)


def flipped(bits: int) -> int:
    """`BASE` with so many bits changed."""
    return BASE ^ sum(1 << bit * 7 % 64 for bit in range(bits))


@dataclass
class Photos:
    store: MemoryStore

    def add(
        self,
        name: str,
        bits: int = 0,
        *,
        cosine: float = 1.0,
        same_as: str | None = None,
        seconds: float | None = None,
        camera: str = "X100",
        size: int = 1000,
        **fields: object,
    ) -> int:
        taken = {} if seconds is None else {"taken_at": TAKEN + timedelta(seconds=seconds), "camera_model": camera}
        look: Embedding = same_direction(cosine, LOOK)
        fields.setdefault("phash", flipped(bits))
        made = put(
            f"/{name}", embeddings={SPACE.key: look}, metadata=Metadata(**taken), bytes_of=same_as or name, **fields
        )
        made = replace(made, identity=FileIdentity(1, len(name), size, 1))
        self.store.apply([made])
        asset = self.store.asset_by_path(f"/{name}")
        assert asset is not None
        return asset.id

    def groups(self, *kinds: DuplicateKind) -> list[list[str]]:
        return [self.names(group) for group in find_duplicates(self.store, SPACE, kinds or KINDS).groups]

    def names(self, group: DuplicateGroup) -> list[str]:
        assets = self.store.assets([member.id for member in group.members])
        return [
            f"{member.kind or 'best'} {asset.path[1:]}" for member, asset in zip(group.members, assets, strict=True)
        ]


@pytest.fixture
def photos() -> Photos:
    return Photos(MemoryStore())


def test_nothing_among_nothing(photos: Photos) -> None:
    assert photos.groups() == []
    photos.add("a")
    assert photos.groups() == []


def test_copies_and_near_duplicates_in_one_group(photos: Photos) -> None:
    photos.add("copy", same_as="a")
    photos.add("a", same_as="a")
    photos.add("small", 4, width=320, height=240)
    photos.add("cropped", 10, cosine=0.9, width=600, height=470)
    photos.add("other", phash=flipped(0) ^ 0xFFFF0000FFFF0000)
    assert photos.groups() == [["best copy", "exact a", "near cropped", "near small"]]
    assert photos.groups("exact") == [["best copy", "exact a"]]
    [group] = find_duplicates(photos.store, SPACE).groups
    assert (group.kind, group.spare_bytes, [member.bits for member in group.members]) == ("near", 3000, [0, 0, 10, 4])


def test_a_near_hash_is_not_enough(photos: Photos) -> None:
    photos.add("a", width=641)
    photos.add("unlike", 10, cosine=0.8)
    photos.add("quite unlike", phash=BASE ^ 6, cosine=0.3)
    photos.add("another shape", phash=BASE ^ 126, width=480, height=640)
    assert photos.groups() == []


def test_pictures_without_detail_are_compared_by_their_bytes_only(photos: Photos) -> None:
    photos.add("white", phash=0)
    photos.add("black", phash=0)
    photos.add("white copy", phash=0, same_as="white")
    assert photos.groups() == [["best white", "exact white copy"]]


def test_without_vectors_only_close_hashes_count() -> None:
    unknown = np.array([np.nan, np.nan])
    assert near_enough(np.array([6, 8], np.uint8), unknown).tolist() == [True, False]


def test_who_looks_like_one_who_looks_like_the_best_is_not_in_its_group(photos: Photos) -> None:
    photos.add("best", width=1000, height=750)
    photos.add("middle", 8)
    photos.add("far", 16)
    assert photos.groups("near") == [["best best", "near middle"]]


def test_the_best_by_stars_pixels_metadata_sharpness_and_bytes(photos: Photos) -> None:
    photos.add("plain")
    photos.add("sharper", 2, sharpness=40.0)
    photos.add("heavier", 2, size=2000)
    photos.add("dated", 2, seconds=0)
    photos.add("larger", 2, width=1280, height=960)
    starred = photos.add("starred", 2, width=64, height=48)
    photos.store.set_rating(starred, 5)
    expected = ["best starred", "near larger", "near dated", "near sharper", "near heavier", "near plain"]
    assert photos.groups("near") == [expected]


def test_a_burst_is_of_one_camera_and_moment(photos: Photos) -> None:
    for number in range(4):
        photos.add(f"shot {number}", 12 * (number % 2), cosine=0.9, seconds=1.5 * number, sharpness=10.0 * 2**number)
    photos.add("later", seconds=60, cosine=0.9, bits=20)
    photos.add("other camera", 20, seconds=1, camera="phone", cosine=0.9)
    photos.add("another thing", phash=flipped(0) ^ 2**63 - 1, cosine=0.1, seconds=2)
    assert photos.groups("burst") == [["best shot 3", "burst shot 2", "burst shot 1", "burst shot 0"]]


def test_shots_of_a_burst_are_no_copies_however_alike(photos: Photos) -> None:
    photos.add("one", seconds=0)
    photos.add("two", seconds=0.5)
    photos.add("small one", seconds=0, width=320, height=240)
    assert photos.groups("near") == [["best one", "near small one"]]
    assert photos.groups() == [["best one", "burst two", "near small one"]]


def test_what_the_user_keeps_apart_stays_apart(photos: Photos) -> None:
    first, second = photos.add("a", same_as="a"), photos.add("b", same_as="a")
    third = photos.add("small", 2, width=320, height=240)
    photos.store.set_distinct([first, second], True)
    assert photos.groups() == [["best a", "near small"]]
    photos.store.set_distinct([first, third], True)
    assert photos.groups() == [], "what is said of a picture holds for its copies"
    photos.store.set_distinct([first, second, third], False)
    assert photos.groups() == [["best a", "exact b", "near small"]]


def test_many_of_one_hash_do_not_cost_their_square(photos: Photos) -> None:
    photos.store.apply([_screenshot(number) for number in range(300)])
    [group] = find_duplicates(photos.store, SPACE).groups
    assert len(group.members) == 300


def _screenshot(number: int) -> PutImage:
    return put(f"/{number}", embeddings={SPACE.key: LOOK}, phash=BASE)


def test_missing_and_hidden_images_are_left_out(photos: Photos) -> None:
    photos.add("a", same_as="a")
    hidden = photos.add("b", same_as="a")
    photos.store.set_hidden(hidden, True)
    assert photos.groups() == []
    assert find_duplicates(photos.store, SPACE).images == photos.store.count(Everything()) - 1


def test_a_video_is_no_near_duplicate_of_a_photo(photos: Photos) -> None:
    photos.add("frame.jpg")
    photos.add("clip.mp4", format="mp4", duration=30.0)
    assert photos.groups() == []
    photos.add("copy.mp4", same_as="clip.mp4", format="mp4", duration=30.0)
    photos.add("smaller.jpg", bits=1, width=200, height=150)
    assert photos.groups("exact") == [["best clip.mp4", "exact copy.mp4"]]
    assert sorted(photos.groups()) == [
        ["best clip.mp4", "exact copy.mp4"],
        ["best frame.jpg", "near smaller.jpg"],
    ]


@pytest.mark.parametrize(
    ("seconds", "other", "together"),
    [(30.0, 30.9, True), (30.0, 31.1, False), (600.0, 611.0, True), (600.0, 613.0, False), (0.4, 1.2, True)],
)
def test_videos_are_near_duplicates_if_they_last_as_long(
    photos: Photos, seconds: float, other: float, together: bool
) -> None:
    photos.add("clip.mp4", format="mp4", duration=seconds)
    photos.add("clip.webm", bits=2, format="webm", duration=other, size=900)
    assert photos.groups() == ([["best clip.mp4", "near clip.webm"]] if together else [])


def test_a_video_is_no_shot_of_a_burst(photos: Photos) -> None:
    photos.add("1.jpg", bits=12, seconds=0)
    photos.add("2.mp4", bits=12, seconds=1, format="mp4", duration=1.5)
    photos.add("3.jpg", bits=14, seconds=1.5)
    assert photos.groups() == [["best 1.jpg", "burst 3.jpg"]]
