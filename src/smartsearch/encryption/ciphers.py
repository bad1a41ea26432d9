"""The key of a library and what is done with it. The only place where files are encrypted and decrypted.

Needs the `encryption` extra. AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce for each file, which one key may
use 2**32 times; subkeys by HKDF-SHA256 (RFC 5869).
"""

from __future__ import annotations

import hashlib
import hmac
import os
from functools import cached_property
from typing import TYPE_CHECKING

from smartsearch.core.errors import EncryptedFileError, EncryptionUnavailableError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
_MAGIC = b"SmSeEnc1"
OVERHEAD = len(_MAGIC) + NONCE_BYTES + TAG_BYTES
"""How much longer a sealed file is, in bytes."""


def new_secret() -> bytes:
    """A random key of 32 bytes, from the system's generator."""
    return os.urandom(KEY_BYTES)


class LibraryKey:
    """The random key of one library: everything in it is encrypted under keys made from this one.

    Kept in memory only; on disk it is wrapped (see `keyfile`). ``library_id`` says whose key it is, in hexadecimal.
    """

    def __init__(self, library_id: str, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError(f"a library's key has {KEY_BYTES} bytes")
        self.library_id = library_id
        self.secret = secret

    def __repr__(self) -> str:
        return f"LibraryKey({self.library_id})"  # never the secret: reprs end up in logs

    @cached_property
    def database(self) -> bytes:
        """The raw key of the database, 32 bytes."""
        return subkey(self.secret, b"database")

    @cached_property
    def files(self) -> AesFiles:
        """The cipher of thumbnails, previews, vectors and caches."""
        return AesFiles(subkey(self.secret, b"files"), subkey(self.secret, b"file names"))


class AesFiles:
    """A `smartsearch.core.ports.FileCipher`: whole files, authenticated together with what they are called."""

    def __init__(self, key: bytes, name_key: bytes) -> None:
        self._cipher = aes_gcm(key)
        self._name_key = name_key

    def seal(self, data: bytes, name: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return _MAGIC + nonce + self._cipher.encrypt(nonce, data, name.encode())

    def open(self, data: bytes, name: str) -> bytes:
        from cryptography.exceptions import InvalidTag

        start = len(_MAGIC) + NONCE_BYTES
        try:
            if len(data) < OVERHEAD or data[: len(_MAGIC)] != _MAGIC:
                raise InvalidTag
            return self._cipher.decrypt(data[len(_MAGIC) : start], memoryview(data)[start:], name.encode())
        except InvalidTag as error:
            raise EncryptedFileError(f"The encrypted file {name!r} is damaged, or of another library.") from error

    def name_of(self, digest: bytes) -> str:
        return hmac.digest(self._name_key, digest, hashlib.sha256).hex()


def subkey(secret: bytes, purpose: bytes) -> bytes:
    """A key of 32 bytes for one purpose."""
    _require_cryptography()
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), KEY_BYTES, None, b"smartsearch 1 " + purpose).derive(secret)


def aes_gcm(key: bytes) -> AESGCM:
    """The cipher under a key. EncryptionUnavailableError without the extra."""
    _require_cryptography()
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def _require_cryptography() -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError as error:
        raise EncryptionUnavailableError.missing("cryptography") from error
