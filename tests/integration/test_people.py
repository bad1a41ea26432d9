"""People of a real library."""

from __future__ import annotations

from pathlib import Path

from tests.contract.making import person

from smartsearch.config import Places
from smartsearch.core.settings import Settings
from smartsearch.library import Library


def test_names_are_what_a_query_may_ask_for(tmp_path: Path) -> None:
    places = Places(tmp_path / "home", tmp_path / "library")
    with Library.open(places, Settings(), create=True) as library:
        with library.store.people.writing() as rows:
            for each in (person("Zoë"), person("anna"), person(), person("Ghost", hidden=True)):
                rows.put_person(each)
        assert [(each.name, each.images) for each in library.people.names()] == [("anna", 0), ("Zoë", 0)]
