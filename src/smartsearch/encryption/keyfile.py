"""The key file of a library: its random key, wrapped by whatever opens it.

Each way in is a slot, as in LUKS (Fruhwirth 2005): a passphrase through Argon2id (RFC 9106), or a random key that the
system's keyring holds. So changing a passphrase wraps 32 bytes anew and leaves the library as it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import unicodedata
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from smartsearch.core.errors import LibraryCorruptError, UsageError, WrongKeyError
from smartsearch.encryption.ciphers import KEY_BYTES, NONCE_BYTES, LibraryKey, aes_gcm, new_secret

KEY_FILE = "library.key"
COPY = "library.key.copy"
"""The same again: a library whose key file is lost is lost."""

FORMAT = 1
MIN_PASSPHRASE = 8
"""Characters."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess of a passphrase costs (RFC 9106, section 4, the second recommended option)."""

    memory_kib: int = 65_536
    iterations: int = 3
    lanes: int = 4


DEFAULT_COST = Cost()
_HIGHEST = Cost(4 * 1024 * 1024, 1_000, 64)
"""A key file from elsewhere may not ask for more."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One way in. ``salt`` and ``cost`` are of a passphrase. All bytes in hexadecimal."""

    kind: Literal["passphrase", "keyring"]
    nonce: str
    wrapped: str
    salt: str = ""
    cost: Cost | None = None


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What opens the library ``library_id``."""

    library_id: str
    slots: tuple[Slot, ...] = ()

    @classmethod
    def create(cls) -> tuple[KeyFile, LibraryKey]:
        """A new library key, and a file without any slot yet."""
        library_id = os.urandom(8).hex()
        return cls(library_id), LibraryKey(library_id, new_secret())

    def with_passphrase(self, key: LibraryKey, passphrase: str, cost: Cost = DEFAULT_COST) -> KeyFile:
        """Opened by this passphrase and no other. UsageError for one that is too short."""
        salt = os.urandom(16)
        derived = _derived(_normal(passphrase, new=True), salt, cost)
        return self._with(self._slot("passphrase", key, derived, salt, cost))

    def with_keyring(self, key: LibraryKey, secret: bytes) -> KeyFile:
        """Opened by this secret of the keyring, too."""
        return self._with(self._slot("keyring", key, secret))

    def without_keyring(self) -> KeyFile:
        """What the keyring holds opens it no longer."""
        return replace(self, slots=tuple(slot for slot in self.slots if slot.kind != "keyring"))

    def has(self, kind: str) -> bool:
        """Whether there is a slot of the kind."""
        return any(slot.kind == kind for slot in self.slots)

    def open_by_passphrase(self, passphrase: str) -> LibraryKey:
        """WrongKeyError unless it is the passphrase."""
        for slot in self.slots:
            if slot.kind == "passphrase" and slot.cost is not None:
                derived = _derived(_normal(passphrase), bytes.fromhex(slot.salt), slot.cost)
                key = self._unwrapped(slot, derived)
                if key is not None:
                    return key
        raise WrongKeyError("That is not the passphrase of this library.")

    def open_by_keyring(self, secret: bytes) -> LibraryKey:
        """WrongKeyError unless the keyring's secret fits."""
        for slot in self.slots:
            key = self._unwrapped(slot, secret) if slot.kind == "keyring" else None
            if key is not None:
                return key
        raise WrongKeyError("What the keyring holds does not open this library.")

    # -- slots

    def _with(self, slot: Slot) -> KeyFile:
        return replace(self, slots=(*(other for other in self.slots if other.kind != slot.kind), slot))

    def _slot(
        self,
        kind: Literal["passphrase", "keyring"],
        key: LibraryKey,
        wrapping: bytes,
        salt: bytes = b"",
        cost: Cost | None = None,
    ) -> Slot:
        nonce = os.urandom(NONCE_BYTES)
        wrapped = aes_gcm(wrapping).encrypt(nonce, key.secret, self._bound_to(kind))
        return Slot(kind, nonce.hex(), wrapped.hex(), salt.hex(), cost)

    def _unwrapped(self, slot: Slot, wrapping: bytes) -> LibraryKey | None:
        from cryptography.exceptions import InvalidTag

        if len(wrapping) != KEY_BYTES:
            return None
        with suppress(InvalidTag):
            nonce, wrapped = bytes.fromhex(slot.nonce), bytes.fromhex(slot.wrapped)
            return LibraryKey(self.library_id, aes_gcm(wrapping).decrypt(nonce, wrapped, self._bound_to(slot.kind)))
        return None

    def _bound_to(self, kind: str) -> bytes:
        return f"smartsearch key {FORMAT} {self.library_id} {kind}".encode()

    # -- on disk

    def write(self, folder: Path) -> None:
        """Put it in the library folder, twice, durably, each whole or not at all. Raises OSError."""
        for name in (KEY_FILE, COPY):
            partial = folder / f".{name}.new"
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(self.to_bytes())
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, folder / name)
            with suppress(OSError):  # Windows opens no folder
                opened = os.open(folder, os.O_RDONLY)
                try:
                    os.fsync(opened)
                finally:
                    os.close(opened)

    def to_bytes(self) -> bytes:
        """JSON, with a checksum that tells a damaged file from a wrong passphrase."""
        content: dict[str, Any] = {"smartsearch_key": FORMAT, "library_id": self.library_id}
        content["slots"] = [{k: v for k, v in asdict(slot).items() if v} for slot in self.slots]
        return json.dumps(content | {"sha256": _checksum(content)}, indent=1).encode() + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes) -> KeyFile:
        """ValueError if that is no key file, or a damaged one."""
        try:
            content = json.loads(data)
            expected = content.pop("sha256")
            if content["smartsearch_key"] != FORMAT or expected != _checksum(content):
                raise ValueError("the checksum is another")
            return cls(content["library_id"], tuple(_slot(**slot) for slot in content["slots"]))
        except (KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
            raise ValueError("that is no key file") from error


def is_encrypted(folder: Path) -> bool:
    """Whether the library in the folder is encrypted."""
    return (folder / KEY_FILE).exists() or (folder / COPY).exists()


def read_key_file(folder: Path) -> KeyFile | None:
    """The key file of a library, from its copy if need be; None for a library that is not encrypted.
    LibraryCorruptError when both are damaged."""
    damaged = False
    for name in (KEY_FILE, COPY):
        try:
            return KeyFile.from_bytes((folder / name).read_bytes())
        except FileNotFoundError:
            continue
        except (OSError, ValueError):
            damaged = True
    if not damaged:
        return None
    raise LibraryCorruptError(
        f"The key file {folder / KEY_FILE} is damaged, and so is its copy: without it the library cannot be read.",
        hint="Put library.key of a backup in its place (of the time since the last `smartsearch rekey`).",
    )


def key_files_agree(folder: Path) -> bool:
    """Whether file and copy are the same, or both not there. Raises OSError."""
    found = [(folder / name).read_bytes() if (folder / name).exists() else None for name in (KEY_FILE, COPY)]
    return found[0] == found[1]


def mend_key_file(folder: Path) -> None:
    """Make file and copy the same again. Raises as `read_key_file`, and OSError."""
    key_file = read_key_file(folder)
    if key_file is not None:
        key_file.write(folder)


def _slot(cost: dict[str, int] | None = None, **fields: Any) -> Slot:
    slot = Slot(**fields, cost=None if cost is None else Cost(**cost))
    for value in (slot.nonce, slot.wrapped, slot.salt):
        bytes.fromhex(value)
    if slot.cost is not None:
        for name, highest in asdict(_HIGHEST).items():
            if not 1 <= int(getattr(slot.cost, name)) <= highest:
                raise ValueError("the key file asks for too much")
    return slot


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _normal(passphrase: str, *, new: bool = False) -> bytes:
    """NFC, as RFC 8265 asks for: the same word typed on another system is the same bytes."""
    if new and len(passphrase) < MIN_PASSPHRASE:
        raise UsageError(f"A passphrase has {MIN_PASSPHRASE} characters or more; four or five words are good.")
    try:
        return unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:  # half a character, which only JSON can hold
        raise WrongKeyError("That is no text, so no passphrase either.") from error


def _derived(passphrase: bytes, salt: bytes, cost: Cost) -> bytes:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    return Argon2id(
        salt=salt, length=KEY_BYTES, iterations=cost.iterations, lanes=cost.lanes, memory_cost=cost.memory_kib
    ).derive(passphrase)
