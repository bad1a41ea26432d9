"""Names and positions of towns, from the packaged gazetteer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smartsearch.core.places import bare, distances_km, folded
from smartsearch.places.geonames import GeoNames, _rows


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


@pytest.mark.parametrize(
    ("region", "inside", "outside"),
    [
        ("texas", "Houston", "New Orleans"),
        ("Georgia", "Atlanta", "Tbilisi"),  # the state; the country is one by `country`
        ("SCOTLAND", "Glasgow", "London"),
        ("Europe", "Lisbon", "Tokyo"),
        ("Bavaria", "Munich", "Stuttgart"),
        ("bayern", "Nürnberg", "Berlin"),
        ("ile de france", "Paris", "Lyon"),
        ("Île-de-France", "Versailles", "Reims"),
        ("Toscana", "Siena", "Bologna"),
        ("Ontario", "Toronto", "Montreal"),
        ("Opole", "Opole", "Warsaw"),  # GeoNames says Opole Voivodeship
        ("Lodz", "Łódź", "Kraków"),
        ("Telemark", "Skien", "Sandefjord"),  # of one code with Vestfold
        ("Queensland", "Brisbane", "Sydney"),
    ],
)
def test_regions_hold_their_towns(towns: GeoNames, region: str, inside: str, outside: str) -> None:
    (found,) = towns.regions(region)
    assert found.holds(towns.towns(inside)[0])
    assert not found.holds(towns.towns(outside)[0])


def test_regions_of_one_name_are_told_apart(towns: GeoNames) -> None:
    assert [one.countries for one in towns.regions("Punjab")] == [{"PK"}, {"IN"}]
    moscow, around = towns.regions("Moscow"), towns.regions("Moscow Oblast")
    assert [one.name for one in (*moscow, *around)] == ["Moscow", "Moscow Oblast"]
    assert towns.regions("Northern Province"), "but the compass alone is no name"
    assert not {"LK", "ZM"} & {country for one in towns.regions("Northern") for country in one.countries}
    assert towns.regions("") == towns.regions("Nowhere") == []


def test_nearly_all_towns_have_a_region(towns: GeoNames) -> None:
    known = towns._columns["region"] >= 0
    assert known.mean() > 0.998
    assert not set(towns._columns["country"][~known]) & {"DE", "FR", "GB", "US", "IN", "CN", "BR", "JP", "NG", "RU"}
    assert len(towns.region_names()) > 2_600


def test_other_names_are_of_regions_in_the_table(towns: GeoNames) -> None:
    known = {(country, region.name) for region in towns._regions for country in region.countries}
    assert [row for row in _rows("region_names.csv") if (row["country"], row["region"]) not in known] == []


def test_labels(towns: GeoNames) -> None:
    names = ("Munich", "Hamburg", "Lisbon", "Kyiv", "New York City", "Springfield")
    assert [towns.towns(name)[0].label for name in names] == [
        "Munich, Bavaria, Germany",
        "Hamburg, Germany",
        "Lisbon, Portugal",
        "Kyiv, Ukraine",
        "New York City, New York, United States",
        "Springfield, Missouri, United States",
    ]


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
        lacking = {name: stored[name] for name in stored if name != "region"}
    np.savez(kept, **lacking)
    kept.with_name("towns-1.3.0.npz").write_bytes(b"of an earlier version")
    assert GeoNames(cache).towns("Houston")[0].region == "Texas"
    assert list(cache.iterdir()) == [kept]
    assert GeoNames(Path("/proc/nothing")).country("Peru") == "PE"


def test_distances() -> None:
    away = distances_km(np.array([38.7223, 51.5074]), np.array([-9.1393, -0.1278]), 38.7223, -9.1393)
    assert away == pytest.approx([0.0, 1585.0], abs=5)


def test_folding() -> None:
    assert folded("  São  Tomé-d'Or ") == "sao tome d or"
    assert folded("Østfold, Łódź") == "ostfold lodz"
    assert [bare(name) for name in ("State of Berlin", "Opole Voivodeship", "Province")] == [
        "berlin",
        "opole",
        "province",
    ]
