"""Decoding videos: what `decode` does for images, by the frame that stands for the whole, and the scenes."""

from __future__ import annotations

import numpy as np
from PIL import Image

from smartsearch.core.assets import ImageContent
from smartsearch.media.animation import scene
from smartsearch.media.color import dominant_color, palette
from smartsearch.media.files import OpenedFile
from smartsearch.media.metadata import with_sidecar
from smartsearch.media.phash import dct_hash
from smartsearch.media.pixels import Reduced
from smartsearch.media.request import Decoded, DecodeRequest, PreviewRequest
from smartsearch.media.resize import encoder_input, fit, needed_scale
from smartsearch.media.scenes import beginnings, is_flat, look, representative, spread
from smartsearch.media.sharpness import sharpness
from smartsearch.media.video import Video, open_video
from smartsearch.media.webp import webp

_GAP = 1.25
"""As in `decode`: frames are reduced to this much more than is needed of them."""
_SHARE = 0.1
"""Of the seconds a file may take, what may go into decoding between keyframes."""


def decode_video(name: str, file: OpenedFile, request: DecodeRequest) -> Decoded:
    """Everything the request asks for, by the frame that stands for the video, and its scenes. Errors as
    `video.open_video`."""
    limits, size = request.limits, request.thumbnails.size
    with open_video(name, file, limits) as video:
        scale = min(1.0, _GAP * needed_scale(video.width, video.height, request.inputs, [size]))
        times, pictures = [], []
        for at, frame in video.frames_at(spread(video.seconds), _SHARE * limits.seconds):
            times.append(at)
            pictures.append(video.picture(frame, scale))
        looks = [look(picture.image) for picture in pictures]
        places = beginnings(times, looks, [is_flat(picture.image) for picture in pictures])
        chosen = representative(places, looks)
        poster = pictures[chosen]
        scenes = tuple(scene(times[place], pictures[place], request.inputs) for place in places)
        shown: list[Image.Image] = []
        if request.pictures:
            large = _picture_at(video, times[chosen], max(request.pictures))
            shown = [fit(large, side) for side in request.pictures]
        thumbnail = fit(poster, size)
        content = ImageContent(
            format=name,
            width=video.width,
            height=video.height,
            frames=1,
            phash=dct_hash(thumbnail),
            color=dominant_color(thumbnail),
            metadata=with_sidecar(video.metadata(), request.sidecar),
            thumbnail=webp(thumbnail, request.thumbnails.quality),
            palette=palette(thumbnail),
            sharpness=sharpness(thumbnail),
            duration=video.seconds,
        )
        inputs = tuple(np.array(encoder_input(poster, wanted)) for wanted in request.inputs)
        return Decoded(content, inputs, file.identity, tuple(map(np.array, shown)), scenes)


def video_preview(name: str, file: OpenedFile, request: PreviewRequest) -> bytes:
    """The frame of the moment that is asked for as WebP, or the one that stands for the video."""
    with open_video(name, file, request.limits) as video:
        at = _poster_time(video, request) if request.at_ms is None else request.at_ms / 1000
        return webp(fit(_picture_at(video, at, request.size), request.size), request.quality)


def _poster_time(video: Video, request: PreviewRequest) -> float:
    found = [
        (at, video.picture(frame, needed_scale(video.width, video.height, (), [160])).image)
        for at, frame in video.frames_at(spread(video.seconds), _SHARE * request.limits.seconds)
    ]
    times, looks = [at for at, _ in found], [look(picture) for _, picture in found]
    return times[representative(beginnings(times, looks, [is_flat(picture) for _, picture in found]), looks)]


def _picture_at(video: Video, at: float, side: int) -> Reduced:
    _, frame = video.frame(at, exact=True)
    return video.picture(frame, needed_scale(video.width, video.height, (), [side]))
