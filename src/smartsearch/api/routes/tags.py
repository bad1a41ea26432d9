"""Tags of the whole library: a tree to look at, move and merge in."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from pydantic import BaseModel, Field

from smartsearch.api.deps import LibraryDep
from smartsearch.api.routes.images import TagName
from smartsearch.api.schemas import Strict

router = APIRouter(tags=["tags"])


class TagNode(BaseModel):
    """A tag, or what tags lie below."""

    name: str = Field(description="With what it lies below.", examples=["animal/dog"])
    images: int = Field(description="Shown images that have it or a tag below it, each once.")
    editable: bool = Field(description="You gave it, or one below, to some image. Others come from files or by sight.")


class TagTree(BaseModel):
    """Each tag follows the one it lies below."""

    tags: list[TagNode]


class TagMove(Strict):
    """Where to."""

    name: TagName = Field(examples=["pet/dog"])


class Moved(BaseModel):
    """What was done."""

    images: int = Field(description="How many images it changed.")


@router.get("/tags")
def tags(library: LibraryDep) -> TagTree:
    """All tags that images have, and those above them."""
    return TagTree(tags=[TagNode(**asdict(node)) for node in library.store.tag_tree()])


@router.patch("/tags/{name:path}")
def move_tag(name: TagName, to: TagMove, library: LibraryDep) -> Moved:
    """Rename your tag, with all below it; into a name that is there the two become one. Keywords in files and automatic
    tags stay. 404 if you gave no such tag."""
    return Moved(images=library.move_tag(name, to.name))


@router.delete("/tags/{name:path}")
def delete_tag(name: TagName, library: LibraryDep) -> Moved:
    """Take your tag, and all below it, off every image."""
    return Moved(images=library.move_tag(name, None))
