"""Settings that may be changed while the server runs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from smartsearch.api.deps import LibraryDep
from smartsearch.api.schemas import Size, Strict, Words
from smartsearch.config import as_dict

router = APIRouter(tags=["system"])

Patterns = Annotated[list[Words], Field(max_length=1000)]


class Discovery(BaseModel):
    """What scans take and leave."""

    exclude: list[str] = Field(description="gitignore syntax, relative to each indexed folder.")
    default_excludes: bool = Field(description="Leave out version control, trash, caches and the like.")
    follow_symlinks: bool
    include_hidden: bool
    min_bytes: int = Field(description="Smaller files are left out.")


class Media(BaseModel):
    """Limits of a picture."""

    min_side: int = Field(description="Pictures with a shorter side below this are left out. Pixels.")


class AutomaticTags(BaseModel):
    """Tags by sight."""

    auto: bool
    max_per_photo: int


class Search(BaseModel):
    """How queries are read."""

    hemisphere: Literal["auto", "north", "south"] = Field(description="When summer is.")


class RuntimeSettings(BaseModel):
    """In force now. What is not here is changed in config.toml and needs a restart."""

    discovery: Discovery
    media: Media
    tags: AutomaticTags
    search: Search


class DiscoveryChange(Strict):
    """See `Discovery`."""

    exclude: Patterns | None = None
    default_excludes: bool | None = None
    follow_symlinks: bool | None = None
    include_hidden: bool | None = None
    min_bytes: Size | None = None


class MediaChange(Strict):
    """See `Media`."""

    min_side: Size | None = None


class AutomaticTagsChange(Strict):
    """See `AutomaticTags`."""

    auto: bool | None = None
    max_per_photo: Size | None = None


class SearchChange(Strict):
    """See `Search`."""

    hemisphere: Literal["auto", "north", "south"] | None = None


class SettingsChange(Strict):
    """What to change; what is left out stays, null goes back to the default."""

    discovery: DiscoveryChange = Field(default_factory=DiscoveryChange)
    media: MediaChange = Field(default_factory=MediaChange)
    tags: AutomaticTagsChange = Field(default_factory=AutomaticTagsChange)
    search: SearchChange = Field(default_factory=SearchChange)


class Reloaded(BaseModel):
    """Settings whose values differ from before, as "section.key"."""

    in_force: list[str] = Field(description="In force from now on.", examples=[["discovery.exclude"]])
    at_next_start: list[str] = Field(description="In force after a restart.", examples=[["server.port"]])


@router.get("/settings")
def settings(library: LibraryDep) -> RuntimeSettings:
    """The settings that may be changed here."""
    return RuntimeSettings.model_validate(as_dict(library.settings))


@router.patch("/settings")
def change_settings(change: SettingsChange, library: LibraryDep) -> RuntimeSettings:
    """Change settings, in the library's config.toml. The next scan goes by them."""
    changes: dict[str, Any] = change.model_dump(exclude_unset=True)
    library.configure({section: values for section, values in changes.items() if values})
    return settings(library)


@router.post("/settings/reload")
def reload_settings(library: LibraryDep) -> Reloaded:
    """Read config.toml anew, as SIGHUP does. What is not valid changes nothing."""
    found = library.reload()
    return Reloaded(in_force=list(found.in_force), at_next_start=list(found.at_next_start))
