"""Reading the pictures of a library that is indexed already: what was put off, and what another reader read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import Asset, Change
from smartsearch.core.ports import OcrReader
from smartsearch.core.reading import PutText


@dataclass(frozen=True, slots=True)
class TextVisit:
    """A `smartsearch.indexing.revisit.Visit` that reads."""

    reader: OcrReader
    kind: str = "text"

    @property
    def model(self) -> str:
        return self.reader.fingerprint

    @property
    def side(self) -> int:
        return self.reader.side

    def look(self, pixels: NDArray[np.uint8], width: int, asset: Asset) -> tuple[Change, int]:
        """See the protocol; what is found is a picture with text."""
        scan = self.reader.read(pixels, width)
        return PutText(asset.id, scan), int(bool(scan.lines))
