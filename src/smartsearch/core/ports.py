"""The ports: what the inside of the program expects of its adapters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import (
    Album,
    Asset,
    AutoTags,
    Change,
    Embedding,
    FileError,
    FileState,
    Job,
    JobState,
    Root,
    Tag,
    TagCount,
    TagSource,
)
from smartsearch.core.duplicates import Fingerprints
from smartsearch.core.edits import Edit, Edited
from smartsearch.core.faces import FaceScan
from smartsearch.core.feedback import FeedbackStore
from smartsearch.core.overview import Cluster, Facets, TimeBucket, TimeUnit, Vocabulary
from smartsearch.core.people import PeopleStore
from smartsearch.core.query import Query
from smartsearch.core.reading import TextScan
from smartsearch.core.spaces import Calibration, EmbeddingSpace, Preprocessing
from smartsearch.core.tagtree import TagNode


@dataclass(frozen=True, slots=True)
class Neighbor:
    """An asset and its cosine similarity (-1 to 1) to the query vector."""

    asset_id: int
    similarity: float


@dataclass(frozen=True, slots=True)
class StoreCounts:
    """Totals for `status`: images present, images missing, files in error, vectors per space key."""

    images: int
    missing: int
    errors: int
    embeddings: Mapping[str, int]
    last_indexed_at: datetime | None


SortKey = Literal["id", "moment", "taken_at", "path"]
"""``moment`` is `taken_at`, or where that is unknown the file's time of modification (UTC)."""


class FileCipher(Protocol):
    """Encrypts the files of a library that are not the database. Each is authenticated together with its ``name``, so
    that no file can take the place of another."""

    def seal(self, data: bytes, name: str) -> bytes:
        """What to write to the disk."""
        ...

    def open(self, data: bytes, name: str) -> bytes:
        """What was sealed. EncryptedFileError if it is damaged, goes by another name or is of another library."""
        ...

    def name_of(self, digest: bytes) -> str:
        """What to call the file that belongs to a SHA-256 digest, so that its name says nothing: hexadecimal."""
        ...


class TextStore(Protocol):
    """What was read in the pictures. Written by the changes `PutText` and `PutImage`; a copy has the text of its
    original, and what was read goes when the bytes change."""

    def of(self, asset_id: int) -> TextScan | None:
        """None where nobody has looked for text, or there is no such image."""
        ...

    def unread(self, reader: str) -> list[int]:
        """Ids of the present assets in which this reader (a fingerprint) has not looked for text, in order of id."""
        ...

    def counts(self) -> tuple[int, int]:
        """In how many assets somebody looked for text, and in how many there is some."""
        ...

    def with_words(self, words: Sequence[str], where: Query, limit: int) -> list[dict[int, float]]:
        """For each word the ids of at most ``limit`` assets that meet ``where`` and have it in what was read, each with
        its `smartsearch.core.reading.agreement`. Words that stand there are found before misread ones."""
        ...

    def forget(self) -> int:
        """Delete all that was read, as if nobody had looked; returns in how many assets there was text."""
        ...


