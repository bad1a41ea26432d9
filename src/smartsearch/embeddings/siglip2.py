"""SigLIP 2 (Tschannen et al. 2025): many languages; the Gemma tokenizer on lower-case text, always 64 tokens.

The text tower has no mask and reads its last position, so texts must be padded to the full length, as in training.
"""

from __future__ import annotations

from smartsearch.core.spaces import Preprocessing
from smartsearch.embeddings.base import EncoderFamily

CONTEXT_LENGTH = 64
PAD = 0
HALF = (0.5, 0.5, 0.5)


def preprocessing(size: int = 224) -> Preprocessing:
    """Both sides to ``size`` (the aspect is lost), bilinear, to the range -1 to 1."""
    return Preprocessing(size=size, resize="squash", interpolation="bilinear", mean=HALF, std=HALF)


FAMILY = EncoderFamily(name="siglip2", pad_id=PAD, fixed_length=True, lowercase=True)
