"""What the user says of many images at once, and what takes it back. Stores decide by these functions what to write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from smartsearch.core.assets import Tag
from smartsearch.core.query import ascii_lower

Keep = Literal["keep"]


@dataclass(frozen=True, slots=True)
class Edit:
    """A change to each of some images; what is empty, None or "keep" stays. Names of tags go by `ascii_lower`.

    ``remove_tags`` takes off the user's own and rejects an automatic one for good; keywords of the file stay.
    What undoing needs: ``drop_tags`` takes off the user's own alone, ``reject_tags`` automatic ones alone, and
    ``restore_tags`` puts those back. Albums are named by id.
    """

    ids: tuple[int, ...]
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    drop_tags: tuple[str, ...] = ()
    reject_tags: tuple[str, ...] = ()
    restore_tags: tuple[Tag, ...] = ()
    rating: int | Keep | None = "keep"
    hidden: bool | None = None
    add_to: tuple[int, ...] = ()
    remove_from: tuple[int, ...] = ()

    @property
    def says_tags(self) -> bool:
        """Whether it is about tags, among others."""
        return bool(self.add_tags or self.remove_tags or self.drop_tags or self.reject_tags or self.restore_tags)


@dataclass(frozen=True, slots=True)
class Edited:
    """How many images there were to change, and the edits that, in this order, undo it."""

    images: int
    undo: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What stands about one image. ``rating`` is the user's own, ``albums`` those that images are put into by hand."""

    id: int
    tags: tuple[Tag, ...]
    rating: int | None
    hidden: bool
    albums: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TagChange:
    """Of one image: the user's own tags from now on (None: as they are), names to reject, automatic tags to put
    back."""

    own: tuple[Tag, ...] | None
    reject: tuple[str, ...]
    restore: tuple[Tag, ...]


def tag_change(edit: Edit, said: Said) -> TagChange:
    """What an edit does to the tags of an image."""
    own = [tag for tag in said.tags if tag.source == "user"]
    gone = _keys((*edit.remove_tags, *edit.drop_tags))
    kept = [tag for tag in own if ascii_lower(tag.name) not in gone]
    known = _keys(tag.name for tag in kept)
    for name in edit.add_tags:
        if ascii_lower(name) not in known:
            known.add(ascii_lower(name))
            kept.append(Tag(name))
    sought = _keys((*edit.remove_tags, *edit.reject_tags))
    rejected = tuple(tag.name for tag in said.tags if tag.source == "auto" and ascii_lower(tag.name) in sought)
    return TagChange(tuple(kept) if kept != own else None, rejected, edit.restore_tags)


def undoing(edit: Edit, before: Sequence[Said]) -> tuple[Edit, ...]:
    """The edits that bring back what stood ``before`` of the images of an edit; none where nothing changes."""
    found: list[Edit] = []
    for said in before:
        undo = _undoing_one(edit, said)
        if undo != Edit(()):
            found.append(replace(undo, ids=(said.id,)))
    return _gathered(found)


def _undoing_one(edit: Edit, said: Said) -> Edit:
    change = tag_change(edit, said)
    own = tuple(tag for tag in said.tags if tag.source == "user")
    after = own if change.own is None else change.own
    sighted = _keys(tag.name for tag in said.tags if tag.source == "auto")
    return Edit(
        (),
        add_tags=_names(own, after),
        drop_tags=_names(after, own),
        reject_tags=tuple(tag.name for tag in edit.restore_tags if ascii_lower(tag.name) not in sighted),
        restore_tags=tuple(tag for tag in said.tags if tag.source == "auto" and tag.name in change.reject),
        rating="keep" if edit.rating in ("keep", said.rating) else said.rating,
        hidden=None if edit.hidden in (None, said.hidden) else said.hidden,
        add_to=tuple(album for album in edit.remove_from if album in said.albums),
        remove_from=tuple(album for album in edit.add_to if album not in said.albums),
    )


def _gathered(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """Equal edits of different images become one."""
    by_change: dict[Edit, list[int]] = {}
    for edit in edits:
        by_change.setdefault(replace(edit, ids=()), []).extend(edit.ids)
    return tuple(replace(edit, ids=tuple(ids)) for edit, ids in by_change.items())


def apply_edits(edits: Sequence[Edit], one: Callable[[Edit], Sequence[Said]]) -> Edited:
    """Run ``one`` for each edit, which does it and says what stood before."""
    images: set[int] = set()
    undo: list[Edit] = []
    for edit in edits:
        before = one(edit)
        images.update(said.id for said in before)
        undo[:0] = undoing(edit, before)
    return Edited(len(images), tuple(undo))


def _names(tags: Sequence[Tag], without: Sequence[Tag]) -> tuple[str, ...]:
    return tuple(tag.name for tag in tags if tag not in without)


def _keys(names: Iterable[str]) -> set[str]:
    return {ascii_lower(name) for name in names}
