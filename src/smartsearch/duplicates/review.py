"""`Library.duplicates`: finding, what the user says of them, and the trash."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from smartsearch.core.duplicates import KINDS, DuplicateKind
from smartsearch.core.errors import AssetNotFoundError, TrashOffError, TrashRefusedError, UsageError
from smartsearch.core.ports import Store
from smartsearch.core.spaces import EmbeddingSpace
from smartsearch.duplicates.finding import DuplicateReport, find_duplicates
from smartsearch.duplicates.trash import TrashPlan, TrashReport, carry_out, plan_trash, system_trash
from smartsearch.indexing.lock import exclusive


class Duplicates:
    """The duplicates of one library. ``space`` gives the embeddings to check by, ``trash_allowed`` the setting,
    ``folder`` is the library's; ``send`` moves a file to the trash."""

    def __init__(
        self,
        store: Store,
        space: Callable[[], EmbeddingSpace],
        folder: Path,
        trash_allowed: Callable[[], bool],
        send: Callable[[str], None] = system_trash,
    ) -> None:
        self._store = store
        self._space = space
        self._folder = folder
        self._trash_allowed = trash_allowed
        self._send = send
        self._reports: dict[frozenset[DuplicateKind], DuplicateReport] = {}
        self._lock = threading.Lock()

    @property
    def trash_allowed(self) -> bool:
        """Whether the setting `duplicates.allow_trash` is on."""
        return self._trash_allowed()

    def find(self, kinds: Collection[DuplicateKind] = KINDS) -> DuplicateReport:
        """See `find_duplicates`. Remembered until the library changes."""
        wanted = frozenset(kinds)
        with self._lock:  # two who ask at once share the work
            report = self._reports.get(wanted)
            if report is None or report.generation != self._store.generation:
                report = self._reports[wanted] = find_duplicates(self._store, self._space(), wanted)
            return report

    def set_distinct(self, asset_ids: Sequence[int], distinct: bool = True) -> None:
        """The user's word: these are no duplicates of each other, or may be again. It outlives every search for
        duplicates. AssetNotFoundError; UsageError for fewer than two."""
        if len(set(asset_ids)) < 2:
            raise UsageError("It takes at least two photos to be no duplicates of each other.")
        known = {asset.id for asset in self._store.assets(list(asset_ids))}
        for asset_id in asset_ids:
            if asset_id not in known:
                raise AssetNotFoundError(f"There is no image {asset_id} in the library.")
        self._store.set_distinct(list(known), distinct)

    def plan_trash(self, asset_ids: Sequence[int]) -> TrashPlan:
        """What moving these images to the trash would do; nothing is touched. TrashOffError, TrashRefusedError."""
        if not self.trash_allowed:
            raise TrashOffError(
                "Originals are never touched while the setting duplicates.allow_trash is off.",
                hint="Switch it on in config.toml: [duplicates] allow_trash = true.",
            )
        return plan_trash(self._store, self.find().groups, asset_ids)

    def trash(self, asset_ids: Sequence[int], token: str) -> TrashReport:
        """Move the files of these images to the system's trash, after `plan_trash` told the user and gave the token.
        TrashOffError; TrashRefusedError if anything is not as it was told; LibraryBusyError while the library is being
        indexed."""
        with exclusive(self._folder):
            plan = self.plan_trash(asset_ids)
            if plan.token != token:
                raise TrashRefusedError("This is not what was confirmed.", hint="Look at the duplicates again.")
            return carry_out(self._store, plan, self._send)
