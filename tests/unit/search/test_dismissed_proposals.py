"""What was dismissed stays so when photos are added before and after it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from smartsearch.core.errors import AlbumNotFoundError
from smartsearch.core.occasions import HOUR
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
    proposals().restore(event.key)
    [grown] = proposals().all()
    assert (grown.kind, grown.name, grown.images) == (event.kind, event.name, 12)
    assert grown.key.endswith("-30")
