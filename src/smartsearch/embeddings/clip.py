"""CLIP as released by OpenAI (Radford et al. 2021): byte-level BPE, 77 tokens between start and end marks.

The text tower is causal and reads the state at the end mark, so what follows the mark changes nothing: texts are
padded only to the longest of a batch, which makes a short query several times cheaper.
"""

from __future__ import annotations

from smartsearch.core.spaces import Preprocessing
from smartsearch.embeddings.base import EncoderFamily, photo_of

MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
"""Of CLIP's training pictures, from OpenAI's reference preprocessing."""

CONTEXT_LENGTH = 77
END_OF_TEXT = 49407


def preprocessing(size: int = 224) -> Preprocessing:
    """Shorter side to ``size`` with bicubic interpolation, centre cut, normalised."""
    return Preprocessing(size=size, resize="crop", interpolation="bicubic", mean=MEAN, std=STD)


FAMILY = EncoderFamily(name="clip", pad_id=END_OF_TEXT, prompt=photo_of)
