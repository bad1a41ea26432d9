"""Moving duplicates to the system's trash: the only place of the program that touches an original.

What was decided for a group is checked again at each file, right before it goes: nothing moves whose bytes are not
those that were indexed, that lies outside the indexed folders or behind a symbolic link, or of whose group the best of
those that are to stay is not there unchanged.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from smartsearch.core.assets import Asset, JobState, MarkMissing
from smartsearch.core.duplicates import DuplicateGroup
from smartsearch.core.errors import FileAccessError, TrashError, TrashRefusedError
from smartsearch.core.ports import Store
from smartsearch.media.hashing import file_sha256

SHOWN_PATHS = 1000
"""Paths that the job row names."""


@dataclass(frozen=True, slots=True)
class TrashItem:
    """A file to move, its size in bytes, and the ids of the others of its group that stay, the best first.
    ``problem`` says why it was not moved."""

    id: int
    path: str
    size: int
    staying: tuple[int, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TrashPlan:
    """What would be moved. Who says ``token`` has seen these very files: it changes with their paths and bytes, and
    with what stays."""

    items: tuple[TrashItem, ...]
    token: str

    @property
    def bytes(self) -> int:
        return sum(item.size for item in self.items)


@dataclass(frozen=True, slots=True)
class TrashReport:
    """What became of the files of a plan."""

    moved: tuple[TrashItem, ...]
    refused: tuple[TrashItem, ...]


def plan_trash(store: Store, groups: Sequence[DuplicateGroup], asset_ids: Sequence[int]) -> TrashPlan:
    """The plan for these images. TrashRefusedError for one that is in no group, and where all of a group would go."""
    doomed = set(asset_ids)
    staying: dict[int, tuple[int, ...]] = {}
    for group in groups:
        ids = [member.id for member in group.members]
        kept = tuple(asset_id for asset_id in ids if asset_id not in doomed)
        if not kept:
            raise TrashRefusedError(
                f"All {len(ids)} of the group of image {ids[0]} would go.", hint="Leave out the one to keep."
            )
        staying |= {asset_id: kept for asset_id in ids if asset_id in doomed}
    strangers = sorted(doomed - staying.keys())
    if strangers or not doomed:
        which = f"Image {strangers[0]} is" if strangers else "Nothing that was named is"
        raise TrashRefusedError(f"{which} not among the duplicates.", hint="Look for duplicates again.")
    assets = store.assets(sorted(doomed))
    items = tuple(TrashItem(asset.id, asset.path, asset.identity.size, staying[asset.id]) for asset in assets)
    digest = hashlib.sha256()
    for asset, item in zip(assets, items, strict=True):
        digest.update(repr((asset.id, asset.path, asset.file_hash, item.staying)).encode("utf-8", "surrogateescape"))
    return TrashPlan(items, digest.hexdigest()[:32])


def carry_out(store: Store, plan: TrashPlan, send: Callable[[str], None]) -> TrashReport:
    """Move the files of a plan, each after it was checked; the images are missing then, with all that is known of them.
    ``send`` moves a file to the trash or raises TrashError. A durable job, for the record. Call it under the library's
    lock."""
    paths = [item.path.encode("utf-8", "backslashreplace").decode() for item in plan.items]
    job = store.start_job("trash", {"paths": paths[:SHOWN_PATHS], "images": len(paths)})
    roots = [root.path for root in store.roots()]
    moved: list[TrashItem] = []
    refused: list[TrashItem] = []
    try:
        for item in plan.items:
            problem = _move(store, item, roots, send)
            (refused if problem else moved).append(replace(item, problem=problem))
    finally:
        state: JobState = "done" if len(moved) + len(refused) == len(plan.items) else "failed"
        detail = {**job.detail, "moved": len(moved), "refused": len(refused)}
        store.update_job(
            job.id, done=len(moved), errors=len(refused), total=len(plan.items), state=state, detail=detail
        )
    return TrashReport(tuple(moved), tuple(refused))


def _move(store: Store, item: TrashItem, roots: Sequence[str], send: Callable[[str], None]) -> str:
    """Move one file; why it was not, or ""."""
    found = store.assets([item.id])
    if not found or found[0].path != item.path:
        return "It is no longer what was confirmed."
    [asset] = found
    try:
        _check_place(asset.path, roots)
        _check_bytes(asset)
        best = store.assets(item.staying[:1])
        if not best or not _stays(best[0], asset):
            return "The best of those that would stay is not there unchanged, as a file of its own."
        send(asset.path)
    except (FileAccessError, TrashError) as error:
        return error.message
    if os.path.lexists(asset.path):
        return "The system left it where it is."
    store.apply([MarkMissing(asset.id, datetime.now(UTC))])
    return ""


def _stays(other: Asset, doomed: Asset) -> bool:
    """Whether ``other`` is there with the bytes that were indexed, and a file of its own: not the same one by a second
    path (a hard link, a folder mounted twice)."""
    try:
        _check_bytes(other)
        return not os.path.samefile(other.path, doomed.path)
    except (FileAccessError, TrashError, OSError):
        return False


def _check_place(path: str, roots: Sequence[str]) -> None:
    """TrashError unless the path is a regular file in an indexed folder, with no symbolic link from there on."""
    try:
        regular = stat.S_ISREG(os.lstat(path).st_mode)
    except OSError as error:
        raise TrashError("The file is not there.") from error
    if not regular:
        raise TrashError("It is a symbolic link or no file.")
    for root in roots:
        if path == root or path.startswith(os.path.join(root, "")):
            if os.path.realpath(path) == os.path.realpath(root) + path[len(root.rstrip(os.sep)) :]:
                return
            raise TrashError("It lies behind a symbolic link.")
    raise TrashError("It lies in no indexed folder.")


def _check_bytes(asset: Asset) -> None:
    digest, _ = file_sha256(asset.path)
    if digest != asset.file_hash:
        raise TrashError(f"{os.path.basename(asset.path)} has changed since it was indexed.")


def system_trash(path: str) -> None:
    """Move a file to the trash of the operating system, from where it can be put back. TrashError."""
    from send2trash import send2trash

    try:
        send2trash(path)
    except OSError as error:  # TrashPermissionError, where there is no trash on that disk, is one
        raise TrashError(f"The system would not take it into the trash: {error.strerror or error}.") from error