class Store(Protocol):
    """The library's memory. Every write is one transaction; a call that raises has changed nothing.

    Errors: LibraryReadOnlyError, DiskFullError, LibraryBusyError, LibraryCorruptError.
    Safe to use from several threads; one process writes at a time.
    """

    @property
    def generation(self) -> int:
        """Grows with every committed change to images, tags, embeddings or adapters, also by another process."""
        ...

    @property
    def people(self) -> PeopleStore:
        """Faces and people, with transactions of their own."""
        ...

    @property
    def feedback(self) -> FeedbackStore:
        """What the user said of results, and what was learned from it."""
        ...

    @property
    def texts(self) -> TextStore:
        """What was read in the pictures."""
        ...

    def close(self) -> None: ...

    # -- roots and what is known of files
    def add_root(self, path: str, recursive: bool) -> Root:
        """Remember a scan root; an equal path updates ``recursive``."""
        ...

    def remove_root(self, path: str) -> None: ...

    def roots(self) -> list[Root]: ...

    def file_states(self, space: EmbeddingSpace, under: str | None = None) -> Iterator[FileState]:
        """Every known file (assets, missing ones too, then files in error), at or below ``under``, streamed."""
        ...

    def find_by_hash(self, file_hash: bytes, space: EmbeddingSpace) -> list[FileState]:
        """Assets with these bytes (SHA-256 digest), oldest first."""
        ...

    # -- writing
    def apply(self, changes: Sequence[Change]) -> None:
        """Commit all changes in one transaction, in order. A change that names an unknown asset is ignored."""
        ...

    def set_tags(self, asset_id: int, tags: Iterable[Tag], source: TagSource) -> None:
        """Replace the tags of one source on one image. AssetNotFoundError if there is no such image."""
        ...

    def reject_tag(self, asset_id: int, name: str, *, undo: bool = False) -> None:
        """Take an automatic tag off an image for good, ASCII case-insensitively: `PutAutoTags` and its kind leave it
        out from now on. ``undo`` permits it again; the image then counts as untagged. AssetNotFoundError if there is no
        such image."""
        ...

    def move_tag(self, name: str, new: str | None) -> int:
        """Call the user's tag, and all of the user's that lie below it, by another name (`core.tagtree.moved`); None
        takes them off. Returns of how many images. Keywords in files and automatic tags stay."""
        ...

    def drop_auto_tags(self) -> int:
        """Delete every automatic tag; returns of how many images. What was rejected stays rejected."""
        ...

    def set_rating(self, asset_id: int, rating: int | None) -> None:
        """The user's own rating, -1 to 5; None goes by the file's again. AssetNotFoundError."""
        ...

    def set_hidden(self, asset_id: int, hidden: bool) -> None:
        """Leave an image out of what is `Shown`, or no longer. AssetNotFoundError."""
        ...

    def edit(self, edits: Sequence[Edit]) -> Edited:
        """All edits in one transaction, in order; unknown ids are passed over. AlbumNotFoundError, SmartAlbumError for
        images put into a smart album: then nothing has changed."""
        ...

    def set_distinct(self, asset_ids: Sequence[int], distinct: bool) -> None:
        """Remember that these are no duplicates of each other, until the bytes of one change; or take it back for every
        two of them. Unknown ids are ignored."""
        ...

    def dismissed_proposals(self) -> frozenset[tuple[str, int]]:
        """Which albums shall not be proposed: (kind, the image or person they are about)."""
        ...

    def dismiss_proposal(self, kind: str, subject: int, dismissed: bool) -> bool:
        """Remember that, or take it back; returns whether anything changed."""
        ...

    def add_album(self, name: str, query: str | None = None) -> Album:
        """A new, empty album, or a smart one. AlbumExistsError if the name is taken."""
        ...

    def change_album(
        self,
        album_id: int,
        *,
        name: str | None = None,
        query: str | None = None,
        add: Sequence[int] = (),
        remove: Sequence[int] = (),
    ) -> Album:
        """Rename it, put images in (unknown ids are ignored), take images out; give a smart album another query.
        AlbumNotFoundError, AlbumExistsError; SmartAlbumError for images and a smart album, or for a query and
        another."""
        ...

    def remove_album(self, album_id: int) -> list[int]:
        """Its images stay; returns the ids of those put into it by hand. AlbumNotFoundError."""
        ...

    def restore_album(self, album_id: int, name: str, *, query: str | None = None, images: Sequence[int] = ()) -> Album:
        """Make a removed album again under its own id; unknown images are ignored. AlbumNotFoundError for an id that no
        album had, AlbumExistsError if there is one of that id or name."""
        ...

    def forget(self, asset_ids: Sequence[int]) -> int:
        """Delete assets with all that hangs on them; returns how many there were."""
        ...

    def erase(self, asset_ids: Sequence[int], folder: str) -> int:
        """As `forget`, with the errors at and below ``folder`` and the jobs that have ended; and nothing of all that is
        left in any file of the store. LibraryBusyError while another process reads or writes: run it again."""
        ...

    def forget_errors(self, paths: Sequence[str]) -> int: ...

    def drop_space(self, space_key: str) -> int:
        """Delete every vector of a space; returns how many."""
        ...

    # -- reading
    def assets(self, ids: Sequence[int]) -> list[Asset]:
        """In the order asked; unknown ids are left out."""
        ...

    def albums(self) -> list[Album]:
        """By name, ignoring case."""
        ...

    def asset_by_path(self, path: str) -> Asset | None: ...

    def select(
        self,
        where: Query,
        *,
        order: SortKey = "id",
        descending: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[int]:
        """Ids of the assets that meet ``where``. Unknown sort values come last; ties by id."""
        ...

    def count(self, where: Query) -> int: ...

    def match_text(self, text: str, where: Query, limit: int) -> list[Neighbor]:
        """Full-text search over file name, folder, tags (automatic ones left out), title and description; words are
        joined by AND and match as prefixes. ``similarity`` is a BM25 score, larger is better. Characters with a meaning
        to FTS are plain text."""
        ...

    def images_with_words(self, words: Sequence[str], where: Query, limit: int) -> list[list[int]]:
        """For each word the ids of at most ``limit`` assets that have it, or its plural or singular in -s, as a whole
        word in the texts of `match_text`, among those that meet ``where``; by id."""
        ...

    def hashes(self, ids: Sequence[int]) -> dict[int, int]:
        """Perceptual hashes, unsigned 64 bits."""
        ...

    def durations(self, ids: Sequence[int]) -> dict[int, float]:
        """How long those of them that move last, in seconds."""
        ...

    def fingerprints(self, where: Query) -> Fingerprints:
        """What tells apart the assets that meet ``where``, to find duplicates by."""
        ...

    def distinct_sets(self) -> list[tuple[int, ...]]:
        """Ids of assets of which the user said that they are no duplicates of each other, at least two in each."""
        ...

    def positions(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Ids, latitudes and longitudes (degrees) of all assets that know where they were taken, by id."""
        ...

    def taken(
        self,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Of all shown images, by id: ids, moments (microseconds since 1970, see `Asset.moment`), latitudes and
        longitudes (degrees, NaN where unknown). May lag behind as overviews do."""
        ...

    def vectors(self, space: EmbeddingSpace, ids: Sequence[int]) -> dict[int, Embedding]: ...

    def sample_vectors(self, space: EmbeddingSpace, count: int) -> NDArray[np.float32]:
        """Up to ``count`` vectors spread over the library, deterministic for a generation; (n, dim) float32."""
        ...

    def nearest(self, space: EmbeddingSpace, vector: Embedding, where: Query, k: int) -> list[Neighbor]:
        """The k assets nearest to ``vector`` among those that meet ``where``, best first, ties by id. A moving picture
        is as near as the nearest of its scenes, or its own vector, and comes once."""
        ...

    def scenes(self, asset_id: int) -> list[int]:
        """When the scenes of a moving picture begin, milliseconds from its start, ascending; none for a still one."""
        ...

    def scene_vectors(self, space: EmbeddingSpace, ids: Sequence[int]) -> dict[int, dict[int, Embedding]]:
        """Asset id to milliseconds to vector, of those assets that have scenes in the space."""
        ...

    def scene_counts(self, space: EmbeddingSpace, ids: Sequence[int]) -> dict[int, int]:
        """How many scenes each asset has in the space, of those that have any."""
        ...

    def untagged(self, space: EmbeddingSpace, tagger: str) -> list[int]:
        """Ids of the assets, missing ones too, that have a vector in the space and no automatic tags by this tagger
        (a fingerprint, see `AutoTags`), in order of id."""
        ...

    def without_looks(self) -> list[int]:
        """Ids of the assets whose palette and sharpness are still to be measured (see `PutLooks`), in order of id."""
        ...

    def without_motion(self) -> list[int]:
        """Ids of the present assets in which nobody looked for the video of a motion photo (see `PutMotion`), in order
        of id."""
        ...

    def tag_counts(self, source: TagSource | None = None) -> list[TagCount]:
        """The tags of present images, of one source or all: most used first, then by name and source."""
        ...

    def tag_tree(self) -> tuple[TagNode, ...]:
        """The tags of shown images, and those above them, by name."""
        ...

    def counts(self) -> StoreCounts: ...

    # -- overviews: while an index run goes on, they may lag behind what it has committed by some seconds
    def facets(self, where: Query) -> Facets: ...

    def vocabulary(self) -> Vocabulary:
        """What may be suggested to somebody who types."""
        ...

    def timeline(self, where: Query, unit: TimeUnit) -> list[TimeBucket]:
        """Latest first; the counts add up to places in ``select(where, order="moment", descending=True)``."""
        ...

    def clusters(self, where: Query, zoom: int) -> list[Cluster]:
        """Largest first; ``zoom`` is that of the map, see `core.overview.CELL_PIXELS`."""
        ...

    # -- errors
    def errors(self, limit: int | None = None) -> list[FileError]:
        """Files that could not be indexed, newest first."""
        ...

    # -- jobs and settings
    def start_job(self, kind: str, detail: Mapping[str, Any]) -> Job:
        """A new running job of this process. Jobs left running by a dead process become "interrupted" first."""
        ...

    def update_job(
        self,
        job_id: int,
        *,
        done: int,
        errors: int,
        total: int | None = None,
        state: JobState = "running",
        detail: Mapping[str, Any] | None = None,
    ) -> None: ...

    def request_cancel(self, job_id: int) -> None:
        """Ask the process that runs the job to stop; it sees this in ``cancel_requested``."""
        ...

    def cancel_requested(self, job_id: int) -> bool: ...

    def job(self, job_id: int) -> Job:
        """JobNotFoundError if there is none."""
        ...

    def jobs(self, limit: int = 20) -> list[Job]:
        """Newest first."""
        ...

    def setting(self, key: str) -> str | None: ...

    def put_setting(self, key: str, value: str) -> None: ...


class ImageEncoder(Protocol):
    """Turns prepared pixels into embeddings."""

    @property
    def space(self) -> EmbeddingSpace: ...

    @property
    def preprocessing(self) -> Preprocessing: ...

    def encode_images(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, size, size, 3) uint8 RGB, resized and cropped as ``preprocessing`` says -> (n, dim) L2-normalised
        float32. Normalisation by mean and std happens here. Thread-safe."""
        ...


class TextEncoder(Protocol):
    """Turns words into embeddings of the same space as its image encoder."""

    @property
    def space(self) -> EmbeddingSpace: ...

    @property
    def calibration(self) -> Calibration | None: ...

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """n texts -> (n, dim) L2-normalised float32. Over-long texts are cut to the context length. Thread-safe."""
        ...


class ImageTagger(Protocol):
    """Gives images their automatic tags, from their vectors alone."""

    @property
    def space(self) -> EmbeddingSpace: ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the tags of some image might: see `AutoTags`."""
        ...

    def tag(self, vectors: NDArray[np.float32]) -> list[AutoTags]:
        """(n, dim) vectors of the space -> the tags of each image. Thread-safe."""
        ...


class FaceAnalyzer(Protocol):
    """Finds the faces in a picture and describes each by a vector."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors do: the space they belong to."""
        ...

    @property
    def side(self) -> int:
        """Pixels of the longer side of the picture it wants to see; a smaller one is not enlarged."""
        ...

    def analyze(self, pixels: NDArray[np.uint8], width: int) -> FaceScan:
        """(height, width, 3) RGB, upright; ``width`` is that of the original in pixels. Thread-safe."""
        ...


class OcrReader(Protocol):
    """Reads the text in a picture."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever what is read does."""
        ...

    @property
    def side(self) -> int:
        """Pixels of the longer side of the picture it wants to see; a smaller one is not enlarged."""
        ...

    def read(self, pixels: NDArray[np.uint8], width: int) -> TextScan:
        """(height, width, 3) RGB, upright; ``width`` is that of the original in pixels. Thread-safe."""
        ...
