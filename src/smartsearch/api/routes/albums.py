"""Albums: images the user put together, and smart ones that hold what answers a query."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Path
from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator

from smartsearch.api.deps import MAX_ID, LibraryDep
from smartsearch.api.hiding import is_hidden_album
from smartsearch.api.schemas import Strict, without_nul
from smartsearch.search.albums import AlbumView

router = APIRouter(tags=["albums"])

AlbumId = Annotated[int, Path(ge=1, le=MAX_ID)]
AlbumName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(without_nul)
]
AlbumQuery = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000), AfterValidator(without_nul)
]
Ids = Annotated[list[Annotated[int, Field(ge=1, le=MAX_ID)]], Field(max_length=100_000)]


class Album(BaseModel):
    """Its images are found by the filter `album`, or by `album:` in a query."""

    id: int = Field(examples=[3])
    name: str = Field(examples=["Lisbon"])
    created_at: datetime
    images: int = Field(description="How many are shown: there, and not hidden.")
    cover: int | None = Field(description="The id of one of them.")
    query: str | None = Field(
        description="Of a smart album: it holds what answers this now.", examples=["dog on a beach rating:>=4"]
    )
    problem: str = Field(
        description="Why a smart album cannot be looked into; else empty.", examples=["Nobody is called 'Anna' here."]
    )

    @classmethod
    def of(cls, view: AlbumView) -> Self:
        album = view.album
        return cls(
            id=album.id,
            name=album.name,
            created_at=album.created_at,
            images=album.images,
            cover=album.cover,
            query=album.query,
            problem=view.problem,
        )


class Albums(BaseModel):
    """By name."""

    albums: list[Album]


class NewAlbum(Strict):
    """An album to make."""

    name: AlbumName = Field(examples=["Lisbon"])
    images: Ids = Field([], description="Ids of its first images.")
    query: AlbumQuery | None = Field(
        None, description="Makes a smart album, without images of its own.", examples=["dog on a beach rating:>=4"]
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.query is not None and self.images:
            raise ValueError("a smart album is given a query or images, not both")
        return self


class AlbumChange(Strict):
    """What to change; what is left out stays."""

    name: AlbumName | None = None
    query: AlbumQuery | None = Field(None, description="Another query for a smart album.")
    add: Ids = Field([], description="Ids of images to put in; unknown ones are left out.")
    remove: Ids = Field([], description="Ids of images to take out.")


@router.get("/albums")
def albums(library: LibraryDep) -> Albums:
    """All albums. Smart ones are counted anew whenever the library has changed; those that ask for somebody who is
    hidden are not there for viewers."""
    return Albums(albums=[Album.of(view) for view in library.albums.all() if not is_hidden_album(library, view)])


@router.post("/albums", status_code=201)
def add_album(new: NewAlbum, library: LibraryDep) -> Album:
    """Make an album, by hand or smart. 409 if the name is taken."""
    return Album.of(library.albums.add(new.name, new.images, new.query))


@router.get("/albums/{album_id}")
def album(album_id: AlbumId, library: LibraryDep) -> Album:
    """One album."""
    return Album.of(library.albums.get(album_id))


@router.patch("/albums/{album_id}")
def change_album(album_id: AlbumId, change: AlbumChange, library: LibraryDep) -> Album:
    """Rename an album, put images in, take images out; change what a smart album asks. 409 for the other kind."""
    changed = library.albums.change(
        album_id, name=change.name, query=change.query, add=change.add, remove=change.remove
    )
    return Album.of(changed)


@router.put("/albums/{album_id}")
def restore_album(album_id: AlbumId, album: NewAlbum, library: LibraryDep) -> Album:
    """Make a deleted album again under the id it had. 404 for an id that no album had, 409 if there is one of that id
    or name."""
    return Album.of(library.albums.restore(album_id, album.name, album.images, album.query))


@router.delete("/albums/{album_id}")
def remove_album(album_id: AlbumId, library: LibraryDep) -> NewAlbum:
    """Delete an album; its images stay. The answer makes it again: `PUT` it to the same address."""
    gone = library.albums.get(album_id).album
    images = library.store.remove_album(album_id)
    return NewAlbum.model_construct(name=gone.name, images=images, query=gone.query)
