"""Likes and dislikes move a search at once; and every result says which part brought it in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.contract.making import put

from smartsearch.core.assets import Embedding, Tag
from smartsearch.core.errors import AssetNotFoundError, QueryError
from smartsearch.core.query import Everything, NameLike
from smartsearch.core.querysyntax import Clause
from smartsearch.core.ranking import DISLIKED, LIKED, refined
from smartsearch.core.spaces import Calibration
from smartsearch.search.explain import reasons
from smartsearch.search.service import SearchRequest, SearchResult, SearchService
from smartsearch.testing import FAKE_SPACE, FakeTextEncoder, MemoryStore, random_vectors

CALIBRATION = Calibration(z=0.0, cos=12.0, bias=-5.0, background=random_vectors([f"b{n}" for n in range(64)], 64))


def towards(*parts: tuple[Embedding, float]) -> Embedding:
    total = np.sum([vector * weight for vector, weight in parts], axis=0)
    return np.asarray(total / np.linalg.norm(total), np.float32)


@pytest.fixture(scope="module")
def service() -> SearchService:
    """Photos of two kinds, "rex" and "cat", neither of which looks like any word; and red ones."""
    encoder = FakeTextEncoder(calibration=CALIBRATION)
    [red] = encoder.encode_texts(["red"])
    rex, cat = random_vectors(["rex", "cat"], 64)
    store = MemoryStore()
    for name, kind in (("rex", rex), ("cat", cat), ("red", red)):
        store.apply(
            [
                put(f"/{name}/{n}.jpg", embeddings={FAKE_SPACE.key: towards((kind, 1.0), (noise, 0.6))})
                for n, noise in enumerate(random_vectors([f"{name}{n}" for n in range(8)], 64))
            ]
        )
    store.apply([put("/x/holiday.jpg", embeddings={})])
    return SearchService(store, encoder, lambda _: pytest.fail("no example image"))


def ids(service: SearchService, folder: str) -> list[int]:
    assets = service.store.assets(service.store.select(Everything()))
    return [asset.id for asset in assets if folder in asset.path]


def kinds(result: SearchResult) -> list[str]:
    return [Path(hit.asset.path).parent.name for hit in result.hits]


def test_a_like_brings_more_of_its_kind(service: SearchService) -> None:
    plain = service.search(SearchRequest(text="red dog", min_score=0.0, top=8))
    assert kinds(plain).count("rex") < 6
    liked = ids(service, "/rex/")[0]
    found = service.search(SearchRequest(text="red dog", top=8, liked=(liked,), explain=True))
    assert kinds(found) == ["rex"] * len(found.hits)
    assert len(found.hits) >= 6
    assert (found.hits[0].asset.id, found.hits[0].score) == (liked, 1.0), "what the user said is sure"
    assert reasons(found.evidence[0]) == ["you liked it"]
    assert reasons(found.evidence[1]) == ["resembles what you liked"]
    looks, feedback = found.evidence[1]
    assert (looks.kind, looks.text, looks.decisive) == ("looks", "red dog", False)
    assert feedback.score == pytest.approx(found.hits[1].score)


def test_a_dislike_drops_it_and_its_kind(service: SearchService) -> None:
    rex, cat = ids(service, "/rex/"), ids(service, "/cat/")
    found = service.search(SearchRequest(text="red", min_score=0.0, top=30, liked=(rex[0],), disliked=(cat[0], cat[1])))
    shown = [hit.asset.id for hit in found.hits]
    assert not set(cat[:2]) & set(shown)
    assert set(kinds(found)[-6:]) == {"cat"}
    only = service.search(SearchRequest(where=NameLike("*"), disliked=(cat[0],), browse=True))
    assert cat[0] not in [hit.asset.id for hit in only.hits]


def test_likes_alone_are_a_question(service: SearchService) -> None:
    rex = ids(service, "/rex/")
    found = service.search(SearchRequest(liked=tuple(rex[:2]), top=8))
    assert kinds(found) == ["rex"] * 8
    narrowed = service.search(SearchRequest(liked=(rex[0],), where=NameLike("3*"), top=2))
    assert narrowed.hits[0].asset.path == "/rex/3.jpg", "what is liked stays under the conditions"


def test_wrong_ids_are_refused(service: SearchService) -> None:
    rex = ids(service, "/rex/")
    with pytest.raises(QueryError, match="cannot be liked and disliked"):
        SearchRequest(text="x", liked=(1,), disliked=(1,))
    with pytest.raises(AssetNotFoundError, match="no image 999"):
        service.search(SearchRequest(text="x", disliked=(999,)))
    with pytest.raises(QueryError, match="no embedding"):
        service.search(SearchRequest(text="x", liked=tuple(ids(service, "/x/"))))
    with pytest.raises(QueryError, match="empty"):
        service.search(SearchRequest(disliked=(rex[0],)))


def test_the_centre_says_nothing() -> None:
    query, centre = random_vectors(["q", "c"], 16)
    liked, disliked = random_vectors(["l", "d"], 16)
    moved = refined(query, [liked], [disliked], centre)
    assert moved == pytest.approx(
        towards((query, 1.0), (liked - centre, LIKED), (disliked - centre, -DISLIKED)), abs=1e-6
    )
    assert refined(query, [centre], [], centre) == pytest.approx(query, abs=1e-6)
    with pytest.raises(ValueError, match="cancel"):
        refined(None, [centre], [], centre)


class TestReasons:
    @pytest.fixture
    def texts(self, service: SearchService) -> SearchService:
        store = MemoryStore()
        [red] = service.text_encoder.encode_texts(["red"])
        odd = random_vectors(["odd"], 64)[0]
        vectors = {FAKE_SPACE.key: odd}
        store.apply(
            [
                put("/a/looks.jpg", embeddings={FAKE_SPACE.key: red}),
                put("/a/red boat.jpg", embeddings=vectors, seed=2),
                put("/red/plain.jpg", embeddings=vectors, seed=3),
                put("/a/tagged.jpg", embeddings=vectors, seed=4),
                *(put(f"/b/{n}.jpg", embeddings=vectors, seed=10 + n) for n in range(5)),
            ]
        )
        [tagged] = store.select(NameLike("tagged*"))
        store.set_tags(tagged, [Tag("Reds", 1.0, "user")], "user")
        return SearchService(store, service.text_encoder, service.embed_image)

    def test_each_hit_says_what_brought_it_in(self, texts: SearchService) -> None:
        found = texts.search(SearchRequest(text="red", where=NameLike("*.jpg"), explain=True))
        said = {hit.asset.path: reasons(parts) for hit, parts in zip(found.hits, found.evidence, strict=True)}
        assert said == {
            "/a/looks.jpg": ["looks like “red”", "meets the filters"],
            "/a/red boat.jpg": ["“red” is in its file name", "meets the filters"],
            "/red/plain.jpg": ["“red” is in its folder", "meets the filters"],
            "/a/tagged.jpg": ["“red” is in its tags", "meets the filters"],
        }
        [boat] = [parts for hit, parts in zip(found.hits, found.evidence, strict=True) if "boat" in hit.asset.path]
        assert [(part.kind, part.where, part.decisive) for part in boat] == [
            ("looks", (), False),
            ("text", ("file name",), True),
            ("filter", (), True),
        ]

    def test_only_the_words_that_were_found_are_named(self, texts: SearchService) -> None:
        clause = Clause(("red boat",), ("people",))
        found = texts.search(SearchRequest(clauses=(clause,), min_score=0.05, explain=True))
        said = {hit.asset.path: parts for hit, parts in zip(found.hits, found.evidence, strict=True)}
        [text] = [part for part in said["/a/red boat.jpg"] if part.kind == "text"]
        assert (text.text, text.where) == ("red boat", ("file name",))
        if "/red/plain.jpg" in said:
            [text] = [part for part in said["/red/plain.jpg"] if part.kind == "text"]
            assert text.text == "red"
        assert "does not look like “people”" in reasons(said["/a/red boat.jpg"])
