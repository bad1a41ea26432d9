"""Albums that the library proposes, and keeping one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field, StringConstraints

from smartsearch.api.deps import LibraryDep
from smartsearch.api.routes.albums import Album
from smartsearch.api.schemas import WallClock
from smartsearch.search.proposals import ProposalKind

router = APIRouter(tags=["albums"])

Key = Annotated[str, StringConstraints(max_length=100), Path()]


class ProposedAlbum(BaseModel):
    """An album that might be made."""

    key: str = Field(examples=["trip-20210605T101500-12"])
    kind: ProposalKind
    name: str = Field(examples=["Trip to Lisbon, Portugal, 5-12 June 2021"])
    images: int
    cover: int = Field(description="The id of one of them.")
    query: str | None = Field(description="Of a proposed smart album.", examples=['person:"Anna"'])
    start: WallClock | None = Field(description="When the first was taken.")
    end: WallClock | None


class ProposedAlbums(BaseModel):
    """This day in other years, then trips, events and people, the latest first."""

    proposals: list[ProposedAlbum]


@router.get("/proposals")
def proposals(
    library: LibraryDep, dismissed: Annotated[bool, Query(description="Those that were dismissed instead.")] = False
) -> ProposedAlbums:
    """Albums that might be made, by time, place and people. Those there is an album called after, and those that were
    dismissed, are left out."""
    found = library.proposals.dismissed() if dismissed else library.proposals.all()
    return ProposedAlbums(
        proposals=[ProposedAlbum(**{name: getattr(one, name) for name in ProposedAlbum.model_fields}) for one in found]
    )


@router.post("/proposals/{key}", status_code=201)
def keep_proposal(key: Key, library: LibraryDep) -> Album:
    """Make the album. 404 if it is proposed no more."""
    return Album.of(library.proposals.keep(key))


@router.delete("/proposals/{key}", status_code=204)
def dismiss_proposal(key: Key, library: LibraryDep) -> Response:
    """Do not propose it again. 404 if it is proposed no more."""
    library.proposals.dismiss(key)
    return Response(status_code=204)


@router.post("/proposals/{key}/restore", status_code=204)
def restore_proposal(key: Key, library: LibraryDep) -> Response:
    """Take a dismissal back. 404 if that was not dismissed."""
    library.proposals.restore(key)
    return Response(status_code=204)
