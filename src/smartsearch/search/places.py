"""Where the photos of a library were taken, by name."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.overview import MAX_VALUES, ValueCount
from smartsearch.core.places import Degrees, Gazetteer, Place, Region, distances_km, folded
from smartsearch.core.ports import Store
from smartsearch.core.query import IdIn, Query

_POINT = re.compile(r"(-?\d{1,2}(?:\.\d+)?)\s*,\s*(-?\d{1,3}(?:\.\d+)?)")
_RADIUS = re.compile(r"(.*?)\s*~\s*(\d{1,5}(?:\.\d+)?)\s*(km|m|mi)?", re.DOTALL)
_KM = {"km": 1.0, "m": 0.001, "mi": 1.609344}
DEFAULT_KM = 10.0
_ROW = 100_000
"""More than there are hundredths of a degree around the earth."""


@dataclass(frozen=True, slots=True, eq=False)
class _Taken:
    """Images with a position, each in or near a town, by its number."""

    ids: NDArray[np.int64]
    latitudes: Degrees
    longitudes: Degrees
    numbers: NDArray[np.int64]
    towns: list[Place | None]
    """Each once; None for images that are near none."""

    def of(self, fits: Callable[[Place], bool]) -> NDArray[np.bool_]:
        """The images whose town fits."""
        return np.array([town is not None and fits(town) for town in self.towns], bool)[self.numbers]

    def counts(self, chosen: NDArray[np.bool_]) -> Counter[Place]:
        """How many of the chosen images were taken in or near each town."""
        counts = np.bincount(self.numbers[chosen], minlength=len(self.towns)).tolist()
        return Counter({town: count for town, count in zip(self.towns, counts, strict=True) if town and count})


@dataclass(frozen=True, slots=True)
class PlaceCounts:
    """Places that images were taken in, most frequent first: towns ("Munich, Bavaria, Germany"), regions ("Bavaria,
    Germany") and countries ("Germany")."""

    towns: list[ValueCount]
    regions: list[ValueCount]
    countries: list[ValueCount]


class PhotoPlaces:
    """Places of one library's photos. Computed from the positions, once for each generation; see decision 0007.

    Safe to use from several threads.
    """

    def __init__(self, store: Store, gazetteer: Gazetteer) -> None:
        self._store = store
        self._gazetteer = gazetteer
        self._lock = threading.Lock()
        self._kept: tuple[int, _Taken] | None = None
        self._cells: dict[int, Place | None] = {}
        """The town of every hundredth of a degree that was looked up: it stays, whatever is added to the library."""

    def near(self, value: str) -> Query | None:
        """The images near a town, in a country, or near "latitude,longitude"; "~5km" behind it says how near. A name
        that is no country, nor that of a town where photos were taken, may be a region's. None for one nobody knows."""
        found = _RADIUS.fullmatch(value)
        km = float(found[2]) * _KM[found[3] or "km"] if found else None
        name = found[1] if found else value
        point = _POINT.fullmatch(name.strip())
        if point and abs(float(point[1])) <= 90 and abs(float(point[2])) <= 180:
            return self._around(float(point[1]), float(point[2]), DEFAULT_KM if km is None else km)
        code = self._gazetteer.country(name)
        if code is not None and km is None:
            return self._where(self._country(code))
        town = self._town(name)
        if town is None:
            return self.region(name) if km is None else None
        around = self._around(town.latitude, town.longitude, town.radius_km if km is None else km)
        if km is None and not (around.ids and folded(town.name).startswith(folded(name.partition(",")[0]))):
            # The towns called Florida are in Uruguay and Colombia; Maine is Des Plaines to somebody.
            wider = self.region(name)
            return wider if wider is not None and wider.ids else around
        return around

    def region(self, name: str) -> IdIn | None:
        """The images taken in a region, by the town of each; None for a name nobody knows. Of several of a name, which
        "Punjab, India" tells apart, that with most of them."""
        found = [self._taken().of(region.holds) for region in self._regions(name)]
        return self._where(max(found, key=np.count_nonzero)) if found else None

    def region_names(self) -> list[str]:
        """What `region` knows."""
        return self._gazetteer.region_names()

    def visited(self, name: str, wide: bool = False) -> tuple[str, Query] | None:
        """As `near`, for a name in plain words, and the field that says the same: None unless photos were taken there.
        ``wide``: what "in" means. The country or the region of that name, not the town; "in New York" is the state."""
        code = self._gazetteer.country(name)
        if code is None and not self._gazetteer.regions(name) and not self._gazetteer.towns(name):
            return None  # most words are no names, and what follows reads where all photos were taken
        taken = self._taken()
        if not len(taken.ids):
            return None
        if wide:
            meant = [] if code is None else [("near", self._country(code))]
            meant += [("region", taken.of(region.holds)) for region in self._regions(name)]
            field, chosen = max(meant, key=lambda one: int(one[1].sum()), default=("", np.zeros(0, bool)))
            town = self._town(name)
            # Victoria in Canada is not what is meant by the few photos of Victoria in Australia.
            if chosen.any() and (town is None or chosen.sum() >= taken.of(lambda other: other == town).sum()):
                return field, self._where(chosen)
        query = self.near(name)
        return ("near", query) if isinstance(query, IdIn) and query.ids else None

    def counts(self) -> Counter[Place]:
        """How many photos were taken in or near each town."""
        taken = self._taken()
        return taken.counts(np.ones(len(taken.ids), bool))

    def taken_in(self, places: Collection[str], regions: Collection[str] = ()) -> Query:
        """The images of any of these towns and countries, and of these regions, as `facets` names them."""

        def fits(town: Place) -> bool:
            return town.region_label in regions or town.label in places or town.country_name in places

        return self._where(self._taken().of(fits))

    def facets(self, ids: Sequence[int] | None = None) -> PlaceCounts:
        """The towns, regions and countries that these images were taken in; None: all of them."""
        taken = self._taken()
        counts = self.counts() if ids is None else taken.counts(np.isin(taken.ids, np.array(ids, np.int64)))
        towns, regions, countries = Counter[str](), Counter[str](), Counter[str]()
        for town, count in counts.items():
            towns[town.label] += count
            countries[town.country_name] += count
            if town.region:
                regions[town.region_label] += count
        return PlaceCounts(_counted(towns), _counted(regions), _counted(countries))

    def at(self, latitude: float, longitude: float) -> Place | None:
        """The town of a position."""
        return self._gazetteer.nearest(np.array([latitude]), np.array([longitude]))[0]

    def _regions(self, name: str) -> list[Region]:
        """The regions of that name, or that of "Punjab, India"."""
        name, comma, country = name.partition(",")
        regions = self._gazetteer.regions(name)
        if not comma:
            return regions
        code = self._gazetteer.country(country)
        return [region for region in regions if not region.whole and code in region.countries]

    def _country(self, code: str) -> NDArray[np.bool_]:
        return self._taken().of(lambda town: town.country == code)

    def _town(self, name: str) -> Place | None:
        """Of several towns of a name the one most photos were taken near, else the largest; or that of "Paris, US",
        "Paris, Texas"."""
        name, *wider = name.split(",")
        towns = self._gazetteer.towns(name)
        for part in wider:
            code, regions = self._gazetteer.country(part), self._gazetteer.regions(part)
            if code is not None or regions:
                towns = [town for town in towns if town.country == code or any(one.holds(town) for one in regions)]
        if len(towns) < 2:
            return towns[0] if towns else None
        taken = self._taken()
        photos = [
            int(
                (distances_km(taken.latitudes, taken.longitudes, town.latitude, town.longitude) <= town.radius_km).sum()
            )
            for town in towns
        ]
        return towns[photos.index(max(photos))]

    def _around(self, latitude: float, longitude: float, km: float) -> IdIn:
        taken = self._taken()
        return self._where(distances_km(taken.latitudes, taken.longitudes, latitude, longitude) <= km)

    def _where(self, chosen: NDArray[np.bool_]) -> IdIn:
        return IdIn(tuple(self._taken().ids[chosen.astype(bool)].tolist()))

    def _taken(self) -> _Taken:
        generation = self._store.generation
        with self._lock:
            if self._kept is None or self._kept[0] != generation:
                self._kept = (generation, self._look())
            return self._kept[1]

    def _look(self) -> _Taken:
        ids, latitudes, longitudes = self._store.positions()
        # Photos of one place are alike to a hundredth of a degree, about a kilometre.
        cells = np.round(latitudes * 100).astype(np.int64) * _ROW + np.round(longitudes * 100).astype(np.int64)
        unique, which = np.unique(cells, return_inverse=True)
        new = np.array([cell for cell in unique.tolist() if cell not in self._cells], np.int64)
        if len(new):
            rows = np.rint(new / _ROW)
            towns = self._gazetteer.nearest(rows / 100, (new - rows * _ROW) / 100)
            self._cells.update(zip(new.tolist(), towns, strict=True))
        numbers: dict[Place | None, int] = {}
        of_cells = [numbers.setdefault(self._cells[cell], len(numbers)) for cell in unique.tolist()]
        return _Taken(ids, latitudes, longitudes, np.array(of_cells, np.int64)[which.ravel()], list(numbers))


def _counted(counts: Mapping[str, int]) -> list[ValueCount]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [ValueCount(name, count) for name, count in ordered[:MAX_VALUES]]
