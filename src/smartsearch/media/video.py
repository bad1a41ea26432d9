"""A video file, opened by FFmpeg through PyAV: what it says of itself, and single frames of it.

FFmpeg is given an open stream and the name of one demuxer, never a path or a choice: playlists and references to other
files lead nowhere. It runs in the decode workers only.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from PIL import Image

from smartsearch.core.assets import Gps, Metadata
from smartsearch.core.errors import (
    CorruptImageError,
    FileAccessError,
    ImageTooLargeError,
    ImageTooSmallError,
    UnsupportedFormatError,
)
from smartsearch.core.settings import MediaLimits
from smartsearch.media.files import OpenedFile
from smartsearch.media.pixels import Reduced

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_DEMUXERS = {"mp4": "mov", "mov": "mov", "webm": "matroska", "mkv": "matroska", "avi": "avi"}
_SHARE = 0.3
"""Of the seconds a file may take, what may go into looking for its end."""
_SPARSE_SECONDS = 1.9
"""Where a keyframe is further away than this, the frame itself is decoded, too. Cameras and most encoders put keyframes
at cuts or every second; browsers, screen recorders and VP9 encoders do not."""
_END_SECONDS = 5.0
_TURNS = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}
_ISO_6709 = re.compile(r"([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?")
_HD_LINES = 720


@dataclass(slots=True)
class Video:
    """An open video. ``width`` and ``height`` are of the upright picture with square pixels, ``seconds`` how long it
    lasts, ``fps`` frames a second (0 if unknown)."""

    name: str
    container: InputContainer
    stream: VideoStream
    seconds: float
    width: int
    height: int
    fps: float
    codec: str
    turn: int

    def frame(self, at: float, *, exact: bool = False) -> tuple[float, VideoFrame]:
        """The keyframe at or before ``at`` seconds, with its time; ``exact``: the last frame that has begun by then.

        CorruptImageError if there is none that can be decoded.
        """
        self._seek(at)
        if exact:
            found = None
            for frame in self.container.decode(self.stream):
                moment = self._seconds_of(frame)
                if found is not None and moment > at + 1e-3:
                    break
                found = moment, frame
        else:
            found = next(((self._seconds_of(frame), frame) for frame in self._keyframes()), None)
        if found is None:
            raise CorruptImageError(f"The {self.name.upper()} has no frame that can be decoded.")
        return found

    def frames_at(self, times: list[float], budget: float) -> Iterator[tuple[float, VideoFrame]]:
        """A frame for each of the times (seconds, ascending): the keyframe before it, and where keyframes are far
        apart the frame itself, as long as that takes no more than ``budget`` seconds. None comes twice."""
        last, spent = -1.0, 0.0
        running: Iterator[VideoFrame] | None = None
        running_key: int | None = None
        for at in times:
            key = self._key_before(at)
            if running is None or key is None or key != running_key:
                running = None
                moment, frame = self.frame(at)
                if moment > last:
                    last = moment
                    yield moment, frame
            if at - last <= _SPARSE_SECONDS or spent > budget:
                continue
            started = time.monotonic()
            if running is None:
                self._seek(at)
                running, running_key = self.container.decode(self.stream), key
            found = self._first_from(running, at)
            spent += time.monotonic() - started
            if found is not None and found[0] > last:
                last = found[0]
                yield found

    def _key_before(self, at: float) -> int | None:
        """Which keyframe comes before, by the file's index; None where that does not say."""
        entries = self.stream.index_entries
        place = entries.search_timestamp(self._timestamp(at)) if len(entries) else -1
        return entries[place].timestamp if place >= 0 else None

    def _first_from(self, frames: Iterator[VideoFrame], at: float) -> tuple[float, VideoFrame] | None:
        for frame in frames:
            moment = self._seconds_of(frame)
            if moment >= at - 1e-3:
                return moment, frame
        return None

    def picture(self, frame: VideoFrame, scale: float) -> Reduced:
        """The frame upright in RGB, with square pixels, at ``scale`` (0-1) of its size."""
        flat = (self.height, self.width) if self.turn in (90, 270) else (self.width, self.height)
        width, height = (max(1, math.ceil(side * scale)) for side in flat)
        # Where a file does not say, standards do: BT.709 for high definition, BT.601 below.
        unsaid = int(frame.colorspace) == 2
        space = ("ITU709" if frame.height >= _HD_LINES else "ITU601") if unsaid else None
        rgb = frame.reformat(width, height, "rgb24", src_colorspace=space, interpolation="AREA")
        image = Image.fromarray(rgb.to_ndarray())
        if self.turn:
            image = image.transpose(_TURNS[self.turn])
        return Reduced(image, image.size)

    def metadata(self) -> Metadata:
        """What container and stream say: QuickTime keys as Apple and Android write them."""
        tags = {**self.stream.metadata, **self.container.metadata}
        lower = {key.lower(): value for key, value in tags.items()}
        apple = "com.apple.quicktime."
        taken_at, offset = _moment(lower.get(f"{apple}creationdate") or lower.get("creation_time"))
        facts: dict[str, Any] = {
            "Codec": self.codec,
            "Duration": round(self.seconds, 3),
            "FrameRate": round(self.fps, 3),
            "Sound": bool(self.container.streams.audio),
        }
        facts |= {key: value[:1000] for key, value in sorted(tags.items()) if value}
        return Metadata(
            taken_at=taken_at,
            taken_offset=offset,
            gps=_position(lower.get(f"{apple}location.iso6709") or lower.get("location") or ""),
            camera_make=lower.get(f"{apple}make") or lower.get("make"),
            camera_model=lower.get(f"{apple}model") or lower.get("model"),
            title=lower.get("title"),
            description=lower.get("description") or lower.get("comment"),
            exif={"Video": facts},
        )

    def _seek(self, at: float) -> None:
        self.container.seek(self._timestamp(at), stream=self.stream)

    def _timestamp(self, at: float) -> int:
        return int(at / (self.stream.time_base or 1)) + (self.stream.start_time or 0)

    def _keyframes(self) -> Iterator[VideoFrame]:
        """The next keyframe, with nothing behind it decoded: the decoder is told that the stream ends there."""
        for packet in self.container.demux(self.stream):
            if packet.is_keyframe and packet.size:
                yield from (*self.stream.codec_context.decode(packet), *self.stream.codec_context.decode(None))
                self.stream.codec_context.flush_buffers()

    def _seconds_of(self, frame: VideoFrame) -> float:
        if frame.pts is None or self.stream.time_base is None:
            return 0.0
        return max(0.0, float((frame.pts - (self.stream.start_time or 0)) * self.stream.time_base))


