"""MobileCLIP2 (Faghri et al. 2025): convolutional image towers for small machines, CLIP's tokens.

Pictures are scaled to the 0-1 range and not normalised further; S0 and S2 take 256 pixels, bilinear. The text towers of
these two are not causal, so texts must be padded with 0 to all 77 tokens, as in training.
"""

from __future__ import annotations

from smartsearch.core.spaces import Preprocessing
from smartsearch.embeddings.base import EncoderFamily, photo_of

PREPROCESSING = Preprocessing(size=256, resize="crop", interpolation="bilinear")

FAMILY = EncoderFamily(name="mobileclip", pad_id=0, fixed_length=True, lowercase=True, prompt=photo_of)
