"""`smartsearch doctor`: database, vector index, thumbnails, model and files held against each other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from smartsearch.catalog import ModelCatalog, ModelChoice
from smartsearch.core.assets import FileState
from smartsearch.core.errors import LibraryCorruptError, MediaError, ModelError
from smartsearch.core.settings import Settings
from smartsearch.core.spaces import NO_SPACE
from smartsearch.encryption.keyfile import key_files_agree, mend_key_file
from smartsearch.media.pool import DecodePool
from smartsearch.media.request import Decoded, DecodeRequest
from smartsearch.media.thumbnails import ThumbnailStore
from smartsearch.onnx.threads import usable_cores
from smartsearch.stores.sqlite import SqliteStore


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be. A note needs no repair; a problem is open until repaired.

    ``repairable`` says that only derived data is affected, which can be made again from database and originals.
    ``remedy`` says what helps: "repair" (`doctor --repair`), "index" (the next `index`), "restore" (a backup: what is
    damaged is nowhere else) or "reinstall" (a model).
    """

    kind: str
    message: str
    severity: Literal["note", "problem"] = "problem"
    repairable: bool = False
    repaired: bool = False
    remedy: Literal["repair", "index", "restore", "reinstall", ""] = ""


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """Everything found, in the order of the checks."""

    findings: tuple[Finding, ...]

    @property
    def open(self) -> tuple[Finding, ...]:
        """Problems that are still there."""
        return tuple(f for f in self.findings if f.severity == "problem" and not f.repaired)


def unreadable(error: LibraryCorruptError) -> DoctorReport:
    """What there is to say of a library that cannot even be opened."""
    return DoctorReport((Finding("database", error.message, remedy="restore"),))


class Doctor:
    """Runs the checks. Originals are only ever read; repair rebuilds derived data and nothing else."""

    def __init__(
        self,
        store: SqliteStore,
        thumbnails: ThumbnailStore,
        catalog: ModelCatalog,
        model: ModelChoice,
        settings: Settings,
        folder: Path,
    ) -> None:
        self._store = store
        self._thumbnails = thumbnails
        self._catalog = catalog
        self._model = model
        self._settings = settings
        self._folder = folder

    def examine(self, *, repair: bool) -> DoctorReport:
        """All checks. With ``repair`` each repairable finding is repaired at once, and reported as such."""
        checks: tuple[Callable[[bool], Iterable[Finding]], ...] = (
            self._database,
            self._key_file,
            self._model_files,
            self._thumbnail_files,
            self._originals,
        )
        findings: list[Finding] = []
        for check in checks:
            try:
                findings += map(_with_remedy, check(repair))
            except LibraryCorruptError as error:  # the database cannot be read far enough for this check
                if not any(finding.remedy == "restore" for finding in findings):
                    findings.append(Finding("database", error.message, remedy="restore"))
        report = DoctorReport(tuple(findings))
        if not any(finding.kind == "database" for finding in report.open):
            self._store.seal()
        return report

    def _database(self, repair: bool) -> Iterator[Finding]:
        problems = self._store.check()
        if repair and any(problem.repairable for problem in problems):
            self._store.repair()
            left = {(problem.kind, problem.message) for problem in self._store.check()}
        else:
            left = {(problem.kind, problem.message) for problem in problems}
        for problem in problems:
            still_there = (problem.kind, problem.message) in left
            yield Finding(
                problem.kind, problem.message, repairable=problem.repairable, repaired=repair and not still_there
            )

    def _key_file(self, repair: bool) -> Iterator[Finding]:
        if not key_files_agree(self._folder):
            message = "The key file and its copy are not the same: one is damaged, or from before a change."
            if repair:
                mend_key_file(self._folder)
            yield Finding("key-file", message, repairable=True, repaired=repair)

    def _model_files(self, repair: bool) -> Iterator[Finding]:  # noqa: ARG002 - a model is pulled, not repaired
        try:
            self._catalog.weights.verify(self._catalog.find(self._model))
        except ModelError as error:
            yield Finding("model", str(error), remedy="reinstall")

    def _thumbnail_files(self, repair: bool) -> Iterator[Finding]:
        if repair:
            self._thumbnails.remove_stray()  # what a killed run left half-written
        damaged = self._thumbnails.damaged_previews()
        if damaged:
            if repair:
                self._thumbnails.remove_files(damaged)
            message = f"{len(damaged):,} cached previews are not what was stored; they are made again when looked at."
            yield Finding("previews", message, repairable=True, repaired=repair)
        # Digests only: the states of a large library would fill the memory.
        wanted = {state.file_hash for state in self._images() if state.file_hash is not None}
        stray = self._thumbnails.stray(wanted)
        if stray:
            finding = Finding("thumbnails", f"{len(stray):,} thumbnails belong to no image.", repairable=True)
            if repair:
                self._thumbnails.remove_files(stray)
            yield replace(finding, repaired=repair)
        unsound = {digest for digest in wanted if not self._thumbnails.is_sound(digest)}
        lacking: dict[bytes, FileState] = {}
        for state in self._images():
            if state.file_hash in unsound and (state.file_hash not in lacking or lacking[state.file_hash].missing):
                lacking[state.file_hash] = state  # of several copies one that is there
        present = [state for state in lacking.values() if not state.missing]
        if len(lacking) > len(present):
            count = len(lacking) - len(present)
            yield Finding("thumbnails", f"{count:,} missing images have no thumbnail.", severity="note")
        if present:
            finding = Finding("thumbnails", f"{len(present):,} thumbnails are missing or damaged.", repairable=True)
            yield replace(finding, repaired=repair and self._remake(present) == len(present))

    def _remake(self, states: list[FileState]) -> int:
        """Decode unchanged originals again for their thumbnails; returns how many could be made."""
        made = 0
        workers = self._settings.runtime.workers or usable_cores()
        request = DecodeRequest((), self._settings.media, self._settings.thumbnails)
        with DecodePool(workers, self._settings.media) as pool:
            for start in range(0, len(states), 4 * workers):
                futures: list[tuple[FileState, Future[Decoded]]] = [
                    (state, pool.submit(state.path, request)) for state in states[start : start + 4 * workers]
                ]
                for state, future in futures:
                    try:
                        decoded = future.result()
                    except MediaError:
                        continue
                    found, known = decoded.identity, state.identity
                    if state.file_hash is None or not found.agrees(known):
                        continue  # other bytes by now: `index` makes their thumbnail
                    self._thumbnails.put(state.file_hash, decoded.content.thumbnail)
                    made += 1
        return made

    def _originals(self, repair: bool) -> Iterator[Finding]:  # noqa: ARG002 - originals are never touched
        gone = sum(1 for state in self._images() if not state.missing and not os.path.lexists(state.path))
        if gone:
            message = f"{gone:,} files are no longer where they were; `smartsearch index` sorts it out."
            yield Finding("files", message, severity="note", remedy="index")

    def _images(self) -> Iterator[FileState]:
        return (state for state in self._store.file_states(NO_SPACE) if state.asset_id is not None)


def _with_remedy(finding: Finding) -> Finding:
    """What helps, where the check has not said so: repair for what is derived; of the database, only a backup."""
    if finding.remedy or finding.severity == "note":
        return finding
    return replace(finding, remedy="repair" if finding.repairable else "restore" if finding.kind == "database" else "")
