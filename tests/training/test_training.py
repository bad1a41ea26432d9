"""The parts of the training code that need no torch."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from training import data, logistic, vocabulary, wordnet  # noqa: E402

DOG = (
    "02084071 05 n 03 dog 0 domestic_dog 0 Canis_familiaris 0 003 @ 02083346 n 0000 @ 01317541 n 0000 ~ 01322604 n 0000"
    ' | a member of the genus Canis; "the dog barked all night"'
)


def test_a_wordnet_line_gives_words_parents_and_definition() -> None:
    synset = wordnet.parse_line(DOG)
    assert synset.identifier == "n02084071"
    assert synset.words == ("dog", "domestic dog", "Canis familiaris")
    assert synset.parents == ("n02083346", "n01317541")
    assert synset.gloss == "a member of the genus Canis"


def test_ancestors_come_once_and_nearest_first() -> None:
    def synset(name: str, *parents: str) -> wordnet.Synset:
        return wordnet.Synset(name, (name,), parents, "")

    nouns = {name: synset(name, *parents) for name, parents in {"a": "bc", "b": "d", "c": "d", "d": ""}.items()}
    assert list(wordnet.ancestors(nouns, "a")) == ["b", "c", "d"]


def test_names_lose_their_remarks() -> None:
    assert vocabulary.cleaned("kite  (bird of prey)") == "kite"


def test_split_reading(tmp_path: Path) -> None:
    table = tmp_path / "captions.tsv"
    rows = ["split\timage\tcaption", 'train\ta.jpg\tA "quoted dog', "dev\tb.jpg\tcat", "train\ta.jpg\tdog"]
    table.write_text("\n".join(rows) + "\n", "utf-8")
    split = data.read_split(table, "train")
    assert split.names == ("a.jpg",)
    assert split.captions == ('A "quoted dog', "dog")
    assert split.owners.tolist() == [0, 0]


@pytest.mark.parametrize("cut", [data.squashed, data.cropped, lambda i: data.random_view(i, np.random.default_rng(1))])
def test_views_have_the_towers_size(cut: object) -> None:
    assert callable(cut)
    pixels = cut(Image.new("RGB", (320, 200), (200, 10, 30)))
    assert pixels.shape == (224, 224, 3)
    assert pixels.dtype == np.uint8


def test_the_logistic_fit_finds_the_law_the_pairs_were_drawn_from() -> None:
    rng = np.random.default_rng(0)
    z, cosine = rng.normal(size=40_000), rng.normal(size=40_000) * 0.2
    truth = logistic.Logistic(1.5, 4.0, -2.0)
    matches = (rng.random(len(z)) < truth.probability(z, cosine)).astype(float)
    fitted = logistic.fit_logistic(z, cosine, matches, np.ones(len(z)))
    assert fitted.z_weight == pytest.approx(1.5, abs=0.1)
    assert fitted.cos_weight == pytest.approx(4.0, abs=0.3)
    assert logistic.calibration_error(fitted.probability(z, cosine), matches, np.ones(len(z))) < 0.01


def test_cut_off_figures_with_and_without_the_matching_photo() -> None:
    probability = np.array([[0.9, 0.1, 0.2], [0.4, 0.8, 0.1]])
    matches = np.array([[True, False, False], [True, False, False]])
    figures = logistic.cut_off_figures(probability, matches, ~matches, 0.5)
    assert figures["some_match_shown"] == 0.5
    assert figures["empty_without_matches"] == 0.5
    assert figures["precision"] == 0.5


def test_a_nearer_photo_never_scores_less() -> None:
    rng = np.random.default_rng(0)
    z, cosine = rng.normal(size=20_000), rng.normal(size=20_000) * 0.2
    matches = (rng.random(len(z)) < logistic.Logistic(-1.0, 4.0, -1.0).probability(z, cosine)).astype(float)
    fitted = logistic.fit_logistic(z, cosine, matches, np.ones(len(z)))
    assert fitted.z_weight == 0.0
    assert fitted.cos_weight > 0


def test_the_cut_off_grows_with_the_gallery_when_strangers_have_a_tail() -> None:
    rng = np.random.default_rng(0)
    odds = rng.exponential(1.0, (400, 512)) - 4.0
    growth = logistic.cut_off_growth(1 / (1 + np.exp(-odds)), np.ones_like(odds, bool))
    assert growth == pytest.approx(1.0, abs=0.1)  # the largest of n from an exponential tail grows as log n
