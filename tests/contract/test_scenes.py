"""Moving pictures in every store: found by any of their scenes, once, and gone with their bytes."""

from __future__ import annotations

import numpy as np
import pytest

from smartsearch.core.assets import CopyImage, Embedding, PutEmbedding
from smartsearch.core.ports import Store
from smartsearch.core.query import And, Everything, FormatIs, IdIn, LastsBetween, Not, Shown
from tests.contract.making import OTHER_SPACE, SPACE, identity, put, same_direction, vector


def _video(path: str, scenes: dict[int, Embedding], **fields: object):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    made = put(path, format="mp4", duration=20.0, **fields)  # type: ignore[arg-type]
    return replace(made, scenes={SPACE.key: scenes})


@pytest.fixture
def wanted() -> Embedding:
    return vector("wanted")


def test_a_video_is_as_near_as_its_nearest_scene_and_comes_once(store: Store, wanted: Embedding) -> None:
    near, far = same_direction(0.9, wanted), same_direction(0.3, wanted)
    photo = put("/r/photo.jpg", embeddings={SPACE.key: same_direction(0.6, wanted)})
    store.apply([photo, _video("/r/clip.mp4", {0: far, 4000: near, 9000: far})])
    first, second = store.nearest(SPACE, wanted, Everything(), 10)
    clip = store.asset_by_path("/r/clip.mp4")
    assert clip is not None
    assert (clip.id, clip.duration) == (first.asset_id, 20.0)
    assert first.similarity == pytest.approx(0.9, abs=2e-3)
    assert second.similarity == pytest.approx(0.6, abs=2e-3)
    assert store.scenes(clip.id) == [0, 4000, 9000]
    held = store.scene_vectors(SPACE, [clip.id, second.asset_id])
    assert list(held) == [clip.id]
    assert store.scene_counts(SPACE, [clip.id, second.asset_id, 99]) == {clip.id: 3}
    assert store.scene_counts(OTHER_SPACE, [clip.id]) == {}
    assert max(held[clip.id], key=lambda at: float(held[clip.id][at] @ wanted)) == 4000


def test_filters_hold_for_scenes_too(store: Store, wanted: Embedding) -> None:
    near = same_direction(0.95, wanted)
    store.apply([_video("/r/clip.mp4", {0: near}), _video("/r/other.mp4", {0: same_direction(0.8, wanted)})])
    store.apply([put("/r/photo.jpg")])
    clip, other = (store.asset_by_path(f"/r/{name}.mp4") for name in ("clip", "other"))
    assert clip is not None
    assert other is not None
    without = And((Shown(), Not(IdIn((clip.id,)))))
    assert [found.asset_id for found in store.nearest(SPACE, wanted, without, 1)] == [other.id]
    assert all(
        found.asset_id not in (clip.id, other.id) for found in store.nearest(SPACE, wanted, FormatIs(("jpeg",)), 9)
    )
    assert store.count(LastsBetween(10, 30)) == 2
    assert store.count(LastsBetween(30, None)) == 0
    store.set_hidden(clip.id, True)
    assert [found.asset_id for found in store.nearest(SPACE, wanted, Shown(), 1)] == [other.id]


def test_the_best_k_are_those_of_a_comparison_with_everything(store: Store, wanted: Embedding) -> None:
    rng = np.random.default_rng(5)
    changes = [put(f"/r/{number}.jpg") for number in range(60)]
    for number in range(40):
        scenes = {1000 * at: vector(f"scene {number} {at}") for at in range(int(rng.integers(1, 8)))}
        changes.append(_video(f"/r/{number}.mp4", scenes))
    store.apply(changes)
    ids = [found.asset_id for found in store.nearest(SPACE, wanted, Everything(), 100)]
    own, scenes = store.vectors(SPACE, ids), store.scene_vectors(SPACE, ids)
    best = {i: max(float(v @ wanted) for v in (own[i], *scenes.get(i, {}).values())) for i in ids}
    assert sorted(ids) == sorted(best)
    for count in (1, 7, 30):
        found = store.nearest(SPACE, wanted, Everything(), count)
        assert [each.asset_id for each in found] == sorted(best, key=lambda i: (-best[i], i))[:count]
        assert [each.similarity for each in found] == pytest.approx([best[each.asset_id] for each in found], abs=1e-5)


def test_scenes_are_copied_replaced_and_deleted(store: Store, wanted: Embedding) -> None:
    near = same_direction(0.9, wanted)
    store.apply([_video("/r/clip.mp4", {0: near, 3000: wanted})])
    clip = store.asset_by_path("/r/clip.mp4")
    assert clip is not None
    store.apply([CopyImage(clip.id, "/r/copy.mp4", identity(7), None)])
    copy = store.asset_by_path("/r/copy.mp4")
    assert copy is not None
    assert copy.duration == 20.0
    assert store.scenes(copy.id) == [0, 3000]
    assert {found.asset_id for found in store.nearest(SPACE, wanted, Everything(), 9)} == {clip.id, copy.id}
    store.apply([_video("/r/clip.mp4", {1000: near}, bytes_of="other bytes")])
    assert store.scenes(clip.id) == [1000]
    assert store.nearest(SPACE, wanted, Everything(), 1)[0].asset_id == copy.id
    store.apply([put("/r/clip.mp4", bytes_of="a photo now")])
    assert store.scenes(clip.id) == []
    store.forget([copy.id])
    assert store.scenes(copy.id) == []
    assert [found.asset_id for found in store.nearest(SPACE, wanted, Everything(), 9)] == [clip.id]
    assert store.nearest(SPACE, wanted, Everything(), 9)[0].similarity < 0.85


def test_another_model_has_scenes_of_its_own(store: Store, wanted: Embedding) -> None:
    store.apply([_video("/r/clip.mp4", {0: wanted, 3000: wanted})])
    clip = store.asset_by_path("/r/clip.mp4")
    assert clip is not None
    other = vector("wanted", OTHER_SPACE)
    store.apply([PutEmbedding(clip.id, OTHER_SPACE.key, vector("own", OTHER_SPACE), scenes={3000: other})])
    assert store.nearest(OTHER_SPACE, other, Everything(), 1)[0].similarity == pytest.approx(1.0, abs=2e-3)
    assert list(store.scene_vectors(OTHER_SPACE, [clip.id])[clip.id]) == [3000]
    store.drop_space(SPACE.key)
    assert store.scene_vectors(SPACE, [clip.id]) == {}
    assert store.scenes(clip.id) == [3000]
    with pytest.raises(ValueError, match="dimensions"):
        store.apply([PutEmbedding(clip.id, OTHER_SPACE.key, other, scenes={0: wanted})])
    assert list(store.scene_vectors(OTHER_SPACE, [clip.id])[clip.id]) == [3000]


def test_fingerprints_know_how_long_videos_last(store: Store, wanted: Embedding) -> None:
    store.apply([put("/r/photo.jpg"), _video("/r/clip.mp4", {0: wanted})])
    prints = store.fingerprints(Everything())
    clip = store.asset_by_path("/r/clip.mp4")
    assert clip is not None
    assert prints.durations[prints.ids == clip.id].tolist() == [20.0]
    assert np.isnan(prints.durations[prints.ids != clip.id]).tolist() == [True]
    assert store.durations([*prints.ids.tolist(), 99]) == {clip.id: 20.0}
