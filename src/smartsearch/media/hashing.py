"""SHA-256 of a file, streamed: the content address of an image."""

from __future__ import annotations

import hashlib
import os

from smartsearch.core.assets import FileIdentity
from smartsearch.media.files import open_regular


def file_sha256(path: str | os.PathLike[str]) -> tuple[bytes, FileIdentity]:
    """The SHA-256 digest (32 bytes) of the file and the identity it had while being read.

    Memory use does not depend on the file's size. FileAccessError if the file cannot be read or changed meanwhile.
    """
    with open_regular(path) as file:
        digest = hashlib.file_digest(file.stream, "sha256").digest()
        file.check_unchanged()
        return digest, file.identity
