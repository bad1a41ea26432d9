"""Duplicates: groups of the same picture, and moving what is spare to the trash."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from smartsearch.api.deps import MAX_ID, LibraryDep
from smartsearch.api.schemas import ImageBrief, Strict, shown
from smartsearch.core.assets import Asset
from smartsearch.core.duplicates import KINDS, DuplicateGroup, DuplicateKind
from smartsearch.duplicates.trash import TrashItem, TrashPlan

router = APIRouter(tags=["duplicates"])

Ids = Annotated[list[Annotated[int, Field(ge=1, le=MAX_ID)]], Field(min_length=1, max_length=10_000)]


class DuplicateImage(BaseModel):
    """An image of a group."""

    image: ImageBrief
    kind: DuplicateKind | None = Field(description="How it is a duplicate of the best; null for the best itself.")
    bits: int = Field(description="Of 64, in which its perceptual hash differs from that of the best.")
    sharpness: float | None = Field(description="Variance of the Laplacian; comparable within the group.")


class DuplicatesGroup(BaseModel):
    """Images of the same picture or moment, the one to keep first."""

    kind: DuplicateKind = Field(description="The loosest of its members'.")
    spare_bytes: int = Field(description="Of all but the first.")
    members: list[DuplicateImage]

    @classmethod
    def of(cls, group: DuplicateGroup, assets: dict[int, Asset]) -> Self:
        members = [
            DuplicateImage(
                image=ImageBrief.of(assets[member.id]),
                kind=member.kind,
                bits=member.bits,
                sharpness=assets[member.id].sharpness,
            )
            for member in group.members
            if member.id in assets
        ]
        return cls(kind=group.kind, spare_bytes=group.spare_bytes, members=members)


class DuplicateGroups(BaseModel):
    """Some of the groups, what saves most first."""

    groups: list[DuplicatesGroup]
    total: int = Field(description="How many groups there are.")
    spare_bytes: int = Field(description="Of all groups.")
    trash_allowed: bool = Field(description="The setting `duplicates.allow_trash`; it is not changed over HTTP.")


class DistinctImages(Strict):
    """Images that are no duplicates of each other."""

    ids: Annotated[list[Annotated[int, Field(ge=1, le=MAX_ID)]], Field(min_length=2, max_length=10_000)]
    distinct: bool = Field(True, description="False takes it back.")


class ToTrash(Strict):
    """Which duplicates to move."""

    ids: Ids


class ConfirmedTrash(ToTrash):
    """The same ids again, and the word of the plan that the user has seen."""

    token: Annotated[str, Field(max_length=64)]


class TrashFile(BaseModel):
    """A file to move."""

    id: int
    path: str
    size: int = Field(description="Bytes.")
    problem: str = Field(description="Why it was not moved; empty otherwise.")

    @classmethod
    def of(cls, item: TrashItem) -> Self:
        return cls(id=item.id, path=shown(item.path), size=item.size, problem=item.problem)


class PlannedTrash(BaseModel):
    """What would be moved. Say the token to do it: it is good for these very files only."""

    files: list[TrashFile]
    bytes: int
    token: str

    @classmethod
    def of(cls, plan: TrashPlan) -> Self:
        return cls(files=list(map(TrashFile.of, plan.items)), bytes=plan.bytes, token=plan.token)


class TrashResult(BaseModel):
    """What became of the files. Those that were moved count as missing, and come back when they are put back."""

    moved: list[TrashFile]
    refused: list[TrashFile]


@router.get("/duplicates")
def duplicates(
    library: LibraryDep,
    kind: Annotated[list[DuplicateKind] | None, Query(description="Of these kinds only.")] = None,
    skip: Annotated[int, Query(ge=0, le=MAX_ID)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 30,
) -> DuplicateGroups:
    """Groups of duplicates among the images that are shown. The first question after a change of the library takes
    seconds for a hundred thousand images."""
    report = library.duplicates.find(kind or KINDS)
    chosen = report.groups[skip : skip + limit]
    assets = library.store.assets([member.id for group in chosen for member in group.members])
    by_id = {asset.id: asset for asset in assets}
    return DuplicateGroups(
        groups=[DuplicatesGroup.of(group, by_id) for group in chosen],
        total=len(report.groups),
        spare_bytes=report.spare_bytes,
        trash_allowed=library.duplicates.trash_allowed,
    )


@router.post("/duplicates/distinct", status_code=204)
def distinct(said: DistinctImages, library: LibraryDep) -> Response:
    """The user's word that images are no duplicates of each other. It outlives every search for duplicates."""
    library.duplicates.set_distinct(said.ids, said.distinct)
    return Response(status_code=204)


@router.post("/duplicates/trash/plan")
def plan_trash(wanted: ToTrash, library: LibraryDep) -> PlannedTrash:
    """What moving these images to the trash would do; nothing is touched. 403 unless the setting
    `duplicates.allow_trash` is on; 409 for what is no duplicate, and where all of a group would go."""
    return PlannedTrash.of(library.duplicates.plan_trash(wanted.ids))


@router.post("/duplicates/trash")
def trash(confirmed: ConfirmedTrash, library: LibraryDep) -> TrashResult:
    """Move the files of these images to the system's trash. Each is checked right before: unchanged since it was
    indexed, in an indexed folder, behind no symbolic link, and the best of those that stay is there. 409 if anything is
    not as the plan told."""
    report = library.duplicates.trash(confirmed.ids, confirmed.token)
    return TrashResult(moved=list(map(TrashFile.of, report.moved)), refused=list(map(TrashFile.of, report.refused)))
