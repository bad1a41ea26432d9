"""Learning from feedback, on a store in memory and a text encoder that knows no name of anybody."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from tests.contract.making import NOW, put

from smartsearch.core.errors import TooLittleFeedbackError
from smartsearch.core.feedback import TextAdapter, Verdict
from smartsearch.core.query import Everything
from smartsearch.learning.examples import examples, other_photos, part_of
from smartsearch.learning.run import LEAST_LIKES, Learning, everyday_texts, judged
from smartsearch.learning.training import Lesson, contrast
from smartsearch.search.adapted import AdaptedTexts
from smartsearch.testing import FAKE_SPACE, FakeTextEncoder, MemoryStore, random_vectors

NAMES = ("rex", "bella", "the cabin")
EACH = 16
EVERYDAY = [f"word{n}" for n in range(60)]


def photo(kind: str, number: int) -> np.ndarray:
    """Photos of a thing look alike; others are like nothing."""
    if kind == "other":
        return random_vectors([f"other{number}"], 64)[0]
    vector = random_vectors([kind], 64)[0] + 0.8 * random_vectors([f"{kind}{number}"], 64)[0]
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


@pytest.fixture(scope="module")
def photos() -> MemoryStore:
    """Sixteen photos of each of three things, and a hundred others."""
    store = MemoryStore()
    for kind, count in (*((name, EACH) for name in NAMES), ("other", 100)):
        store.apply([put(f"/{kind}/{n}.jpg", embeddings={FAKE_SPACE.key: photo(kind, n)}) for n in range(count)])
    return store


@pytest.fixture
def store(photos: MemoryStore) -> MemoryStore:
    made = MemoryStore()
    made._state = photos._state.copy()
    return made


def facts(store: MemoryStore, likes: int = EACH, wrong: bool = False) -> list[Verdict]:
    """Each thing's own name liked; with ``wrong``, what teaches says something else than what is held back."""
    said = []
    for asset in store.assets(store.select(Everything())):
        kind = asset.path.split("/")[1]
        number = int(asset.path.rpartition("/")[2].removesuffix(".jpg"))
        if kind in NAMES and number < likes:
            held_back = part_of(asset.file_hash) == 0
            name = NAMES[(NAMES.index(kind) + 1) % 3] if wrong and not held_back else kind
            said.append(Verdict(name, asset.file_hash, True, FAKE_SPACE.key, NOW))
        elif kind == "other" and number < 3:
            said.append(Verdict("rex", asset.file_hash, False, FAKE_SPACE.key, NOW))
    return said


def learning(store: MemoryStore) -> Learning:
    return Learning(store, FakeTextEncoder(), lambda query: query.removesuffix("?"), lambda: EVERYDAY)


def test_names_are_learned_and_the_language_stays(store: MemoryStore) -> None:
    store.feedback.keep(facts(store))
    steps: list[int] = []
    report = learning(store).run(progress=lambda done, _: steps.append(done))
    assert (report.state, report.accepted, report.reason) == ("done", True, "")
    assert (report.likes, report.dislikes, report.queries) == (3 * EACH, 3, 3)
    assert report.held_back >= 3
    assert report.ndcg_after > max(0.9, report.ndcg_before)
    assert report.order_after > max(0.95, report.order_before)
    assert report.everyday > 0.95
    assert steps
    stored = store.feedback.adapter(FAKE_SPACE.key)
    assert stored is not None
    assert stored.id == report.revision
    assert stored.report["ndcg_after"] == report.ndcg_after
    [job] = store.jobs()
    assert (job.kind, job.state, job.detail["accepted"]) == ("learn", "done", True)
    adapted = AdaptedTexts(store.feedback).encoder(FakeTextEncoder())
    nearest = store.nearest(FAKE_SPACE, adapted.encode_texts(["rex"])[0], Everything(), 10)
    assert [store.assets([found.asset_id])[0].path.split("/")[1] for found in nearest] == ["rex"] * 10


def test_the_same_feedback_gives_the_same_adapter(store: MemoryStore) -> None:
    store.feedback.keep(facts(store))
    first = learning(store).run()
    weights = store.feedback.adapter(FAKE_SPACE.key)
    store.feedback.remove_adapter(FAKE_SPACE.key)
    second = learning(store).run()
    again = store.feedback.adapter(FAKE_SPACE.key)
    assert weights is not None
    assert again is not None
    assert weights.weights == again.weights
    assert replace(first, seconds=0.0, revision=None) == replace(second, seconds=0.0, revision=None)


