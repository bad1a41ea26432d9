"""Many images changed by one request: all of it or nothing, and with what takes it back."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from smartsearch.access.audit import noted
from smartsearch.api.deps import MAX_ID, AuditDep, LibraryDep
from smartsearch.api.routes.images import TagName
from smartsearch.api.schemas import Rating, Strict
from smartsearch.core.assets import Tag
from smartsearch.core.edits import Edit as CoreEdit

router = APIRouter(tags=["images"])

MAX_IDS = 10_000
MAX_EDITS = 2_000

Names = Annotated[list[TagName], Field(max_length=200)]
AlbumIds = Annotated[list[Annotated[int, Field(ge=1, le=MAX_ID)]], Field(max_length=100)]


class RejectedTag(Strict):
    """An automatic tag as it was."""

    name: TagName
    confidence: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Edit(Strict):
    """What to change of each of these images; what is left out stays."""

    ids: Annotated[list[Annotated[int, Field(ge=1, le=MAX_ID)]], Field(min_length=1, max_length=MAX_IDS)] = Field(
        description="Unknown ones are passed over.", examples=[[12, 13, 14]]
    )
    add_tags: Names = Field([], examples=[["beach"]])
    remove_tags: Names = Field(
        [], description="The user's own are deleted, automatic ones do not come back; keywords in the file stay."
    )
    drop_tags: Names = Field([], description="The user's own only.")
    reject_tags: Names = Field([], description="Automatic ones only.")
    restore_tags: Annotated[list[RejectedTag], Field(max_length=200)] = Field(
        [], description="Automatic ones that were taken off."
    )
    rating: Rating | None = Field(None, description="0-5, -1 for rejected; null goes by the file's own again.")
    hidden: bool | None = Field(None, description="Hidden images are left out of searches.")
    add_to: AlbumIds = Field([], description="Ids of albums.")
    remove_from: AlbumIds = Field([], description="Ids of albums.")

    def to_edit(self) -> CoreEdit:
        return CoreEdit(
            tuple(self.ids),
            tuple(self.add_tags),
            tuple(self.remove_tags),
            tuple(self.drop_tags),
            tuple(self.reject_tags),
            tuple(Tag(tag.name, tag.confidence, "auto") for tag in self.restore_tags),
            self.rating if "rating" in self.model_fields_set else "keep",
            self.hidden,
            tuple(self.add_to),
            tuple(self.remove_from),
        )

    @classmethod
    def of(cls, edit: CoreEdit) -> Self:
        restored = [RejectedTag(name=tag.name, confidence=tag.confidence) for tag in edit.restore_tags]
        lists = {
            name: list(getattr(edit, name))
            for name in ("add_tags", "remove_tags", "drop_tags", "reject_tags", "add_to", "remove_from")
            if getattr(edit, name)
        }
        return cls(
            ids=list(edit.ids),
            **lists,
            **({"restore_tags": restored} if restored else {}),
            **({} if edit.rating == "keep" else {"rating": edit.rating}),
            **({} if edit.hidden is None else {"hidden": edit.hidden}),
        )


class Edits(Strict):
    """Changes, made in this order in one transaction."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"edits": [{"ids": [12, 13, 14], "add_tags": ["beach"], "rating": 4}]}]}
    )

    edits: list[Edit] = Field(min_length=1, max_length=MAX_EDITS)


class Edited(BaseModel):
    """What was done."""

    images: int = Field(description="How many of the images there are.", examples=[3])
    undo: list[Edit] = Field(description="Sent to the same address they take it back; empty if nothing has changed.")


@router.post("/images/edits", response_model_exclude_unset=True)
def edit_images(body: Edits, library: LibraryDep, audit: AuditDep) -> Edited:
    """Change tags, ratings, hiding and albums of many images at once. If any part is refused, nothing has changed: 404
    for an unknown album, 409 for a smart one."""
    done = library.store.edit([edit.to_edit() for edit in body.edits])
    audit |= noted(sorted({image_id for edit in body.edits for image_id in edit.ids}))
    return Edited(images=done.images, undo=[Edit.of(edit) for edit in done.undo])
