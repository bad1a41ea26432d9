"""Every command is known here: as one that looks, or by the one entry that it leaves in the audit log."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner
from tests.integration.test_encryption import CHEAP
from tests.integration.test_people import add_faces
from tests.pictures import save_album
from typer.main import get_command

from smartsearch.access import passwords
from smartsearch.access.audit import AuditLog
from smartsearch.access.passwords import Passwords
from smartsearch.catalog import ModelChoice
from smartsearch.cli.main import app
from smartsearch.config import Places, find_places, load_settings
from smartsearch.core.errors import DiskFullError
from smartsearch.core.query import Everything
from smartsearch.core.settings import AuditSettings
from smartsearch.embeddings.installing import Installer
from smartsearch.encryption_work import EncryptionWork
from smartsearch.face_work import FaceWork
from smartsearch.faces.models import DEFAULT, FaceModels
from smartsearch.feedback_work import FeedbackWork
from smartsearch.library import Library
from smartsearch.search.proposals import Proposals
from smartsearch.text_work import TextWork

PROGRAM = get_command(app)
"""Made once: that takes longer than most commands."""
LOOK = {
    *("query", "similar", "facets", "status", "errors", "config", "evaluate", "logs", "support-bundle"),
    *("tags", "tags tree", "albums list", "duplicates list", "models list", "feedback list", "ocr status", "ocr show"),
    *("persons list", "persons show", "persons stats", "persons search", "persons history"),
    *("faces show", "faces unknown", "faces models"),
    *("audit show", "audit verify", "audit export", "users list", "tokens list", "sessions list"),
    "models export",  # turns one file of the user's into another
    "serve",  # tells of each request
}
"""Commands that change nothing, and leave no entry but for `query --export` (test_cli)."""

SECRET = "xyzzy"
"""In every name, word and path that is typed."""
PASSPHRASE = f"correct horse {SECRET}"


def commands(command: click.Command, path: str = "") -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield path
        return
    if path and command.invoke_without_command:
        yield path
    for name, each in command.commands.items():
        yield from commands(each, f"{path} {name}".lstrip())


class Typed:
    """Types commands, and looks at what each leaves in the audit log."""

    def __init__(self, places: Places) -> None:
        self._audit = AuditLog(places.home, AuditSettings())
        self.changing: set[str] = set()

    def nothing(self, command: str, *more: object, code: int = 0, said: str | None = None) -> None:
        """The command leaves no entry."""
        assert self._left(command, more, code, said) == [], command

    def entry(self, command: str, *more: object, code: int = 0, said: str | None = None, **detail: object) -> None:
        """The command leaves one entry, with this detail."""
        [values] = self._left(command, more, code, said)
        assert (values["action"], values["detail"]) == (command, detail)
        assert str(values["actor"]).startswith("cli")
        self.changing.add(command)

    def _left(self, command: str, more: Sequence[object], code: int, said: str | None) -> list[dict[str, object]]:
        before = self._newest()
        done = CliRunner().invoke(PROGRAM, [*command.split(), *map(str, more)], input=said)
        assert done.exit_code == code, (command, done.output, done.exception)
        return [entry.values for entry in self._audit.latest(self._newest() - before)]

    def _newest(self) -> int:
        return max((entry.number for entry in self._audit.latest(1)), default=0)

    def everything(self) -> str:
        return json.dumps([entry.values for entry in self._audit.latest(1000)])


@pytest.fixture
def typed(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Here a guess of a password costs nothing, the trash is emptied at once, and no key stays in memory."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(passwords, "Passwords", partial(Passwords, time_cost=1, memory_kib=8, parallelism=1))
    monkeypatch.setattr(Library, "encryption", lambda places: EncryptionWork(places.library, cost=CHEAP))
    monkeypatch.setattr("send2trash.send2trash", os.remove)
    with (home / "config.toml").open("a") as config:
        config.write("[duplicates]\nallow_trash = true\n")
    return Typed(find_places())


def test_each_command_that_changes_something_leaves_an_entry(
    typed: Typed, home: Path, other: ModelChoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos, entry, nothing = tmp_path / f"photos-{SECRET}", typed.entry, typed.nothing
    save_album(photos, 4)
    (photos / "copy.jpg").write_bytes(next(photos.iterdir()).read_bytes())
    places = find_places()
    with Library.open(places, load_settings(places), create=True) as library:
        faces = add_faces(library, photos)
        paths = [asset.path for asset in library.store.assets(library.store.select(Everything()))]
        anna, ben = (each.person.id for each in library.people.summaries())
    entry("index", photos)
    entry("edit", f"name:* -{SECRET}", "--rating", "5", "--yes", images=[1, 2, 3, 4, 5])
    nothing("edit", "name:*", "--rating", "5", "--dry-run")
    nothing("edit", "name:*", "--rating", "5", said="n\n", code=1)
    entry("tags add", f"{SECRET}/tag", paths[0], paths[1], images=[1, 2])
    entry("tags rename", f"{SECRET}/tag", f"{SECRET}/word")
    entry("untag", f"{SECRET}/word", paths[0], images=[1])
    entry("tags delete", SECRET, "--yes")
    entry("tags export", tmp_path / f"sidecars-{SECRET}")
    entry("tag")
    entry("albums save", SECRET, f"colour of {SECRET}", album=1)
    entry("albums add", f"{SECRET} by hand", paths[0], album=2, images=[1])
    entry("albums remove", f"{SECRET} by hand", paths[0], album=2, images=[1])
    entry("albums rename", f"{SECRET} by hand", f"{SECRET} by heart", album=2)
    entry("albums delete", f"{SECRET} by heart", album=2)
    entry("feedback add", f"{SECRET} words", "--like", 1, "--unlike", 2, like=[1], unlike=[2])
    entry("feedback export", tmp_path / f"{SECRET}.jsonl")
    entry("feedback erase", "--image", 1, image=[1])
    entry("duplicates distinct", paths[0], paths[1], images=[1, 2])
    entry("persons rename", f"#{anna}", f"Anna {SECRET}", person=anna)
    entry("persons edit", f"Anna {SECRET}", "--born", "2001-02-03", person=anna)
    entry("persons create", "--name", f"Ben {SECRET}", "--faces", faces[1], person=ben + 1, faces=[faces[1]])
    entry("persons merge", f"Ben {SECRET}", f"#{ben}", person=ben + 1)
    entry("persons split", f"Ben {SECRET}", "--faces", faces[1], person=ben + 1, faces=[faces[1]])
    entry("persons undo")
    entry("persons export", tmp_path / f"{SECRET}.json")
    entry("persons import", tmp_path / f"{SECRET}.json")
    entry("faces assign", faces[0], "--to", f"Dora {SECRET}", person=ben + 3, faces=[faces[0]])
    entry("faces verify", faces[2], "--person", f"Anna {SECRET}", person=anna, faces=[faces[2]])
    entry("faces unassign", faces[0], faces=[faces[0]])
    entry("faces ignore", faces[0], faces=[faces[0]])
    entry("faces consent", "--yes")
    nothing("faces consent")
    entry("faces cluster")
    entry("faces use-model", DEFAULT.name)
    nothing("faces erase", said="n\n", code=1)
    entry("faces erase", "--person", f"Anna {SECRET}", "--yes", person=anna)
    entry("ocr erase", "--yes")
    entry("backup", tmp_path / f"backup-{SECRET}")
    entry("export", tmp_path / f"export-{SECRET}")
    nothing("doctor")
    entry("doctor", "--repair")
    entry("duplicates trash", "--yes", images=[5])
    entry("erase", photos / "copy.jpg", "--yes")
    nothing("erase", photos, "--dry-run")
    nothing("prune", "--dry-run")
    entry("prune", "--yes")
    entry("restore", tmp_path / f"backup-{SECRET}", "--replace")
    nothing("restore", tmp_path / f"backup-{SECRET}", "--check")

    entry("models import", home / "models" / "other" / "fp32", "--name", SECRET)
    entry("models use", SECRET)
    entry("models remove", SECRET)
    with monkeypatch.context() as quick:
        quick.setattr(Library, "watch", lambda *_: None)
        quick.setattr(FeedbackWork, "revert", lambda _: SimpleNamespace(id=1))
        report = SimpleNamespace(state="done", progress=SimpleNamespace(done=0, found=0, errors=0))
        quick.setattr(FaceWork, "scan", lambda *_, **__: report)
        quick.setattr(TextWork, "run", lambda *_, **__: report)
        quick.setattr(Proposals, "restore", lambda *_: None)
        entry("watch")
        entry("learn", "--revert")
        nothing("learn", "--status")
        entry("albums propose", "--restore", f"trip-{SECRET}")
        entry("faces scan")
        entry("ocr run")
        model = SimpleNamespace(description=SimpleNamespace(name="clip-vit-b-32"), variant="fp32")
        quick.setattr(Installer, "pull", lambda *_, **__: model)
        quick.setattr(FaceModels, "pull", lambda *_: DEFAULT)
        quick.setattr(FaceModels, "import_files", lambda *_: DEFAULT)
        entry("models pull", "clip-vit-b-32")
        entry("faces pull-model", "yunet-sface")
        entry("faces import-model", "yunet-sface", "--detector", photos, "--embedder", photos)

    entry("users add", SECRET, said=f"{PASSPHRASE}\n", user=1, role="owner")
    entry("users password", SECRET, said=f"{PASSPHRASE}\n", user=1)
    entry("users add", f"{SECRET} two", said=f"{PASSPHRASE}\n", user=2, role="viewer")
    entry("users role", f"{SECRET} two", "owner", user=2, role="owner")
    entry("tokens create", SECRET, "--name", SECRET, token=1, user=1)
    entry("tokens revoke", "1", token_id=1)
    entry("sessions end", "--user", SECRET, sessions=[])
    nothing("users remove", SECRET, said="n\n", code=1)
    entry("users remove", SECRET, "--yes", user=1)

    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text(PASSPHRASE)
    new.write_text(f"{PASSPHRASE} anew")
    entry("encrypt", "--passphrase-file", old)
    entry("rekey", "--passphrase-file", old, "--new-passphrase-file", new)
    entry("lock")
    nothing("unlock", "--passphrase-file", old, code=1)
    with monkeypatch.context() as remembering:
        remembering.setattr(EncryptionWork, "unlock", lambda *_, **__: None)
        entry("unlock", "--passphrase-file", new)
    entry("decrypt", "--passphrase-file", new)

    assert SECRET not in typed.everything()
    assert set(commands(PROGRAM)) == typed.changing | LOOK, "say of each command what it does, here"
    assert not typed.changing & LOOK


def test_a_command_that_stops_has_an_entry_if_it_changed_something(
    typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_album(tmp_path / "photos", 2)
    indexed = Library.index

    def full(*arguments: Any, **options: Any) -> None:
        indexed(*arguments, **options)
        raise DiskFullError("The disk is full.")

    with monkeypatch.context() as failing:
        failing.setattr(Library, "index", full)
        typed.entry("index", tmp_path / "photos", code=1, finished=False)
        typed.nothing("index", code=1)
    typed.nothing("tags add", "word", "no-photo.jpg", code=1)
