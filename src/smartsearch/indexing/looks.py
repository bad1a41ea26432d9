"""Palettes and sharpness of images that were indexed before these were measured: from the thumbnails where
there are any."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from smartsearch.core.assets import Asset, PutLooks
from smartsearch.core.errors import MediaError
from smartsearch.core.ports import Store
from smartsearch.core.settings import MediaLimits
from smartsearch.media.pool import DecodePool
from smartsearch.media.request import DecodeRequest

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
    """Measure every image that lacks it; returns how many there were. Small transactions: cancelled or killed, the next
    call goes on. An image without a thumbnail is read itself; one that cannot be read waits for the next call. Call it
    under the library's lock."""
    ids = store.without_looks()
    measured = 0
    for start in range(0, len(ids), BATCH):
        if cancelled():
            break
        measured += _measure(store, pool, limits, thumbnail, ids[start : start + BATCH])
    return measured


def _measure(
    store: Store, pool: DecodePool, limits: MediaLimits, thumbnail: Callable[[Asset], bytes | None], ids: Sequence[int]
) -> int:
    waiting = [
        (asset, pool.submit(asset.path, DecodeRequest(limits=limits, data=webp)))
        for asset in store.assets(ids)
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
