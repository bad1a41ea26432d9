"""The operating system's keyring: GNOME Keyring or KWallet, macOS's Keychain, Windows' Credential Locker."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from smartsearch.core.errors import EncryptionUnavailableError, UsageError

SERVICE = "smartsearch"
_TRUSTED = (
    "keyring.backends.SecretService",
    "keyring.backends.libsecret",
    "keyring.backends.kwallet",
    "keyring.backends.macOS",
    "keyring.backends.Windows",
)
"""Others (`keyrings.alt`) may write what they are given to a plain file."""


def put(library_id: str, secret: bytes) -> None:
    """Keep the secret of a library. UsageError when there is no keyring that is one; EncryptionUnavailableError."""
    backend = _backend()
    if backend is None:
        raise UsageError(
            "This session has no keyring of the system's own to keep the key in.",
            hint="Use a passphrase: `smartsearch unlock`.",
        )
    try:
        backend.set_password(SERVICE, library_id, secret.hex())
    except Exception as error:  # every backend has errors of its own
        raise UsageError(f"The keyring does not take the key ({type(error).__name__}).") from error


def get(library_id: str) -> bytes | None:
    """The secret of a library, None if the keyring cannot be asked or has none."""
    with suppress(Exception):  # a locked or absent keyring is no reason not to ask for the passphrase
        backend = _backend()
        found = None if backend is None else backend.get_password(SERVICE, library_id)
        return None if found is None else bytes.fromhex(found)
    return None


def remove(library_id: str) -> None:
    """Forget the secret of a library, if there is one."""
    with suppress(Exception):
        backend = _backend()
        if backend is not None:
            backend.delete_password(SERVICE, library_id)


def _backend() -> Any:
    try:
        import keyring
    except ImportError as error:
        raise EncryptionUnavailableError.missing("keyring") from error
    chosen = keyring.get_keyring()
    members = getattr(chosen, "backends", [chosen])  # of the one that asks several
    return next((one for one in members if type(one).__module__.startswith(_TRUSTED)), None)
