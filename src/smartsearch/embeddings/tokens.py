"""Words to token ids, with the `tokenizers` library."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.errors import WeightsCorruptError, WeightsMissingError

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True, slots=True)
class TokenRules:
    """How a family turns texts into ids.

    ``context_length`` in tokens with the special ones; longer texts are cut so that the end token stays.
    ``fixed_length``: always pad to the context length (the tower looks at the padding), else only to the longest text.
    """

    context_length: int
    pad_id: int
    lowercase: bool = False
    fixed_length: bool = False


class TextTokenizer:
    """Loads its file on first use. Thread-safe."""

    def __init__(self, path: Path, rules: TokenRules) -> None:
        self.path = path
        self.rules = rules
        self._tokenizer: Tokenizer | None = None
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str], length: int | None = None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """n texts -> ids and attention mask, both (n, tokens) int64; padded to ``length`` if that is given."""
        tokenizer = self._load()
        if self.rules.lowercase:
            texts = [text.lower() for text in texts]
        encoded = tokenizer.encode_batch(list(texts))
        rows = [encoding.ids for encoding in encoded]
        width = length or (self.rules.context_length if self.rules.fixed_length else max(map(len, rows), default=1))
        width = max(width, 1)  # a text without any token still is one row of padding
        ids = np.full((len(rows), width), self.rules.pad_id, np.int64)
        mask = np.zeros((len(rows), width), np.int64)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = row[:width]
            mask[index, : len(row)] = 1
        return ids, mask

    def knows(self, word: str) -> bool:
        """Whether the word is a token of its own."""
        pieces = self._load().encode(word, add_special_tokens=False).tokens
        return len(pieces) == 1

    def words(self) -> list[str]:
        """The whole words of a WordPiece vocabulary, in its order: by how usual they are. Other kinds of tokenizer have
        none."""
        ids = self._load().get_vocab()
        if not any(piece.startswith("##") for piece in ids):
            return []
        return [piece for piece in sorted(ids, key=ids.__getitem__) if piece.isalpha() and piece == piece.lower()]

    def _load(self) -> Tokenizer:
        with self._lock:
            if self._tokenizer is None:
                self._tokenizer = load_tokenizer(self.path, self.rules.context_length)
            return self._tokenizer


def load_tokenizer(path: Path, context_length: int) -> Tokenizer:
    """A tokenizer that cuts at ``context_length`` and does not pad. WeightsMissingError or WeightsCorruptError."""
    from tokenizers import Tokenizer

    if not path.is_file():
        raise WeightsMissingError(f"The tokenizer {path} is not there.")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception
        raise WeightsCorruptError(f"The tokenizer {path} cannot be read: {error}.") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(context_length)
    return tokenizer
