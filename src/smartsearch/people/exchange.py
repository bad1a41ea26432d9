"""Names and faces out of a library and into one: XMP sidecars for other programs, JSON for everything.

Originals are never written, nor anything beside them: what goes out goes into a folder or file that the user names.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from smartsearch.core.assets import Asset
from smartsearch.core.errors import UsageError
from smartsearch.core.faces import Box
from smartsearch.core.people import Person
from smartsearch.core.ports import Store
from smartsearch.core.query import HasPerson, Or, Present
from smartsearch.core.spaces import NO_SPACE
from smartsearch.media.regions import NamedRegion, read_regions, region_packet
from smartsearch.media.sidecars import beneath
from smartsearch.people.directory import Claim, ImportReport, People, PersonChange

FORMAT = 1


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written."""

    persons: int
    images: int
    faces: int


def export_sidecars(store: Store, people: People, folder: Path) -> ExportReport:
    """One XMP file with the named faces of each image, below ``folder`` in folders named like those of the originals:
    ``<folder>/home/anna/a.jpg.xmp``. Files already there are replaced; nothing else is touched."""
    images = faces = 0
    named: set[str] = set()
    for asset, regions in _named_regions(store, people):
        target = beneath(folder, asset.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(region_packet(regions, asset.width, asset.height))
        images, faces = images + 1, faces + len(regions)
        named.update(region.name for region in regions)
    return ExportReport(len(named), images, faces)


def export_json(store: Store, people: People, path: Path) -> ExportReport:
    """Everybody with a name, and their faces by path, SHA-256 and box. UsageError if the file is there."""
    if path.exists():
        raise UsageError(f"{path} is there already.", hint="Name a new file.")
    persons = [each.person for each in people.summaries(hidden=None) if each.person.name is not None]
    faces: list[dict[str, Any]] = []
    images = 0
    for asset, regions in _named_regions(store, people):
        images += 1
        faces += [
            {
                "path": asset.path,
                "sha256": asset.file_hash.hex(),
                "name": region.name,
                "box": [region.box.left, region.box.top, region.box.width, region.box.height],
            }
            for region in regions
        ]
    content = {"smartsearch_people": FORMAT, "persons": [_person_json(each) for each in persons], "faces": faces}
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return ExportReport(len(persons), images, len(faces))


def import_sidecars(store: Store, people: People, folder: Path | None = None) -> ImportReport:
    """Take over the named faces in XMP sidecars: those that `export_sidecars` laid out below ``folder``, or without one
    those beside the originals (``a.jpg.xmp``, ``a.xmp``). One operation: one undo takes it back."""
    claims = [
        Claim(asset.id, region.box, region.name)
        for asset in _all_assets(store)
        for region in read_regions(_sidecar_of(asset.path, folder))
    ]
    return people.accept(claims)


def import_json(store: Store, people: People, path: Path) -> ImportReport:
    """Take over what `export_json` wrote, on this machine or another: images are known by their bytes, else by their
    path. UsageError if the file is something else."""
    content = _read_json(path)
    claims = []
    for each in content["faces"]:
        box, name = Box(*each["box"]), each["name"]
        claims += [Claim(asset_id, box, name) for asset_id in _images_of(store, each)]
    report = people.accept(claims)
    for each in content["persons"]:
        with suppress(UsageError):
            _take_over(people, each)
    return report


def _named_regions(store: Store, people: People) -> Iterator[tuple[Asset, list[NamedRegion]]]:
    """Images with named faces, and these."""
    names = {each.person.id: each.person.name for each in people.summaries(hidden=None) if each.person.name is not None}
    ids = store.select(Or(tuple(HasPerson(person_id) for person_id in names)), order="path")
    for start in range(0, len(ids), 500):
        for asset in store.assets(ids[start : start + 500]):
            faces = people.faces_in(asset.id)
            yield asset, [NamedRegion(names[face.person_id], face.box) for face in faces if face.person_id in names]


def _all_assets(store: Store) -> Iterator[Asset]:
    ids = store.select(Present())
    for start in range(0, len(ids), 500):
        yield from store.assets(ids[start : start + 500])


def _sidecar_of(path: str, folder: Path | None) -> bytes:
    places = [beneath(folder, path)] if folder else [Path(path + ".xmp"), Path(os.path.splitext(path)[0] + ".xmp")]
    for place in places:
        with suppress(OSError):
            return place.read_bytes()
    return b""


def _images_of(store: Store, face: dict[str, Any]) -> list[int]:
    found = store.find_by_hash(bytes.fromhex(face["sha256"]), NO_SPACE)
    known = [state.asset_id for state in found if state.asset_id is not None]
    if known:
        return known
    asset = store.asset_by_path(face["path"])
    return [asset.id] if asset else []


def _person_json(person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "birth_date": None if person.birth_date is None else person.birth_date.isoformat(),
        "notes": person.notes,
        "favourite": person.favourite,
        "hidden": person.hidden,
    }


def _take_over(people: People, values: dict[str, Any]) -> None:
    """Birth date, notes and marks of somebody, where the library has none."""
    known = {name.name.casefold(): name.id for name in people.names()}
    person_id = known.get(values["name"].casefold()) or people.create(values["name"]).person.id
    person = people.summary(person_id).person
    born = values.get("birth_date")
    people.change(
        person_id,
        PersonChange(
            birth_date=date.fromisoformat(born) if born and person.birth_date is None else None,
            notes=values.get("notes") if not person.notes else None,
            favourite=values.get("favourite") or None,
            hidden=values.get("hidden") or None,
        ),
    )


def _read_json(path: Path) -> dict[str, Any]:
    """The content of an export, checked. UsageError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["smartsearch_people"] != FORMAT:
            raise UsageError(f"{path} was written by a newer program.")
        for face in content["faces"]:
            box = [float(value) for value in face["box"]]
            if len(box) != 4 or not all(0 <= value <= 1 for value in box):
                raise ValueError("a box has four fractions")
            bytes.fromhex(face["sha256"])
            if not isinstance(face["name"], str) or not isinstance(face["path"], str):
                raise TypeError("names and paths are text")
        for person in content["persons"]:
            if not isinstance(person["name"], str):
                raise TypeError("names are text")
            date.fromisoformat(person.get("birth_date") or "2000-01-01")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is no export of people: {error}.") from error
    found: dict[str, Any] = content
    return found
