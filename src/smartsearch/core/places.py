"""Places: values, and distances on the globe."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from math import sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

EARTH_KM = 6371.0088
"""Mean radius (IUGG)."""
MAX_KM = 60.0
"""A photo farther than this from any town is in none."""

Degrees = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Place:
    """A town: its name, its country (ISO 3166 code and English name), where its middle is, how many live there."""

    name: str
    country: str
    country_name: str
    latitude: float
    longitude: float
    population: int
    region: str = ""
    """The English name of the first administrative division of the country that it lies in: "Bavaria"."""

    @property
    def label(self) -> str:
        """The town with its region and country: "Munich, Bavaria, Germany", but "Hamburg, Germany"."""
        same = not self.region or folded(self.name) in (folded(self.region), bare(self.region))
        return f"{self.name}, {self.country_name if same else self.region_label}"

    @property
    def region_label(self) -> str:
        """The region with its country: "Bavaria, Germany"; "" where it has none."""
        return self.region and f"{self.region}, {self.country_name}"

    @property
    def radius_km(self) -> float:
        """How far "near" it reaches: 5 km and what a town of that many people takes up, 18 km for half a million, 48 km
        for eight million."""
        return 5.0 + 0.015 * sqrt(self.population)


@dataclass(frozen=True, slots=True)
class Region:
    """A continent, by the codes of its ``countries``, or the first administrative division of one."""

    name: str
    countries: frozenset[str]
    whole: bool = False
    """All of the countries: a continent."""

    def holds(self, town: Place) -> bool:
        """Whether the town lies in it."""
        return town.country in self.countries and (self.whole or town.region == self.name)


class Gazetteer(Protocol):
    """Names of towns, countries and regions."""

    def towns(self, name: str) -> list[Place]:
        """Towns of that name in any language, the largest first."""
        ...

    def country(self, name: str) -> str | None:
        """The code of a country by its English name or code, ignoring case."""
        ...

    def regions(self, name: str) -> list[Region]:
        """Continents, states, provinces and so on of that name, ignoring case, those with most people first."""
        ...

    def region_names(self) -> list[str]:
        """The English names of all of them."""
        ...

    def nearest(self, latitudes: Degrees, longitudes: Degrees) -> list[Place | None]:
        """The town of each position: the nearest one, distances counted in `Place.radius_km`; None where that is
        farther than `MAX_KM`."""
        ...


def folded(name: str) -> str:
    """A name without case, accents and punctuation: "São Tomé" is "sao tome", "Łódź" is "lodz"."""
    apart = unicodedata.normalize("NFKD", name.casefold()).translate(_LETTERS)
    return " ".join("".join(letter for letter in apart if not unicodedata.combining(letter)).split())


_LETTERS = str.maketrans(
    dict.fromkeys("-–_’‘ʼ'.`,\t\n", " ") | dict(zip("øđðłıəħæœþ", "o d d l i e h ae oe th".split(), strict=True))  # noqa: SIM905
)
"""Punctuation, and letters with strokes, which Unicode does not take apart."""
_DIVISIONS = frozenset(
    "province county region department oblast district state governorate municipality krai "  # noqa: SIM905
    "kray republic voivodeship division prefecture parish city of".split()
)


def bare(region: str) -> str:
    """The name of a region, folded, without the word for what it is: "Opole Voivodeship" is "opole"."""
    words = folded(region).split()
    return " ".join([word for word in words if word not in _DIVISIONS] or words)


def distances_km(latitudes: Degrees, longitudes: Degrees, latitude: float, longitude: float) -> Degrees:
    """Great-circle distances of positions from one, by the haversine formula."""
    phi, other = np.radians(latitudes), np.radians(latitude)
    half = np.sin((phi - other) / 2) ** 2
    half += np.cos(phi) * np.cos(other) * np.sin(np.radians(longitudes - longitude) / 2) ** 2
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))), dtype=np.float64)


def unit_vectors(latitudes: Degrees, longitudes: Degrees) -> NDArray[np.float32]:
    """Points on the unit sphere, (n, 3): the nearest in space is the nearest on the ground."""
    phi, theta = np.radians(latitudes), np.radians(longitudes)
    points = (np.cos(phi) * np.cos(theta), np.cos(phi) * np.sin(theta), np.sin(phi))
    return np.stack(points, axis=1).astype(np.float32)
