"""Backup, restore and export of a real library: whole or not at all, every byte checked."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.pictures import save_album, save_picture

from smartsearch import backup as backups
from smartsearch.backup import check_backup, finish_restore
from smartsearch.config import Places, find_places, load_settings
from smartsearch.core.assets import Metadata, Tag, UpdateMetadata
from smartsearch.core.errors import (
    BackupDamagedError,
    LibraryBusyError,
    LibraryCorruptError,
    LibraryExistsError,
    LibraryTooNewError,
    SmartsearchError,
    UsageError,
)
from smartsearch.core.query import Everything, HasTag
from smartsearch.core.settings import OcrSettings, Settings
from smartsearch.library import Library
from smartsearch.media.metadata import read_sidecar
from smartsearch.media.xmp import xmp_metadata
from smartsearch.search.service import SearchRequest
from smartsearch.stores import folders


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_models: Path) -> Path:
    """A folder with photos, and a library in which the user has done everything there is to do. Made once: copy it."""
    folder = tmp_path_factory.mktemp("made")
    save_album(folder / "photos", 24)
    (folder / "home").mkdir()
    (folder / "home" / "models").symlink_to(tiny_models)
    places = Places(folder / "home", folder / "library")
    with Library.open(places, Settings(model="tiny", ocr=OcrSettings("later")), create=True) as library:
        library.index([folder / "photos"])
        store = library.store
        store.set_tags(1, [Tag("Käse & <Brot>")], "user")
        store.set_rating(2, 4)
        store.set_hidden(3, True)
        album = store.add_album("Summer")
        store.change_album(album.id, add=[1, 2])
    (folder / "library" / "config.toml").write_text("[tags]\nauto = true\n")
    (folder / "library" / "my-words.csv").write_text("canoe\n")
    return folder


@pytest.fixture
def full(home: Path, made: Path) -> Iterator[Library]:
    """A copy of what was made, to do anything to."""
    places = find_places()
    shutil.copytree(made / "library", places.library)
    with Library.open(places, load_settings(places)) as opened:
        yield opened


def elsewhere(places: Places, folder: Path) -> Places:
    return Places(places.home, folder)


def test_a_backup_restores_everything_the_user_did(full: Library, tmp_path: Path) -> None:
    report = full.backup(tmp_path / "backup")
    assert (report.images, report.path) == (24, str(tmp_path / "backup"))
    places = elsewhere(full.places, tmp_path / "restored")
    assert Library.restore(tmp_path / "backup", places).images == 24
    with Library.open(places, full.settings) as restored:
        ids = full.store.select(Everything())
        assert restored.store.assets(ids) == full.store.assets(ids)
        assert restored.store.albums() == full.store.albums()
        assert restored.store.roots() == full.store.roots()
        assert restored.doctor().findings == (), "thumbnails are there, and nothing else is wrong"
        assert restored.search(SearchRequest("blue", top=1)).hits == full.search(SearchRequest("blue", top=1)).hits
    assert (tmp_path / "restored" / "my-words.csv").read_text() == "canoe\n"
    assert (tmp_path / "restored" / "config.toml").exists()
    assert not (tmp_path / "restored" / folders.MANIFEST).exists()


def test_a_backup_is_not_indexed_and_private(full: Library, tmp_path: Path) -> None:
    save_picture(tmp_path / "photos" / "red.png", "red")
    full.backup(tmp_path / "photos" / "backup")
    assert full.index([tmp_path / "photos"]).progress.added == 1
    assert (tmp_path / "photos" / "backup").stat().st_mode & 0o077 == 0


def test_without_thumbnails_doctor_makes_them(full: Library, tmp_path: Path) -> None:
    full.backup(tmp_path / "backup", thumbnails=False)
    places = elsewhere(full.places, tmp_path / "restored")
    Library.restore(tmp_path / "backup", places)
    with Library.open(places, full.settings) as restored:
        assert [finding.repairable for finding in restored.doctor().findings] == [True]
        assert restored.doctor(repair=True).open == ()


def test_a_backup_while_another_thread_commits_is_one_moment(full: Library, tmp_path: Path) -> None:
    stop, rounds = threading.Event(), 0

    def write() -> None:
        """Both or neither: every transaction keeps the two images alike."""
        nonlocal rounds
        while not stop.is_set():
            rounds += 1
            changes = [
                UpdateMetadata(asset_id, Metadata(rating=rounds % 6, title=str(rounds)), None) for asset_id in (5, 6)
            ]
            full.store.apply(changes)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            full.backup(tmp_path / f"backup-{number}", thumbnails=False)
    finally:
        stop.set()
        writer.join()
    assert rounds > 5, "the writer was not held up"
    for number in range(5):
        with closing(sqlite3.connect(tmp_path / f"backup-{number}" / "library.db")) as copy:
            assert len(copy.execute("SELECT DISTINCT title FROM images WHERE id IN (5, 6)").fetchall()) == 1


def test_a_backup_during_an_index_run_of_another_process(full: Library, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    save_album(photos, 300)
    program = Path(sys.executable).with_name("smartsearch")
    with subprocess.Popen([program, "index", photos], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as indexing:
        taken = 0
        while indexing.poll() is None and taken < 20:
            full.backup(tmp_path / f"backup-{taken}")
            check_backup(tmp_path / f"backup-{taken}")
            taken += 1
        assert indexing.wait() == 0
    assert taken >= 1
    assert full.status().total_images == 324


@pytest.mark.parametrize(
    ("taken", "reason"),
    [
        (lambda path: path.write_text("mine"), "something at"),
        (lambda path: (path / "sub").mkdir(parents=True), "something at"),
        (lambda path: path.symlink_to("/nowhere"), "something at"),
    ],
)
def test_a_destination_that_is_taken_is_refused(
    full: Library, tmp_path: Path, taken: Callable[[Path], object], reason: str
) -> None:
    taken(tmp_path / "backup")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match=reason):
        full.backup(tmp_path / "backup")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_destination_inside_the_library_is_refused(full: Library) -> None:
    for write in (full.backup, full.export):
        with pytest.raises(UsageError, match="inside the library"):
            write(full.places.library / "backup")


def test_a_damaged_database_is_not_backed_up(full: Library, tmp_path: Path) -> None:
    path = full.places.library / "library.db"
    full.close()
    data = bytearray(path.read_bytes())
    data[-3 * 4096 : -4096] = b"\xa5" * (2 * 4096)
    path.write_bytes(data)
    with Library.open(full.places, full.settings) as damaged, pytest.raises(LibraryCorruptError, match="damaged"):
        damaged.backup(tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
    assert not (tmp_path / ".backup.part").exists()


def test_a_backup_that_comes_out_wrong_is_not_kept(
    full: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a stick that says it has written and has not."""
    settle = folders.settle

    def lie(folder: Path) -> None:
        settle(folder)
        thumbnail = next(folder.glob("thumbs/*/*.webp"))
        thumbnail.write_bytes(thumbnail.read_bytes()[:-1] + b"?")

    monkeypatch.setattr(folders, "settle", lie)
    with pytest.raises(BackupDamagedError, match="webp"):
        full.backup(tmp_path / "backup")
    assert list(tmp_path.glob("*backup*")) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from smartsearch import backup
