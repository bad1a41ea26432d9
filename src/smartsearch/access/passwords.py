"""Passwords: argon2id, and what a new one must be like."""

from __future__ import annotations

import threading
import unicodedata

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from smartsearch.core.errors import TooManyTriesError, UsageError

MIN_LENGTH = 10
"""Characters. NIST SP 800-63B asks for eight and no rules about their kinds; whoever guesses here guesses slowly."""
MAX_LENGTH = 256
"""Characters: hashing must not be a way to keep the server busy."""
AT_ONCE = 2
"""Hashes at a time: each takes 64 MiB and the processor for 50 ms or so."""
WAIT_SECONDS = 5.0


class Passwords:
    """Makes and checks hashes, by the second recommendation of RFC 9106 (t=3, 64 MiB) unless said otherwise."""

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 65_536, parallelism: int = 4) -> None:
        self._hasher = PasswordHasher(
            time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism, type=Type.ID
        )
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._nobody = ""

    def hashed(self, password: str) -> str:
        """The hash of a new password, with its salt and parameters. UsageError for one that will not do."""
        if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
            raise UsageError(
                f"A password has {MIN_LENGTH} to {MAX_LENGTH} characters.",
                hint="A few words that only you put together.",
            )
        return self._hasher.hash(_normal(password))

    def holds(self, kept: str | None, password: str) -> bool:
        """Whether the password is the one of the hash. Without a hash (nobody has that name) it is false, and takes as
        long. TooManyTriesError when too many are being checked already."""
        if not self._turns.acquire(timeout=WAIT_SECONDS):
            raise TooManyTriesError("Too many logins at once.", seconds=int(WAIT_SECONDS))
        try:
            if kept is None:
                self._nobody = self._nobody or self._hasher.hash("nobody has this password")
            try:
                matches = self._hasher.verify(kept or self._nobody, _normal(password[: MAX_LENGTH + 1]))
            except (VerificationError, InvalidHashError):
                return False
            return matches and kept is not None and len(password) <= MAX_LENGTH
        finally:
            self._turns.release()

    def outdated(self, kept: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)


def _normal(password: str) -> bytes:
    """The same password typed on two systems may come in two Unicode forms (RFC 8265: NFC)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
