"""A real library, encrypted: nothing of it in clear on the disk, nothing lost on the way there and back."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from tests.pictures import save_picture

from smartsearch import conversion
from smartsearch.config import Places, find_places, load_settings
from smartsearch.core.assets import Tag
from smartsearch.core.errors import (
    LibraryBusyError,
    LibraryCorruptError,
    LibraryLockedError,
    UsageError,
    WrongKeyError,
)
from smartsearch.core.query import HasTag, Present
from smartsearch.core.settings import OcrSettings, Settings
from smartsearch.encryption.ciphers import LibraryKey
from smartsearch.encryption.keyfile import KEY_FILE, Cost
from smartsearch.encryption_work import EncryptionWork
from smartsearch.library import Library
from smartsearch.search.service import SearchRequest
from smartsearch.stores.driver import connect

COLOURS = ("red", "green", "blue", "yellow", "purple", "white")
SECRETS = ("Grandmother Lovis", "geheimer-ordner")
"""A tag and the folder with the photos."""
PASSPHRASE = "correct horse battery"
CHEAP = Cost(memory_kib=64, iterations=1, lanes=1)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, tiny_models: Path) -> Path:
    """A folder with photos, a library of them and settings. Made once: copy the library."""
    folder = tmp_path_factory.mktemp("made")
    for colour in COLOURS:
        save_picture(folder / SECRETS[1] / f"{colour}.jpg", colour, size=(80, 60))
    (folder / "home").mkdir()
    (folder / "home" / "models").symlink_to(tiny_models)
    with Library.open(
        Places(folder / "home", folder / "library"), Settings(model="tiny", ocr=OcrSettings("later")), create=True
    ) as library:
        library.index([folder / SECRETS[1]])
        library.store.set_tags(1, [Tag(SECRETS[0])], "user")
        [asset] = library.store.assets([1])
        library.preview(asset)
        library.recent.add("a query of mine")
        library.recent.save(at_once=True)
    (folder / "library" / "my-words.csv").write_text("canoe\n")
    return folder


@pytest.fixture
def places(home: Path, plain: Path) -> Places:
    """Of a copy of the plain library, to do anything to."""
    found = find_places()
    shutil.copytree(plain / "library", found.library)
    return found


@pytest.fixture
def work(places: Places) -> EncryptionWork:
    return EncryptionWork(places.library, cost=CHEAP)


@pytest.fixture
def key(work: EncryptionWork) -> LibraryKey:
    """Of the library at `places`, which is encrypted by it."""
    return work.encrypt(PASSPHRASE)[1]


@pytest.fixture
def encrypted(places: Places, key: LibraryKey) -> Iterator[Library]:
    with opened(places, key) as library:
        yield library


def opened(places: Places, key: LibraryKey | None = None) -> Library:
    return Library.open(places, load_settings(places), key=key)


def known_bytes(plain: Path) -> dict[str, bytes]:
    """What is in the plain library and must not be in an encrypted one, by what it is."""
    with Library.open(
        Places(plain / "home", plain / "library"), Settings(model="tiny", ocr=OcrSettings("later"))
    ) as library:
        space = library.catalog.encoders(library.model).image.space
        assets = library.store.assets(library.store.select(Present()))
        vectors = library.store.vectors(space, [asset.id for asset in assets])
        found = {
            "the model's name": space.model.encode(),
            "a tag": SECRETS[0].encode(),
            "a folder": SECRETS[1].encode(),
            "a query": b"a query of mine",
            "SQLite's header": b"SQLite format 3",
            "the schema": b"CREATE TABLE",
            "a WebP file": b"WEBPVP8",
            "an own word": b"rose",
        }
        for asset in assets:
            thumbnail = library.thumbnail(asset)
            assert thumbnail is not None
            found |= {
                f"the name of {asset.id}": os.path.basename(asset.path).encode(),
                f"the digest of {asset.id}": asset.file_hash,
                f"the digest of {asset.id} as a name": asset.file_hash.hex().encode(),
                f"the thumbnail of {asset.id}": thumbnail[12:60],
                f"the vector of {asset.id}": vectors[asset.id].astype("<f2").tobytes()[:32],
            }
    return found


def in_clear(folder: Path, secrets: dict[str, bytes]) -> set[str]:
    """Which of the secrets are in a file of the folder, or in a file's name."""
    found = set()
    for path in folder.rglob("*"):
        content = str(path.relative_to(folder)).encode() + (path.read_bytes() if path.is_file() else b"")
        found |= {what for what, secret in secrets.items() if secret in content}
    return found


def everything_is_there(library: Library) -> None:
    assert library.store.count(Present()) == len(COLOURS)
    assert library.store.select(HasTag(SECRETS[0])) == [1]
    assert all(library.thumbnail(asset) for asset in library.store.assets(library.store.select(Present())))
    [hit, *_] = library.search(SearchRequest(text="red", top=1)).hits
    assert hit.asset.path.endswith("red.jpg")
    assert (library.places.library / "my-words.csv").read_text() == "canoe\n"
    assert library.doctor().open == ()


