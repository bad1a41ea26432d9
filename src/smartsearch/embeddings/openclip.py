"""OpenCLIP (Cherti et al. 2023): CLIP's architecture and tokens, trained on open data. Preprocessing as CLIP's.

Texts are always padded with 0 to the full length: some of its text towers are not causal and look at the padding, and
an export does not say which kind it is.
"""

from __future__ import annotations

from smartsearch.embeddings.base import EncoderFamily, photo_of

FAMILY = EncoderFamily(name="openclip", pad_id=0, fixed_length=True, lowercase=True, prompt=photo_of)
