"""Names and positions of towns, from the packaged gazetteer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smartsearch.core.places import distances_km, folded
from smartsearch.places.geonames import GeoNames


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def towns(cache: Path) -> GeoNames:
    return GeoNames(cache)


def test_towns_are_known_in_many_languages(towns: GeoNames) -> None:
    for name in ("Lisbon", "lissabon", "Lisboa", "リスボン"):
        assert (towns.towns(name)[0].name, towns.towns(name)[0].country_name) == ("Lisbon", "Portugal")
    assert towns.towns("Paris")[0].country == "FR"
    assert "US" in [town.country for town in towns.towns("Paris")]
    assert towns.towns("Nowhereville") == towns.towns("") == towns.towns("\t1") == []


def test_countries_by_name_and_code(towns: GeoNames) -> None:
    assert [towns.country(name) for name in ("Portugal", "pt", "USA", "Côte d'Ivoire", "ivory coast", "x")] == [
        "PT",
        "PT",
        "US",
        None,
        "CI",
        None,
    ]


def test_regions_are_continents_states_and_nations(towns: GeoNames) -> None:
    def held(region: str, town: str) -> bool:
        found = towns.region(region)
        assert found is not None
        return found.holds(towns.towns(town)[0])

    assert held("texas", "Houston")
    assert not held("Texas", "New Orleans")
    assert held("Georgia", "Atlanta"), "the state; the country is one by `country`"
    assert held("SCOTLAND", "Glasgow")
    assert not held("Wales", "Glasgow")
    assert held("Europe", "Lisbon")
    assert not held("South America", "Lisbon")
    assert towns.region("Bavaria") is None, "the package has no name for it"
    assert len(towns.region_names()) == 51 + 4 + 7


def test_the_nearest_town_of_a_position(towns: GeoNames) -> None:
    found = towns.nearest(np.array([38.72, 43.46, 0.0, -33.87]), np.array([-9.14, 11.88, -30.0, 151.2]))
    assert [town and town.name for town in found] == ["Lisbon", "Arezzo", None, "Sydney"]


def test_the_arrays_are_kept_and_made_anew(cache: Path, towns: GeoNames) -> None:
    assert towns.towns("Porto")
    (kept,) = cache.iterdir()
    kept.write_bytes(kept.read_bytes()[:1000])
    assert GeoNames(cache).towns("Porto") == towns.towns("Porto")
    assert GeoNames(cache).towns("Porto") == towns.towns("Porto")
    with np.load(kept) as stored:
        earlier = {name: stored[name] for name in stored if name != "region"}
    np.savez(kept, **earlier)  # as versions before regions kept them
    assert GeoNames(cache).towns("Houston")[0].region == "TX"
    assert GeoNames(Path("/proc/nothing")).country("Peru") == "PE"


def test_distances() -> None:
    away = distances_km(np.array([38.7223, 51.5074]), np.array([-9.1393, -0.1278]), 38.7223, -9.1393)
    assert away == pytest.approx([0.0, 1585.0], abs=5)


def test_folding() -> None:
    assert folded("  São  Tomé-d'Or ") == "sao tome d or"
