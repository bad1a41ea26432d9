"""The one façade: the command line, the API and tests talk to `Library` only. It wires the adapters together."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from smartsearch.access.accounts import Accounts
from smartsearch.access.audit import AuditLog
from smartsearch.catalog import ModelCatalog, ModelChoice
from smartsearch.config import Places, full_path
from smartsearch.core.assets import Asset, Embedding, FileError, Root, Tag, TagCount, TagSource
from smartsearch.core.errors import (
    AssetNotFoundError,
    DiskFullError,
    FileAccessError,
    LibraryBusyError,
    LibraryNotFoundError,
    LibraryReadOnlyError,
    MediaError,
    ModelError,
    PathNotFoundError,
    QueryError,
    TagNotFoundError,
    UnsupportedFormatError,
    UsageError,
)
from smartsearch.core.overview import ValueCount
from smartsearch.core.ports import FileCipher
from smartsearch.core.query import HasPerson, Not, Present
from smartsearch.core.settings import DiscoverySettings, Settings
from smartsearch.core.spaces import NO_SPACE
from smartsearch.core.tagtree import at_or_below, tag_path
from smartsearch.duplicates.review import Duplicates
from smartsearch.encryption.keyfile import read_key_file
from smartsearch.encryption.unlocking import available_key
from smartsearch.face_work import FaceWork
from smartsearch.feedback_work import FeedbackWork
from smartsearch.people.directory import People
from smartsearch.places.geonames import GeoNames
from smartsearch.search.adapted import AdaptedTexts
from smartsearch.search.albums import Albums, RelevantImages
from smartsearch.search.overview import Overviews
from smartsearch.search.paging import Answer, Answers
from smartsearch.search.proposals import Proposals
from smartsearch.search.ranking import Hit, Plan
from smartsearch.search.recent import RecentQueries
from smartsearch.search.service import SearchRequest, SearchResult, SearchService
from smartsearch.search.spelling import ModelWords, Spelling
from smartsearch.search.suggestions import Suggestions
from smartsearch.search.understanding import QueryReader
from smartsearch.stores.shredding import REPLACES
from smartsearch.stores.sqlite import SqliteStore
from smartsearch.text_work import TextWork

if TYPE_CHECKING:
    from smartsearch.backup import Backup, BackupReport, RestoreReport
    from smartsearch.doctor import DoctorReport
    from smartsearch.embeddings.factory import Encoders
    from smartsearch.encryption.ciphers import LibraryKey
    from smartsearch.encryption_work import EncryptionWork
    from smartsearch.erasing import ErasureReport
    from smartsearch.export import ExportReport
    from smartsearch.indexing.progress import IndexProgress, IndexReport
    from smartsearch.indexing.scan import Target
    from smartsearch.indexing.session import IndexSession
    from smartsearch.media.pool import DecodePool
    from smartsearch.media.thumbnails import ThumbnailStore
    from smartsearch.search.explain import Evidence
    from smartsearch.search.heatmap import HeatMap
    from smartsearch.tagging.exchange import TagExport
    from smartsearch.tagging.run import TagProgress, TagReport
    from smartsearch.tagging.tagger import LazyTagger

log = logging.getLogger(__name__)

DATABASE_NAME = "library.db"
DECODERS = 2
"""Workers for single pictures. Each starts with the first picture that finds none idle."""
_ACTIVE, _NEXT = "model", "next_model"


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """What the library holds and what is going on; the field names are those of `smartsearch status --json`."""

    library: str
    total_images: int
    missing: int
    errors: int
    last_updated: datetime | None
    model: str
    next_model: str | None
    embeddings: dict[str, int]
    roots: tuple[dict[str, Any], ...]
    disk_bytes: int
    """Database and vector index, without thumbnails."""
    encrypted: bool
    opened_by: tuple[str, ...]
    """What opens an encrypted library: "passphrase", "keyring"."""
    indexing_progress: dict[str, Any]


AT_START = frozenset({"model", "runtime", "server", "log", "audit"})
"""Settings that are read once, when the program starts; the others are in force as soon as they are read."""


@dataclass(frozen=True, slots=True)
class Reload:
    """Settings whose values changed, as "section.key": those in force now, and those that need a restart."""

    in_force: tuple[str, ...]
    at_next_start: tuple[str, ...]


def _valid(settings: Settings) -> Settings:
    """ConfigError for exclusions that cannot be read, before anything goes by them."""
    from smartsearch.crawler.ignore import IgnoreRules

    IgnoreRules.of("/", settings.discovery.exclude)
    return settings


def require_indexable(path: str | os.PathLike[str]) -> None:
    """PathNotFoundError unless there is something at the path, UnsupportedFormatError for a file that is no image."""
    from smartsearch.crawler.found import WalkProblem
    from smartsearch.crawler.walk import walk

    absolute = full_path(path)
    if not os.path.exists(absolute):
        raise PathNotFoundError(f"There is no file or folder {absolute}.", hint="Check the spelling, or mount it.")
    if not os.path.isdir(absolute):
        first = next(walk(absolute, DiscoverySettings()), None)
        if first is None or isinstance(first, WalkProblem):
            raise UnsupportedFormatError(f"{absolute} is neither a folder nor an image.")


def _everyday_words() -> list[str]:
    """Names and phrases of the packaged tags: what people photograph."""
    from smartsearch.tagging.vocabulary import packaged_vocabulary

    return [said for tag in packaged_vocabulary() for said in (tag.name, *tag.phrases)]


class Library:
    """One library folder: its database, vectors and thumbnails, with the models of this machine.

    Made by `open`. Safe to use from several threads. Images on disk are only ever read, but for
    `duplicates.trash`.
    """

    def __init__(
        self,
        places: Places,
        settings: Settings,
        store: SqliteStore,
        catalog: ModelCatalog,
        key: LibraryKey | None = None,
    ) -> None:
        self.key = key
        """Of an encrypted library."""
        self.places = places
        self.settings = settings
        self.catalog = catalog
        self.store = store
        self.people = People(store.people)
        self.suggestions = Suggestions(
            store,
            lambda: [ValueCount(person.name, person.images, person.id) for person in self.people.names()],
            lambda: [ValueCount(place.name, images) for place, images in self.queries.places.counts().items()],
            lambda: self.queries.places.facets().regions,
        )
        self.answers = Answers()
        self.queries = QueryReader(
            store,
            settings.search,
            GeoNames(places.home / "cache"),
            spelling=Spelling(store, self._model_words, _everyday_words),
            english_only=self._english_only,
            relevant=RelevantImages(store, lambda: self._service(self.catalog.encoders(self.model))),
            fields=lambda: self.catalog.plugins.query_fields(),
        )
        """What the words of a query mean in this library."""
        self.overviews = Overviews(store, self.queries.places)
        self.albums = Albums(store, self.queries)
        self.proposals = Proposals(
            store, self.albums, self.queries.places, lambda: [(one.id, one.name) for one in self.people.names()]
        )
        self.recent = RecentQueries(store)
        self.accounts = Accounts(places.home)
        """Who may ask the server; of the home, for all its libraries."""
        self.audit = AuditLog(places.home, settings.audit, places.library.name)
        """Who looked at, took along or changed what."""
        self.faces = FaceWork(
            store, places, lambda: self.settings, self.recent, lambda: self.catalog.plugins.face_models()
        )
        self.duplicates = Duplicates(
            store,
            lambda: self.catalog.encoders(self.model).image.space,
            places.library,
            lambda: self.settings.duplicates.allow_trash,
        )
        self.feedback = FeedbackWork(
            store, self.queries, lambda: self.catalog.encoders(self.model).text, places.library
        )
        self.texts = AdaptedTexts(store.feedback)
        """How words are read in searches."""
        self.ocr = TextWork(store, places, lambda: self.settings)
        self._lock = threading.Lock()
        self._pool: DecodePool | None = None

    @classmethod
    def open(
        cls,
        places: Places,
        settings: Settings,
        *,
        create: bool = False,
        read_only: bool = False,
        key: LibraryKey | None = None,
    ) -> Self:
        """Open the library at ``places.library``; ``create`` makes it when it is not there.

        An encrypted one is opened by ``key``, else by what is found (see `encryption.unlocking.available_key`):
        LibraryLockedError, WrongKeyError, EncryptionUnavailableError.

        ``read_only`` accepts a library on a read-only or full disk, for searching. Raises LibraryNotFoundError,
        LibraryCorruptError, LibraryTooNewError, LibraryReadOnlyError, DiskFullError, each saying what to do.
        """
        path, vectors = places.library / DATABASE_NAME, places.library / "vectors"
        if not path.exists():
            from smartsearch.backup import finish_restore

            finish_restore(places.library)
        if (places.library / REPLACES).exists():
            from smartsearch.conversion import finish_conversion

            finish_conversion(places.library)
        key = key or available_key(places.library)
        opening: dict[str, Any] = {} if key is None else {"key": key.database, "cipher": key.files}
        if create and not path.exists():
            store = SqliteStore.create(path, vectors=vectors, **opening)
        elif not path.exists():
            raise LibraryNotFoundError(
                f"There is no library at {places.library} yet.", hint="`smartsearch index FOLDER` makes one."
            )
        else:
            try:
                store = SqliteStore.open(path, vectors=vectors, **opening)
            except (LibraryReadOnlyError, DiskFullError):
                if not read_only:
                    raise
                store = SqliteStore.open(path, vectors=vectors, read_only=True, **opening)
        return cls(places, settings, store, ModelCatalog(places.models, settings.runtime), key)

    def close(self) -> None:
        self.release()
        self.accounts.close()
        self.audit.close()

    def release(self) -> None:
        """Close what is of the library itself. Users and audit log, which are of the home, stay open."""
        if self._pool is not None:
            self._pool.close()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change settings, nested as in `config.as_dict`, for this library: in its config.toml, in force at once. Open
        models and workers keep what they were started with. ConfigError for what is not valid."""
        from smartsearch.config import changed, write_settings

        with self._lock:
            settings = _valid(changed(self.settings, changes))
            write_settings(self.places, changes)
            self._take(settings)

    def reload(self) -> Reload:
        """Read the settings anew. ConfigError, and everything stays as it was, when they are not valid."""
        from smartsearch.config import differences, load_settings

        with self._lock:
            settings = _valid(load_settings(self.places))
            changes = differences(self.settings, settings)
            self._take(settings)
        later = tuple(name for name in changes if name.partition(".")[0] in AT_START)
        log.info("settings read anew", extra={"facts": {"changed": len(changes), "at_next_start": len(later)}})
        return Reload(tuple(name for name in changes if name not in later), later)

    def _take(self, settings: Settings) -> None:
        """What is read at the start stays as it is, so that it is told of again at the next `reload`."""
        kept: dict[str, Any] = {name: getattr(self.settings, name) for name in AT_START}
        self.settings = replace(settings, **kept)
        self.queries.configure(settings.search)
        self.__dict__.pop("thumbnails", None)

    # -- models

    @property
    def model(self) -> ModelChoice:
        """The model the library is searched by. Until something is indexed, the configured one."""
        return ModelChoice.parse(self.store.setting(_ACTIVE) or self.settings.model)

    @property
    def next_model(self) -> ModelChoice | None:
        """The model the library is changing to: it takes over when every image has its vector."""
        name = self.store.setting(_NEXT)
        return ModelChoice.parse(name) if name else None

    def use_model(self, choice: ModelChoice) -> bool:
        """Change to another installed model. True: from now on; False: once `index` has embedded every image by it."""
        choice = self.catalog.pinned(choice)
        space = self.catalog.encoders(choice).image.space
        counts = self.store.counts()
        embedded = counts.embeddings.get(space.key, 0)
        at_once = not counts.embeddings or choice == self.model or embedded >= counts.images + counts.missing
        if at_once:
            self.store.put_setting(_ACTIVE, str(choice))
        self.store.put_setting(_NEXT, "" if at_once else str(choice))
        return at_once

    # -- indexing

    def index(
        self,
        paths: Sequence[Path] = (),
        *,
        recursive: bool = True,
        retry_errors: bool = False,
        progress: Callable[[IndexProgress], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
        started: Callable[[int], None] = lambda _: None,
    ) -> IndexReport:
        """Bring the library up to date with these folders or files, or with all known roots when none are given.

        ``started`` hears the id of the job row. Can be stopped (Ctrl-C, ``cancelled``, a request in the row) or killed
        at any moment; the next call goes on. Raises
        PathNotFoundError before anything is changed, LibraryBusyError when another process is indexing, and
        LibraryReadOnlyError, DiskFullError or ModelError with all committed work kept.
        """
        targets = self._roots_for(paths, recursive)
        if not self.store.setting(_ACTIVE):
            self.store.put_setting(_ACTIVE, str(self.catalog.pinned(self.model)))
        coming = self.next_model
        with self._index_session(coming) as session:
            report = session.run(
                targets, retry_errors=retry_errors, progress=progress, cancelled=cancelled, started=started
            )
        self._complete_next_model(coming, report, targets)
        progress(replace(report.progress, current="automatic tags"))  # the first words of a large model take a minute
        report = self._tag_the_rest(report, cancelled)
        # A short-lived `query` would never finish the codes of a large library's index: this run does.
        self.store.settle_vectors(self.catalog.encoders(self.model).image.space)
        self.store.seal()
        log.info("index run ended", extra={"facts": report.facts})
        return report

    def watch(self, tell: Callable[[IndexReport], None], stop: threading.Event | None = None) -> None:
        """Keep every root current until ``stop`` is set, or KeyboardInterrupt. ``tell`` hears of each round."""
        roots = [target.root for target in self._roots_for((), recursive=True)]
        space = self.catalog.encoders(self.model).image.space

        def finished(report: IndexReport) -> None:
            self.store.settle_vectors(space)
            tell(self._tag_the_rest(report))

        with self._index_session(self.next_model) as session:
            session.watch(roots, finished, stop or threading.Event())
        self.store.seal()

    def _index_session(self, coming: ModelChoice | None = None) -> IndexSession:
        """A session that embeds by the active model and by the one the library is changing to."""
        from smartsearch.indexing.session import IndexSession

        choices = (self.model, coming) if coming else (self.model,)
        encoders = [self.catalog.encoders(choice).image for choice in choices]
        return IndexSession(
            self.store,
            encoders,
            self.thumbnails,
            self.settings,
            self.places.library,
            self._tagger(),
            self.faces.analyzer(),
            self.ocr.while_indexing(),
            self.catalog.plugins.metadata_readers(),
        )

    def _complete_next_model(self, coming: ModelChoice | None, report: IndexReport, targets: Sequence[Target]) -> None:
        """Once a run saw every root, all images that can be embedded have their vector: the next model takes over,
        unless somebody chose another one during the run."""
        seen = {target.root.path for target in targets if target.deep}
        everything = seen >= {root.path for root in self.store.roots()}
        if coming and coming == self.next_model and everything and report.state == "done" and not report.unavailable:
            self.store.put_setting(_ACTIVE, str(coming))
            self.store.put_setting(_NEXT, "")

    def _tag_the_rest(self, report: IndexReport, cancelled: Callable[[], bool] = lambda: False) -> IndexReport:
        """What the run did not embed but another tagger tagged, or none; and faces that nobody looked for, or grouped.
        Whoever has the lock by now does it."""
        if report.state == "done":
            with suppress(LibraryBusyError):
                self._measure_the_rest(cancelled)
                self.faces.catch_up(cancelled=cancelled)
                tagged = self.tag(cancelled=cancelled)
                return replace(report, state=tagged.state, tagged=tagged.images)
        return report

    def _measure_the_rest(self, cancelled: Callable[[], bool]) -> None:
        """Palette, sharpness and motion of what an earlier version indexed. LibraryBusyError."""
        from smartsearch.indexing.lock import exclusive
        from smartsearch.indexing.looks import find_motion_photos, measure_looks

        if self.store.without_looks() or self.store.without_motion():
            pool, limits = self._decoders(), self.settings.media
            with exclusive(self.places.library):
                measure_looks(self.store, pool, limits, self.thumbnail, cancelled=cancelled)
                find_motion_photos(self.store, pool, limits, cancelled=cancelled)

    def add_root(self, path: Path, *, recursive: bool = True) -> Root:
        """Remember a folder or file to index. PathNotFoundError unless it is there, or was known before."""
        return self.store.add_root(self._existing(path), recursive)

    def _existing(self, path: Path) -> str:
        absolute = full_path(path)
        if absolute not in {root.path for root in self.store.roots()}:
            require_indexable(absolute)
        return absolute

    def _roots_for(self, paths: Sequence[Path], recursive: bool) -> list[Target]:
        """What this call looks at, remembered as roots; all known roots when none are named.

        Looking at the top of a root only, once, does not make its subfolders forgotten.
        """
        from smartsearch.indexing.scan import Target

        known = {root.path: root for root in self.store.roots()}
        wanted = dict.fromkeys(self._existing(path) for path in paths)  # all of them, before any is remembered
        targets = [
            Target(known[path], deep=False)
            if path in known and known[path].recursive and not recursive
            else Target(self.store.add_root(path, recursive))
            for path in wanted
        ]
        targets = targets or [Target(root) for root in known.values()]
        if not targets:
            raise UsageError("Nothing is indexed yet.", hint="Name a folder: `smartsearch index ~/Pictures`.")
        return targets

    def forget_root(self, path: Path) -> int:
        """Give up a root for good: it is no longer indexed, and its images are forgotten, unless another root holds
        them too. Returns how many. Files on disk are not touched. PathNotFoundError if it is no root."""
        from smartsearch.indexing.lock import exclusive

        doomed = self._only_in_root(path)
        absolute = full_path(path)
        inside = os.path.join(absolute, "")
        with exclusive(self.places.library):
            self.store.remove_root(absolute)
            self.store.forget_errors([error.path for error in self.store.errors() if error.path.startswith(inside)])
            return self._forget(sorted(doomed))

    def erase_folder(self, path: Path, *, started: Callable[[int], None] = lambda _: None) -> ErasureReport:
        """Erase all traces of a folder, or of one photo, from every file of the library; ``started`` hears the id of
        the job row. See `smartsearch.erasing`."""
        from smartsearch.erasing import erase_folder

        self.answers, self.overviews = Answers(), Overviews(self.store, self.queries.places)
        return erase_folder(self.store, self.thumbnails, self.recent, self.places.library, full_path(path), started)

    def count_in_folder(self, path: Path) -> int:
        """How many images `erase_folder` would erase."""
        return len(self._ids_at(full_path(path)))

    def count_in_root(self, path: Path) -> int:
        """How many images `forget_root` would forget."""
        return len(self._only_in_root(path))

    def _only_in_root(self, path: Path) -> set[int]:
        absolute = full_path(path)
        others = [root.path for root in self.store.roots() if root.path != absolute]
        if len(others) == len(self.store.roots()):
            raise PathNotFoundError(f"{absolute} is no indexed folder.", hint="`smartsearch status` lists them.")
        return self._ids_at(absolute).difference(*map(self._ids_at, others))

    def _ids_at(self, path: str) -> set[int]:
        from smartsearch.erasing import traces

        return traces(self.store, path)

    # -- searching

    def search(self, request: SearchRequest, model: ModelChoice | None = None) -> SearchResult:
        """Answer a request in the space of the active model, or of ``model``."""
        choice = model or self.model
        encoders = self.catalog.encoders(choice)
        request = replace(request, where=self.albums.resolved(request.where))
        result = self._service(encoders).search(self._example_by_id(request, encoders))
        if not result.hits and not result.withheld:
            self.check_embedded(choice)
        return result

    def _model_words(self) -> ModelWords | None:
        """The words of the active model's tokenizer; None for an encoder of a plugin, or one that is not there."""
        with suppress(ModelError):
            return getattr(self.catalog.encoders(self.model).text, "tokenizer", None)
        return None

    def _english_only(self) -> bool:
        """Whether the active model knows no other language. False where there is no model."""
        with suppress(ModelError):
            return self.catalog.find(self.model).description.languages == ("en",)
        return False

    def explain(self, plan: Plan, hits: Sequence[Hit]) -> list[tuple[Evidence, ...]]:
        """What each part of the query gave each hit."""
        from smartsearch.search.explain import explain

        return explain(self.store, plan, hits)

    def heat_map(self, asset: Asset, words: str) -> HeatMap:
        """Where in the picture the model sees what the words say; from the thumbnail, which is as good for that.
        MediaError if there is none and the original cannot be read; QueryError for words that say nothing of looks."""
        import numpy as np

        from smartsearch.media.request import DecodeRequest
        from smartsearch.search.heatmap import heat_map

        wanted = next((clause.text for clause in self.queries.parse(words).clauses if clause.text), "")
        if not wanted:
            raise QueryError("There are no words to look for in the picture.")
        encoders = self.catalog.encoders(self.model)
        inputs, thumbnail = (encoders.image.preprocessing,), self.thumbnail(asset)
        request = DecodeRequest(inputs, self.settings.media, self.settings.thumbnails, data=thumbnail)
        decoded = self._decoders().submit(asset.path, request).result()
        words_alone = SearchRequest(text=wanted)
        target = self._service(encoders).plan(words_alone).branches[0].target
        assert target is not None  # there are words
        return heat_map(encoders.image, np.asarray(decoded.inputs[0]), target, (asset.width, asset.height))

    def planned(self, request: SearchRequest) -> Plan:
        """What `search` would rank, for measuring."""
        return self._service(self.catalog.encoders(self.model)).plan(request)

    def answer(self, request: SearchRequest) -> Answer:
        """An answer in the space of the active model, to read page by page (``request.top`` does not matter).

        Equal requests share one until the library changes. An example image is read before this returns.
        """
        encoders = self.catalog.encoders(self.model)
        request = replace(request, where=self.albums.resolved(request.where))

        def make() -> Answer:
            return Answer(self.store, self._service(encoders).plan(self._example_by_id(request, encoders)))

        if request.image is not None:
            answer = make()
            self.answers.keep(answer)
            return answer
        return self.answers.find((replace(request, top=1), encoders.image.space.key, self.store.generation), make)

    def _service(self, encoders: Encoders) -> SearchService:
        text = self.texts.encoder(encoders.text)
        return SearchService(self.store, text, lambda path: self._embed_file(path, encoders))

    def check_embedded(self, choice: ModelChoice) -> None:
        """An empty answer must not be for want of vectors: after an update of the model, or with one never used.
        UsageError says so."""
        encoders = self.catalog.encoders(choice)
        counts = self.store.counts()
        if counts.images and not counts.embeddings.get(encoders.image.space.key):
            raise UsageError(
                f"No image is embedded by this version of {choice} yet.",
                hint="Run `smartsearch index`."
                if choice == self.model
                else f"Run `smartsearch models use {choice}`, then `smartsearch index`.",
            )

    def _example_by_id(self, request: SearchRequest, encoders: Encoders) -> SearchRequest:
        """An example image that is indexed and unchanged is known by its vector; it is no result of its own search."""
        known = self.store.asset_by_path(full_path(request.image)) if request.image else None
        if known is None:
            return request
        if self.is_unchanged(known) and self.store.vectors(encoders.image.space, [known.id]):
            return replace(request, image=None, like=known.id)
        return request

    def _embed_file(self, path: Path, encoders: Encoders) -> Embedding:
        """The vector of any image file, decoded in a guarded worker. MediaError names the file."""
        absolute = full_path(path)
        if not os.path.isfile(absolute):
            what = "is a folder, not an image" if os.path.isdir(absolute) else "is not there"
            raise PathNotFoundError(f"The example image {path} {what}.")
        import numpy as np

        from smartsearch.media.request import DecodeRequest

        request = DecodeRequest((encoders.image.preprocessing,), self.settings.media, self.settings.thumbnails)
        try:
            decoded = self._decoders().submit(absolute, request).result()
        except MediaError as error:
            raise type(error)(f"{path}: {error.message}", hint=error.hint) from error
        vector: Embedding = encoders.image.encode_images(np.stack(decoded.inputs))[0]
        return vector

    # -- tags

    def tag(
        self,
        *,
        force: bool = False,
        progress: Callable[[TagProgress], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> TagReport:
        """Bring the automatic tags up to date with model, vocabulary and settings, from the stored vectors; those of
        every image with ``force``. Switched off, delete them. Can be stopped or killed at any moment; the next call, or
        `index`, goes on. LibraryBusyError, ConfigError for a vocabulary that cannot be used."""
        from smartsearch.indexing.lock import exclusive
        from smartsearch.tagging.run import TagReport, tag_untagged

        with exclusive(self.places.library):
            if not self.settings.tags.auto:
                return TagReport("done", 0, 0, 0.0, dropped=self.store.drop_auto_tags())
            tagger = self._tagger()
            if tagger is None:
                return TagReport("done", 0, 0, 0.0)
            return tag_untagged(self.store, tagger, force=force, tell=progress, cancelled=cancelled)

    def _tagger(self) -> LazyTagger | None:
        """The tagger of the model searched by."""
        from smartsearch.tagging.prompts import PROMPTS_FILE
        from smartsearch.tagging.tagger import make_tagger
        from smartsearch.tagging.thresholds import read_thresholds

        model = self.catalog.find(self.model)
        text = self.catalog.encoders(self.model).text
        settings, library = self.settings.tags, self.places.library
        prompts = model.path(PROMPTS_FILE)
        return make_tagger(self.store, text, read_thresholds(model), settings, library, self._cipher, prompts)

    def tag_counts(self, source: TagSource | None = None) -> list[TagCount]:
        """The tags of present images with how many carry them, most used first."""
        return self.store.tag_counts(source)

    def move_tag(self, name: str, new: str | None) -> int:
        """Rename a tag of the user's with all below it ("animal" to "fauna" makes "animal/dog" "fauna/dog"), merging it
        where the name is there; None takes it off every image. Returns of how many images. TagNotFoundError if the user
        gave no such tag, UsageError for a name that cannot be, or that lies below the old one."""
        name, new = tag_path(name), None if new is None else tag_path(new)
        if new is not None and new != name and at_or_below(new, name) and not at_or_below(name, new):
            raise UsageError(f"{name!r} cannot be moved below itself.")
        moved = self.store.move_tag(name, new)
        if not moved:
            hint = "Keywords in files and automatic tags cannot be renamed."
            raise TagNotFoundError(f"You gave no image the tag {name!r}.", hint=hint)
        return moved

    def asset_at(self, path: Path) -> Asset:
        """The image that is this file. AssetNotFoundError."""
        asset = self.store.asset_by_path(full_path(path))
        if asset is None:
            raise AssetNotFoundError(f"{path} is not in the library.", hint="Index it first.")
        return asset

    def add_tag(self, paths: Sequence[Path], name: str) -> int:
        """Give images a tag of the user's; returns how many had it not. AssetNotFoundError before anything is done."""
        name = tag_path(name)
        assets = [self.asset_at(path) for path in paths]
        changed = 0
        for asset in assets:
            own = [tag for tag in asset.tags if tag.source == "user"]
            if all(tag.name.casefold() != name.casefold() for tag in own):
                self.store.set_tags(asset.id, [*own, Tag(name)], "user")
                changed += 1
        return changed

    def export_tags(self, folder: Path | None) -> TagExport:
        """Write the user's tags as XMP sidecars: new files only, below a folder or, without one, beside the originals.
        See `tagging.exchange`."""
        from smartsearch.tagging.exchange import export_tags

        names = {person.id: person.name for person in self.people.names()}
        people: dict[int, list[str]] = {}
        for person_id, name in names.items():
            for asset_id in self.store.select(HasPerson(person_id)):
                people.setdefault(asset_id, []).append(name)
        return export_tags(self.store, people, None if folder is None else Path(full_path(folder)))

    def untag(self, path: Path, name: str, *, undo: bool = False) -> None:
        """Take a tag off an image, whatever its case: the user's own is deleted, an automatic one never comes back
        until ``undo``, which tags the image again. AssetNotFoundError; UsageError if the image has no such tag."""
        asset = self.asset_at(path)
        if undo:
            self.store.reject_tag(asset.id, name, undo=True)
            self.tag()
            return
        sources = {tag.source for tag in asset.tags if tag.name.casefold() == name.casefold()}
        if not sources - {"keywords"}:
            hint = "It is a keyword in the file, and files are never written." if sources else ""
            raise UsageError(f"{path} has no tag {name!r} that could be taken off.", hint=hint)
        own = [tag for tag in asset.tags if tag.source == "user"]
        self.store.set_tags(asset.id, [tag for tag in own if tag.name.casefold() != name.casefold()], "user")
        if "auto" in sources:
            self.store.reject_tag(asset.id, name)

    # -- looking after it

    @cached_property
    def thumbnails(self) -> ThumbnailStore:
        from smartsearch.media.thumbnails import ThumbnailStore

        return ThumbnailStore(self.places.library, self.settings.thumbnails, self._cipher)

    @property
    def _cipher(self) -> FileCipher | None:
        return None if self.key is None else self.key.files

    def thumbnail(self, asset: Asset) -> bytes | None:
        """The thumbnail of an image as WebP, None if there is none."""
        return self.thumbnails.get(asset.file_hash)

    def preview(self, asset: Asset, source: Callable[[Asset], str] = lambda asset: asset.path) -> bytes:
        """A larger WebP of an image, made on demand from the original and cached. ``source`` says where that is or
        refuses. MediaError if it cannot be read, or is no longer what was indexed."""
        from smartsearch.media.request import PreviewRequest

        def make(size: int, quality: int) -> bytes:
            path = source(asset)
            if not self.is_unchanged(asset, path):
                raise FileAccessError(f"Image {asset.id} has changed since it was indexed.", hint="Index it again.")
            return self._decoders().submit(path, PreviewRequest(size, quality, self.settings.media)).result()

        return self.thumbnails.preview(asset.file_hash, make)

    def scene(self, asset: Asset, at: float, source: Callable[[Asset], str] = lambda asset: asset.path) -> bytes:
        """A small WebP of a moving picture ``at`` seconds from its start, made anew each time. ``source`` and errors as
        in `preview`."""
        from smartsearch.media.request import PreviewRequest

        path, looks = source(asset), self.settings.thumbnails
        if not self.is_unchanged(asset, path):
            raise FileAccessError(f"Image {asset.id} has changed since it was indexed.", hint="Index it again.")
        request = PreviewRequest(looks.size, looks.quality, self.settings.media, round(at * 1000))
        return self._decoders().submit(path, request).result()

    def is_unchanged(self, asset: Asset, path: str | None = None) -> bool:
        """Whether the image's file, at ``path`` if it was looked up already, still has the size and time it was indexed
        with. False if it is not there."""
        try:
            status = os.stat(asset.path if path is None else path)
        except OSError:
            return False
        return asset.identity.is_of(status)

    def _decoders(self) -> DecodePool:
        """Guarded workers for example images and previews, kept from the first use to `close`."""
        from smartsearch.media.pool import DecodePool

        with self._lock:
            if self._pool is None:
                self._pool = DecodePool(DECODERS, self.settings.media)
            return self._pool

    def errors(self, limit: int | None = None) -> list[FileError]:
        return self.store.errors(limit)

    def missing(self) -> list[Asset]:
        """Images whose files were gone at the last scan."""
        return self.store.assets(self.store.select(Not(Present()), order="path"))

    def prune(self, asset_ids: Sequence[int]) -> int:
        """Forget these images: rows, vectors, tags and, when no other image shares them, thumbnails."""
        from smartsearch.indexing.lock import exclusive

        with exclusive(self.places.library):
            return self._forget(asset_ids)

    def _forget(self, asset_ids: Sequence[int]) -> int:
        doomed = self.store.assets(asset_ids)
        forgotten = self.store.forget(asset_ids)
        for digest in {asset.file_hash for asset in doomed}:
            if not self.store.find_by_hash(digest, NO_SPACE):
                self.thumbnails.remove(digest)
        return forgotten

    def doctor(self, *, repair: bool = False) -> DoctorReport:
        """Check everything against everything; with ``repair``, rebuild what is derived."""
        from smartsearch.doctor import Doctor
        from smartsearch.indexing.lock import exclusive

        doctor = Doctor(self.store, self.thumbnails, self.catalog, self.model, self.settings, self.places.library)
        with exclusive(self.places.library) if repair else nullcontext():
            return doctor.examine(repair=repair)

    def backup(self, destination: Path, *, thumbnails: bool = True) -> BackupReport:
        """Write the library, as it is now, to a new folder and check what was written. See `smartsearch.backup`."""
        from smartsearch.backup import create_backup

        target = Path(full_path(destination))
        return create_backup(self.store, self.places.library, target, thumbnails=thumbnails, key=self.key)

    @staticmethod
    def check_backup(source: Path, key: LibraryKey | None = None) -> Backup:
        """Read all of a backup and raise if anything is missing or not as it was written. ``key`` opens an encrypted
        one, else what `open` finds."""
        from smartsearch.backup import check_backup

        folder = Path(full_path(source))
        return check_backup(folder, key or available_key(folder))

    @staticmethod
    def restore(source: Path, places: Places, *, replace: bool = False, key: LibraryKey | None = None) -> RestoreReport:
        """Put a backup in the place of the library at ``places``, whole or not at all. See `smartsearch.backup`.

        ``key`` opens an encrypted backup; it and the library that is there are else opened by what `open` finds."""
        from smartsearch.backup import restore_backup

        folder = Path(full_path(source))
        key, there = key or available_key(folder), read_key_file(places.library) if replace else None
        same = key is not None and there is not None and there.library_id == key.library_id
        replaced = key if same or there is None else available_key(places.library)
        return restore_backup(
            folder, places.library, replace=replace, key=key, replaced_key=replaced if there else None
        )

    @staticmethod
    def encryption(places: Places) -> EncryptionWork:
        """Encrypting, locking and unlocking the library at ``places``, which need not be open."""
        from smartsearch.encryption_work import EncryptionWork

        return EncryptionWork(places.library)

    def export(self, destination: Path, *, sidecars: bool = False, vectors: bool = False) -> ExportReport:
        """Write everything in open formats to a new folder. See `smartsearch.export`."""
        from smartsearch.export import export_library

        target = Path(full_path(destination))
        return export_library(self.store, self.places.library, target, sidecars=sidecars, vectors=vectors)

    def support_bundle(self) -> bytes:
        """A zip with what helps to find a fault and says nothing of the user. See `smartsearch.support`."""
        from smartsearch import support
        from smartsearch.config import as_dict

        return support.packed(
            {
                "program.json": support.program,
                "settings.json": lambda: support.redacted(as_dict(self.settings)),
                "library.json": lambda: support.counts(self.store, str(self.model)),
                "files.json": lambda: support.contents(self.places.library),
                "doctor.json": lambda: support.findings(self.doctor()),
                "log.json": lambda: support.log_tail(self.places.home),
            }
        )

    def status(self) -> LibraryStatus:
        counts = self.store.counts()
        coming = self.next_model
        return LibraryStatus(
            library=str(self.places.library),
            total_images=counts.images,
            missing=counts.missing,
            errors=counts.errors,
            last_updated=counts.last_indexed_at,
            model=str(self.model),
            next_model=str(coming) if coming else None,
            embeddings=dict(counts.embeddings),
            roots=tuple({"path": root.path, "recursive": root.recursive} for root in self.store.roots()),
            disk_bytes=self._disk_bytes(),
            encrypted=self.key is not None,
            opened_by=() if self.key is None else self.encryption(self.places).ways(),
            indexing_progress=self._job_progress(),
        )

    def _disk_bytes(self) -> int:
        total = 0
        for folder in (self.places.library, self.places.library / "vectors"):
            with suppress(OSError):
                total += sum(entry.stat().st_size for entry in os.scandir(folder) if entry.is_file())
        return total

    def _job_progress(self) -> dict[str, Any]:
        """The latest index job (the store says "interrupted" of one whose process is gone)."""
        jobs = [job for job in self.store.jobs() if job.kind == "index"]
        if not jobs:
            return {"state": "idle", "done": 0, "total": 0, "errors": 0}
        job = jobs[0]
        return {
            "state": job.state,
            "done": job.done,
            "total": job.total or 0,
            "errors": job.errors,
            "started_at": job.started_at,
            "updated_at": job.updated_at,
            **{key: job.detail[key] for key in ("rate", "eta", "current") if key in job.detail},
        }
