"""After the fault: does the library open, is only derived data in need of repair, is everything there that was done?"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from smartsearch.backup import check_backup
from smartsearch.core.errors import LibraryNotFoundError, UsageError
from smartsearch.core.query import Everything
from smartsearch.library import Library
from tests.torture.workload import SETTINGS, places_in

Steps = dict[str, list[dict[str, Any]]]


def steps_of(text: str) -> tuple[Steps, Steps]:
    """What was tried and what was done. The last line may be cut short: it was then not said."""
    tried: Steps = defaultdict(list)
    done: Steps = defaultdict(list)
    for line in text.splitlines(keepends=True):
        if line.endswith("\n"):
            said = json.loads(line)
            (tried if said["word"] == "try" else done)[said["step"]].append(said)
    return tried, done


def examine(folder: Path, acks: str, images: int) -> list[str]:
    """What is wrong, in words; nothing if all that was promised holds. ``images`` were there before."""
    tried, done = steps_of(acks)
    wrong = _backups(folder, tried, done)
    try:
        with Library.open(places_in(folder), SETTINGS) as library:
            wrong += [f"doctor leaves: {finding.message}" for finding in library.doctor(repair=True).open]
            wrong += [f"still found: {finding.message}" for finding in library.doctor().open]
            wrong += _library(library, tried, done, images)
    except LibraryNotFoundError:
        if images or done["index"]:
            wrong.append("the library is gone")
    return wrong


def _backups(folder: Path, tried: Steps, done: Steps) -> list[str]:
    """One that was reported is whole; one that was not is whole or not there."""
    wrong = []
    finished = {step["name"] for step in done["backup"]}
    for name in {step["name"] for step in tried["backup"]}:
        try:
            check_backup(folder / name)
        except UsageError:
            if name in finished or (folder / name).exists():
                wrong.append(f"{name} is not whole")
    return wrong


def _library(library: Library, tried: Steps, done: Steps, images: int) -> list[str]:
    store = library.store
    ids = store.select(Everything())
    assets = {asset.id: asset for asset in store.assets(ids)}
    albums = {album.name: album.id for album in store.albums()}
    wrong = []
    paths = {asset.path for asset in assets.values()}
    for step in done["index"]:
        wrong += [f"{path} was indexed and is gone" for path in step["paths"] if path not in paths]
    space = library.catalog.encoders(library.model).image.space
    if images == 0 and set(store.vectors(space, ids)) != set(ids):
        wrong.append("an image has no vector")
    forgotten = {step["image"] for step in done["forget"]}
    wrong += [f"image {image} was forgotten and is back" for image in forgotten & set(ids)]
    maybe = {step["image"] for step in tried["forget"]}
    restored = _restored(len(ids), images, tried, done, wrong)
    if not restored and images and not set(range(1, images + 1)) - maybe <= set(ids):
        wrong.append("images are gone that nobody forgot")
    for image in [step["image"] for step in done["tag"]]:
        if f"mine {image}" not in [tag.name for tag in assets[image].tags]:
            wrong.append(f"the tag of {image} is gone")
    for image in [step["image"] for step in done["rate"]]:
        if assets[image].user_rating != 1 + image % 5:
            wrong.append(f"the rating of {image} is gone")
    wrong += [f"{step['image']} is shown again" for step in done["hide"] if not assets[step["image"]].hidden]
    for image in [step["image"] for step in done["album"]]:
        if albums.get(f"album {image}") not in assets[image].albums:
            wrong.append(f"album {image} is gone")
    names = {person.name for person in library.people.names()}
    undone = {step["image"] for step in done["undo"]}
    for image in {step["image"] for step in done["draw"]} - {step["image"] for step in tried["undo"]}:
        if f"person {image}" not in names:
            wrong.append(f"person {image} is gone")
    wrong += [f"person {image} is back" for image in undone if f"person {image}" in names]
    if done["rate-migrated"] and assets[1].user_rating != 4:
        wrong.append("the rating after the migration is gone")
    if tried["migrate"] and "mine" not in [tag.name for tag in assets[1].tags]:
        wrong.append("the tag from before the migration is gone")
    return wrong


def _restored(count: int, images: int, tried: Steps, done: Steps, wrong: list[str]) -> bool:
    """Whether this is the restored library, of one image; never a mixture."""
    if done["restore"] and count != 1:
        wrong.append("the restored library is not there")
    if tried["restore"] and count not in (1, images):
        wrong.append(f"a mixture of two libraries: {count} images")
    return bool(tried["restore"]) and count == 1
