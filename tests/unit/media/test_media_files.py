"""Opening and hashing: regular files only, never waiting, plain reasons."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import pytest

from smartsearch.core.errors import FileAccessError
from smartsearch.media.files import identity_of, open_regular
from smartsearch.media.hashing import file_sha256


def test_digest_and_identity(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"x" * 1_000_000)
    digest, identity = file_sha256(path)
    assert digest == hashlib.sha256(b"x" * 1_000_000).digest()
    assert identity == identity_of(path.stat())
    assert identity.size == 1_000_000


def test_names_that_are_not_utf8_and_hold_newlines(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\n.jpg")
    Path(path).write_bytes(b"abc")
    assert file_sha256(path)[0] == hashlib.sha256(b"abc").digest()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_fifo_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(FileAccessError, match="not a regular file"):
        file_sha256(tmp_path / "pipe.jpg")


def test_folders_sockets_and_devices_are_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        for path in (tmp_path, tmp_path / "s", Path(os.devnull)):
            with pytest.raises(FileAccessError) as caught:
                file_sha256(path)
            assert "\n" not in str(caught.value)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="no longer there"):
        file_sha256(tmp_path / "nothing.jpg")


def test_a_path_with_a_nul_is_refused() -> None:
    with pytest.raises(FileAccessError, match="not valid"):
        file_sha256("a\0b")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_permission_denied_says_so(tmp_path: Path) -> None:
    path = tmp_path / "secret.jpg"
    path.write_bytes(b"x")
    path.chmod(0)
    with pytest.raises(FileAccessError, match="permission denied"):
        file_sha256(path)


def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "growing.jpg"
    path.write_bytes(b"abc")
    with open_regular(path) as file:
        path.write_bytes(b"abcdef")
        with pytest.raises(FileAccessError, match="changed"):
            file.check_unchanged()
