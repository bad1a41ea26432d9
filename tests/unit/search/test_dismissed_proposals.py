"""What was dismissed stays so when photos are added before and after it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from tests.contract.making import found_face, person, put

from smartsearch.core.errors import AlbumNotFoundError
from smartsearch.core.faces import FaceScan, PutFaces
from smartsearch.core.occasions import HOUR
from smartsearch.core.people import Grouping
from smartsearch.core.query import Everything
from smartsearch.search.albums import Albums
from smartsearch.search.places import PhotoPlaces
from smartsearch.search.proposals import Proposals
from smartsearch.testing.memory import MemoryStore


class _Afternoon(MemoryStore):
    """Photos by id, the minutes after the first of June 2021 they were taken at."""

    def __init__(self) -> None:
        super().__init__()
        self.minutes = {number: 5 * number for number in range(10, 20)}

    def taken(self):  # type: ignore[no-untyped-def]
        first = int(np.datetime64("2021-06-01", "us").astype(np.int64))
        nowhere = np.full(len(self.minutes), np.nan)
        moments = [first + minutes * HOUR // 60 for minutes in self.minutes.values()]
        return np.array(list(self.minutes)), np.array(moments), nowhere, nowhere


def test_more_photos_do_not_bring_it_back() -> None:
    store = _Afternoon()

    def proposals() -> Proposals:
        return Proposals(
            store, Albums.__new__(Albums), PhotoPlaces.__new__(PhotoPlaces), list, lambda: date(2026, 1, 1)
        )

    [event] = proposals().all()
    assert proposals().dismiss(event.key) == event
    assert proposals().all() == []
    store.minutes |= {30: 45, 31: 100}
    assert proposals().all() == [], "an earlier photo is its first now"
    with pytest.raises(AlbumNotFoundError):
        proposals().dismiss(event.key)
    [grown] = proposals().dismissed()
    assert (grown.kind, grown.name, grown.images) == (event.kind, event.name, 12)
    assert grown.key.endswith("-30")
    for key in (event.key, grown.key):  # that of then, and that of now
        proposals().restore(key)
        assert (proposals().all(), proposals().dismissed()) == ([grown], [])
        with pytest.raises(AlbumNotFoundError):
            proposals().restore(key)
        store.dismiss_proposal("event", 10, True)


def test_a_person_stays_away_whatever_is_added() -> None:
    store = MemoryStore()

    def photograph(first: int, last: int) -> None:
        """Anna on more photos."""
        store.apply([put(f"/{number}.jpg") for number in range(first, last)])
        new = store.select(Everything())[first:]
        store.apply([PutFaces(image, FaceScan("A", (found_face("anna"),))) for image in new])
        with store.people.writing() as rows:
            faces = [face for image in new for face in rows.faces_in([image])]
            rows.regroup([Grouping(face.id, anna, 1.0) for face in faces])

    with store.people.writing() as rows:
        anna, ben = rows.put_person(person("Anna")), rows.put_person(person("Ben"))
    photograph(0, 10)
    known = [(ben, "Ben"), (anna, "Anna")]

    def proposals() -> Proposals:
        return Proposals(
            store, Albums.__new__(Albums), PhotoPlaces.__new__(PhotoPlaces), lambda: known, lambda: date(2026, 1, 1)
        )

    [proposed] = [one for one in proposals().all() if one.kind == "person"]
    assert (proposed.name, proposed.images, proposed.query) == ("Anna", 10, 'person:"Anna"')
    assert proposals().dismiss(proposed.key) == proposed
    photograph(10, 15)
    known[1] = (anna, "Anna Smith")
    assert [one for one in proposals().all() if one.kind == "person"] == [], "nor by another name"
    [away] = proposals().dismissed()
    assert (away.key, away.name, away.images) == (proposed.key, "Anna Smith", 15)
    proposals().restore(away.key)
    assert away in proposals().all()
