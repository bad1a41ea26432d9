"""What an earlier version did not look for in images that it indexed: palettes and sharpness, from the thumbnails where
there are any, and the videos of motion photos, from the files' heads and ends.

Small transactions: cancelled or killed, the next call goes on with what is left. Call these under the library's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from smartsearch.core.assets import Asset, Motion, PutLooks, PutMotion
from smartsearch.core.errors import FileAccessError, MediaError
from smartsearch.core.ports import Store
from smartsearch.core.settings import MediaLimits
from smartsearch.media.pool import DecodePool
from smartsearch.media.request import DecodeRequest, MotionRequest

BATCH = 128
"""Images a transaction: what a kill costs."""


def measure_looks(
    store: Store,
    pool: DecodePool,
    limits: MediaLimits,
    thumbnail: Callable[[Asset], bytes | None],
    *,
    cancelled: Callable[[], bool] = lambda: False,
) -> int:
    """Measure every image that lacks it; returns how many there were. An image without a thumbnail is read itself; one
    that cannot be read waits for the next call."""
    return _by_batches(
        store.without_looks(), lambda ids: _measure(store, pool, limits, thumbnail, store.assets(ids)), cancelled
    )


def find_motion_photos(
    store: Store, pool: DecodePool, limits: MediaLimits, *, cancelled: Callable[[], bool] = lambda: False
) -> int:
    """Look once at every photo in which nobody looked for a video; returns at how many. No pixels are decoded. A file
    that is out of reach waits for the next call, one that has changed for the indexer; what is damaged has none."""
    return _by_batches(store.without_motion(), lambda ids: _find(store, pool, limits, store.assets(ids)), cancelled)


def _by_batches(ids: Sequence[int], look: Callable[[Sequence[int]], int], cancelled: Callable[[], bool]) -> int:
    done = 0
    for start in range(0, len(ids), BATCH):
        if cancelled():
            break
        done += look(ids[start : start + BATCH])
    return done


def _measure(
    store: Store,
    pool: DecodePool,
    limits: MediaLimits,
    thumbnail: Callable[[Asset], bytes | None],
    assets: Sequence[Asset],
) -> int:
    waiting = [
        (asset, pool.submit(asset.path, DecodeRequest(limits=limits, data=webp)))
        for asset in assets
        if (webp := thumbnail(asset)) is not None or asset.missing_since is None
    ]
    changes = []
    for asset, future in waiting:
        try:
            content = future.result().content
        except MediaError:
            continue
        changes.append(PutLooks(asset.id, content.palette, content.sharpness))
    store.apply(changes)
    return len(changes)


def _find(store: Store, pool: DecodePool, limits: MediaLimits, assets: Sequence[Asset]) -> int:
    waiting = [(asset, pool.submit(asset.path, MotionRequest(limits))) for asset in assets]
    changes = []
    for asset, future in waiting:
        motion: Motion | None = None
        try:
            found = future.result()
        except FileAccessError:
            continue
        except MediaError:
            pass
        else:
            if not found.identity.agrees(asset.identity):
                continue
            motion = found.motion
        changes.append(PutMotion(asset.id, motion))
    store.apply(changes)
    return len(changes)
