"""What is fuzzed: each target takes any bytes and raises only if the program would have done what it must not.

An error of the program's own tree is an answer; anything else, a hang or a crash is a find.
"""

from __future__ import annotations

import contextlib
import io
import os
import sqlite3
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from smartsearch.core.assets import Asset, FileIdentity, Metadata, Tag
from smartsearch.core.errors import SmartsearchError
from smartsearch.core.query import Everything
from smartsearch.core.queryfields import Names, QueryContext
from smartsearch.core.queryparse import parse, printed
from smartsearch.core.settings import MediaLimits, ThumbnailSettings
from smartsearch.core.spaces import Preprocessing
from smartsearch.crawler.ignore import IgnoreRules
from smartsearch.media.decode import decode
from smartsearch.media.exif import exif_metadata, modified_at, named_tags, read_exif
from smartsearch.media.files import open_regular
from smartsearch.media.iptc import iptc_metadata, read_iptc
from smartsearch.media.metadata import read_sidecar
from smartsearch.media.protocol import receive
from smartsearch.media.raw import is_camera_raw, read_preview
from smartsearch.media.request import DecodeRequest
from smartsearch.media.sidecars import sidecar
from smartsearch.media.xmp import read_xmp, xmp_metadata
from smartsearch.onnx.descriptions import read_description
from smartsearch.stores import folders, rows
from smartsearch.stores.sql import compile_query
from smartsearch.stores.sqlite import SqliteStore
from smartsearch.tagging.vocabulary import vocabulary_with

Target = Callable[[bytes], None]

LIMITS = MediaLimits(max_bytes=1 << 20, max_pixels=1 << 20)
REQUEST = DecodeRequest((Preprocessing(size=32),), LIMITS, ThumbnailSettings(size=64))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=1)
def scratch() -> Path:
    return Path(tempfile.mkdtemp(prefix="smartsearch-fuzz-"))


def written(data: bytes, name: str = "input") -> Path:
    path = scratch() / name
    path.write_bytes(data)
    return path


def storable(metadata: Metadata) -> None:
    """What was read must be fit for a row, whatever it is."""
    values = rows.metadata_values(metadata)
    memory = sqlite3.connect(":memory:")
    try:
        exif = memory.execute(f"SELECT {', '.join('?' * len(values))}", values).fetchone()[-1]
        assert exif is None or memory.execute("SELECT json_valid(?)", (exif,)).fetchone() == (1,)
    finally:
        memory.close()
    assert all(tag.name.strip() for tag in rows.keyword_tags(metadata))


def fuzz_decode(data: bytes) -> None:
    with contextlib.suppress(SmartsearchError):
        decoded = decode(written(data), REQUEST)
        storable(decoded.content.metadata)
        assert decoded.inputs[0].shape == (32, 32, 3)
        assert decoded.content.width * decoded.content.height <= LIMITS.max_pixels


def fuzz_exif(data: bytes) -> None:
    exif = read_exif(io.BytesIO(data))
    storable(exif_metadata(exif))
    named_tags(exif)
    modified_at(exif)


def fuzz_xmp(data: bytes) -> None:
    storable(xmp_metadata(read_xmp(data)))


def fuzz_iptc(data: bytes) -> None:
    storable(iptc_metadata(read_iptc(data)))


def fuzz_raw(data: bytes) -> None:
    with contextlib.suppress(SmartsearchError), open_regular(written(data)) as file:
        is_camera_raw(file.stream)
        read_preview(file.stream)


def fuzz_sidecar(data: bytes) -> None:
    """What is written can be read again, whatever the words."""
    text = data.decode("utf-8", "surrogateescape")
    words = [word for word in text.split("\n") if word.strip()]
    metadata = Metadata(title=text, description=text)
    tags = tuple(Tag(word) for word in dict.fromkeys(words))
    identity = FileIdentity(1, 1, 1, 1)
    asset = Asset(1, "/a", b"", identity, "png", 1, 1, 1, None, NOW, NOW, None, 0, 0, metadata, tags, user_rating=3)
    said = xmp_metadata(read_sidecar(written(sidecar(asset), "written.xmp")))
    assert said.rating == 3, "the packet was understood"


def fuzz_words(data: bytes) -> None:
    store().match_text(data.decode("utf-8", "surrogateescape"), Everything(), 5)


@lru_cache(maxsize=1)
def store() -> SqliteStore:
    return SqliteStore.create(scratch() / "library.db", vectors=scratch() / "vectors")


CONTEXT = QueryContext.on(NOW.date(), Names(albums={"best of": 3}))


def fuzz_query(data: bytes) -> None:
    """Any text is understood somehow, shows its faults at a place in it, and compiles."""
    text = data.decode("utf-8", "surrogateescape")
    parsed = parse(text, CONTEXT)
    assert parsed.clauses
    for problem in parsed.problems:
        assert 0 <= problem.start <= problem.end <= len(text)
    for clause in parsed.clauses:
        compile_query(clause.where)
    printed(parsed.tree, CONTEXT)


def fuzz_message(data: bytes) -> None:
    if b"r" in data or b"p" in data:
        return  # may ask for a huge memo: a worker can make its pool use memory (see SECURITY.md), and no more
    with contextlib.suppress(EOFError):
        receive(io.BytesIO(len(data).to_bytes(8, "little") + data))


def fuzz_manifest(data: bytes) -> None:
    path = written(data, folders.MANIFEST)
    with contextlib.suppress(SmartsearchError):
        _, entries = folders.read_manifest(path.parent)
        for entry in entries:
            assert os.path.realpath(path.parent / entry.path).startswith(str(path.parent))


def fuzz_ignore(data: bytes) -> None:
    rules = IgnoreRules.of("/photos", ["*.tmp"]).extended("/photos/sub", data)
    rules.excludes_file("/photos/sub", "a\nb.jpg")
    rules.excludes_folder("/photos/sub", "x")


def fuzz_vocabulary(data: bytes) -> None:
    with contextlib.suppress(SmartsearchError):
        vocabulary_with(written(data, "words.csv"))


def fuzz_description(data: bytes) -> None:
    written(data, "model.json")
    with contextlib.suppress(SmartsearchError):
        read_description(scratch())


TARGETS: dict[str, Target] = {
    name.removeprefix("fuzz_"): target for name, target in list(globals().items()) if name.startswith("fuzz_")
}
