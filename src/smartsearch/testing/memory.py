"""A store without a database."""

from __future__ import annotations

import os
import threading
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartsearch.core import overview
from smartsearch.core.assets import (
    Album,
    Asset,
    AutoTags,
    Change,
    ClearError,
    CopyImage,
    Embedding,
    FileError,
    FileIdentity,
    FileState,
    Job,
    JobState,
    MarkMissing,
    Metadata,
    MoveImage,
    PutAutoTags,
    PutEmbedding,
    PutImage,
    PutLooks,
    PutMotion,
    RecordError,
    Root,
    Tag,
    TagCount,
    TagSource,
    TouchImage,
    UpdateMetadata,
)
from smartsearch.core.duplicates import UNKNOWN, Fingerprints
from smartsearch.core.edits import Edit, Edited, Said, apply_edits, tag_change
from smartsearch.core.errors import AlbumExistsError, AlbumNotFoundError, AssetNotFoundError, JobNotFoundError
from smartsearch.core.faces import PutFaces
from smartsearch.core.feedback import StoredAdapter, Verdict
from smartsearch.core.overview import Cluster, Facets, TimeBucket, TimeUnit, Vocabulary
from smartsearch.core.ports import Neighbor, SortKey, StoreCounts
from smartsearch.core.query import Everything, HasText, Query, Shown, ascii_lower
from smartsearch.core.reading import PutText, TextScan
from smartsearch.core.spaces import EmbeddingSpace
from smartsearch.core.tagtree import TagNode, at_or_below, moved, tag_tree
from smartsearch.stores import rows
from smartsearch.stores.text import forms, words
from smartsearch.stores.text import words as cut
from smartsearch.testing.feedback import MemoryFeedback
from smartsearch.testing.people import MemoryPeople, PeopleState
from smartsearch.testing.texts import MemoryTexts


@dataclass
class _State:
    """Everything a MemoryStore holds; copied before a write and put back when it fails."""

    generation: int = 0
    next_id: int = 1
    roots: dict[str, Root] = field(default_factory=dict)
    assets: dict[int, Asset] = field(default_factory=dict)
    sidecars: dict[int, int | None] = field(default_factory=dict)
    taggers: dict[int, str] = field(default_factory=dict)
    rejected: set[tuple[int, str]] = field(default_factory=set)
    vectors: dict[str, dict[int, Embedding]] = field(default_factory=dict)
    scenes: dict[tuple[str, int], dict[int, Embedding]] = field(default_factory=dict)
    """Of each space and asset, by milliseconds."""
    errors: dict[str, FileError] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    cancelled: set[int] = field(default_factory=set)
    settings: dict[str, str] = field(default_factory=dict)
    albums: dict[int, Album] = field(default_factory=dict)
    distinct: list[frozenset[int]] = field(default_factory=list)
    people: PeopleState = field(default_factory=PeopleState)
    verdicts: list[Verdict] = field(default_factory=list)
    adapters: list[StoredAdapter] = field(default_factory=list)
    dismissed: set[tuple[str, int]] = field(default_factory=set)
    texts: dict[int, TextScan] = field(default_factory=dict)

    def copy(self) -> _State:
        copied = {name: value.copy() if hasattr(value, "copy") else value for name, value in vars(self).items()}
        return _State(**copied | {"vectors": {space: held.copy() for space, held in self.vectors.items()}})