def test_nothing_is_in_clear_where_an_encrypted_library_is_used(
    places: Places, plain: Path, work: EncryptionWork, tmp_path: Path
) -> None:
    secrets = known_bytes(plain)
    assert in_clear(places.library, secrets) == set(secrets), "the scan finds what there is to find"
    before = set(places.library.parent.iterdir())
    report, key = work.encrypt(PASSPHRASE)
    assert (report.images, report.thumbnails, report.encrypted) == (6, 6, True)
    assert in_clear(places.library, secrets) == set()
    with opened(places, key) as library:
        everything_is_there(library)
        save_picture(tmp_path / SECRETS[1] / "pink.jpg", "pink")
        library.index([tmp_path / SECRETS[1]])
        library.preview(library.store.assets([2])[0])
        assert in_clear(places.library, secrets) == set(), "nor while it is open, with a log and a new index"
        library.backup(tmp_path / "backup")
        assert in_clear(tmp_path / "backup", secrets) == set()
    assert in_clear(places.library, secrets) == set()
    assert list(places.library.glob("vectors/*/*.rows")), "the index was kept"
    assert set(places.library.parent.iterdir()) == before, "nothing is left beside it"


def test_there_and_back(places: Places, work: EncryptionWork, key: LibraryKey) -> None:
    with opened(places, key) as library:
        everything_is_there(library)
    assert not work.decrypt(key).encrypted
    assert not (places.library / KEY_FILE).exists()
    with opened(places) as library:
        everything_is_there(library)


def test_without_the_key_it_stays_closed(places: Places, work: EncryptionWork, key: LibraryKey) -> None:
    with pytest.raises(LibraryLockedError, match="encrypted and locked"):
        opened(places)
    with pytest.raises(WrongKeyError):
        work.open_by_passphrase("correct horse battery!")
    with pytest.raises(UsageError, match="encrypted already"):
        work.encrypt(PASSPHRASE)
    with pytest.raises(LibraryCorruptError):
        opened(places, LibraryKey(key.library_id, bytes(32)))
    assert work.open_by_passphrase(PASSPHRASE).secret == key.secret


def test_a_new_passphrase_and_a_new_key(places: Places, work: EncryptionWork, key: LibraryKey) -> None:
    work.change_passphrase(key, "staple staple staple")
    assert work.open_by_passphrase("staple staple staple").secret == key.secret
    old = (places.library / "library.db").read_bytes()
    _, new = work.rekey(key, PASSPHRASE)
    assert new.secret != key.secret
    assert (places.library / "library.db").read_bytes()[:4096] != old[:4096]
    with pytest.raises(WrongKeyError):
        work.open_by_passphrase("staple staple staple")
    with opened(places, work.open_by_passphrase(PASSPHRASE)) as library:
        everything_is_there(library)


def test_an_empty_library_can_be_encrypted_from_the_beginning(home: Path, plain: Path) -> None:
    places = find_places()
    _, key = EncryptionWork(places.library, cost=CHEAP).encrypt(PASSPHRASE)
    with opened(places, key) as library:
        library.index([plain / SECRETS[1]])
        assert library.store.count(Present()) == len(COLOURS)
    assert in_clear(places.library, known_bytes(plain)) == set()


def test_nobody_converts_a_library_that_is_open(places: Places, work: EncryptionWork) -> None:
    with opened(places) as library:
        library.store.counts()
        with pytest.raises(LibraryBusyError, match="open"):
            work.encrypt(PASSPHRASE)
    with opened(places) as library:
        everything_is_there(library)


