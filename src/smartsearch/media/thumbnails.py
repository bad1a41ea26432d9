"""Thumbnails and previews on disk: content-addressed, written atomically, made again whenever they are lost."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from smartsearch.core.checksums import TRAILER_BYTES, trailer_holds, with_trailer, without_trailer
from smartsearch.core.errors import DiskFullError, EncryptedFileError, LibraryError, LibraryReadOnlyError
from smartsearch.core.ports import FileCipher
from smartsearch.core.settings import ThumbnailSettings

_SUFFIX = ".webp"
_TEMPORARY = ".tmp-"
_FULL = {errno.ENOSPC, errno.EDQUOT}
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}


class ThumbnailStore:
    """WebP files below ``folder``: ``thumbs/ab/abcd....webp`` for every image, ``previews/`` for those looked at.

    The name is the hexadecimal SHA-256 of the original, so copies share one and a changed file gets another. Under a
    ``cipher`` the files are encrypted, and the names are, too. Safe for several threads and processes: a file appears
    whole or not at all. Errors: DiskFullError, LibraryReadOnlyError.
    """

    def __init__(self, folder: Path, settings: ThumbnailSettings, cipher: FileCipher | None = None) -> None:
        self._cipher = cipher
        self._thumbs = folder / "thumbs"
        self._previews = folder / "previews"
        self._settings = settings
        self._preview_bytes: int | None = None
        self._lock = threading.Lock()

    # -- thumbnails

    def put(self, digest: bytes, webp: bytes) -> None:
        """Store the thumbnail of the original with this SHA-256 digest; replaces an older one."""
        path = self._path(self._thumbs, digest)
        _write_whole(path, self._encoded(path, webp))

    def get(self, digest: bytes) -> bytes | None:
        """The thumbnail as WebP; None if there is none, or the disk has changed it."""
        return self._read(self._path(self._thumbs, digest))

    def path(self, digest: bytes) -> Path | None:
        """Where the thumbnail is; None if there is none."""
        path = self._path(self._thumbs, digest)
        return path if path.is_file() else None

    def files_of(self, digest: bytes) -> list[Path]:
        """Thumbnail and preview, those that are there."""
        paths = (self._path(folder, digest) for folder in (self._thumbs, self._previews))
        return [path for path in paths if path.is_file()]

    def remove(self, digest: bytes) -> None:
        """Forget the thumbnail and the preview, if they are there."""
        for folder in (self._thumbs, self._previews):
            _unlink(self._path(folder, digest))

    # -- previews

    def preview(self, digest: bytes, make: Callable[[int, int], bytes]) -> bytes:
        """The preview as WebP, made by ``make(size, quality)`` unless it is cached.

        The cache stays below ``settings.preview_cache_bytes``: what was not looked at for longest goes first. What
        ``make`` raises passes through.
        """
        path = self._path(self._previews, digest)
        cached = self._read(path)
        if cached is not None:
            with contextlib.suppress(OSError):  # a read-only library still shows what it has
                os.utime(path)  # the time of last use; access times are often not kept
            return cached
        webp = make(self._settings.preview_size, self._settings.preview_quality)
        data = self._encoded(path, webp)
        _write_whole(path, data)
        self._make_room(len(data), path)
        return webp

    def _make_room(self, added: int, keep: Path) -> None:
        """Evict least recently used previews, down to nine tenths so that it does not happen at every step."""
        limit = self._settings.preview_cache_bytes
        with self._lock:
            if self._preview_bytes is None:
                self._preview_bytes = sum(size for _, size, _ in _files(self._previews))
            else:
                self._preview_bytes += added
            if self._preview_bytes <= limit:
                return
            files = sorted(_files(self._previews))
            self._preview_bytes = sum(size for _, size, _ in files)
            for _, size, path in files:
                if self._preview_bytes <= limit * 9 // 10:
                    break
                if path != keep:
                    _unlink(path)
                    self._preview_bytes -= size

    # -- for doctor and prune

    def stray(self, wanted: Iterable[bytes]) -> list[Path]:
        """Thumbnails of other originals than those with these digests."""
        known = {self._name(digest) for digest in wanted}
        return [path for _, _, path in _files(self._thumbs) if path.stem not in known]

    def is_sound(self, digest: bytes) -> bool:
        """Whether the thumbnail is there and byte for byte what was stored; of one from an earlier version, which has
        no checksum, whether it is as long as its header says."""
        return self._is_sound(self._path(self._thumbs, digest))

    def damaged_previews(self) -> list[Path]:
        """Cached previews that the disk has changed."""
        return [path for _, _, path in _files(self._previews) if not self._is_sound(path)]

    def remove_files(self, paths: Iterable[Path]) -> None:
        """Delete these thumbnails or previews."""
        for path in paths:
            _unlink(path)

    def remove_stray(self) -> int:
        """Delete temporary files left by a process that was killed while writing; returns how many.

        Only while no other process writes to the library.
        """
        stray = [path for folder in (self._thumbs, self._previews) for path in folder.glob(f"*/{_TEMPORARY}*")]
        for path in stray:
            _unlink(path)
        return len(stray)

    def _path(self, folder: Path, digest: bytes) -> Path:
        name = self._name(digest)
        return folder / name[:2] / (name + _SUFFIX)

    def _name(self, digest: bytes) -> str:
        return digest.hex() if self._cipher is None else self._cipher.name_of(digest)

    # -- what is in a file

    def _encoded(self, path: Path, webp: bytes) -> bytes:
        return with_trailer(webp) if self._cipher is None else self._cipher.seal(webp, _called(path))

    def _read(self, path: Path) -> bytes | None:
        try:
            data = path.read_bytes()
            if self._cipher is not None:
                return self._cipher.open(data, _called(path))
            return None if trailer_holds(data) is False else without_trailer(data)
        except (OSError, EncryptedFileError):
            return None

    def _is_sound(self, path: Path) -> bool:
        return _is_sound(path) if self._cipher is None else self._read(path) is not None


def _called(path: Path) -> str:
    """What an encrypted file goes by: wherever the library is, ``thumbs/abcd...`` or ``previews/abcd...``."""
    return f"{path.parents[1].name}/{path.stem}"


def _files(folder: Path) -> Iterator[tuple[int, int, Path]]:
    """(last use in ns, size in bytes, path) of every stored file."""
    for path in folder.glob(f"*/*{_SUFFIX}"):
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            yield status.st_mtime_ns, status.st_size, path


def _is_sound(path: Path) -> bool:
    try:
        data = path.read_bytes()
    except OSError:
        return False
    length = int.from_bytes(data[4:8], "little") + 8
    whole = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return whole and (len(data) == length or (len(data) == length + TRAILER_BYTES and trailer_holds(data) is True))


def _write_whole(path: Path, data: bytes) -> None:
    """Write beside and rename. Not synced to disk: a thumbnail lost in a power cut is made again."""
    with _library_errors():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=_TEMPORARY, dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise


def _unlink(path: Path) -> None:
    with _library_errors():
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _library_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFullError(
                "There is no space left for thumbnails.", hint="Free some space and try again."
            ) from error
        if error.errno in _READ_ONLY:
            raise LibraryReadOnlyError("The library cannot be written.", hint="Check its permissions.") from error
        raise LibraryError(f"A thumbnail cannot be written ({os.strerror(error.errno or 0).lower()}).") from error
