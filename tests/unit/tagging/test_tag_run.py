"""Tagging anew from stored vectors: whole, cancelled, failed, gone on with."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from smartsearch.core.assets import AutoTags, FileIdentity, ImageContent, Metadata, PutAutoTags, PutImage, Tag
from smartsearch.core.errors import DiskFullError
from smartsearch.tagging import run
from smartsearch.tagging.run import TagProgress, tag_untagged
from smartsearch.testing import FAKE_SPACE, MemoryStore, random_vectors


class CountingTagger:
    """Gives every image one tag and remembers how many it has seen."""

    space = FAKE_SPACE

    def __init__(self, fingerprint: str = "f1") -> None:
        self.fingerprint = fingerprint
        self.seen = 0

    def tag(self, vectors: NDArray[np.float32]) -> list[AutoTags]:
        self.seen += len(vectors)
        return [AutoTags(self.fingerprint, (Tag(self.fingerprint, 0.5, "auto"),)) for _ in vectors]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    monkeypatch.setattr(run, "BATCH", 4)
    filled = MemoryStore()
    content = ImageContent("png", 1, 1, 1, 0, 0, Metadata(), b"")
    vectors = random_vectors([str(n) for n in range(10)], FAKE_SPACE.dim)
    filled.apply(
        [
            PutImage(f"/{n}.png", FileIdentity(1, n, 1, 1), bytes(32), None, content, {FAKE_SPACE.key: vector})
            for n, vector in enumerate(vectors)
        ]
    )
    return filled


def test_all_that_need_it_and_only_those(store: MemoryStore) -> None:
    first = store.untagged(FAKE_SPACE, "f1")[0]
    store.apply([PutAutoTags(first, AutoTags("f1", ()))])
    told: list[TagProgress] = []
    report = tag_untagged(store, CountingTagger(), tell=told.append)
    assert (report.state, report.images, report.tags) == ("done", 9, 9)
    assert [(state.done, state.total) for state in told] == [(4, 9), (8, 9), (9, 9)]
    assert [(count.name, count.images) for count in store.tag_counts("auto")] == [("f1", 9)]
    [job] = store.jobs()
    assert (job.kind, job.state, job.done, job.total) == ("tag", "done", 9, 9)


def test_nothing_to_do_leaves_no_trace(store: MemoryStore) -> None:
    tag_untagged(store, CountingTagger())
    generation, again = store.generation, CountingTagger()
    report = tag_untagged(store, again)
    assert (report.state, report.images, again.seen) == ("done", 0, 0)
    assert store.generation == generation
    assert len(store.jobs()) == 1


def test_force_tags_all(store: MemoryStore) -> None:
    tag_untagged(store, CountingTagger())
    assert tag_untagged(store, CountingTagger(), force=True).images == 10


def test_another_tagger_replaces_all(store: MemoryStore) -> None:
    tag_untagged(store, CountingTagger())
    tag_untagged(store, CountingTagger("f2"))
    assert [(count.name, count.images) for count in store.tag_counts()] == [("f2", 10)]


@pytest.mark.parametrize("how", ["asked", "ctrl-c", "job"])
def test_cancelled_it_goes_on_where_it_was(store: MemoryStore, how: str) -> None:
    told: list[TagProgress] = []

    def tell(state: TagProgress) -> None:
        told.append(state)
        if how == "ctrl-c":
            raise KeyboardInterrupt
        if how == "job":
            store.request_cancel(store.jobs()[0].id)

    report = tag_untagged(store, CountingTagger(), tell=tell, cancelled=lambda: how == "asked" and bool(told))
    assert (report.state, report.images) == ("cancelled", 4)
    assert store.jobs()[0].state == "cancelled"
    rest = CountingTagger()
    assert tag_untagged(store, rest).images == rest.seen == 6
    assert store.untagged(FAKE_SPACE, "f1") == []


def test_a_failure_keeps_what_was_committed(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    class FullDisk(CountingTagger):
        def tag(self, vectors: NDArray[np.float32]) -> list[AutoTags]:
            if self.seen:
                raise DiskFullError("no space")
            return super().tag(vectors)

    with pytest.raises(DiskFullError):
        tag_untagged(store, FullDisk())
    assert store.jobs()[0].state == "failed"
    assert len(store.untagged(FAKE_SPACE, "f1")) == 6