from smartsearch.config import find_places, load_settings
from smartsearch.library import Library
from smartsearch.stores import folders
step, command, target = sys.argv[1:]
where = backup if step.startswith("backup.") else folders
name = step.split(".")[1]
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
setattr(where, name, die) if hasattr(where, name) else setattr(where.os, name, die)
places = find_places()
if command == "backup":
    with Library.open(places, load_settings(places)) as library:
        library.backup(Path(target))
else:
    Library.restore(Path(target), places, replace=True)
"""


@pytest.mark.parametrize("step", ["folders.write_manifest", "folders.verify", "folders.rename"])
def test_a_killed_backup_is_never_taken_for_a_whole_one(full: Library, tmp_path: Path, step: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, step, "backup", str(tmp_path / "backup")])
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "backup").exists()
    with pytest.raises(UsageError, match=r"no backup|place"):
        check_backup(tmp_path / "backup")
    full.backup(tmp_path / "backup")
    assert not (tmp_path / ".backup.part").exists(), "the leftovers are gone"
    assert check_backup(tmp_path / "backup").images == 24


@pytest.mark.parametrize(
    ("step", "images"), [("folders.verify", 24), ("folders.rename", 24), ("backup.finish_restore", 1)]
)
def test_a_killed_restore_leaves_the_old_or_the_new_library(
    full: Library, tmp_path: Path, step: str, images: int
) -> None:
    other = elsewhere(full.places, tmp_path / "other")
    save_picture(tmp_path / "one" / "red.jpg", "red")
    with Library.open(other, full.settings, create=True) as small:
        small.index([tmp_path / "one"])
        small.backup(tmp_path / "backup")
    full.close()
    done = subprocess.run([sys.executable, "-c", KILLED, step, "restore", str(tmp_path / "backup")])
    assert done.returncode == -signal.SIGKILL
    with Library.open(full.places, full.settings) as found:
        assert found.status().total_images == images
        assert found.doctor(repair=True).open == ()
    Library.restore(tmp_path / "backup", full.places, replace=True)
    with Library.open(full.places, full.settings) as found:
        assert found.status().total_images == 1


def test_restoring_over_a_library_wants_to_be_told_and_keeps_it(full: Library, tmp_path: Path) -> None:
    full.backup(tmp_path / "backup")
    full.store.set_rating(7, 5)
    with pytest.raises(LibraryExistsError, match="--replace"):
        Library.restore(tmp_path / "backup", full.places)
    with pytest.raises(LibraryBusyError, match="open"):
        Library.restore(tmp_path / "backup", full.places, replace=True)
    assert full.store.assets([7])[0].user_rating == 5
    full.close()
    report = Library.restore(tmp_path / "backup", full.places, replace=True)
    with Library.open(full.places, full.settings) as restored:
        assert restored.store.assets([7])[0].user_rating is None
    assert report.replaced is not None
    with Library.open(elsewhere(full.places, Path(report.replaced)), full.settings) as old:
        assert old.store.assets([7])[0].user_rating == 5


def test_a_library_too_damaged_to_open_is_replaced(full: Library, tmp_path: Path) -> None:
    full.backup(tmp_path / "backup")
    full.close()
    (full.places.library / "library.db").write_bytes(b"not a database" * 500)
    Library.restore(tmp_path / "backup", full.places, replace=True)
    with Library.open(full.places, full.settings) as restored:
        assert restored.status().total_images == 24


@pytest.mark.parametrize("name", ["library.db", "my-words.csv", folders.MANIFEST, "thumbs"])
def test_one_flipped_bit_anywhere_in_a_backup_is_found(full: Library, tmp_path: Path, name: str) -> None:
    full.backup(tmp_path / "backup")
    path = tmp_path / "backup" / name
    path = next(path.glob("*/*.webp")) if path.is_dir() else path
    for position in (0, path.stat().st_size // 2, path.stat().st_size - 1):
        data = bytearray(path.read_bytes())
        data[position] ^= 4
        path.write_bytes(data)
        with pytest.raises(BackupDamagedError, match=path.name):
            Library.restore(tmp_path / "backup", elsewhere(full.places, tmp_path / "restored"))
        data[position] ^= 4
        path.write_bytes(data)
    assert not (tmp_path / "restored").exists()
    assert check_backup(tmp_path / "backup").images == 24


def test_a_missing_file_and_a_cut_manifest_are_found(full: Library, tmp_path: Path) -> None:
    full.backup(tmp_path / "backup")
    manifest = tmp_path / "backup" / folders.MANIFEST
    whole = manifest.read_bytes()
    for lines in (0, 1, 5):
        manifest.write_bytes(b"".join(whole.splitlines(keepends=True)[:lines]))
        with pytest.raises(BackupDamagedError):
            check_backup(tmp_path / "backup")
    manifest.write_bytes(whole)
    next((tmp_path / "backup" / "thumbs").glob("*/*.webp")).unlink()
    with pytest.raises(BackupDamagedError, match="missing"):
        check_backup(tmp_path / "backup")
    with pytest.raises(UsageError, match="no backup"):
        check_backup(tmp_path)


def forge(folder: Path, name: str, **header: object) -> None:
    """A manifest that is consistent in itself but says what ours never says."""
    entries = [folders.Entry(name, 0, folders.add_content(folder, "empty", ()).sha256)]
    (folder / folders.MANIFEST).unlink(missing_ok=True)
    folders.write_manifest(folder, {"smartsearch_backup": backups.FORMAT} | header, entries)


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b", "..\\up", "c:evil", ""])
def test_a_forged_manifest_reaches_nothing_outside(tmp_path: Path, name: str) -> None:
    forge(tmp_path, name)
    with pytest.raises(BackupDamagedError, match="not a file of the backup"):
        check_backup(tmp_path)


def test_a_symbolic_link_in_a_backup_is_not_followed(full: Library, tmp_path: Path) -> None:
    full.backup(tmp_path / "backup")
    words = tmp_path / "backup" / "my-words.csv"
    shutil.copy(words, tmp_path / "target")
    words.unlink()
    words.symlink_to(tmp_path / "target")
    with pytest.raises(SmartsearchError):
        Library.restore(tmp_path / "backup", elsewhere(full.places, tmp_path / "restored"))
    assert not (tmp_path / "restored").exists()


def test_backups_of_newer_programs_are_refused(full: Library, tmp_path: Path) -> None:
    forge(tmp_path / "newer-format", "library.db", smartsearch_backup=999)
    with pytest.raises(UsageError, match="Update"):
        check_backup(tmp_path / "newer-format")
    full.backup(tmp_path / "backup")
    database = tmp_path / "backup" / "library.db"
    with closing(sqlite3.connect(database)) as other, other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
    manifest = tmp_path / "backup" / folders.MANIFEST
    header, entries = folders_without_check(manifest)
    manifest.unlink()
    fresh = [folders.entry_of(tmp_path / "backup", entry["path"]) for entry in entries]
    folders.write_manifest(tmp_path / "backup", header, fresh)
    with pytest.raises(LibraryTooNewError, match="9999"):
        check_backup(tmp_path / "backup")


def folders_without_check(manifest: Path) -> tuple[dict[str, object], list[dict[str, str]]]:
    header, *entries, _ = map(json.loads, manifest.read_text().splitlines())
    return header, entries


def test_a_restored_folder_in_waiting_is_moved_in_only_where_nothing_is(full: Library, tmp_path: Path) -> None:
    full.backup(tmp_path / "backup")
    shutil.copytree(tmp_path / "backup", tmp_path / "place.restored")
    (tmp_path / "place").mkdir()
    finish_restore(tmp_path / "place")
    assert (tmp_path / "place.restored").exists()
    (tmp_path / "place").rmdir()
    finish_restore(tmp_path / "place")
    assert (tmp_path / "place" / "library.db").is_file()


# -- export


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_an_export_holds_everything(full: Library, tmp_path: Path) -> None:
    odd = os.fsdecode(os.path.join(os.fsencode(tmp_path), b"caf\xe9 \n.png"))
    save_picture(tmp_path / "plain.png", "blue", seed=3).rename(odd)
    full.index([Path(odd)])
    full.store.reject_tag(4, "dog")
    with full.store._database.write() as connection:
        connection.execute("INSERT INTO persons (name, name_key, created_at) VALUES ('Anna', 'anna', 0)")
        connection.execute(
            'INSERT INTO faces (image_id, "left", top, width, height, score, quality, size, sharpness, pose, person_id)'
            " VALUES (1, 0.1, 0.1, 0.2, 0.2, 1, 1, 1, 1, 1, 1)"
        )
    report = full.export(tmp_path / "out")
    images = {image["id"]: image for image in lines(tmp_path / "out" / "images.jsonl")}
    assert report.images == len(images) == 25
    assert odd in {image["path"] for image in images.values()}, "any name survives"
    assert {"name": "Käse & <Brot>", "confidence": 1.0, "source": "user"} in images[1]["tags"]
    assert (images[1]["albums"], images[2]["user_rating"], images[3]["hidden"]) == ([1], 4, True)
    assert (images[1]["people"], images[2]["people"]) == (["Anna"], [])
    tables = {path.stem: lines(path) for path in (tmp_path / "out" / "tables").iterdir()}
    assert [album["name"] for album in tables["albums"]] == ["Summer"]
    assert [root["path"] for root in tables["roots"]] == [root.path for root in full.store.roots()]
    assert len(tables["rejected_tags"]) == 1
    assert {"persons", "faces", "settings", "errors", "jobs", "tags"} <= set(tables)
    assert "embeddings" not in tables
    header, entries = folders.read_manifest(tmp_path / "out")
    folders.verify(tmp_path / "out", entries)
    assert header["images"] == 25
    assert datetime.fromisoformat(images[1]["indexed_at"]).tzinfo is not None


def test_an_export_with_vectors_has_them_all(full: Library, tmp_path: Path) -> None:
    full.export(tmp_path / "out", vectors=True)
    assert len(lines(tmp_path / "out" / "tables" / "embeddings.jsonl")) == 24


def test_sidecars_say_what_the_user_said_and_go_nowhere_near_the_originals(
    full: Library, made: Path, tmp_path: Path
) -> None:
    title, words = "A \x00 <title> & \ud800", ("one", "two ]]>")
    taken = datetime(2021, 5, 6, 7, 8, 9)
    metadata = Metadata(title=title, description="d" * 500, keywords=words, taken_at=taken, taken_offset=-150, rating=1)
    full.store.apply([UpdateMetadata(2, metadata, None)])
    before = sorted((made / "photos").rglob("*"))
    report = full.export(tmp_path / "out", sidecars=True)
    assert report.sidecars == 24
    assert sorted((made / "photos").rglob("*")) == before
    [asset] = full.store.assets([2])
    said = xmp_metadata(read_sidecar(tmp_path / "out" / f"sidecars{asset.path}.xmp"))
    assert said.rating == 4, "the user's own"
    assert (said.taken_at, said.taken_offset) == (taken, -150)
    assert said.keywords == ("one", "two ]]>")
    assert said.description == "d" * 500
    assert said.title is not None
    assert said.title.endswith("<title> & ?")


def test_the_commands(full: Library, tmp_path: Path) -> None:
    full.close()
    program = Path(sys.executable).with_name("smartsearch")

    def run(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=120)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    assert "24 images" in run("backup", tmp_path / "b").stdout
    assert run("backup", tmp_path / "b", code=2).stderr.count("\n") == 1
    assert "whole: 24 images" in run("restore", tmp_path / "b", "--check").stdout
    assert "--replace" in run("restore", tmp_path / "b", code=2).stderr
    done = run("restore", tmp_path / "b", "--replace", "--json")
    assert Path(json.loads(done.stdout)["replaced"]).is_dir()
    assert "24 images" in run("restore", tmp_path / "b", "--library", tmp_path / "copy").stdout
    assert json.loads(run("export", tmp_path / "e", "--json").stdout)["images"] == 24
    assert json.loads(run("backup", tmp_path / "b2", "--no-thumbnails", "--json").stdout)["images"] == 24
    assert run("query", "--tag", "Käse & <Brot>", "--format", "paths", "-L", tmp_path / "copy").stdout.count("\n") == 1


def test_a_tag_survives(full: Library, tmp_path: Path) -> None:
    full.backup(tmp_path / "backup")
    places = elsewhere(full.places, tmp_path / "restored")
    Library.restore(tmp_path / "backup", places)
    with Library.open(places, full.settings) as restored:
        assert restored.store.select(HasTag("Käse & <Brot>")) == [1]
