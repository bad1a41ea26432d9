"""Photos by the place they were taken at."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.contract.making import put

from smartsearch.core.assets import Gps, Metadata
from smartsearch.core.places import Degrees, Place, Region
from smartsearch.core.query import IdIn
from smartsearch.core.queryparse import parse
from smartsearch.core.settings import SearchSettings
from smartsearch.places.geonames import GeoNames
from smartsearch.search.places import PhotoPlaces
from smartsearch.search.understanding import QueryReader
from smartsearch.testing import MemoryStore

SPOTS = {"lisbon": (38.72, -9.14), "sintra": (38.80, -9.38), "porto": (41.15, -8.61), "houston": (33.66, -95.55)}


class NoTowns:
    """A gazetteer of an empty planet."""

    def towns(self, _name: str) -> list[Place]:
        return []

    def country(self, _name: str) -> str | None:
        return None

    def regions(self, _name: str) -> list[Region]:
        return []

    def region_names(self) -> list[str]:
        return []

    def nearest(self, latitudes: Degrees, _longitudes: Degrees) -> list[Place | None]:
        return [None] * len(latitudes)


NO_TOWNS = NoTowns()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> QueryReader:
    store = MemoryStore()
    store.apply([put(f"/{name}.jpg", metadata=Metadata(gps=Gps(*spot))) for name, spot in SPOTS.items()])
    store.apply([put("/nowhere.jpg")])
    gazetteer = GeoNames(tmp_path_factory.mktemp("cache"))
    return QueryReader(store, SearchSettings(), gazetteer, lambda: date(2026, 11, 24))


def found(reader: QueryReader, query: str) -> list[str]:
    parsed = reader.parse(query)
    assert not parsed.problems, parsed.problems
    (clause,) = parsed.clauses
    store = reader._store
    return [Path(asset.path).stem for asset in store.assets(store.select(clause.where))]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("near:Lisbon", ["lisbon"]),
        ("near:Lissabon~40km", ["lisbon", "sintra"]),
        ("country:Portugal", ["lisbon", "sintra", "porto"]),
        ("near:38.72,-9.14~5km", ["lisbon"]),
        ('near:"Paris, US"', ["houston"]),
        ("near:Paris", ["houston"]),
        ("-near:Portugal has:gps", ["houston"]),
        ("near:Berlin", []),
        ("near:38.72,-9.14~0km", ["lisbon"]),
        ("near:38.72,-9.14~40mi", ["lisbon", "sintra"]),
        ("region:Texas", ["houston"]),
        ("state:texas,Scotland", ["houston"]),
        ("region:Europe", ["lisbon", "sintra", "porto"]),
        ('region:"North America"', ["houston"]),
        ("region:Wales", []),
        ("near:Texas", ["houston"]),
        ('region:"Texas, US"', ["houston"]),
        ('region:"Texas,Lisbon"', ["lisbon", "sintra", "houston"]),
        ('near:"Paris, Texas"', ["houston"]),
        ('near:"Paris, Texas, United States"', ["houston"]),
        ("in:Texas", ["houston"]),
        ("in:portugal", ["lisbon", "sintra", "porto"]),
        ("-in:Lisboa has:gps", ["porto", "houston"]),
        ("in:Berlin", []),
        ("-near:Europe has:gps", ["houston"]),
        ("box:38.5,-10,39,-9", ["lisbon", "sintra"]),
        ("bbox:33,-100,34,-95", ["houston"]),
        ("box:-90,-9,90,-100", ["porto"]),
    ],
)
def test_places_in_fields(reader: QueryReader, query: str, names: list[str]) -> None:
    assert found(reader, query) == names


def test_places_in_plain_words_if_photos_were_taken_there(reader: QueryReader) -> None:
    assert found(reader, "an old tram near Lisbon") == ["lisbon"]
    assert found(reader, "an old tram in Lisbon") == ["lisbon", "sintra"], "the district"
    assert reader.parse("an old tram in Lisbon").words == "an old tram"
    assert found(reader, "harbour near Porto in 1999 or 2000") == []
    assert reader.parse("a cafe in Berlin").words == "a cafe in Berlin", "no photo was taken there"
    assert reader.parse("dressed in Orange").words == "dressed in Orange"
    assert [chip.text for chip in reader.parse("in Portugal").chips] == ["Portugal"]
    for small in ("an old tram near lisbon", "near lisbon, an old tram", "an old tram near lisbon without people"):
        assert found(reader, small) == ["lisbon"], small
    assert found(reader, "an old tram near lisbon last summer") == []
    assert reader.parse("an old tram near lisbon station").words == "an old tram near lisbon station"
    assert found(reader, "a fence in Texas") == ["houston"]
    assert found(reader, "a fence in the United States") == ["houston"]
    assert reader.parse("a fence in the").words == "a fence"
    assert reader.parse("a stain on the Texas flag").words == "a stain on the Texas flag"
    assert reader.parse("a tram in the Netherlands").words == "a tram in the Netherlands"
    assert reader.parse("a pub in Wales").words == "a pub in Wales"


@pytest.fixture(scope="module")
def traveller(tmp_path_factory: pytest.TempPathFactory) -> QueryReader:
    """Names that towns share with regions and countries."""
    spots = {
        "manhattan": (40.76, -73.98),
        "buffalo": (42.89, -78.88),
        "miami": (25.77, -80.19),
        "salzburg": (47.80, 13.04),
        "hallein": (47.55, 13.10),
        "luxembourg": (49.61, 6.13),
        "esch": (49.50, 5.98),
        "atlanta": (33.75, -84.39),
        "amritsar": (31.63, 74.87),
        "munich": (48.14, 11.58),
        "nuremberg": (49.45, 11.08),
        "melbourne": (-37.81, 144.96),
        **{f"victoria{number}": (48.43, -123.36) for number in range(2)},
    }
    store = MemoryStore()
    store.apply([put(f"/{name}.jpg", metadata=Metadata(gps=Gps(*spot))) for name, spot in spots.items()])
    gazetteer = GeoNames(tmp_path_factory.mktemp("cache"))
    return QueryReader(store, SearchSettings(), gazetteer, lambda: date(2026, 11, 24))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('near:"New York"', ["manhattan"]),
        ('region:"New York"', ["manhattan", "buffalo"]),
        ('in:"New York"', ["manhattan", "buffalo"]),
        ("a taxi in New York", ["manhattan", "buffalo"]),
        ("a taxi near New York", ["manhattan"]),
        ("near:Florida", ["miami"]),  # and not the towns of that name in Uruguay and Cuba
        ("near:Salzburg", ["salzburg"]),
        ("near:Salzburg~25km", ["salzburg"]),
        ("in:Salzburg", ["salzburg", "hallein"]),
        ("a lake in Salzburg", ["salzburg", "hallein"]),
        ("in:Luxembourg", ["luxembourg", "esch"]),
        ("near:Luxembourg~10km", ["luxembourg"]),
        ("in:Georgia", ["atlanta"]),  # no photo is of the country
        ("region:Punjab", ["amritsar"]),  # no photo is of that in Pakistan
        ('region:"Punjab, Pakistan"', []),
        (
            "a beach in Victoria",
            ["victoria0", "victoria1"],
        ),  # in Canada, where there are more than in the Australian state
        ("region:Victoria", ["melbourne"]),
        ("beer in Bayern", ["munich", "nuremberg"]),
        ("in:bavaria", ["munich", "nuremberg"]),
    ],
)
def test_in_means_the_wider_place_of_a_name_and_near_the_town(
    traveller: QueryReader, query: str, names: list[str]
) -> None:
    assert found(traveller, query) == names


def test_a_region_in_plain_words_is_a_chip_that_says_so(traveller: QueryReader) -> None:
    parsed = traveller.parse("beer in Bavaria near Munich")
    assert [(chip.kind, chip.text) for chip in parsed.chips] == [
        ("words", "beer"),
        ("region", "Bavaria"),
        ("near", "Munich"),
    ]


def test_the_regions_of_photos_are_counted(traveller: QueryReader) -> None:
    counted = traveller.places.facets()
    regions = {one.value: one.count for one in counted.regions}
    assert (regions["Bavaria, Germany"], regions["Salzburg, Austria"]) == (2, 2)
    assert {one.value: one.count for one in counted.towns}["Munich, Bavaria, Germany"] == 1
    both = traveller.places.taken_in({"Munich, Bavaria, Germany"}, {"Salzburg, Austria"})
    assert isinstance(both, IdIn)
    assert len(both.ids) == 3
    assert found(traveller, 'region:"Salzburg, Austria"') == ["salzburg", "hallein"], "as it is counted"


def test_an_unknown_region_says_which_is_like_it(reader: QueryReader) -> None:
    (problem,) = reader.parse("fence region:Texsa").problems
    assert (problem.start, problem.suggestion) == (6, "Texas")
    assert reader.parse("region:Atlantis").problems[0].message == "'Atlantis' is no region known here."
    assert reader.parse("near:Tuscanny").problems[0].suggestion == "Tuscany"


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), min_size=1, max_size=8),
    st.floats(-90, 90).map(lambda value: round(value, 3)),
    st.floats(-180, 180).map(lambda value: round(value, 3)),
    st.integers(1, 20_000),
)
def test_a_radius_is_the_distance_on_the_globe(
    spots: list[tuple[float, float]], latitude: float, longitude: float, km: int
) -> None:
    """Against the spherical law of cosines, which is another formula for the same."""
    store = MemoryStore()
    store.apply([put(f"/{place}.jpg", metadata=Metadata(gps=Gps(*spot))) for place, spot in enumerate(spots)])
    query = PhotoPlaces(store, NO_TOWNS).near(f"{latitude:.3f},{longitude:.3f}~{km}km")
    assert query is not None
    inside = {int(Path(asset.path).stem) for asset in store.assets(store.select(query))}
    for place, (phi, theta) in enumerate(spots):
        a, b = math.radians(phi), math.radians(latitude)
        cosine = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(math.radians(theta - longitude))
        away = 6371.0088 * math.acos(max(-1.0, min(1.0, cosine)))
        if abs(away - km) > 1:
            assert (place in inside) == (away < km)


def test_an_unknown_place_is_a_problem(reader: QueryReader) -> None:
    (problem,) = reader.parse("dog near:Lisbonne-les-Bains").problems
    assert (problem.start, problem.harmless) == (4, False)


def test_where_the_photos_were_taken(reader: QueryReader) -> None:
    assert {place.name for place in reader.places.counts()} >= {"Lisbon", "Porto", "Paris"}
    at = reader.places.at(38.72, -9.14)
    assert at is not None
    assert (at.name, at.country_name) == ("Lisbon", "Portugal")
    assert reader.places.at(0.0, -30.0) is None


def test_people_are_found_by_their_names(reader: QueryReader) -> None:
    from dataclasses import replace

    from smartsearch.core.query import HasPerson, Not, Or

    context = reader.context()
    people = {"anna smith": (1,), "anna": (1, 2), "anna jones": (2,), "bob": (3,)}
    context = replace(context, names=replace(context.names, people=people))
    assert parse("Anna Smith on a beach", context).clauses[0].where == HasPerson(1)
    assert parse("Anna's dog without Bob", context).clauses[0].where.parts == (  # type: ignore[attr-defined]
        Or((HasPerson(1), HasPerson(2))),
        Not(HasPerson(3)),
    )
    assert parse("anna on a beach", context).clauses[0].where == Or((HasPerson(1), HasPerson(2)))
    rose = replace(context, names=replace(context.names, people={"rose": (4,)}))
    assert parse("a rose in a vase", rose).words == "a rose in a vase", "a name that is a word wants its capital"
    assert parse("Rose in a garden", rose).clauses[0].where == HasPerson(4)
    assert parse("person:bob", context).clauses[0].where == HasPerson(3)
    assert parse("person:bop", context).problems[0].suggestion == "bob"


def test_a_place_is_looked_up_once_however_the_library_grows() -> None:
    """A library of a million photos changes with every commit; its places hardly do."""

    class Counting:
        def __init__(self) -> None:
            self.asked: list[tuple[float, float]] = []

        def nearest(self, latitudes: Degrees, longitudes: Degrees) -> list[Place | None]:
            self.asked += zip(latitudes.tolist(), longitudes.tolist(), strict=True)
            return [Place(f"{latitude:.2f}", "PT", "Portugal", latitude, 0.0, 1) for latitude in latitudes.tolist()]

    class Growing:
        generation = 0
        positions_known: ClassVar[list[tuple[int, float, float]]] = [(1, 38.701, -9.139), (2, -0.004, 179.999)]

        def positions(self) -> tuple[NDArray[np.int64], Degrees, Degrees]:
            ids, latitudes, longitudes = zip(*self.positions_known, strict=True)
            return np.array(ids), np.array(latitudes), np.array(longitudes)

    gazetteer, store = Counting(), Growing()
    places = PhotoPlaces(store, gazetteer)  # type: ignore[arg-type]
    assert {place.name: count for place, count in places.counts().items()} == {"38.70": 1, "0.00": 1}
    store.generation, store.positions_known = 1, [*store.positions_known, (3, 38.699, -9.141), (4, 51.5, -0.12)]
    assert {place.name: count for place, count in places.counts().items()} == {"38.70": 2, "0.00": 1, "51.50": 1}
    assert sorted(gazetteer.asked) == [(0.0, 180.0), (38.7, -9.14), (51.5, -0.12)]
