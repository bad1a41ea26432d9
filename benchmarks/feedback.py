"""What feedback is worth: nDCG@10 of a simulated user's own words before, with thumbs at once, and after `learn`.

    SMARTSEARCH_DATA=... python benchmarks/feedback.py [--vectors FILE]

The user calls things by names of their own: sixteen words ("Rex", "home game") that mean photos whose captions speak of
something (a brown dog, American football). Thumbs are given on 3,000 train photos of captioned-photos; everything is
measured on its 1,000 dev photos, which the user never sees. At once: for each word the user looks at the first twenty,
likes the first right photo and dislikes the first wrong one, again and again; where none is right, one found elsewhere
is liked. For `learn` they like so many photos of each word and dislike as many of its first wrong ones. Beside it, what
must not suffer: twelve words in their usual meaning, and recall@10 of the dev captions. Means over three users, who
differ in what they happen to like.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smartsearch.catalog import ModelCatalog, ModelChoice
from smartsearch.core.assets import FileIdentity, ImageContent, Metadata, PutImage
from smartsearch.core.feedback import TextAdapter, Verdict
from smartsearch.core.ranking import refined
from smartsearch.core.settings import RuntimeSettings
from smartsearch.embeddings.factory import Encoders
from smartsearch.learning.run import Learning, everyday_texts
from smartsearch.tagging.vocabulary import packaged_vocabulary
from smartsearch.testing import MemoryStore

OWN_WORDS = {
    "Rex": r"brown dog|tan dog",
    "Shadow": r"black dog",
    "Bella": r"white dog",
    "the club": r"soccer",
    "Tuesday practice": r"basketball",
    "Lake Pine": r"\blake\b|river",
    "Tom's hobby": r"\bbmx\b|bicycl|\bbike",
    "summit": r"climb",
    "powder": r"snowboard|ski(er|s|ing)\b",
    "pool day": r"\bpool\b",
    "kickflip": r"skateboard",
    "the swing": r"\bswing|\bslide\b|playground",
    "race day": r"race|racing|motorcycl|motocross",
    "home game": r"football",
    "old town": r"street|sidewalk|building",
    "summer": r"beach|ocean|surf",
}
USUAL_WORDS = {
    "soccer": r"soccer",
    "dog in the snow": r"dog.*snow|snow.*dog",
    "rock climbing": r"climb",
    "skateboarding": r"skateboard",
    "surfing": r"surf",
    "bicycle": r"bicycl|\bbike",
    "swimming pool": r"\bpool\b",
    "brown dog": r"brown dog|tan dog",
    "football": r"football",
    "girl in a pink dress": r"girl.*pink|pink.*girl",
    "basketball": r"basketball",
    "street": r"street|sidewalk",
}
TRAIN, SEEN, TOP, USERS = 3_000, 20, 10, 3
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Photos:
    """Names and vectors; what their captions speak of."""

    names: list[str]
    vectors: Vectors
    captions: list[list[str]]

    def showing(self, pattern: str) -> NDArray[np.bool_]:
        """At least two of the five captions say so."""
        said = re.compile(pattern)
        return np.array([sum(bool(said.search(c.lower())) for c in each) >= 2 for each in self.captions])


def load(data: Path, encoders: Encoders, kept: Path | None) -> tuple[Photos, Photos]:
    """Train and dev photos; their vectors from the file, if there is one."""
    folder = data / "captioned-photos"
    rows = [line.split("\t") for line in (folder / "captions.tsv").read_text("utf-8").splitlines()[1:]]
    captions: dict[str, list[str]] = {}
    for _, name, caption in rows:
        captions.setdefault(name, []).append(caption)
    train = list(dict.fromkeys(name for split, name, _ in rows if split == "train"))[:TRAIN]
    dev = list(dict.fromkeys(name for split, name, _ in rows if split == "dev"))
    names = train + dev
    if kept is not None and kept.exists():
        vectors = np.load(kept)["v"]
    else:
        vectors = embedded([folder / "images" / name for name in names], encoders)
        if kept is not None:
            np.savez(kept, v=vectors)
    parts = slice(0, len(train)), slice(len(train), None)
    first, second = (Photos(names[part], vectors[part], [captions[name] for name in names[part]]) for part in parts)
    return first, second


def embedded(paths: list[Path], encoders: Encoders) -> Vectors:
    size = encoders.image.preprocessing.size
    made = []
    for start in range(0, len(paths), 16):
        pictures = [Image.open(path).convert("RGB") for path in paths[start : start + 16]]
        pixels = [np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC)) for picture in pictures]
        made.append(encoders.image.encode_images(np.stack(pixels)))
    return np.concatenate(made)


def ndcg(text: Vectors, photos: Photos, relevant: NDArray[np.bool_]) -> float:
    """nDCG at ten with relevance 0 or 1 (Jarvelin and Kekalainen 2002)."""
    gains = relevant[np.argsort(-(photos.vectors @ text))[:TOP]] / np.log2(np.arange(TOP) + 2.0)
    return float(gains.sum() / (1.0 / np.log2(np.arange(min(TOP, int(relevant.sum()))) + 2.0)).sum())


def thumbs(text: Vectors, train: Photos, right: NDArray[np.bool_], centre: Vectors, user: int) -> list[Vectors]:
    """The query after none to five rounds of looking, liking and disliking."""
    chance = np.random.default_rng(user)
    liked: list[int] = []
    disliked: list[int] = []
    queries = [text]
    for _ in range(5):
        order = [i for i in np.argsort(-(train.vectors @ queries[-1])) if i not in (*liked, *disliked)][:SEEN]
        good, bad = [i for i in order if right[i]], [i for i in order if not right[i]]
        elsewhere = [i for i in np.flatnonzero(right) if i not in liked]
        liked.append(good[0] if good else int(chance.choice(elsewhere)))
        disliked += bad[:1]
        queries.append(refined(text, list(train.vectors[liked]), list(train.vectors[disliked]), centre))
    return queries


def library(photos: Photos, space: str) -> tuple[MemoryStore, list[bytes]]:
    """The train photos in a store, and their hashes."""
    store = MemoryStore()
    hashes = [hashlib.sha256(name.encode()).digest() for name in photos.names]
    content = ImageContent(
        format="jpeg", width=1, height=1, frames=1, phash=0, color=0, metadata=Metadata(), thumbnail=b""
    )
    rows = zip(photos.names, hashes, photos.vectors, strict=True)
    store.apply(
        [
            PutImage(f"/{name}", FileIdentity(1, n, 1, 1), digest, None, content, {space: vector})
            for n, (name, digest, vector) in enumerate(rows)
        ]
    )
    return store, hashes


def learned(store: MemoryStore, hashes: list[bytes], train: Photos, encoders: Encoders, each: int, user: int) -> str:
    """Feedback of one user, then `learn`; what it reports."""
    chance = np.random.default_rng(100 + user)
    facts = []
    for word, pattern in OWN_WORDS.items():
        right = train.showing(pattern)
        order = np.argsort(-(train.vectors @ encoders.text.encode_texts([word])[0]))[: 3 * SEEN]
        liked = chance.choice(np.flatnonzero(right), min(each, int(right.sum())), replace=False)
        disliked = [i for i in order if not right[i]][:each]
        facts += [(word, hashes[i], True) for i in liked] + [(word, hashes[i], False) for i in disliked]
    now, space = datetime.now(UTC), encoders.text.space.key
    store.feedback.erase()
    store.feedback.keep([Verdict(word, digest, liked, space, now) for word, digest, liked in facts])
    store.feedback.remove_adapter(space)
    report = Learning(store, encoders.text, lambda query: query, everyday).run()
    outcome = "accepted" if report.accepted else f"refused ({report.reason})"
    return f"{outcome}, {report.seconds:.1f} s, held back {report.ndcg_before:.2f} -> {report.ndcg_after:.2f}"


def everyday() -> list[str]:
    return everyday_texts([said for tag in packaged_vocabulary() for said in (tag.name, *tag.phrases)])


def recall(texts: Vectors, dev: Photos) -> float:
    """Of the first caption of each dev photo."""
    scores = texts @ dev.vectors.T
    return float(((scores > np.diag(scores)[:, None]).sum(axis=1) < TOP).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=Path, help="keep the vectors in this .npz file, and use them again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as empty:
        encoders = ModelCatalog(Path(empty), RuntimeSettings()).encoders(ModelChoice("pocket"))
        train, dev = load(Path(os.environ["SMARTSEARCH_DATA"]), encoders, given.vectors)
        calibration = encoders.text.calibration
        assert calibration is not None
        assert calibration.background is not None
        measure(train, dev, encoders, calibration.background.mean(axis=0))


def measure(train: Photos, dev: Photos, encoders: Encoders, centre: Vectors) -> None:
    def words_of(words: dict[str, str]) -> list[tuple[Vectors, str]]:
        return list(zip(encoders.text.encode_texts(list(words)), words.values(), strict=True))

    own, usual = words_of(OWN_WORDS), words_of(USUAL_WORDS)
    captions = encoders.text.encode_texts([each[0] for each in dev.captions])
    print("| | own words | usual words | captions, recall@10 |\n|---|---|---|---|")

    def mean(words: list[tuple[Vectors, str]], change: Callable[[Vectors], Vectors] = lambda text: text) -> float:
        return float(np.mean([ndcg(change(text), dev, dev.showing(pattern)) for text, pattern in words]))

    print(f"| before | {mean(own):.2f} | {mean(usual):.2f} | {recall(captions, dev):.2f} |", flush=True)
    rounds = {
        name: np.mean(
            [
                [
                    ndcg(query, dev, dev.showing(pattern))
                    for query in thumbs(text, train, train.showing(pattern), centre, user)
                ]
                for user in range(USERS)
                for text, pattern in words
            ],
            axis=0,
        )
        for name, words in (("own", own), ("usual", usual))
    }
    for count in (1, 3, 5):
        print(
            f"| at once, {count} each way | {rounds['own'][count]:.2f} | {rounds['usual'][count]:.2f} | |", flush=True
        )
    store, hashes = library(train, encoders.text.space.key)
    said = []
    for each in (3, 5, 10):
        figures = []
        for user in range(USERS):
            said.append(f"{each} a word, user {user + 1}: {learned(store, hashes, train, encoders, each, user)}")
            stored = store.feedback.adapter(encoders.text.space.key)
            apply = TextAdapter.from_bytes(stored.weights, centre.size).apply if stored else lambda texts: texts
            one = lambda text, apply=apply: apply(text[None])[0]  # noqa: E731
            figures.append((mean(own, one), mean(usual, one), recall(apply(captions), dev)))
        first, second, third = np.mean(figures, axis=0)
        print(f"| learned from {each} each way | {first:.2f} | {second:.2f} | {third:.2f} |", flush=True)
    print("\n" + "\n".join(said))


if __name__ == "__main__":
    main()
