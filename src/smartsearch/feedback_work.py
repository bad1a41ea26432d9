"""Feedback of one library: what was said is kept, and learned from when the user asks.

`Library.feedback` is one of these. What a search does with likes at once is in `smartsearch.search`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from smartsearch.core.errors import AssetNotFoundError, QueryError, UsageError
from smartsearch.core.feedback import StoredAdapter, Verdict
from smartsearch.core.ports import Store, TextEncoder
from smartsearch.core.spaces import NO_SPACE
from smartsearch.search.understanding import QueryReader

if TYPE_CHECKING:
    from smartsearch.learning.run import Counts, Learning, LearnReport


@dataclass(frozen=True, slots=True)
class KnownVerdict:
    """A fact, with where its photo lies now; no paths where it is not in the library."""

    verdict: Verdict
    asset_ids: tuple[int, ...]
    paths: tuple[str, ...]


class FeedbackWork:
    """``encoder`` is the text encoder of the model searched by, as it was trained."""

    def __init__(self, store: Store, queries: QueryReader, encoder: Callable[[], TextEncoder], library: Path) -> None:
        self._store = store
        self._queries = queries
        self._encoder = encoder
        self._library = library

    # -- facts

    def keep(self, query: str, liked: Sequence[int], disliked: Sequence[int]) -> int:
        """Remember what was meant by a query and what was not; returns how many facts. AssetNotFoundError,
        QueryError for a query without words, UsageError for a photo on both sides or none at all: nothing is kept
        then."""
        if not self.meaning(query):
            raise QueryError("The query has no words, so that nothing can be learned from it.")
        if set(liked) & set(disliked):
            raise UsageError("The same photo cannot be liked and disliked for one query.")
        if not (liked or disliked):
            raise UsageError("Name at least one photo.")
        ids = [*dict.fromkeys(liked), *dict.fromkeys(disliked)]
        assets = {asset.id: asset for asset in self._store.assets(ids)}
        missing = [asset_id for asset_id in ids if asset_id not in assets]
        if missing:
            raise AssetNotFoundError(f"There is no image {missing[0]} in the library.")
        now, space = datetime.now(UTC), self._encoder().space.key
        self._store.feedback.keep(
            [Verdict(query, assets[asset_id].file_hash, asset_id in set(liked), space, now) for asset_id in ids]
        )
        return len(ids)

    def verdicts(self, query: str | None = None) -> list[KnownVerdict]:
        """What was said, oldest first."""
        facts = self._store.feedback.verdicts(query)
        known: dict[bytes, KnownVerdict] = {}
        for fact in facts:
            if fact.file_hash not in known:
                states = self._store.find_by_hash(fact.file_hash, NO_SPACE)
                ids = tuple(state.asset_id for state in states if state.asset_id is not None)
                known[fact.file_hash] = KnownVerdict(fact, ids, tuple(state.path for state in states))
        return [KnownVerdict(fact, known[fact.file_hash].asset_ids, known[fact.file_hash].paths) for fact in facts]

    def erase(self, query: str | None = None, asset_ids: Sequence[int] | None = None) -> int:
        """Delete facts for good: all, of one query, or of some photos; returns how many. What was learned from them
        stays until `revert`. AssetNotFoundError."""
        hashes = None
        if asset_ids is not None:
            assets = self._store.assets(asset_ids)
            if len(assets) < len(set(asset_ids)):
                missing = sorted(set(asset_ids) - {asset.id for asset in assets})
                raise AssetNotFoundError(f"There is no image {missing[0]} in the library.")
            hashes = [asset.file_hash for asset in assets]
        return self._store.feedback.erase(query, hashes)

    # -- learning

    def counts(self) -> Counts:
        """What there is to learn from by the model in use."""
        from smartsearch.learning.run import Counts

        found = self._learning().examples()
        return Counts(found.likes, found.dislikes, len(found.texts), found.unusable)

    def revisions(self) -> list[StoredAdapter]:
        """What was learned for the model in use, oldest first; the last one is in force."""
        return self._store.feedback.adapters(self._encoder().space.key)

    def learn(
        self,
        *,
        progress: Callable[[int, int], None] = lambda *_: None,
        started: Callable[[int], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> LearnReport:
        """Train an adapter of how words are read from all that was said; in force only if it is better on photos held
        back. No image is embedded anew. Deterministic; can be stopped or killed at any moment, with nothing changed.
        TooLittleFeedbackError, LibraryBusyError."""
        from smartsearch.indexing.lock import exclusive

        with exclusive(self._library):
            return self._learning().run(progress=progress, started=started, cancelled=cancelled)

    def revert(self) -> StoredAdapter:
        """Go back to the revision before, or to the model as it was trained; returns what is no longer in force.
        UsageError if nothing was learned."""
        removed = self._store.feedback.remove_adapter(self._encoder().space.key)
        if removed is None:
            raise UsageError("Nothing was learned for this model, so that there is nothing to go back from.")
        return removed

    def meaning(self, query: str) -> str:
        """The words of a query that are searched by looks; "" if there are none, or alternatives."""
        clauses = self._queries.parse(query).clauses
        return clauses[0].text if len(clauses) == 1 else ""

    def _learning(self) -> Learning:
        from smartsearch.learning.run import Learning, everyday_texts
        from smartsearch.tagging.vocabulary import packaged_vocabulary

        def everyday() -> list[str]:
            return everyday_texts([said for tag in packaged_vocabulary() for said in (tag.name, *tag.phrases)])

        return Learning(self._store, self._encoder(), self.meaning, everyday)
