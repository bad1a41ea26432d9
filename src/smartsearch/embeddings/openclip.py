"""OpenCLIP (Cherti et al. 2023): CLIP's architecture and tokens, trained on open data.

Its exports pad with 0 to 77 tokens, which, behind the end mark, changes nothing. Preprocessing as CLIP's.
"""

from __future__ import annotations

from smartsearch.embeddings.base import EncoderFamily, photo_of

FAMILY = EncoderFamily(name="openclip", pad_id=0, lowercase=True, prompt=photo_of)
