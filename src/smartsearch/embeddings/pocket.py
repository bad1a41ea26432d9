"""The packaged model's family: the graphs normalise pixels and vectors themselves, the text tower takes a mask."""

from __future__ import annotations

from smartsearch.embeddings.base import EncoderFamily

FAMILY = EncoderFamily(name="pocket", pad_id=0)
