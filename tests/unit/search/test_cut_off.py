"""The cut-off follows the number of images a search looks among."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.contract.making import put

from smartsearch.core.query import NameLike
from smartsearch.core.spaces import Calibration
from smartsearch.search.service import SearchRequest, SearchService
from smartsearch.testing import FakeTextEncoder, MemoryStore
from smartsearch.testing.encoders import FAKE_SPACE

BANK = np.eye(FAKE_SPACE.dim, dtype=np.float32)


def service(growth: float) -> SearchService:
    store = MemoryStore()
    store.apply([put(f"/{'few' if number < 20 else 'many'}{number}.jpg") for number in range(120)])
    calibration = Calibration(z=1.0, cos=0.0, bias=0.0, cut_off=0.4, growth=growth, background=BANK)
    return SearchService(store, FakeTextEncoder(calibration=calibration), _no_image)


def _no_image(path: Path) -> np.ndarray:
    raise AssertionError(path)


def test_a_narrower_search_has_a_lower_cut_off() -> None:
    searches = service(growth=0.6)
    calibration = searches.text_encoder.calibration
    assert calibration is not None
    everywhere = searches.plan(SearchRequest("dog")).cut_off
    narrow = searches.plan(SearchRequest("dog", where=NameLike("few*"))).cut_off
    assert everywhere == pytest.approx(calibration.cut_off_among(120))
    assert narrow == pytest.approx(calibration.cut_off_among(20))
    assert narrow < everywhere < 0.4


def test_every_scene_of_a_video_is_one_more_chance() -> None:
    searches = service(growth=0.6)
    moments = {at: searches.text_encoder.encode_texts([str(at)])[0] for at in range(30)}
    video = put("/video.mp4", format="mp4", duration=90.0, embeddings={FAKE_SPACE.key: moments[0]})
    searches.store.apply([replace(video, scenes={FAKE_SPACE.key: moments})])
    calibration = searches.text_encoder.calibration
    assert calibration is not None
    alone = searches.plan(SearchRequest("dog", where=NameLike("video*"))).cut_off
    assert alone == pytest.approx(calibration.cut_off_among(30))
    assert searches.plan(SearchRequest("dog")).cut_off == pytest.approx(calibration.cut_off_among(150))


def test_without_growth_or_with_a_wish_the_number_does_not_matter() -> None:
    assert service(growth=0.0).plan(SearchRequest("dog")).cut_off == 0.4
    assert service(growth=0.6).plan(SearchRequest("dog", min_score=0.3)).cut_off == 0.3
