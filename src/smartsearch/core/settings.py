"""Frozen settings, each handed to the part that needs it. `smartsearch.config` reads them from TOML and environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

DEFAULT_EXCLUDES: tuple[str, ...] = (
    # version control, tool and dependency folders
    ".git/",
    ".hg/",
    ".svn/",
    "node_modules/",
    "__pycache__/",
    ".venv/",
    # trash, in the spellings of the desktop systems and NAS boxes
    ".Trash/",
    ".Trashes/",
    ".Trash-*/",
    ".local/share/Trash/",
    "$RECYCLE.BIN/",
    "RECYCLER/",
    "#recycle/",
    # thumbnails and caches that other programs make of the same photos
    ".thumbnails/",
    ".cache/",
    "@eaDir/",
    ".picasaoriginals/",
    "Thumbs.db",
    "*.lrdata/",
    "*.photoslibrary/resources/",
    "*.photoslibrary/database/",
    # system and temporary
    "System Volume Information/",
    ".Spotlight-V100/",
    ".fseventsd/",
    "lost+found/",
    "._*",
    "*.tmp",
    "*.part",
    "*.crdownload",
)
"""gitignore-syntax patterns left out of every scan unless `default_excludes = false`."""


@dataclass(frozen=True, slots=True)
class DiscoverySettings:
    """What the walk takes and leaves. Patterns are in gitignore syntax, relative to each root."""

    exclude: tuple[str, ...] = ()
    default_excludes: bool = True
    follow_symlinks: bool = True
    include_hidden: bool = False
    min_bytes: int = 1
    """Files smaller than this are left out. Bytes."""

    def patterns(self) -> tuple[str, ...]:
        """All patterns in force, the user's last so that `!name` can take a default back."""
        return (DEFAULT_EXCLUDES if self.default_excludes else ()) + self.exclude


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """What one file may cost: beyond this it becomes a row in `smartsearch errors`."""

    max_bytes: int = 2 * 1024**3
    max_pixels: int = 300_000_000
    max_video_bytes: int = 64 * 1024**3
    max_video_seconds: float = 6 * 3600.0
    min_side: int = 1
    """Pictures with a shorter side below this many pixels are left out (recorded as "too-small")."""
    seconds: float = 60.0
    """Wall-clock limit for one file."""
    memory_bytes: int = 3 * 1024**3
    """Address-space limit of one decode worker (where the OS has RLIMIT_AS)."""


@dataclass(frozen=True, slots=True)
class ThumbnailSettings:
    """Sizes are the longer side in pixels; quality is WebP's 0-100."""

    size: int = 320
    quality: int = 80
    preview_size: int = 1600
    preview_quality: int = 85
    preview_cache_bytes: int = 2 * 1024**3


Provider = Literal["auto", "cpu", "cuda", "coreml", "directml", "openvino"]


@dataclass(frozen=True, slots=True)
class RuntimeSettings:
    """How models run. ``threads`` and ``workers`` of 0 mean: from the machine."""

    provider: Provider = "auto"
    threads: int = 0
    workers: int = 0
    """Decode worker processes."""
    batch_size: int = 32
    idle_seconds: float = 300.0
    """A model unused for this long is released from memory."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What `smartsearch serve` does."""

    host: str = "127.0.0.1"
    port: int = 8000
    browse: tuple[str, ...] = ("~",)
    """Folders whose contents the folder browser shows, and below which new folders may be indexed over HTTP."""
    max_upload_bytes: int = 64 * 1024**2
    """Of an example image."""
    hosts: tuple[str, ...] = ()
    """Other names that the server goes by, for instance behind a proxy. With any, it asks for a login."""
    proxies: tuple[str, ...] = ()
    """Addresses of proxies whose word on the client's address and on TLS is taken."""
    certfile: str = ""
    """Certificate chain for TLS (PEM); with `keyfile`, if the key is in a file of its own."""
    keyfile: str = ""


@dataclass(frozen=True, slots=True)
class TagSettings:
    """Automatic tags. ``vocabulary`` is a file of one's own words (docs/tags.md); a relative path starts at the
    library folder."""

    auto: bool = True
    vocabulary: str = ""
    max_per_photo: int = 10


@dataclass(frozen=True, slots=True)
class OcrSettings:
    """When text in pictures is read, where the models for it are installed: while indexing, or when `smartsearch ocr
    run` is called ("later")."""

    when: Literal["index", "later"] = "index"


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How queries are read. ``hemisphere`` says when summer is; "auto" goes by where the photos were taken.
    ``translate``: words in other languages are looked up in a dictionary, for a model that knows English only."""

    hemisphere: Literal["auto", "north", "south"] = "auto"
    translate: bool = True


@dataclass(frozen=True, slots=True)
class LogSettings:
    """The program's log (`smartsearch.logs`). ``private`` writes names of files, queries and texts of errors, too."""

    level: Literal["debug", "info", "warning", "error", "off"] = "info"
    private: bool = False
    max_bytes: int = 1_000_000
    files: int = 3


@dataclass(frozen=True, slots=True)
class DuplicateSettings:
    """``allow_trash``: whether duplicates may be moved to the system's trash, each time after a question."""

    allow_trash: bool = False


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """The log of who looked at, took along or changed what. ``days`` of 0 keeps it for ever."""

    enabled: bool = True
    days: int = 365


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything, as one value."""

    model: str = "pocket"
    discovery: DiscoverySettings = field(default_factory=DiscoverySettings)
    media: MediaLimits = field(default_factory=MediaLimits)
    thumbnails: ThumbnailSettings = field(default_factory=ThumbnailSettings)
    runtime: RuntimeSettings = field(default_factory=RuntimeSettings)
    tags: TagSettings = field(default_factory=TagSettings)
    ocr: OcrSettings = field(default_factory=OcrSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    duplicates: DuplicateSettings = field(default_factory=DuplicateSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    log: LogSettings = field(default_factory=LogSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)