@contextmanager
def open_video(name: str, file: OpenedFile, limits: MediaLimits) -> Iterator[Video]:
    """The video of format ``name``, its header read and found within the limits.

    UnsupportedFormatError (also where PyAV is not installed), CorruptImageError, ImageTooLargeError,
    ImageTooSmallError; within the block FFmpeg's errors are mapped to these.
    """
    try:
        import av
        import av.error
    except ImportError as error:
        raise UnsupportedFormatError(
            "Videos need an optional package.", hint="Install it with: pip install 'smartsearch[video]'"
        ) from error
    av.logging.set_level(None)
    file.stream.seek(0)
    try:
        with av.open(file.stream, "r", format=_DEMUXERS[name], metadata_errors="replace") as container:
            yield _checked(name, container, limits)
    except (av.error.DecoderNotFoundError, av.error.PatchWelcomeError) as error:
        raise UnsupportedFormatError(f"This kind of {name.upper()} cannot be decoded.") from error
    except av.error.PyAVCallbackError as error:
        raise FileAccessError("The file cannot be read (input/output error).") from error
    except av.error.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise
        raise CorruptImageError(f"The {name.upper()} data is damaged or truncated.") from error


def _checked(name: str, container: InputContainer, limits: MediaLimits) -> Video:
    stream = next((each for each in container.streams.video if not each.disposition & 0x400), None)  # no cover art
    if stream is None:
        raise UnsupportedFormatError(f"The {name.upper()} holds no video.")
    context = stream.codec_context
    if context is None:
        raise UnsupportedFormatError(f"This kind of {name.upper()} cannot be decoded.")
    width, height = context.width, context.height
    if width * height > limits.max_pixels:
        raise ImageTooLargeError(f"The video has {width}x{height} pixels; the limit is {limits.max_pixels} in all.")
    if min(width, height) < max(1, limits.min_side):
        raise ImageTooSmallError(f"The video has {width}x{height} pixels; a side must have {limits.min_side}.")
    context.thread_count = 1  # one decode worker is one thread
    context.options = {"max_pixels": str(limits.max_pixels)}
    video = Video(name, container, stream, 0.0, width, height, float(stream.average_rate or 0), context.name, 0)
    video.seconds = _length(video, limits)
    _, first = video.frame(0.0)
    video.turn = round(first.rotation / 90) * 90 % 360
    wide = stream.sample_aspect_ratio or 1
    video.width = max(1, round(width * wide)) if 0.1 < wide < 10 else width
    if video.turn in (90, 270):
        video.width, video.height = height, video.width
    return video


def _length(video: Video, limits: MediaLimits) -> float:
    """Seconds, by what is really there at the end. CorruptImageError where the header promises much more."""
    stream, container = video.stream, video.container
    claimed = float(container.duration or 0) / 1_000_000
    if stream.duration and stream.time_base:
        claimed = float(stream.duration * stream.time_base)
    if claimed > limits.max_video_seconds:
        raise ImageTooLargeError(f"The video lasts {claimed:.0f} seconds; the limit is {limits.max_video_seconds:.0f}.")
    if claimed > _END_SECONDS:
        video._seek(claimed - _END_SECONDS)
    last, until = -1.0, time.monotonic() + _SHARE * limits.seconds
    for packet in container.demux():
        if packet.size and packet.pts is not None:
            start = packet.stream.start_time or 0
            last = max(last, float((packet.pts - start + (packet.duration or 0)) * packet.time_base))
        if time.monotonic() > until:
            break
    if last < 0:
        raise CorruptImageError(f"The {video.name.upper()} has no frames.")
    if last < 0.8 * claimed - 1:
        raise CorruptImageError(f"The video ends after {last:.1f} seconds; its header promises {claimed:.1f}.")
    return claimed if claimed > 0 else last


def _moment(text: str | None) -> tuple[datetime | None, int | None]:
    """A wall clock and its UTC offset in minutes. A container's own time is UTC; cameras without a clock write 1904."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None, None
    if moment.year <= 1970:
        return None, None
    offset = moment.utcoffset()
    return moment.replace(tzinfo=None), None if offset is None else round(offset.total_seconds() / 60)


def _position(text: str) -> Gps | None:
    """ISO 6709, annex H, in degrees: "+38.7139-009.1394+012.000/"."""
    found = _ISO_6709.match(text)
    if found is None:
        return None
    latitude, longitude = float(found[1]), float(found[2])
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    return Gps(latitude, longitude, float(found[3]) if found[3] else None)
