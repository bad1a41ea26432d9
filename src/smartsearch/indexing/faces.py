"""Looking for faces in a library that is indexed already: what the first yes, and a change of model, ask for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import Asset, Change
from smartsearch.core.faces import PutFaces
from smartsearch.core.ports import FaceAnalyzer


@dataclass(frozen=True, slots=True)
class FaceVisit:
    """A `smartsearch.indexing.revisit.Visit` that looks for faces."""

    analyzer: FaceAnalyzer
    kind: str = "faces"

    @property
    def model(self) -> str:
        return self.analyzer.fingerprint

    @property
    def side(self) -> int:
        return self.analyzer.side

    def look(self, pixels: NDArray[np.uint8], width: int, asset: Asset) -> tuple[Change, int]:
        """See the protocol; what is found are faces."""
        scan = self.analyzer.analyze(pixels, width)
        return PutFaces(asset.id, scan), len(scan.faces)
