"""The person directory: who there is."""

from __future__ import annotations

from dataclasses import dataclass

from smartsearch.core.people import PeopleStore


@dataclass(frozen=True, slots=True)
class PersonName:
    """A named person who is not hidden, and in how many shown images they are."""

    id: int
    name: str
    images: int


class People:
    """What may be done with the people of one library."""

    def __init__(self, store: PeopleStore) -> None:
        self._store = store

    def names(self) -> list[PersonName]:
        """Everybody with a name, by name without case: what a query may ask for."""
        with self._store.reading() as rows:
            found = rows.summaries()
        named = [
            PersonName(each.person.id, each.person.name, each.images)
            for each in found
            if each.person.name is not None and not each.person.hidden
        ]
        return sorted(named, key=lambda each: (each.name.casefold(), each.id))
