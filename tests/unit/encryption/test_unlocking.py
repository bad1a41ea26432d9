"""Where a key comes from: a session in memory, the keyring, a passphrase file; and what is not trusted."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from smartsearch.core.errors import ConfigError, LibraryLockedError, UsageError, WrongKeyError
from smartsearch.encryption import system_keyring, unlocking
from smartsearch.encryption.ciphers import LibraryKey
from smartsearch.encryption.keyfile import Cost, KeyFile
from smartsearch.encryption_work import EncryptionWork

CHEAP = Cost(memory_kib=64, iterations=1, lanes=1)


@pytest.fixture
def session() -> Iterator[dict[str, str]]:
    """An environment with a folder in memory, as a login makes one."""
    if not os.path.isdir("/dev/shm") or unlocking._file_system("/dev/shm") != "tmpfs":
        pytest.skip("no file system in memory here")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield {"XDG_RUNTIME_DIR": folder}


@pytest.fixture
def key(tmp_path: Path) -> LibraryKey:
    """Of a library in ``tmp_path``."""
    key_file, key = KeyFile.create()
    key_file.with_passphrase(key, "correct horse", CHEAP).write(tmp_path)
    return key


class Keyring:
    """One of the trusted kinds, in memory."""

    __module__ = "keyring.backends.SecretService"

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def set_password(self, service: str, name: str, secret: str) -> None:
        self.kept[service, name] = secret

    def get_password(self, service: str, name: str) -> str | None:
        return self.kept.get((service, name))

    def delete_password(self, service: str, name: str) -> None:
        del self.kept[service, name]


def test_a_plain_library_has_no_key(tmp_path: Path) -> None:
    assert unlocking.available_key(tmp_path, {}) is None
    with pytest.raises(UsageError, match="not encrypted"):
        unlocking.open_by_passphrase(tmp_path, "correct horse")


def test_a_session_lasts_until_it_is_locked(tmp_path: Path, key: LibraryKey, session: dict[str, str]) -> None:
    work = EncryptionWork(tmp_path, session)
    assert work.status().locked
    with pytest.raises(LibraryLockedError, match="unlock"):
        work.available_key()
    work.unlock(work.open_by_passphrase("correct horse"))
    found = work.available_key()
    assert found is not None
    assert found.secret == key.secret
    assert not work.status().locked
    before = unlocking.lock_mark(tmp_path)
    work.lock()
    assert unlocking.lock_mark(tmp_path) > before, "servers are told"
    assert work.status().locked
    assert not list(Path(session["XDG_RUNTIME_DIR"]).rglob("*.key"))


def test_others_must_not_be_able_to_read_a_session(tmp_path: Path, key: LibraryKey, session: dict[str, str]) -> None:
    path = unlocking.remember(key, session)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(LibraryLockedError):
        unlocking.available_key(tmp_path, session)
    path.chmod(0o600)
    Path(session["XDG_RUNTIME_DIR"]).chmod(0o755)
    with pytest.raises(LibraryLockedError):
        unlocking.available_key(tmp_path, session)


def test_a_session_is_never_kept_on_a_disk(tmp_path: Path, key: LibraryKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unlocking, "_file_system", lambda path: "ext4")
    (tmp_path / "run").mkdir(mode=0o700)
    with pytest.raises(UsageError, match="in memory"):
        unlocking.remember(key, {"XDG_RUNTIME_DIR": str(tmp_path / "run")})
    assert not list(tmp_path.glob("run/*"))


def test_a_passphrase_file(tmp_path: Path, key: LibraryKey) -> None:
    file = tmp_path / "passphrase"
    environ = {unlocking.PASSPHRASE_FILE: str(file)}
    with pytest.raises(ConfigError, match="cannot be read"):
        unlocking.available_key(tmp_path, environ)
    file.write_text("correct horse\nand more\n")
    found = unlocking.available_key(tmp_path, environ)
    assert found is not None
    assert found.secret == key.secret
    file.write_text("battery staple\n")
    with pytest.raises(WrongKeyError):
        unlocking.available_key(tmp_path, environ)


def test_the_keyring_opens_until_it_is_locked(tmp_path: Path, key: LibraryKey, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = Keyring()
    monkeypatch.setattr("keyring.get_keyring", lambda: keyring)
    work = EncryptionWork(tmp_path, {})
    work.unlock(key, keyring=True)
    assert work.status().ways == ("passphrase", "keyring")
    found = work.available_key()
    assert found is not None
    assert found.secret == key.secret
    assert key.secret.hex() not in keyring.kept.values(), "what it holds opens the key, and is not the key"
    work.lock()
    assert not keyring.kept
    assert work.status() == work.status()
    with pytest.raises(LibraryLockedError):
        work.available_key()


def test_a_keyring_that_writes_plain_files_is_refused(
    tmp_path: Path, key: LibraryKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring = Keyring()
    monkeypatch.setattr(Keyring, "__module__", "keyrings.alt.file")
    monkeypatch.setattr("keyring.get_keyring", lambda: keyring)
    with pytest.raises(UsageError, match="keyring"):
        EncryptionWork(tmp_path, {}).unlock(key, keyring=True)
    assert system_keyring.get(key.library_id) is None
