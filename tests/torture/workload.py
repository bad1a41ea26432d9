"""What is going on when the fault comes: ``python -m tests.torture.workload SCENARIO FOLDER``.

Works in FOLDER/library and writes to FOLDER/acks one line before each step ("try ...") and one after it ("done ...").
A step touches images, albums and backups of its own, so that whatever was done can be looked for afterwards.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from smartsearch.config import Places
from smartsearch.core.assets import PutImage, Tag
from smartsearch.core.errors import SmartsearchError
from smartsearch.core.faces import Box
from smartsearch.core.query import Everything
from smartsearch.core.settings import OcrSettings, RuntimeSettings, Settings
from smartsearch.library import Library
from smartsearch.stores.connection import Database

SETTINGS = Settings(model="tiny", ocr=OcrSettings("later"), runtime=RuntimeSettings(workers=1, batch_size=4))
GIVEN_UP = 75
"""Exit code of a workload that a fault stopped with one of the program's own errors."""


class Acks:
    """The journal of steps, written without buffering."""

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder / "acks", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def __call__(self, word: str, step: str, **facts: Any) -> None:
        os.write(self._descriptor, (json.dumps({"word": word, "step": step} | facts) + "\n").encode())


def places_in(folder: Path) -> Places:
    return Places(folder.parent / "home", folder / "library")


def index(folder: Path, say: Acks) -> None:
    """Photos in two rounds; every transaction is a step."""
    with Library.open(places_in(folder), SETTINGS, create=True) as library:
        apply = library.store.apply

        def told(changes: Any) -> None:
            paths = [change.path for change in changes if isinstance(change, PutImage)]
            say("try", "index", paths=paths)
            apply(changes)
            say("done", "index", paths=paths)

        library.store.apply = told  # type: ignore[method-assign]
        library.index([folder.parent / "photos" / "first"])
        library.index([folder.parent / "photos" / "second"])


def curate(folder: Path, say: Acks) -> None:
    """Tags, ratings, hidden images, albums: one transaction each."""
    with Library.open(places_in(folder), SETTINGS) as library:
        store = library.store
        for image in store.select(Everything())[:12]:
            steps: dict[str, Callable[[int], object]] = {
                "tag": lambda i: store.set_tags(i, [Tag(f"mine {i}")], "user"),
                "rate": lambda i: store.set_rating(i, 1 + i % 5),
                "hide": lambda i: store.set_hidden(i, True),
                "album": lambda i: store.change_album(store.add_album(f"album {i}").id, add=[i]),
            }
            for name, step in steps.items():
                say("try", name, image=image)
                step(image)
                say("done", name, image=image)


def people(folder: Path, say: Acks) -> None:
    """Faces drawn by hand, each of somebody of its own, and people undone again."""
    with Library.open(places_in(folder), SETTINGS) as library:
        for image in library.store.select(Everything())[:10]:
            say("try", "draw", image=image)
            library.people.draw(image, Box(0.1, 0.2, 0.3, 0.3), f"person {image}")
            say("done", "draw", image=image)
            if image % 3 == 0:
                say("try", "undo", image=image)
                library.people.undo()
                say("done", "undo", image=image)


def prune(folder: Path, say: Acks) -> None:
    """Images forgotten one by one."""
    with Library.open(places_in(folder), SETTINGS) as library:
        for image in library.store.select(Everything())[:8]:
            say("try", "forget", image=image)
            library.prune([image])
            say("done", "forget", image=image)


def migrate(folder: Path, say: Acks) -> None:
    """A library of an older version is opened and changed."""
    say("try", "migrate")
    with Library.open(places_in(folder), SETTINGS) as library:
        say("done", "migrate")
        library.store.set_rating(1, 4)
        say("done", "rate-migrated")


def backup(folder: Path, say: Acks) -> None:
    """Backups between changes."""
    with Library.open(places_in(folder), SETTINGS) as library:
        for number in range(3):
            say("try", "rate", image=number + 1)
            library.store.set_rating(number + 1, 1 + (number + 1) % 5)
            say("done", "rate", image=number + 1)
            say("try", "backup", name=f"backup-{number}")
            library.backup(folder / f"backup-{number}")
            say("done", "backup", name=f"backup-{number}")


def restore(folder: Path, say: Acks) -> None:
    """A backup of one image takes the place of the library."""
    say("try", "restore")
    Library.restore(folder / "small", places_in(folder), replace=True)
    say("done", "restore")


def be_careless() -> None:
    """Do not wait for the disk, as a program without promises would: what the torture must notice."""
    connect = Database._connect

    def careless(database: Database) -> sqlite3.Connection:
        connection = connect(database)
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    Database._connect = careless  # type: ignore[method-assign]


SCENARIOS = {work.__name__: work for work in (index, curate, people, prune, migrate, backup, restore)}


def main() -> None:
    scenario, folder = sys.argv[1], Path(sys.argv[2])
    if os.environ.get("TORTURE_CARELESS"):
        be_careless()
    try:
        SCENARIOS[scenario](folder, Acks(folder))
    except (SmartsearchError, OSError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.exit(GIVEN_UP)


if __name__ == "__main__":
    main()
