"""Keys, key files and the cipher of files: what opens a library and what does not."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from smartsearch.core.errors import EncryptedFileError, LibraryCorruptError, UsageError, WrongKeyError
from smartsearch.encryption.ciphers import OVERHEAD, AesFiles, LibraryKey, new_secret
from smartsearch.encryption.keyfile import (
    COPY,
    KEY_FILE,
    Cost,
    KeyFile,
    key_files_agree,
    mend_key_file,
    read_key_file,
)

CHEAP = Cost(memory_kib=64, iterations=1, lanes=1)


def made(passphrase: str = "correct horse") -> tuple[KeyFile, LibraryKey]:
    key_file, key = KeyFile.create()
    return key_file.with_passphrase(key, passphrase, CHEAP), key


def test_only_the_passphrase_opens() -> None:
    key_file, key = made()
    assert key_file.open_by_passphrase("correct horse").secret == key.secret
    for wrong in ("correct horsE", "", "correct horse ", "\udcff"):
        with pytest.raises(WrongKeyError):
            key_file.open_by_passphrase(wrong)


def test_a_passphrase_is_the_same_however_a_system_composes_it() -> None:
    key_file, key = made("K\u00e4sekuchen")
    assert key_file.open_by_passphrase("Ka\u0308sekuchen").secret == key.secret


def test_short_passphrases_are_refused() -> None:
    with pytest.raises(UsageError, match="8 characters"):
        made("1234567")


def test_the_default_cost_is_that_of_the_standard() -> None:
    key_file, key = KeyFile.create()
    [slot] = key_file.with_passphrase(key, "correct horse").slots
    assert slot.cost == Cost(65_536, 3, 4)


def test_a_new_passphrase_ends_the_old_one_and_leaves_the_keyring() -> None:
    key_file, key = made()
    secret = new_secret()
    changed = key_file.with_keyring(key, secret).with_passphrase(key, "battery staple", CHEAP)
    assert changed.open_by_passphrase("battery staple").secret == key.secret
    assert changed.open_by_keyring(secret).secret == key.secret
    for wrong in (new_secret(), b"short"):
        with pytest.raises(WrongKeyError):
            changed.open_by_keyring(wrong)
    with pytest.raises(WrongKeyError):
        changed.open_by_passphrase("correct horse")
    with pytest.raises(WrongKeyError):
        changed.without_keyring().open_by_keyring(secret)


def test_nothing_of_the_key_is_in_the_file_or_in_words() -> None:
    key_file, key = made()
    written = key_file.to_bytes()
    assert key.secret not in written
    assert key.secret.hex().encode() not in written
    assert repr(key) == f"LibraryKey({key.library_id})"


def test_a_key_file_is_read_back_and_its_damage_told_from_a_wrong_passphrase(tmp_path: Path) -> None:
    assert read_key_file(tmp_path) is None
    key_file, _ = made()
    key_file.write(tmp_path)
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o077 == 0
    assert read_key_file(tmp_path) == key_file
    whole = (tmp_path / KEY_FILE).read_bytes()
    for position in range(0, len(whole) - 1, 7):
        flipped = whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :]
        (tmp_path / KEY_FILE).write_bytes(flipped)
        assert read_key_file(tmp_path) == key_file, "its copy is whole"
    assert not key_files_agree(tmp_path)
    (tmp_path / COPY).write_bytes(whole[:40])
    with pytest.raises(LibraryCorruptError, match="key file"):
        read_key_file(tmp_path)


@pytest.mark.parametrize("lost", [KEY_FILE, COPY])
def test_a_lost_key_file_is_made_again_from_its_copy(tmp_path: Path, lost: str) -> None:
    key_file, _ = made()
    key_file.write(tmp_path)
    assert key_files_agree(tmp_path)
    (tmp_path / lost).unlink()
    assert not key_files_agree(tmp_path)
    mend_key_file(tmp_path)
    assert key_files_agree(tmp_path)
    assert read_key_file(tmp_path) == key_file


def test_a_forged_key_file_cannot_ask_for_all_the_memory() -> None:
    key_file, _ = made()
    [slot] = key_file.slots
    forged = dataclasses.replace(key_file, slots=(dataclasses.replace(slot, cost=Cost(1 << 40, 3, 4)),))
    with pytest.raises(ValueError, match="too much"):
        KeyFile.from_bytes(forged.to_bytes())
    for data in (b"", b"[]", b"{}", json.dumps({"smartsearch_key": 1, "sha256": ""}).encode(), b"\xff"):
        with pytest.raises(ValueError):
            KeyFile.from_bytes(data)


def test_files_are_bound_to_their_names_and_to_their_library() -> None:
    files, other = (LibraryKey("id", new_secret()).files for _ in range(2))
    sealed = files.seal(b"a picture", "thumbs/1")
    assert len(sealed) == len(b"a picture") + OVERHEAD
    assert b"picture" not in sealed
    assert files.open(sealed, "thumbs/1") == b"a picture"
    assert files.seal(b"a picture", "thumbs/1") != sealed, "a nonce is never used twice"
    for data, name, cipher in (
        (sealed, "thumbs/2", files),
        (sealed, "thumbs/1", other),
        (sealed[:-1], "thumbs/1", files),
        (b"", "thumbs/1", files),
        (b"RIFF1234WEBP", "thumbs/1", files),
    ):
        with pytest.raises(EncryptedFileError):
            cipher.open(data, name)


def test_every_flipped_bit_of_a_file_is_found() -> None:
    files = LibraryKey("id", new_secret()).files
    sealed = files.seal(b"a picture", "thumbs/1")
    for position in range(len(sealed)):
        with pytest.raises(EncryptedFileError):
            files.open(sealed[:position] + bytes([sealed[position] ^ 4]) + sealed[position + 1 :], "thumbs/1")


def test_names_say_nothing_of_the_digests() -> None:
    one, two = (AesFiles(new_secret(), new_secret()) for _ in range(2))
    assert one.name_of(b"1") == one.name_of(b"1")
    assert len({one.name_of(b"1"), one.name_of(b"2"), two.name_of(b"1")}) == 3