def test_a_damaged_library_is_not_converted(places: Places, work: EncryptionWork) -> None:
    database = places.library / "library.db"
    data = bytearray(database.read_bytes())
    for page in range(8, len(data) // 4096):
        data[page * 4096 : page * 4096 + 64] = os.urandom(64)
    database.write_bytes(data)
    with pytest.raises(LibraryCorruptError):
        work.encrypt(PASSPHRASE)
    assert database.read_bytes() == bytes(data)
    assert not (places.library / KEY_FILE).exists()


def test_doctor_tells_what_a_disk_changed(places: Places, encrypted: Library, key: LibraryKey) -> None:
    everything_is_there(encrypted)
    encrypted.store.settle_vectors(encrypted.catalog.encoders(encrypted.model).image.space)
    encrypted.close()
    thumbnail, rows = next(places.library.glob("thumbs/*/*.webp")), next(places.library.glob("vectors/*/*.rows"))
    for path in (thumbnail, rows, places.library / KEY_FILE):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    with opened(places, key) as library:
        found = {(finding.kind, finding.remedy) for finding in library.doctor().open}
        assert found == {("thumbnails", "repair"), ("vector-index", "repair"), ("key-file", "repair")}
        assert library.doctor(repair=True).open == ()
    database = places.library / "library.db"
    with closing(connect(database, key.database)) as connection:
        [[page]] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'album_images'").fetchall()
    data = bytearray(database.read_bytes())
    data[page * 4096 - 2000] ^= 1
    database.write_bytes(data)
    with opened(places, key) as library:
        assert ("database", "restore") in {(finding.kind, finding.remedy) for finding in library.doctor().open}


def test_a_backup_stays_encrypted_and_comes_back(places: Places, encrypted: Library, tmp_path: Path) -> None:
    encrypted.backup(tmp_path / "backup")
    encrypted.store.set_tags(1, [], "user")
    encrypted.close()
    with pytest.raises(LibraryLockedError):
        Library.check_backup(tmp_path / "backup")
    assert Library.check_backup(tmp_path / "backup", encrypted.key).images == 6
    Library.restore(tmp_path / "backup", places, replace=True, key=encrypted.key)
    with opened(places, encrypted.key) as library:
        everything_is_there(library)


def test_two_processes_share_an_encrypted_library(places: Places, encrypted: Library, tmp_path: Path) -> None:
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    environ = os.environ | {"SMARTSEARCH_PASSPHRASE_FILE": str(tmp_path / "passphrase")}
    command = [Path(sys.executable).with_name("smartsearch"), "query", "green", "--format", "paths"]
    said = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert said.stdout.endswith("green.jpg\n")
    assert said.stderr == ""
    encrypted.store.set_rating(1, 5)


CONVERTING = """
import sys
from pathlib import Path
from smartsearch import conversion
from smartsearch.encryption.keyfile import Cost
from smartsearch.encryption_work import EncryptionWork

step = int(sys.argv[2])


def stop(*_):
    print("here", flush=True)
    sys.stdin.read()


def after(owner, name, count=1):
    real = getattr(owner, name)

    def wrapped(*arguments, **options):
        nonlocal count
        answer = real(*arguments, **options)
        count -= 1
        if not count:
            stop()
        return answer

    setattr(owner, name, wrapped)


from smartsearch.stores import shredding
from smartsearch.stores.conversion import Exclusive

places = [
    (Exclusive, "export_to", 1), (conversion, "copy_own_files", 1), (conversion.folders, "settle", 1),
    (conversion.os, "rename", 1), (conversion.os, "rename", 2), (conversion, "finish_restore", 1),
    (shredding, "shred_file", 1), (shredding, "shred_file", 5),
]
if step < len(places):
    after(*places[step])
EncryptionWork(Path(sys.argv[1]), cost=Cost(64, 1, 1)).encrypt(sys.argv[3])
"""


@pytest.mark.slow
@pytest.mark.parametrize("step", range(8))
def test_killed_at_any_step_it_is_the_old_or_the_new_library(places: Places, plain: Path, step: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", CONVERTING, places.library, str(step), PASSPHRASE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"here\n", "the step was reached"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    conversion.finish_restore(places.library)
    work = EncryptionWork(places.library, cost=CHEAP)
    key = work.open_by_passphrase(PASSPHRASE) if work.status().encrypted else None
    with opened(places, key) as library:
        everything_is_there(library)
    if key is None:
        _, key = work.encrypt(PASSPHRASE)
    with opened(places, key) as library:
        everything_is_there(library)
    assert in_clear(places.library.parent, known_bytes(plain)) == set(), "the old library is gone, too"


def test_a_server_stops_when_the_library_is_locked(places: Places, work: EncryptionWork, tmp_path: Path) -> None:
    work.encrypt(PASSPHRASE)
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    environ = os.environ | {"SMARTSEARCH_PASSPHRASE_FILE": str(tmp_path / "passphrase")}
    program = Path(sys.executable).with_name("smartsearch")
    server = subprocess.Popen([program, "serve", "--port", "0"], env=environ, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    try:
        assert server.stderr.readline().startswith("Serving ")
        work.lock()
        assert server.wait(60) == 0
        assert "was locked" in server.stderr.read()
    finally:
        server.kill()
        server.wait()
        server.stderr.close()


def test_a_server_that_nobody_can_ask_starts_locked(places: Places, work: EncryptionWork) -> None:
    work.encrypt(PASSPHRASE)
    work.lock()
    environ = {name: value for name, value in os.environ.items() if name != "SMARTSEARCH_PASSPHRASE_FILE"}
    program = Path(sys.executable).with_name("smartsearch")
    command = [program, "serve", "--port", "0"]
    with subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            address = server.stderr.readline().split()[1]
            assert "is locked" in server.stderr.readline()
            body = json.dumps({"passphrase": PASSPHRASE}).encode()
            asked = Request(f"{address}/api/v1/unlock", body, {"content-type": "application/json"})
            assert json.load(urlopen(asked)) == {"locked": False}
            assert json.load(urlopen(f"{address}/api/v1/index/status"))["opened_by"] == ["passphrase"]
            work.lock()  # from outside: the process ends, whoever unlocked it
            assert server.wait(60) == 0
        finally:
            server.kill()


def test_status_says_what_opens_the_library(places: Places, work: EncryptionWork, key: LibraryKey) -> None:
    with opened(places, key) as library:
        status = library.status()
        assert status.encrypted
        assert status.opened_by == ("passphrase",)
    work.decrypt(key)
    with opened(places) as library:
        assert (library.status().encrypted, library.status().opened_by) == (False, ())
