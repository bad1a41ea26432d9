"""Is it there, and what is it."""

from __future__ import annotations

from importlib.metadata import version
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from smartsearch.api.deps import LibraryDep

router = APIRouter(tags=["system"])


class Health(BaseModel):
    """The server answers and its library can be read; otherwise the answer is a problem document."""

    status: Literal["ok"] = "ok"
    read_only: bool = Field(description="Searching works; indexing and tagging do not (read-only or full disk).")
    generation: int = Field(description="Grows with every change to the library.", examples=[42])


class Version(BaseModel):
    """The program and its interface."""

    version: str = Field(examples=["0.1.0"])
    api: Literal["v1"] = "v1"


@router.get("/health")
def health(library: LibraryDep) -> Health:
    """Whether the server can read its library."""
    return Health(read_only=library.store.read_only, generation=library.store.generation)


@router.get("/version")
def program_version() -> Version:
    """Which program answers."""
    return Version(version=version("smartsearch"))
