"""The library at a glance: facets for a filter sidebar, a timeline, clusters for a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from smartsearch.api.deps import ASKING, LibraryDep
from smartsearch.api.routes.search import Asked
from smartsearch.api.schemas import Filters, ImageBrief, Latitude, Longitude, Strict, Words
from smartsearch.core.overview import Facets as Counted
from smartsearch.core.overview import TimeUnit, ValueCount
from smartsearch.core.query import And, Everything, Or, Query, WithinBox
from smartsearch.library import Library
from smartsearch.search.service import searched

router = APIRouter(tags=["overview"])

_OWN_FILTERS: dict[str, tuple[str, ...]] = {
    "formats": ("formats",),
    "cameras": ("camera", "cameras"),
    "folders": ("folders",),
    "albums": ("album",),
    "ratings": ("min_rating", "max_rating"),
    "months": ("after", "before"),
    "with_position": ("has_position", "south", "west", "north", "east"),
    "with_text": ("has_text",),
    "places": ("places", "regions"),
    "sizes": ("min_size", "max_size"),
}
"""The filters that a facet sets: it is counted without them, so that it shows what else there is to choose. Not so
tags: several must all be there, each narrows the others."""


class Value(BaseModel):
    """One value of a facet."""

    value: str = Field(examples=["jpeg"])
    count: int = Field(examples=[1234])

    @classmethod
    def all(cls, counted: Sequence[ValueCount]) -> list[Self]:
        return [cls(value=found.value, count=found.count) for found in counted]


class RatingValue(BaseModel):
    """One rating, -1 for rejected."""

    value: int = Field(examples=[4])
    count: int = Field(examples=[12])


class NamedValue(BaseModel):
    """A value that has an id of its own."""

    value: int = Field(description="The id.", examples=[3])
    name: str | None = Field(examples=["Lisbon"])
    count: int = Field(examples=[80])


class SizeRange(BaseModel):
    """Files of `min` to `max` bytes."""

    min: int = Field(examples=[1_000_000])
    max: int | None = Field(description="Null: no limit.", examples=[1_999_999])
    count: int = Field(examples=[80])


class FacetQuestion(Strict):
    """Of which images."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"filters": {"after": "2021", "formats": ["jpeg"]}}]})

    query: Words | None = Field(
        None,
        description="Only its filters count, such as `tag:beach` or a date: words match more or less, filters decide.",
        examples=["dog on a beach 2021"],
    )
    filters: Filters = Field(default_factory=Filters)


class Facets(BaseModel):
    """What the images have in common; most frequent first, at most 200 each. A facet is counted under all filters but
    its own."""

    total: int = Field(description="Images that meet all filters.")
    formats: list[Value]
    cameras: list[Value] = Field(description="Models.")
    folders: list[Value] = Field(description="That hold images themselves.")
    tags: list[Value]
    ratings: list[RatingValue] = Field(description="In order.")
    months: list[Value] = Field(description='In order, as "2021-06"; months without images are left out.')
    albums: list[NamedValue]
    people: list[NamedValue]
    with_position: int
    with_text: int = Field(description="In which text was read.")
    towns: list[Value] = Field(description='That photos were taken in or near, as "Munich, Bavaria, Germany".')
    regions: list[Value] = Field(description='States, provinces and so on, as "Bavaria, Germany".')
    countries: list[Value] = Field(description="By their English names.")
    sizes: list[SizeRange] = Field(description="Of files, in order.")


@router.post("/search/facets")
def facets(question: FacetQuestion, library: LibraryDep) -> Facets:
    """Count what the images that meet the filters have in common, for a page to offer filters by."""
    filters, written = question.filters, written_in(library, question.query)

    def others(facet: str) -> Query:
        own = {name: Filters.model_fields[name].get_default() for name in _OWN_FILTERS.get(facet, ())}
        return where_of(library, filters.model_copy(update=own), written)

    def counted(facet: str) -> Counted:
        return library.overviews.facets(others(facet))

    places = library.overviews.places(others("places"))
    return Facets(
        total=counted("total").total,
        formats=Value.all(counted("formats").formats),
        cameras=Value.all(counted("cameras").cameras),
        folders=Value.all(counted("folders").folders),
        tags=Value.all(counted("tags").tags),
        ratings=[RatingValue(value=stars, count=count) for stars, count in counted("ratings").ratings],
        months=Value.all(counted("months").months),
        albums=[NamedValue(value=one.id or 0, name=one.value, count=one.count) for one in counted("albums").albums],
        people=[NamedValue(value=one.id or 0, name=one.value, count=one.count) for one in counted("people").people],
        with_position=counted("with_position").with_position,
        with_text=counted("with_text").with_text,
        towns=Value.all(places.towns),
        regions=Value.all(places.regions),
        countries=Value.all(places.countries),
        sizes=[SizeRange(min=one.minimum, max=one.maximum, count=one.count) for one in counted("sizes").sizes],
    )


