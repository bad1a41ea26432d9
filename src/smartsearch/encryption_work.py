"""Encrypting a library, and everything about its key, while it is closed: `Library.encryption` makes one of these."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from smartsearch.conversion import DATABASE, ConversionReport, convert_library
from smartsearch.core.errors import LibraryCorruptError, LibraryError, UsageError
from smartsearch.encryption import system_keyring, unlocking
from smartsearch.encryption.ciphers import LibraryKey, new_secret
from smartsearch.encryption.keyfile import DEFAULT_COST, Cost, KeyFile, is_encrypted, read_key_file
from smartsearch.stores.sqlite import SqliteStore


@dataclass(frozen=True, slots=True)
class LockStatus:
    """Whether a library is encrypted, what opens it ("passphrase", "keyring"), and whether something does right now."""

    library: str
    encrypted: bool
    locked: bool
    ways: tuple[str, ...] = ()


class EncryptionWork:
    """The encryption of the library in a folder. ``environ`` says where the session's memory and a passphrase file
    are; ``cost`` is that of guessing a passphrase set from now on."""

    def __init__(self, folder: Path, environ: Mapping[str, str] = os.environ, cost: Cost = DEFAULT_COST) -> None:
        self.folder = folder
        self._cost = cost
        self._environ = environ

    def status(self) -> LockStatus:
        """LibraryCorruptError for a damaged key file."""
        key_file = read_key_file(self.folder)
        if key_file is None:
            return LockStatus(str(self.folder), encrypted=False, locked=False)
        try:
            locked = unlocking.available_key(self.folder, self._environ) is None
        except LibraryCorruptError:
            raise
        except LibraryError:
            locked = True
        return LockStatus(str(self.folder), encrypted=True, locked=locked, ways=self.ways())

    def ways(self) -> tuple[str, ...]:
        """What opens the library; nothing for one that is not encrypted. LibraryCorruptError."""
        key_file = read_key_file(self.folder)
        return () if key_file is None else tuple(slot.kind for slot in key_file.slots)

    def require_encrypted(self) -> None:
        """UsageError for a library that is not."""
        unlocking.required_key_file(self.folder)

    def available_key(self) -> LibraryKey | None:
        """See `unlocking.available_key`."""
        return unlocking.available_key(self.folder, self._environ)

    def open_by_passphrase(self, passphrase: str) -> LibraryKey:
        """The key. UsageError for a library that is not encrypted, WrongKeyError."""
        return unlocking.open_by_passphrase(self.folder, passphrase)

    # -- converting

    def encrypt(self, passphrase: str) -> tuple[ConversionReport, LibraryKey]:
        """Encrypt the library under a new key that the passphrase opens; where there is none, make an empty encrypted
        one. UsageError if it is encrypted, and as `convert_library`."""
        if is_encrypted(self.folder):
            raise UsageError(
                f"The library {self.folder} is encrypted already.", hint="`smartsearch rekey` changes the passphrase."
            )
        key_file, key = KeyFile.create()
        key_file = key_file.with_passphrase(key, passphrase, self._cost)
        database = self.folder / DATABASE
        if database.exists():
            return convert_library(self.folder, None, key, key_file), key
        self.folder.mkdir(parents=True, exist_ok=True)
        key_file.write(self.folder)
        SqliteStore.create(database, vectors=self.folder / "vectors", key=key.database).close()
        return ConversionReport(str(self.folder), True, 0, 0, database.stat().st_size, 0.0), key

    def decrypt(self, key: LibraryKey) -> ConversionReport:
        """Make it a plain library again. Its key, wherever it is kept, is forgotten."""
        key_file = unlocking.required_key_file(self.folder)
        report = convert_library(self.folder, key, None, None)
        self._drop(key_file)
        return report

    # -- the key

    def change_passphrase(self, key: LibraryKey, passphrase: str) -> None:
        """Another passphrase from now on, at once: the key stays. Whoever has a copy of the key file and knows the old
        passphrase can still open this library; `rekey` ends that."""
        unlocking.required_key_file(self.folder).with_passphrase(key, passphrase, self._cost).write(self.folder)

    def rekey(self, key: LibraryKey, passphrase: str) -> tuple[ConversionReport, LibraryKey]:
        """Write everything anew under a new key, which the passphrase opens."""
        old_file = unlocking.required_key_file(self.folder)
        key_file, new = KeyFile.create()
        report = convert_library(self.folder, key, new, key_file.with_passphrase(new, passphrase, self._cost))
        self._drop(old_file)
        return report, new

    def unlock(self, key: LibraryKey, *, keyring: bool = False) -> None:
        """Keep the key for this session; with ``keyring``, have the system's keyring open the library from now on.
        UsageError where there is no such place."""
        if not keyring:
            unlocking.remember(key, self._environ)
            return
        secret = new_secret()
        system_keyring.put(key.library_id, secret)
        unlocking.required_key_file(self.folder).with_keyring(key, secret).write(self.folder)

    def lock(self) -> None:
        """Forget the key: the session's, the keyring's, and that of every server that has the library open."""
        key_file = unlocking.required_key_file(self.folder)
        self._drop(key_file)
        if key_file.has("keyring"):
            key_file.without_keyring().write(self.folder)
        unlocking.mark_locked(self.folder)

    def _drop(self, key_file: KeyFile) -> None:
        unlocking.forget(key_file, self._environ)
        if key_file.has("keyring"):
            system_keyring.remove(key_file.library_id)
