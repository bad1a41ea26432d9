"""Animated images: how long they last, and their scenes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np
from PIL import ImageFile

from smartsearch.core.assets import ImageContent
from smartsearch.core.spaces import Preprocessing
from smartsearch.media.pixels import Reduced, reduced_rgb
from smartsearch.media.request import Decoded, DecodeRequest, Scene
from smartsearch.media.resize import encoder_input
from smartsearch.media.scenes import beginnings, is_flat, look

ANIMATED = frozenset({"gif", "webp", "png", "avif"})
"""Image formats whose frames follow each other in time."""
_SHARE = 0.4
"""Of the seconds a file may take, what may go into looking for scenes."""
_MOST_FRAMES = 2_000


def scene(at: float, picture: Reduced, inputs: tuple[Preprocessing, ...]) -> Scene:
    """What an encoder needs of a picture ``at`` seconds."""
    return Scene(round(at * 1000), tuple(np.array(encoder_input(picture, wanted)) for wanted in inputs))


def animated(
    image: ImageFile.ImageFile, decoded: Decoded, request: DecodeRequest, scale: float
) -> tuple[ImageContent, tuple[Scene, ...]]:
    """The content of an animation with its duration, and its scenes if it has more than one. Frames that are damaged
    end it; the first one was decoded already."""
    times: list[float] = []
    pictures: list[Reduced] = []
    seconds = 0.0
    for at, until, picture in _frames(image, _SHARE * request.limits.seconds, scale):
        seconds = until
        if picture is not None:
            times.append(at)
            pictures.append(picture)
    content = replace(decoded.content, duration=round(seconds, 3) or None)
    if len(pictures) < 2:
        return content, ()
    looks = [look(picture.image) for picture in pictures]
    places = beginnings(times, looks, [is_flat(picture.image) for picture in pictures])
    scenes = tuple(scene(times[place], pictures[place], request.inputs) for place in places)
    return content, scenes if len(scenes) > 1 else ()


def _frames(image: ImageFile.ImageFile, budget: float, scale: float) -> Iterator[tuple[float, float, Reduced | None]]:
    """When each frame begins and ends in seconds; with its picture where one is due."""
    stop, at, due = time.monotonic() + budget, 0.0, 0.0
    with suppress(Exception):  # decoders of damaged frames raise nearly anything
        for number in range(min(int(getattr(image, "n_frames", 1)), _MOST_FRAMES)):
            image.seek(number)
            image.load()
            until = at + max(float(image.info.get("duration") or 0.0), 10.0) / 1000
            picture = None
            if at >= due:
                reduced = reduced_rgb(image, scale)
                # A copy: the next frame may be drawn over this one.
                picture, due = Reduced(reduced.image.copy(), reduced.extent), at + 1.0
            yield at, until, picture
            at = until
            if time.monotonic() > stop:
                return


def seek(image: ImageFile.ImageFile, at: float) -> None:
    """Make the frame current that is shown ``at`` seconds; the last one if it is over by then."""
    shown, until = 0, 0.0
    for number in range(min(int(getattr(image, "n_frames", 1)), _MOST_FRAMES)):
        image.seek(number)
        image.load()
        shown, until = number, until + max(float(image.info.get("duration") or 0.0), 10.0) / 1000
        if until > at + 1e-6:
            break
    image.seek(shown)