class MemoryStore:
    """The whole `Store` port in dictionaries: what the port says in the plainest way, the yardstick of the others."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._state = _State()
        self._lock = threading.RLock()
        self.people = MemoryPeople(self._transaction, lambda: self._state)
        self.feedback = MemoryFeedback(self._transaction, lambda: self._state, clock)
        self.texts = MemoryTexts(self._transaction, lambda: self._state, self._matching)

    @property
    def generation(self) -> int:
        return self._state.generation

    def close(self) -> None:
        """Nothing to do."""

    @contextmanager
    def _transaction(self) -> Iterator[_State]:
        with self._lock:
            state = self._state.copy()
            yield state
            self._state = state

    # -- roots and what is known of files

    def add_root(self, path: str, recursive: bool) -> Root:
        with self._transaction() as state:
            known = state.roots.get(path)
            root = Root(known.id if known else state.next_id, path, recursive)
            state.next_id += known is None
            state.roots[path] = root
            return root

    def remove_root(self, path: str) -> None:
        with self._transaction() as state:
            state.roots.pop(path, None)

    def roots(self) -> list[Root]:
        return sorted(self._state.roots.values(), key=lambda root: root.id)

    def file_states(self, space: EmbeddingSpace, under: str | None = None) -> Iterator[FileState]:
        state = self._state
        for asset in state.assets.values():
            if _at_or_below(asset.path, under):
                yield _file_state(state, asset, space)
        known = {asset.path for asset in state.assets.values()}
        for error in state.errors.values():
            if error.path not in known and _at_or_below(error.path, under):
                yield FileState(None, error.path, error.identity or FileIdentity(0, 0, 0, 0), None, embedded=False)

    def find_by_hash(self, file_hash: bytes, space: EmbeddingSpace) -> list[FileState]:
        state = self._state
        return [_file_state(state, asset, space) for asset in _by_id(state) if asset.file_hash == file_hash]

    # -- writing

    def apply(self, changes: Sequence[Change]) -> None:
        with self._transaction() as state:
            _Applier(state, self._clock()).apply(changes)

    def set_tags(self, asset_id: int, tags: Iterable[Tag], source: TagSource) -> None:
        with self._transaction() as state:
            _must_exist(state, asset_id)
            state.assets[asset_id] = _with_tags(state.assets[asset_id], tags, source)
            state.generation += 1

    def reject_tag(self, asset_id: int, name: str, *, undo: bool = False) -> None:
        with self._transaction() as state:
            _must_exist(state, asset_id)
            if not undo:
                state.rejected.add((asset_id, ascii_lower(name)))
                _set_auto_tags(state, asset_id, _auto_tags(state.assets[asset_id]))
            elif (asset_id, ascii_lower(name)) in state.rejected:
                state.rejected.remove((asset_id, ascii_lower(name)))
                state.taggers.pop(asset_id, None)
            state.generation += 1

    def move_tag(self, name: str, new: str | None) -> int:
        with self._transaction() as state:
            changed = 0
            for asset in list(state.assets.values()):
                own = [tag for tag in asset.tags if tag.source == "user"]
                if any(at_or_below(tag.name, name) for tag in own):
                    state.assets[asset.id] = _with_tags(asset, moved(own, name, new), "user")
                    changed += 1
            state.generation += changed > 0
            return changed

    def drop_auto_tags(self) -> int:
        with self._transaction() as state:
            dropped = len(state.taggers)
            for asset_id in state.assets:
                _set_auto_tags(state, asset_id, [])
            state.taggers.clear()
            state.generation += dropped > 0
            return dropped

    def set_rating(self, asset_id: int, rating: int | None) -> None:
        with self._transaction() as state:
            _must_exist(state, asset_id)
            state.assets[asset_id] = replace(state.assets[asset_id], user_rating=rating)
            state.generation += 1

    def set_hidden(self, asset_id: int, hidden: bool) -> None:
        with self._transaction() as state:
            _must_exist(state, asset_id)
            state.assets[asset_id] = replace(state.assets[asset_id], hidden=hidden)
            state.generation += 1

    def set_distinct(self, asset_ids: Sequence[int], distinct: bool) -> None:
        with self._transaction() as state:
            known = frozenset(asset_ids) & state.assets.keys()
            if distinct:
                state.distinct.append(frozenset(known))
            else:
                state.distinct = [ids - known if len(ids & known) > 1 else ids for ids in state.distinct]
            state.generation += 1

    def dismissed_proposals(self) -> frozenset[tuple[str, int]]:
        return frozenset(self._state.dismissed)

    def dismiss_proposal(self, kind: str, subject: int, dismissed: bool) -> bool:
        with self._transaction() as state:
            known = (kind, subject) in state.dismissed
            (state.dismissed.add if dismissed else state.dismissed.discard)((kind, subject))
            state.generation += known != dismissed
            return known != dismissed

    def add_album(self, name: str, query: str | None = None) -> Album:
        with self._transaction() as state:
            _must_be_free(state, name)
            album = Album(state.next_id, name, self._clock(), query=query)
            state.next_id += 1
            state.albums[album.id] = album
            state.generation += 1
            return album

    def change_album(
        self,
        album_id: int,
        *,
        name: str | None = None,
        query: str | None = None,
        add: Sequence[int] = (),
        remove: Sequence[int] = (),
    ) -> Album:
        with self._transaction() as state:
            album = _album(state, album_id)
            album.require_kind(query=query, images=[*add, *remove])
            if query is not None:
                album = state.albums[album_id] = replace(album, query=query)
            if name is not None and name != album.name:
                _must_be_free(state, name)
                album = state.albums[album_id] = replace(album, name=name)
            _put_into(state, album_id, add, remove)
            state.generation += 1
            return _counted(state, album)

    def remove_album(self, album_id: int) -> list[int]:
        images = [asset.id for asset in self._state.assets.values() if album_id in asset.albums]
        if _album(self._state, album_id).query is None:
            self.change_album(album_id, remove=images)
        with self._transaction() as state:
            del state.albums[album_id]
        return sorted(images)

    def restore_album(self, album_id: int, name: str, *, query: str | None = None, images: Sequence[int] = ()) -> Album:
        with self._transaction() as state:
            if not 0 < album_id < state.next_id:
                raise AlbumNotFoundError(f"There was no album {album_id}.")
            if album_id in state.albums:
                raise AlbumExistsError(f"There is an album {album_id}.")
            _must_be_free(state, name)
            state.albums[album_id] = Album(album_id, name, self._clock(), query=query)
            _put_into(state, album_id, images, ())
            state.generation += 1
            return _counted(state, state.albums[album_id])

    def edit(self, edits: Sequence[Edit]) -> Edited:
        with self._transaction() as state:
            done = apply_edits(edits, lambda edit: _edited(state, edit))
            state.generation += 1
            return done

    def albums(self) -> list[Album]:
        found = [_counted(self._state, album) for album in self._state.albums.values()]
        return sorted(found, key=lambda album: (album.name.casefold(), album.id))

    def forget(self, asset_ids: Sequence[int]) -> int:
        with self._transaction() as state:
            return sum(_forget(state, asset_id) for asset_id in asset_ids)

    def erase(self, asset_ids: Sequence[int], folder: str) -> int:
        inside = os.path.join(folder, "")
        with self._transaction() as state:
            for path in [path for path in state.errors if path == folder or path.startswith(inside)]:
                del state.errors[path]
            for job_id in [job_id for job_id, job in state.jobs.items() if job.state != "running"]:
                del state.jobs[job_id]
            return sum(_forget(state, asset_id) for asset_id in asset_ids)

    def forget_errors(self, paths: Sequence[str]) -> int:
        with self._transaction() as state:
            return sum(state.errors.pop(path, None) is not None for path in paths)

    def drop_space(self, space_key: str) -> int:
        with self._transaction() as state:
            dropped = len(state.vectors.pop(space_key, {}))
            state.scenes = {key: held for key, held in state.scenes.items() if key[0] != space_key}
            state.generation += dropped > 0
            return dropped

    # -- reading

    def assets(self, ids: Sequence[int]) -> list[Asset]:
        held = self._state.assets
        return [self._with_people(held[asset_id]) for asset_id in ids if asset_id in held]

    def asset_by_path(self, path: str) -> Asset | None:
        found = next((asset for asset in self._state.assets.values() if asset.path == path), None)
        return None if found is None else self._with_people(found)

    def _with_people(self, asset: Asset) -> Asset:
        people, face_count = self._state.people.of_image(asset.id)
        read = self._state.texts.get(asset.id)
        return replace(asset, people=people, face_count=face_count, text=None if read is None else read.text)

    def select(
        self,
        where: Query,
        *,
        order: SortKey = "id",
        descending: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[int]:
        found = self._matching(where)
        keys: dict[SortKey, Callable[[Asset], Any]] = {
            "id": lambda asset: asset.id,
            "moment": lambda asset: asset.moment,
            "taken_at": lambda asset: asset.metadata.taken_at,
            "path": lambda asset: os.fsencode(asset.path),
        }
        known = [asset for asset in found if keys[order](asset) is not None]
        unknown = [asset for asset in found if keys[order](asset) is None]
        ids = [asset.id for asset in sorted(known, key=keys[order], reverse=descending) + unknown]
        return ids[offset:][: None if limit is None else limit]

    def count(self, where: Query) -> int:
        return len(self._matching(where))

    def match_text(self, text: str, where: Query, limit: int) -> list[Neighbor]:
        wanted = [_folded(word) for word in words(text)]
        found = []
        for asset in self._matching(where):
            have = [_folded(word) for part in _text_of(asset) for word in words(part)]
            hits = [sum(word.startswith(start) for word in have) for start in wanted]
            if wanted and all(hits):
                found.append(Neighbor(asset.id, sum(hits) / (10 + len(have))))
        return sorted(found, key=lambda neighbor: (-neighbor.similarity, neighbor.asset_id))[: max(limit, 0)]

    def images_with_words(self, words: Sequence[str], where: Query, limit: int) -> list[list[int]]:
        matching = [
            (asset.id, {_folded(word) for part in _text_of(asset) for word in cut(part)})
            for asset in self._matching(where)
        ]
        return [
            [asset_id for asset_id, have in sorted(matching) if have & {_folded(form) for form in forms(word)}][:limit]
            for word in words
        ]

    def hashes(self, ids: Sequence[int]) -> dict[int, int]:
        return {asset.id: asset.phash for asset in self.assets(ids)}

    def durations(self, ids: Sequence[int]) -> dict[int, float]:
        return {asset.id: asset.duration for asset in self.assets(ids) if asset.duration is not None}

    def fingerprints(self, where: Query) -> Fingerprints:
        assets = self._matching(where)
        contents = {digest: code for code, digest in enumerate(sorted({asset.file_hash for asset in assets}))}
        cameras: dict[tuple[str | None, str | None], int] = {(None, None): -1}
        makers = [(asset.metadata.camera_make, asset.metadata.camera_model) for asset in assets]
        taken = [asset.metadata.taken_at for asset in assets]
        return Fingerprints(
            ids=np.array([asset.id for asset in assets], np.int64),
            contents=np.array([contents[asset.file_hash] for asset in assets], np.int64),
            hashes=np.array([asset.phash for asset in assets], np.uint64),
            moments=np.array([UNKNOWN if moment is None else rows.micros(moment) for moment in taken], np.int64),
            cameras=np.array([cameras.setdefault(maker, len(cameras) - 1) for maker in makers], np.int64),
            widths=np.array([asset.width for asset in assets], np.int64),
            heights=np.array([asset.height for asset in assets], np.int64),
            sharpness=np.array([asset.sharpness or 0.0 for asset in assets], np.float64),
            sizes=np.array([asset.identity.size for asset in assets], np.int64),
            stars=np.array([asset.rating or 0 for asset in assets], np.int64),
            durations=np.array([asset.duration for asset in assets], np.float64),
        )

    def distinct_sets(self) -> list[tuple[int, ...]]:
        return [tuple(sorted(ids)) for ids in self._state.distinct if len(ids) > 1]

    def taken(
        self,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        columns, _ = self._columns(Everything())
        shown = columns.shown
        return columns.ids[shown], columns.moments[shown], columns.latitudes[shown], columns.longitudes[shown]

    def positions(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        found = [
            (asset.id, asset.metadata.gps.latitude, asset.metadata.gps.longitude)
            for asset in sorted(self._state.assets.values(), key=lambda asset: asset.id)
            if asset.metadata.gps is not None
        ]
        table = np.array(found, np.float64).reshape(-1, 3)
        return table[:, 0].astype(np.int64), table[:, 1], table[:, 2]

    def vectors(self, space: EmbeddingSpace, ids: Sequence[int]) -> dict[int, Embedding]:
        held = self._state.vectors.get(space.key, {})
        return {asset_id: held[asset_id] for asset_id in ids if asset_id in held}

    def sample_vectors(self, space: EmbeddingSpace, count: int) -> NDArray[np.float32]:
        held = self._state.vectors.get(space.key, {})
        ids = sorted(held)
        chosen = np.linspace(0, len(ids) - 1, min(max(count, 0), len(ids))).astype(int)
        return np.array([held[ids[i]] for i in chosen], np.float32).reshape(-1, space.dim)

    def nearest(self, space: EmbeddingSpace, vector: Embedding, where: Query, k: int) -> list[Neighbor]:
        if vector.shape != (space.dim,):
            raise ValueError(f"a query vector of {space.key} has shape ({space.dim},), not {vector.shape}")
        held = self._state.vectors.get(space.key, {})
        ids = [asset.id for asset in self._matching(where) if asset.id in held]
        found = []
        for asset_id in ids:
            moments = self._state.scenes.get((space.key, asset_id), {})
            matrix = np.array([held[asset_id], *moments.values()], np.float64)
            exact = (matrix @ vector.astype(np.float64)).astype(np.float32)
            found.append(Neighbor(asset_id, float(exact.max())))
        return sorted(found, key=lambda neighbor: (-neighbor.similarity, neighbor.asset_id))[: max(k, 0)]

    def scenes(self, asset_id: int) -> list[int]:
        return sorted({at for (_, owner), held in self._state.scenes.items() if owner == asset_id for at in held})

    def scene_vectors(self, space: EmbeddingSpace, ids: Sequence[int]) -> dict[int, dict[int, Embedding]]:
        found = {asset_id: self._state.scenes.get((space.key, asset_id)) for asset_id in ids}
        return {asset_id: dict(sorted(held.items())) for asset_id, held in found.items() if held}

    def scene_counts(self, space: EmbeddingSpace, ids: Sequence[int]) -> dict[int, int]:
        return {asset_id: len(held) for asset_id, held in self.scene_vectors(space, ids).items()}

    def untagged(self, space: EmbeddingSpace, tagger: str) -> list[int]:
        state = self._state
        return [
            asset_id for asset_id in sorted(state.vectors.get(space.key, ())) if state.taggers.get(asset_id) != tagger
        ]

    def without_looks(self) -> list[int]:
        return [asset.id for asset in _by_id(self._state) if asset.sharpness is None]

    def without_motion(self) -> list[int]:
        return []  # all it holds was read by this version

    def tag_counts(self, source: TagSource | None = None) -> list[TagCount]:
        present = (asset for asset in self._state.assets.values() if asset.missing_since is None)
        found = Counter((tag.name, tag.source) for asset in present for tag in asset.tags)
        counts = [TagCount(name, given, count) for (name, given), count in found.items() if source in (None, given)]
        return sorted(counts, key=lambda each: (-each.images, each.name, each.source))

    def tag_tree(self) -> tuple[TagNode, ...]:
        return tag_tree(self._columns(Everything())[0], [count.name for count in self.tag_counts("user")])

    def facets(self, where: Query) -> Facets:
        return overview.facets(*self._columns(where))

    def vocabulary(self) -> Vocabulary:
        found = Counter(
            word
            for asset in self._state.assets.values()
            for word in {_folded(word) for part in _text_of(asset) for word in words(part)}
        )
        columns, _ = self._columns(Everything())
        return overview.vocabulary(columns, list(found.items()))

    def timeline(self, where: Query, unit: TimeUnit) -> list[TimeBucket]:
        return overview.timeline(*self._columns(where), unit)

    def clusters(self, where: Query, zoom: int) -> list[Cluster]:
        return overview.clusters(*self._columns(where), zoom)

    def _columns(self, where: Query) -> tuple[overview.Columns, overview.Mask]:
        assets = [self._with_people(asset) for asset in _by_id(self._state)]
        albums = self._state.albums
        tags: dict[str, str] = {}
        for tag in self.tag_counts():
            tags.setdefault(ascii_lower(tag.name), tag.name)
        places = [asset.metadata.gps for asset in assets]
        columns = overview.Columns(
            ids=np.array([asset.id for asset in assets], np.int64),
            moments=np.array([rows.micros(asset.moment) for asset in assets], np.int64),
            sizes=np.array([asset.identity.size for asset in assets], np.int64),
            stars=np.array([overview.UNRATED if a.rating is None else a.rating for a in assets], np.int16),
            latitudes=np.array([place.latitude if place else np.nan for place in places]),
            longitudes=np.array([place.longitude if place else np.nan for place in places]),
            shown=np.array([Shown().matches(asset) for asset in assets], bool),
            texts=np.array([HasText().matches(asset) for asset in assets], bool),
            formats=_coded([asset.format for asset in assets]),
            cameras=_coded([asset.metadata.camera_model for asset in assets]),
            folders=_coded([rows.displayed(os.path.dirname(asset.path)) for asset in assets]),
            tags=_pairs([{tags[ascii_lower(tag.name)] for tag in asset.tags} for asset in assets], list(tags.values())),
            albums=replace(
                _pairs([{albums[own].name for own in a.albums} for a in assets], [a.name for a in albums.values()]),
                ids=tuple(albums),
            ),
            people=self._people_pairs(assets),
        )
        return columns, np.array([where.matches(asset) for asset in assets], bool)

    def _people_pairs(self, assets: Sequence[Asset]) -> overview.Pairs:
        with self.people.reading() as people:
            named = [person for person in people.persons() if person.name is not None and not person.hidden]
            held = {person.id: {face.image_id for face in people.faces_of([person.id])} for person in named}
        keys = [f"{person.id}" for person in named]
        pairs = _pairs([{str(own) for own, images in held.items() if asset.id in images} for asset in assets], keys)
        return replace(
            pairs, names=tuple(person.name or "" for person in named), ids=tuple(person.id for person in named)
        )

    def counts(self) -> StoreCounts:
        state = self._state
        assets = state.assets.values()
        missing = sum(asset.missing_since is not None for asset in assets)
        return StoreCounts(
            images=len(assets) - missing,
            missing=missing,
            errors=len(state.errors),
            embeddings={space: len(held) for space, held in sorted(state.vectors.items()) if held},
            last_indexed_at=max((asset.indexed_at for asset in assets), default=None),
        )

    def _matching(self, where: Query) -> list[Asset]:
        return [asset for asset in map(self._with_people, _by_id(self._state)) if where.matches(asset)]

    # -- errors, jobs and settings

    def errors(self, limit: int | None = None) -> list[FileError]:
        recorded = enumerate(self._state.errors.values())
        newest = sorted(recorded, key=lambda item: (item[1].occurred_at, item[0]), reverse=True)
        return [error for _, error in newest][:limit]

    def start_job(self, kind: str, detail: Mapping[str, Any]) -> Job:
        with self._transaction() as state:
            now = self._clock()
            job = Job(len(state.jobs) + 1, kind, "running", None, 0, 0, now, now, None, os.getpid(), dict(detail))
            state.jobs[job.id] = job
            return job

    def update_job(
        self,
        job_id: int,
        *,
        done: int,
        errors: int,
        total: int | None = None,
        state: JobState = "running",
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        with self._transaction() as held:
            job = held.jobs.get(job_id)
            if job is None:
                return
            now = self._clock()
            held.jobs[job_id] = replace(
                job,
                done=done,
                errors=errors,
                total=job.total if total is None else total,
                state=state,
                updated_at=now,
                finished_at=None if state == "running" else now,
                detail=job.detail if detail is None else dict(detail),
            )

    def request_cancel(self, job_id: int) -> None:
        with self._transaction() as state:
            state.cancelled.add(job_id)

    def cancel_requested(self, job_id: int) -> bool:
        return job_id in self._state.cancelled

    def job(self, job_id: int) -> Job:
        if job_id not in self._state.jobs:
            raise JobNotFoundError(f"There is no job {job_id}.")
        return self._state.jobs[job_id]

    def jobs(self, limit: int = 20) -> list[Job]:
        return sorted(self._state.jobs.values(), key=lambda job: -job.id)[: max(limit, 0)]

    def setting(self, key: str) -> str | None:
        return self._state.settings.get(key)

    def put_setting(self, key: str, value: str) -> None:
        with self._transaction() as state:
            state.settings[key] = value


@dataclass
class _Applier:
    """One call of `MemoryStore.apply`."""

    state: _State
    now: datetime

    def apply(self, changes: Sequence[Change]) -> None:
        moving = [change.asset_id for change in changes if isinstance(change, MoveImage)]
        for change in changes:
            match change:
                case PutImage():
                    self._put(change)
                case CopyImage():
                    self._copy(change)
                case MoveImage():
                    moving.remove(change.asset_id)
                    self._move(change, moving)
                case TouchImage():
                    self._touch(change.asset_id, change.identity)
                case MarkMissing():
                    self._update(change.asset_id, missing_since=change.since, only_if_present=True)
                case PutEmbedding():
                    if change.asset_id in self.state.assets:
                        self._put_vector(change.asset_id, change.space, change.vector)
                        self._put_scenes(change.asset_id, change.space, change.scenes)
                        self._put_auto_tags(change.asset_id, change.auto_tags)
                        self.state.generation += 1
                case PutAutoTags():
                    if change.asset_id in self.state.assets:
                        self._put_auto_tags(change.asset_id, change.auto_tags)
                        self.state.generation += 1
                case PutFaces(asset_id, scan):
                    if asset_id in self.state.assets:
                        self.state.people.put_scan(asset_id, scan)
                        self.state.generation += 1
                case PutLooks(asset_id, palette, sharpness):
                    self._update(asset_id, palette=palette, sharpness=sharpness)
                case PutMotion(asset_id, motion):
                    self._update(asset_id, motion=motion)
                case PutText(asset_id, read):
                    if asset_id in self.state.assets:
                        self.state.texts[asset_id] = read
                        self.state.generation += 1
                case UpdateMetadata():
                    self._update(change.asset_id, metadata=stored_metadata(change.metadata))
                    if change.asset_id in self.state.assets:
                        self._replace_keywords(change.asset_id)
                        self.state.sidecars[change.asset_id] = change.sidecar_mtime_ns
                case RecordError(error):
                    self.state.errors.pop(error.path, None)
                    self.state.errors[error.path] = error
                case ClearError(path):
                    self.state.errors.pop(path, None)

    def _put(self, change: PutImage) -> None:
        content = change.content
        asset_id = self._upsert(
            path=change.path,
            file_hash=change.file_hash,
            identity=change.identity,
            format=content.format,
            width=content.width,
            height=content.height,
            frames=content.frames,
            created_at=change.created_at,
            phash=content.phash,
            color=content.color,
            palette=content.palette,
            sharpness=content.sharpness,
            duration=content.duration,
            motion=content.motion,
            metadata=stored_metadata(content.metadata),
        )
        self.state.sidecars[asset_id] = change.sidecar_mtime_ns
        for space, vector in change.embeddings.items():
            self._put_vector(asset_id, space, vector)
        for space, moments in change.scenes.items():
            self._put_scenes(asset_id, space, moments)
        self._put_auto_tags(asset_id, change.auto_tags)
        if change.faces is not None:
            self.state.people.put_scan(asset_id, change.faces)
        if change.text is not None:
            self.state.texts[asset_id] = change.text

    def _put_auto_tags(self, asset_id: int, made: AutoTags | None) -> None:
        if made is not None:
            _set_auto_tags(self.state, asset_id, made.tags)
            self.state.taggers[asset_id] = made.tagger

    def _upsert(self, **fields: Any) -> int:
        rows.path_values(fields["path"])
        known = next((asset for asset in self.state.assets.values() if asset.path == fields["path"]), None)
        asset_id = known.id if known else self.state.next_id
        self.state.next_id += known is None
        if known and known.file_hash != fields["file_hash"]:
            for held in self.state.vectors.values():
                held.pop(asset_id, None)
            _forget_scenes(self.state, asset_id)
        self.state.assets[asset_id] = Asset(
            id=asset_id,
            modified_at=_modified_at(fields["identity"]),
            indexed_at=self.now,
            missing_since=None,
            tags=known.tags if known else (),
            user_rating=known.user_rating if known else None,
            hidden=known.hidden if known else False,
            albums=known.albums if known else (),
            **fields,
        )
        if known and known.file_hash != fields["file_hash"]:
            _set_auto_tags(self.state, asset_id, [])
            self.state.taggers.pop(asset_id, None)
            self.state.people.forget_scan(asset_id)
            self.state.distinct = [ids - {asset_id} for ids in self.state.distinct]
            self.state.texts.pop(asset_id, None)
        self._replace_keywords(asset_id)
        self.state.errors.pop(fields["path"], None)
        self.state.generation += 1
        return asset_id

    def _copy(self, change: CopyImage) -> None:
        source = self.state.assets.get(change.source_id)
        if source is None:
            return
        if source.path == change.path:
            self._touch(source.id, change.identity)
            return
        looks = ("phash", "color", "palette", "sharpness", "duration", "motion")
        derived = ("file_hash", "format", "width", "height", "frames", *looks, "metadata")
        asset_id = self._upsert(
            path=change.path,
            identity=change.identity,
            created_at=change.created_at,
            **{name: getattr(source, name) for name in derived},
        )
        self.state.rejected |= {(asset_id, name) for rejected, name in self.state.rejected if rejected == source.id}
        _set_auto_tags(self.state, asset_id, _auto_tags(source))
        self.state.taggers.pop(asset_id, None)
        if source.id in self.state.taggers:
            self.state.taggers[asset_id] = self.state.taggers[source.id]
        self.state.sidecars[asset_id] = None
        self.state.people.copy_faces(source.id, asset_id)
        self.state.texts.pop(asset_id, None)
        if source.id in self.state.texts:
            self.state.texts[asset_id] = self.state.texts[source.id]
        for held in self.state.vectors.values():
            if source.id in held:
                held[asset_id] = held[source.id]
        _forget_scenes(self.state, asset_id)
        copied = {(space, asset_id): held for (space, owner), held in self.state.scenes.items() if owner == source.id}
        self.state.scenes |= copied

    def _move(self, change: MoveImage, still_to_move: list[int]) -> None:
        if change.asset_id not in self.state.assets:
            return
        rows.path_values(change.path)
        for other in list(self.state.assets.values()):
            if other.path == change.path and other.id != change.asset_id and other.id not in still_to_move:
                _forget(self.state, other.id)
        self.state.errors.pop(self.state.assets[change.asset_id].path, None)
        self._update(change.asset_id, path=change.path)
        self._touch(change.asset_id, change.identity)

    def _touch(self, asset_id: int, identity: FileIdentity) -> None:
        if asset_id in self.state.assets:
            self.state.errors.pop(self.state.assets[asset_id].path, None)
            self._update(asset_id, identity=identity, modified_at=_modified_at(identity), missing_since=None)

    def _update(self, asset_id: int, *, only_if_present: bool = False, **fields: Any) -> None:
        asset = self.state.assets.get(asset_id)
        if asset is None or (only_if_present and asset.missing_since is not None):
            return
        self.state.assets[asset_id] = replace(asset, **fields)
        self.state.generation += 1

    def _replace_keywords(self, asset_id: int) -> None:
        asset = self.state.assets[asset_id]
        self.state.assets[asset_id] = _with_tags(asset, rows.keyword_tags(asset.metadata), "keywords")

    def _put_scenes(self, asset_id: int, space: str, moments: Mapping[int, Embedding]) -> None:
        dim = self.state.vectors[space][asset_id].size
        if any(vector.size != dim for vector in moments.values()):
            raise ValueError(f"the vectors of scenes have {dim} dimensions here")
        self.state.scenes[space, asset_id] = {
            at_ms: rows.vector_from(rows.vector_bytes(vector)) for at_ms, vector in moments.items()
        }

    def _put_vector(self, asset_id: int, space: str, vector: Embedding) -> None:
        held = self.state.vectors.setdefault(space, {})
        stored = rows.vector_from(rows.vector_bytes(vector))
        dim = next((other.size for other in held.values()), stored.size)
        if stored.size != dim:
            raise ValueError(f"vectors of {space} have {dim} dimensions, not {stored.size}")
        held[asset_id] = stored


def stored_metadata(metadata: Metadata) -> Metadata:
    """The metadata as every store gives it back: without numbers that are not finite or do not fit."""
    values = rows.metadata_values(metadata)
    return rows.metadata_from(dict(zip(rows.METADATA_COLUMNS, values, strict=True)))


def _by_id(state: _State) -> list[Asset]:
    return [state.assets[asset_id] for asset_id in sorted(state.assets)]


def _forget(state: _State, asset_id: int) -> bool:
    if state.assets.pop(asset_id, None) is None:
        return False
    state.sidecars.pop(asset_id, None)
    state.taggers.pop(asset_id, None)
    state.people.forget_image(asset_id)
    state.distinct = [ids - {asset_id} for ids in state.distinct]
    state.texts.pop(asset_id, None)
    state.rejected -= {pair for pair in state.rejected if pair[0] == asset_id}
    for held in state.vectors.values():
        held.pop(asset_id, None)
    _forget_scenes(state, asset_id)
    state.generation += 1
    return True


def _forget_scenes(state: _State, asset_id: int) -> None:
    state.scenes = {key: held for key, held in state.scenes.items() if key[1] != asset_id}


def _must_exist(state: _State, asset_id: int) -> None:
    if asset_id not in state.assets:
        raise AssetNotFoundError(f"There is no image {asset_id} in the library.")


def _album(state: _State, album_id: int) -> Album:
    if album_id not in state.albums:
        raise AlbumNotFoundError(f"There is no album {album_id}.")
    return state.albums[album_id]


def _must_be_free(state: _State, name: str) -> None:
    if any(album.name == name for album in state.albums.values()):
        raise AlbumExistsError(f"There is an album called {name!r} already.")


def _put_into(state: _State, album_id: int, add: Sequence[int], remove: Sequence[int]) -> None:
    for asset in list(state.assets.values()):
        inside = (asset.id in add or album_id in asset.albums) and asset.id not in remove
        kept = {other for other in asset.albums if other != album_id} | ({album_id} if inside else set())
        state.assets[asset.id] = replace(asset, albums=tuple(sorted(kept)))


def _edited(state: _State, edit: Edit) -> list[Said]:
    """Carry out an edit; returns what stood before."""
    assets = [state.assets[asset_id] for asset_id in sorted(set(edit.ids) & state.assets.keys())]
    before = [Said(asset.id, asset.tags, asset.user_rating, asset.hidden, asset.albums) for asset in assets]
    for said in before:
        change, asset = tag_change(edit, said), state.assets[said.id]
        if change.own is not None:
            asset = _with_tags(asset, change.own, "user")
        for name in change.reject:
            state.rejected.add((said.id, ascii_lower(name)))
        state.rejected -= {(said.id, ascii_lower(tag.name)) for tag in change.restore}
        rating = asset.user_rating if edit.rating == "keep" else edit.rating
        hidden = asset.hidden if edit.hidden is None else edit.hidden
        state.assets[said.id] = replace(asset, user_rating=rating, hidden=hidden)
        _set_auto_tags(state, said.id, [*_auto_tags(asset), *change.restore])
    ids = [said.id for said in before]
    for album_id in edit.add_to:
        _album(state, album_id).require_kind(images=ids)
        _put_into(state, album_id, ids, ())
    for album_id in edit.remove_from:
        _album(state, album_id).require_kind(images=ids)
        _put_into(state, album_id, (), ids)
    return before


def _counted(state: _State, album: Album) -> Album:
    inside = [asset.id for asset in state.assets.values() if album.id in asset.albums and Shown().matches(asset)]
    return replace(album, images=len(inside), cover=max(inside, default=None))


def _auto_tags(asset: Asset) -> list[Tag]:
    return [tag for tag in asset.tags if tag.source == "auto"]


def _set_auto_tags(state: _State, asset_id: int, tags: Iterable[Tag]) -> None:
    """Replace the automatic tags, without those the user has rejected."""
    kept = [tag for tag in tags if (asset_id, ascii_lower(tag.name)) not in state.rejected]
    state.assets[asset_id] = _with_tags(state.assets[asset_id], kept, "auto")


def _with_tags(asset: Asset, tags: Iterable[Tag], source: TagSource) -> Asset:
    kept = [tag for tag in asset.tags if tag.source != source]
    added = {tag.name: Tag(tag.name, tag.confidence, source) for tag in tags}
    return replace(asset, tags=tuple(sorted([*kept, *added.values()], key=lambda tag: (tag.name, tag.source))))


def _file_state(state: _State, asset: Asset, space: EmbeddingSpace) -> FileState:
    error = state.errors.get(asset.path)
    return FileState(
        asset_id=asset.id,
        path=asset.path,
        identity=asset.identity if error is None or error.identity is None else error.identity,
        file_hash=asset.file_hash,
        missing=asset.missing_since is not None,
        embedded=asset.id in state.vectors.get(space.key, {}),
        sidecar_mtime_ns=state.sidecars[asset.id],
    )


def _modified_at(identity: FileIdentity) -> datetime:
    return rows.utc(rows.modified_micros(identity))


def _at_or_below(path: str, under: str | None) -> bool:
    if under is None:
        return True
    folder = under.rstrip(os.sep)
    return path == folder or path.startswith(folder + os.sep)


def _text_of(asset: Asset) -> list[str]:
    folder, name = os.path.split(asset.path)
    meta = asset.metadata
    chosen = [tag.name for tag in asset.tags if tag.source != "auto"]
    return [name, folder, *chosen, meta.title or "", meta.description or ""]


def _folded(word: str) -> str:
    """Without case and diacritics."""
    decomposed = unicodedata.normalize("NFKD", word.lower())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _coded(values: Sequence[str | None]) -> overview.Coded:
    names = list(dict.fromkeys(value for value in values if value is not None))
    codes = [-1 if value is None else names.index(value) for value in values]
    return overview.Coded(np.array(codes, np.int32), tuple(names))


def _pairs(values: Sequence[set[str]], names: Sequence[str]) -> overview.Pairs:
    pairs = [(row, names.index(name)) for row, held in enumerate(values) for name in sorted(held)]
    found = np.array(pairs, np.int32).reshape(-1, 2)
    return overview.Pairs(found[:, 0], found[:, 1], tuple(names))