def written_in(library: Library, query: str | None) -> Query | None:
    """What the filters of a query ask, whatever its words; None if they let everything through."""
    conditions = tuple(clause.where for clause in library.queries.parse(query).clauses) if query else ()
    return Or(conditions) if conditions and Everything() not in conditions else None


def where_of(library: Library, filters: Filters, written: Query | None = None) -> Query:
    """All that must hold, by the filters and by those ``written`` in a query."""
    where = library.albums.resolved(filters.to_query(library))
    where = where if written is None else And((where, written))
    return searched(library.store, where, filters.words, filters.hidden, ASKING.get().sees_hidden)


def asked_for(library: Library, asked: Asked) -> Query:
    """The images that a search would find, by words and example too."""
    if asked.query is None and asked.like is None:
        return where_of(library, asked.filters)
    # By time, as the page that shows them asks for them: both read one answer.
    return library.answer(replace(asked.to_request(library), sort="newest")).condition()


class TimelineQuestion(Asked):
    """Of which images, and how finely."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"unit": "month", "query": "dog on a beach", "filters": {"after": "2021"}}]}
    )

    unit: TimeUnit = "month"
    covers: bool | None = Field(
        None,
        description="Whether buckets come with an image. Default: yes, but not by day, where there may be thousands.",
    )


class Bucket(BaseModel):
    """A day, month or year in which images were taken."""

    start: date = Field(examples=["2021-06-01"])
    count: int = Field(examples=[120])
    cover: ImageBrief | None = Field(description="Its latest image, if covers were asked for.")


class Timeline(BaseModel):
    """Latest first, without empty stretches. The counts before a bucket are its place in the same search by
    `newest`."""

    unit: TimeUnit
    total: int = Field(examples=[24_000])
    buckets: list[Bucket]


@router.post("/timeline")
def timeline(question: TimelineQuestion, library: LibraryDep) -> Timeline:
    """How many images were taken when: by their own time, or else that of their files."""
    buckets = library.overviews.timeline(asked_for(library, question), question.unit)
    wanted = question.unit != "day" if question.covers is None else question.covers
    covers = covers_of(library, [bucket.cover for bucket in buckets]) if wanted else {}
    return Timeline(
        unit=question.unit,
        total=sum(bucket.count for bucket in buckets),
        buckets=[Bucket(start=bucket.start, count=bucket.count, cover=covers.get(bucket.cover)) for bucket in buckets],
    )


def covers_of(library: Library, ids: Sequence[int]) -> dict[int, ImageBrief]:
    """By id."""
    return {asset.id: ImageBrief.of(asset) for asset in library.store.assets(ids)}


class MapQuestion(Asked):
    """Which part of the map, and of which images."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"zoom": 5, "south": 36, "west": -10, "north": 44, "east": 3, "query": "boat"}]}
    )

    zoom: Annotated[int, Field(ge=0, le=20, description="0: the world on one tile of 256 pixels.")] = 0
    south: Latitude = -90
    west: Annotated[Longitude, Field(description="Greater than `east`: the box crosses the antimeridian.")] = -180
    north: Latitude = 90
    east: Longitude = 180


class MapCluster(BaseModel):
    """Images taken near one another, and the box around them."""

    latitude: float = Field(description="The middle of their positions.", examples=[38.71])
    longitude: float = Field(examples=[-9.14])
    count: int = Field(examples=[57])
    south: float
    west: float
    north: float
    east: float
    cover: ImageBrief | None = Field(description="The latest. Only of the first 300.")


class Map(BaseModel):
    """Largest clusters first."""

    total: int = Field(description="Images in the box.")
    clusters: list[MapCluster]


MAX_COVERS = 300


@router.post("/map")
def map_clusters(question: MapQuestion, library: LibraryDep) -> Map:
    """Where images were taken. Cells of 64 pixels lie fast on the map: clusters do not change as it is moved."""
    box = WithinBox(question.south, question.west, question.north, question.east)
    found = library.overviews.map(asked_for(library, question), box, question.zoom)
    covers = covers_of(library, [cluster.cover for cluster in found[:MAX_COVERS]])
    fields = ("latitude", "longitude", "count", "south", "west", "north", "east")
    return Map(
        total=sum(cluster.count for cluster in found),
        clusters=[
            MapCluster(**{name: getattr(cluster, name) for name in fields}, cover=covers.get(cluster.cover))
            for cluster in found
        ],
    )
