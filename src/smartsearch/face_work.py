"""The work on faces that needs models and decoders: consent, looking for faces, grouping them, erasing.

`Library.faces` is one of these. What only needs the store is `smartsearch.people`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from smartsearch.config import Places
from smartsearch.core.errors import FacesOffError
from smartsearch.core.ports import FaceAnalyzer, Store
from smartsearch.core.settings import Settings
from smartsearch.search.recent import RecentQueries

if TYPE_CHECKING:
    from smartsearch.faces.models import FaceModel, FaceModels
    from smartsearch.hookspecs import FaceFinder
    from smartsearch.indexing.revisit import RevisitProgress, RevisitReport
    from smartsearch.people.grouping import GroupingReport
    from smartsearch.people.review import Question, Suggestion

_CONSENT, _MODEL, _GROUPED = "faces.consent", "faces.model", "faces.grouped"
DEFAULT_MODEL = "mtcnn-dlib"


@dataclass(frozen=True, slots=True)
class FaceStatus:
    """Whether faces are looked for, since when, by which model, and what is known."""

    enabled: bool
    since: datetime | None
    model: str
    images: int
    faces: int
    persons: int
    waiting: int
    """Images in which the model has not looked for faces."""


class FaceWork:
    """Faces of one library. ``settings`` are asked for anew each time: they may change while it is open. ``plugged``
    are the ways to find faces that plugins bring."""

    def __init__(
        self,
        store: Store,
        places: Places,
        settings: Callable[[], Settings],
        recent: RecentQueries,
        plugged: Callable[[], Mapping[str, FaceFinder]] = dict,
    ) -> None:
        self._store = store
        self._plugged = plugged
        self._recent = recent
        self._places = places
        self._settings = settings
        self._analyzer: FaceAnalyzer | None = None

    # -- consent and model

    @property
    def enabled(self) -> bool:
        """Whether the user has said yes. Without it no picture is looked at for faces."""
        return bool(self._store.setting(_CONSENT))

    def set_enabled(self, enabled: bool) -> None:
        """The user's yes or no. A no leaves what is known; `erase` deletes it."""
        if enabled != self.enabled:
            self._store.put_setting(_CONSENT, datetime.now(UTC).isoformat() if enabled else "")

    @property
    def models(self) -> FaceModels:
        from smartsearch.faces.models import FaceModels

        return FaceModels(self._places.face_models, self._settings().runtime)

    @property
    def model(self) -> str:
        """The name of the model in use."""
        return self._store.setting(_MODEL) or DEFAULT_MODEL

    def finders(self) -> list[FaceFinder]:
        """Ways to find faces that plugins bring, but for names that models of this machine have."""
        taken = {model.name for model in self.models.installed()}
        return [finder for name, finder in self._plugged().items() if name not in taken]

    def use_model(self, name: str) -> FaceModel | FaceFinder:
        """Change to another model of this machine, or a plugin's: the next run looks at every image anew; names and
        decisions stay. UnknownModelError."""
        model = self._named(name)
        self._store.put_setting(_MODEL, name)
        self._analyzer = None
        return model

    def _named(self, name: str) -> FaceModel | FaceFinder:
        plugged = next((finder for finder in self.finders() if finder.name == name), None)
        return plugged or self.models.get(name)

    def status(self) -> FaceStatus:
        since = self._store.setting(_CONSENT)
        fingerprint = self._named(self.model).fingerprint
        with self._store.people.reading() as rows:
            images, faces, persons = rows.counts()
            waiting = len(rows.unscanned(fingerprint))
        return FaceStatus(
            enabled=bool(since),
            since=datetime.fromisoformat(since) if since else None,
            model=self.model,
            images=images,
            faces=faces,
            persons=persons,
            waiting=waiting,
        )

    def analyzer(self) -> FaceAnalyzer | None:
        """The model in use, ready; None while faces are switched off."""
        if not self.enabled:
            return None
        if self._analyzer is None:
            finder = next((finder for finder in self.finders() if finder.name == self.model), None)
            # As for the models of this machine: pictures are looked at side by side, one thread each.
            runtime = replace(self._settings().runtime, threads=1)
            self._analyzer = finder.load(runtime) if finder else self.models.analyzer(self.model)
        return self._analyzer

    # -- runs

    def scan(
        self,
        *,
        progress: Callable[[RevisitProgress], None] = lambda _: None,
        started: Callable[[int], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> RevisitReport:
        """Look for faces wherever the model has not looked yet, then group them. ``started`` hears the job's id. Can be
        stopped or killed at any moment; the next call, or `index`, goes on. FacesOffError without consent,
        LibraryBusyError."""
        from smartsearch.indexing.faces import FaceVisit
        from smartsearch.indexing.lock import exclusive
        from smartsearch.indexing.revisit import revisit
        from smartsearch.indexing.session import DECODER_NICE
        from smartsearch.media.pool import DecodePool
        from smartsearch.onnx.threads import usable_cores

        analyzer = self._must_be_on()
        settings = self._settings()
        pool = DecodePool(settings.runtime.workers or usable_cores(), settings.media, nice=DECODER_NICE)
        try:
            with exclusive(self._places.library):
                with self._store.people.reading() as rows:
                    waiting = rows.unscanned(analyzer.fingerprint)
                report = revisit(
                    self._store,
                    pool,
                    FaceVisit(analyzer),
                    waiting,
                    settings.media,
                    tell=progress,
                    started_job=started,
                    cancelled=cancelled,
                )
                if report.state == "done":
                    self._group(analyzer)
        finally:
            pool.close()
        return report

    def catch_up(self, *, cancelled: Callable[[], bool] = lambda: False) -> None:
        """What `index` does at its end: nothing while faces are switched off, or nothing is new. LibraryBusyError."""
        analyzer = self.analyzer()
        if analyzer is None:
            return
        with self._store.people.reading() as rows:
            waiting, newest = rows.unscanned(analyzer.fingerprint), rows.newest_face()
        if waiting:
            self.scan(cancelled=cancelled)
        elif self._store.setting(_GROUPED) != f"{analyzer.fingerprint} {newest}":
            self.group()

    def group(self, *, anew: bool = False) -> GroupingReport:
        """Group the known faces; ``anew`` also those already grouped without the user's word. FacesOffError,
        LibraryBusyError."""
        from smartsearch.indexing.lock import exclusive

        analyzer = self._must_be_on()
        with exclusive(self._places.library):
            return self._group(analyzer, anew=anew)

    def _group(self, analyzer: FaceAnalyzer, *, anew: bool = False) -> GroupingReport:
        from smartsearch.people.grouping import group_faces

        with self._store.people.reading() as rows:
            newest = rows.newest_face()
        report = group_faces(self._store.people, analyzer.fingerprint, self._named(self.model).thresholds, anew=anew)
        self._store.put_setting(_GROUPED, f"{analyzer.fingerprint} {newest}")
        return report

    def _must_be_on(self) -> FaceAnalyzer:
        analyzer = self.analyzer()
        if analyzer is None:
            raise FacesOffError(
                "Faces are not looked for in this library.", hint="Say yes once: `smartsearch faces consent --yes`."
            )
        return analyzer

    # -- asking

    def questions(self, limit: int = 50) -> list[Question]:
        """What to ask the user, by how much one answer settles."""
        from smartsearch.people.review import questions

        return questions(self._store.people, limit)

    def suggestions(self, face_id: int, limit: int = 5) -> list[Suggestion]:
        """Whose face it may be, the likeliest first. Works while faces are switched off: nothing is looked at."""
        from smartsearch.people.review import suggestions

        model = self._named(self.model)
        return suggestions(self._store.people, face_id, model.fingerprint, model.thresholds, limit)

    # -- forgetting

    def erase(self, person_id: int | None = None) -> int:
        """Delete all face data, or one person's, from every file of the library; returns how many faces. Erasing all
        withdraws the consent, or the next run would find the faces again. Earlier queries with their names go too, and
        feedback on such.
        PersonNotFoundError, LibraryBusyError."""
        if person_id is None:
            self.set_enabled(False)
        with self._store.people.reading() as rows:
            persons = rows.persons(None if person_id is None else [person_id])
        names = [person.name for person in persons if person.name is not None]
        self._recent.forget(names)
        for query in {fact.query for fact in self._store.feedback.verdicts()}:
            if any(name.casefold() in query.casefold() for name in names):
                self._store.feedback.erase(query)
        return self._store.people.erase(person_id)
