"""Albums: images the user put together."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Path, Response
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from smartsearch.api.deps import MAX_ID, LibraryDep
from smartsearch.api.schemas import Strict, without_nul
from smartsearch.core.assets import Album as StoredAlbum
from smartsearch.core.errors import AlbumNotFoundError

router = APIRouter(tags=["albums"])

AlbumId = Annotated[int, Path(ge=1, le=MAX_ID)]
AlbumName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(without_nul)
]
Ids = Annotated[list[Annotated[int, Field(ge=1, le=MAX_ID)]], Field(max_length=100_000)]


class Album(BaseModel):
    """Its images are found by the filter `album`."""

    id: int = Field(examples=[3])
    name: str = Field(examples=["Lisbon"])
    created_at: datetime
    images: int = Field(description="How many are shown: there, and not hidden.")
    cover: int | None = Field(description="The id of one of them.")

    @classmethod
    def of(cls, album: StoredAlbum) -> Self:
        return cls(id=album.id, name=album.name, created_at=album.created_at, images=album.images, cover=album.cover)


class Albums(BaseModel):
    """By name."""

    albums: list[Album]


class NewAlbum(Strict):
    """An album to make."""

    name: AlbumName = Field(examples=["Lisbon"])
    images: Ids = Field([], description="Ids of its first images.")


class AlbumChange(Strict):
    """What to change; what is left out stays."""

    name: AlbumName | None = None
    add: Ids = Field([], description="Ids of images to put in; unknown ones are left out.")
    remove: Ids = Field([], description="Ids of images to take out.")


@router.get("/albums")
def albums(library: LibraryDep) -> Albums:
    """All albums."""
    return Albums(albums=[Album.of(album) for album in library.store.albums()])


@router.post("/albums", status_code=201)
def add_album(new: NewAlbum, library: LibraryDep) -> Album:
    """Make an album. 409 if the name is taken."""
    made = library.store.add_album(new.name)
    return Album.of(library.store.change_album(made.id, add=new.images) if new.images else made)


@router.get("/albums/{album_id}")
def album(album_id: AlbumId, library: LibraryDep) -> Album:
    """One album."""
    found = [album for album in library.store.albums() if album.id == album_id]
    if not found:
        raise AlbumNotFoundError(f"There is no album {album_id}.")
    return Album.of(found[0])


@router.patch("/albums/{album_id}")
def change_album(album_id: AlbumId, change: AlbumChange, library: LibraryDep) -> Album:
    """Rename an album, put images in, take images out."""
    return Album.of(library.store.change_album(album_id, name=change.name, add=change.add, remove=change.remove))


@router.delete("/albums/{album_id}", status_code=204)
def remove_album(album_id: AlbumId, library: LibraryDep) -> Response:
    """Delete an album. Its images stay."""
    library.store.remove_album(album_id)
    return Response(status_code=204)