def test_what_would_be_worse_is_refused(store: MemoryStore) -> None:
    store.feedback.keep(facts(store))
    good = learning(store).run()
    store.feedback.erase()
    store.feedback.keep(facts(store, wrong=True))
    report = learning(store).run()
    assert (report.accepted, report.revision, report.reason) == (
        False,
        None,
        "It would be worse on the photos held back.",
    )
    assert report.ndcg_after < report.ndcg_before
    stored = store.feedback.adapter(FAKE_SPACE.key)
    assert stored is not None
    assert stored.id == good.revision, "what was learned before is still in force"
    assert store.jobs()[0].detail["accepted"] is False


def test_learning_the_same_again_changes_nothing(store: MemoryStore) -> None:
    store.feedback.keep(facts(store))
    learning(store).run()
    report = learning(store).run()
    assert (report.accepted, report.reason) == (False, "It would be no better on the photos held back.")
    assert len(store.feedback.adapters(FAKE_SPACE.key)) == 1


def test_too_little_feedback_is_refused_with_numbers(store: MemoryStore) -> None:
    with pytest.raises(TooLittleFeedbackError, match=f"0 photos liked for words; {LEAST_LIKES} are needed"):
        learning(store).run()
    store.feedback.keep([*facts(store, likes=2), Verdict("rex", b"gone" * 8, True, FAKE_SPACE.key, NOW)])
    with pytest.raises(TooLittleFeedbackError, match=r"6 photos liked for words \(1 verdicts cannot be used") as caught:
        learning(store).run()
    assert (caught.value.exit_code, caught.value.http_status) == (2, 409)
    assert caught.value.hint.startswith("Like 9 more")
    assert store.jobs() == [], "no job was begun"


def test_likes_that_leave_nothing_to_check_are_too_little(store: MemoryStore) -> None:
    teaching = [fact for fact in facts(store) if part_of(fact.file_hash) > 1]
    assert len(teaching) > LEAST_LIKES
    store.feedback.keep(teaching)
    with pytest.raises(TooLittleFeedbackError, match="to check what was learned"):
        learning(store).run()


def test_a_library_of_judged_photos_has_nothing_to_compare_with(store: MemoryStore) -> None:
    store.feedback.keep(facts(store))
    store.forget([asset.id for asset in store.assets(store.select(Everything())) if asset.path.startswith("/other/")])
    with pytest.raises(TooLittleFeedbackError, match="The library has 0 photos that nobody judged"):
        learning(store).run()


def test_stopping_it_changes_nothing(store: MemoryStore) -> None:
    store.feedback.keep(facts(store))
    before = store.generation
    report = learning(store).run(cancelled=lambda: True)
    assert (report.state, report.accepted) == ("cancelled", False)
    assert store.feedback.adapters(FAKE_SPACE.key) == []
    assert store.generation == before
    assert store.jobs()[0].state == "cancelled"


def test_examples_follow_the_bytes_and_the_last_word(store: MemoryStore) -> None:
    [first, second, *_] = [fact for fact in facts(store) if fact.query == "rex"]
    said = [first, replace(first, query="Rex?", liked=False), second, replace(second, query="?")]
    found = examples(store, FAKE_SPACE, said, lambda query: query.removesuffix("?"), FakeTextEncoder().encode_texts)
    assert (found.texts, found.likes, found.dislikes, found.unusable) == (("rex",), 1, 1, 2)
    assert len(other_photos(store, FAKE_SPACE, said)) == 3 * EACH + 100 - 2


def test_parts_depend_on_the_photo_alone() -> None:
    parts = [part_of(hashlib.sha256(bytes([n])).digest()) for n in range(200)]
    assert set(parts) == set(range(5))
    assert 20 <= parts.count(0) <= 60


def test_figures_are_those_of_the_definition() -> None:
    query = np.array([1.0, 0.0], np.float32)
    others = np.array([[0.9, 0.1], [0.1, 0.9], [0.0, 1.0]], np.float32)
    lesson = Lesson(query, np.array([[1.0, 0.0], [0.5, 0.5]], np.float32), np.zeros((0, 2), np.float32))
    ndcg, order = judged(None, [lesson], others)
    assert ndcg == pytest.approx((1 + 1 / np.log2(4)) / (1 + 1 / np.log2(3)))
    assert order == pytest.approx((3 / 3 + 2 / 3) / 2)
    none = TextAdapter(np.zeros((2, 1), np.float32), np.zeros((1, 2), np.float32))
    better = replace(lesson, liked=lesson.liked[:1])
    assert contrast(none, [better], others) < contrast(none, [lesson], others)
    assert judged(None, [], others) == (0.0, 0.0)


def test_everyday_texts_are_words_and_pairs() -> None:
    texts = everyday_texts([f"w{n}" for n in range(30)], 10)
    assert len(texts) == 20
    assert texts[0] == "w0"
    assert all(" and " in text for text in texts[10:])
