"""Sentence vectors of captions and terms from the frozen, rounded encoder; computed once, kept in CACHE/sentences."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from training.data import Folders, read_split
from training.text import WIDTH, encode, packaged_encoder, rounded_encoder
from training.vocabulary import TEMPLATES, Term


def cached_vectors(folders: Folders, label: str, texts: list[str]) -> npt.NDArray[np.float32]:
    """float32 [N, 384]; the file's name carries a digest of the texts, so that a changed list is encoded anew."""
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]
    path = folders.cache / "sentences" / f"{label}-int4-{digest}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.npy")
        model, tokenizer = packaged_encoder()
        np.save(partial, encode(rounded_encoder(model), tokenizer, texts).astype(np.float16))
        partial.rename(path)
    loaded: npt.NDArray[np.float16] = np.load(path)
    return loaded.astype(np.float32)


def caption_vectors(folders: Folders, split: str) -> npt.NDArray[np.float32]:
    """All captions of a split, in the table's order."""
    return cached_vectors(folders, split, list(read_split(folders.captions, split).captions))


def term_texts(term: Term) -> list[str]:
    """A term in every template; a gloss stands for itself."""
    return [term.text if term.kind == "gloss" else template.format(term.text) for template in TEMPLATES]


def term_vectors(folders: Folders, terms: list[Term]) -> npt.NDArray[np.float32]:
    """float32 [terms, templates, 384]."""
    groups = {
        "terms": [term for term in terms if term.kind != "everyday"],
        "everyday": [term for term in terms if term.kind == "everyday"],
    }
    parts = [
        cached_vectors(folders, label, [text for term in group for text in term_texts(term)])
        for label, group in groups.items()
    ]
    return np.concatenate(parts).reshape(len(terms), len(TEMPLATES), WIDTH)
