"""Which frames stand for a moving picture: where a scene begins, and one for the whole."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MOST = 32
"""Scenes of one video."""
SECONDS_EACH = 2.0
"""There is at most one scene for so many seconds."""
_CHANGE = 0.25
"""Share of the picture whose colour is another one, from which on it is another scene. Cuts come to 0.5 and more,
pans of one room to 0.1 or 0.2."""
_LONG_SECONDS, _LONG_CHANGE = 20.0, 0.08
"""A scene that goes on for so long is looked at again if at least this much has changed."""
_FLAT = 6.0
"""Standard deviation of the luma (0-255) under which a frame is a fade or a black start."""
_SIDE = 48


def spread(seconds: float, most: int = 3 * MOST) -> list[float]:
    """When to look into a video that lasts ``seconds``: every two seconds, in long ones less often, and at its end."""
    step = max(SECONDS_EACH, seconds / most)
    times = [number * step for number in range(max(1, math.ceil(seconds / step)))]
    if seconds - times[-1] > step / 4:
        times.append(max(0.0, seconds - 0.05))
    return times


def look(picture: Image.Image) -> NDArray[np.float32]:
    """What a frame is compared by: its histogram in 6x6x6 cells of the RGB cube, for each quarter; sums to 1."""
    pixels = np.asarray(picture.resize((_SIDE, _SIDE), Image.Resampling.BOX)).astype(np.int32) * 6 // 256
    cells = pixels @ np.array([36, 6, 1])
    half = _SIDE // 2
    parts = [cells[top : top + half, left : left + half] for top in (0, half) for left in (0, half)]
    counts = np.concatenate([np.bincount(part.ravel(), minlength=216) for part in parts])
    return np.asarray(counts / counts.sum(), np.float32)


def is_flat(picture: Image.Image) -> bool:
    """Whether there is nothing to see: black, white, or any one tone."""
    return float(np.asarray(picture.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX)).std()) < _FLAT


def beginnings(times: Sequence[float], looks: Sequence[NDArray[np.float32]], flat: Sequence[bool]) -> list[int]:
    """Places of the frames with which a scene begins, in order; at least one. ``times`` in seconds, ascending."""
    places = [place for place, empty in enumerate(flat) if not empty] or list(range(len(times)))
    kept, changes = [places[0]], [math.inf]
    for place in places[1:]:
        change = float(np.abs(looks[place] - looks[kept[-1]]).sum()) / 2
        long = times[place] - times[kept[-1]] >= _LONG_SECONDS
        if change >= (_LONG_CHANGE if long else _CHANGE):
            kept.append(place)
            changes.append(change)
    most = max(1, min(MOST, math.ceil((times[-1] + 1e-3) / SECONDS_EACH) + 1))
    strongest = sorted(range(len(kept)), key=lambda number: (-changes[number], number))[:most]
    return [kept[number] for number in sorted(strongest)]


def representative(places: Sequence[int], looks: Sequence[NDArray[np.float32]]) -> int:
    """Of these frames the one most like all of them; the earliest of equals."""
    matrix = np.stack([looks[place] for place in places])
    distances = np.abs(matrix[:, None] - matrix[None]).sum(axis=(1, 2))
    return places[int(distances.argmin())]
