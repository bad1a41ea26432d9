"""Thresholds fitted for one model: ``tags.json`` in the model's folder, written by ``python -m training tags``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from smartsearch.core.errors import WeightsCorruptError
from smartsearch.embeddings.factory import CALIBRATION_FILE
from smartsearch.onnx.weights import InstalledModel
from smartsearch.tagging.vocabulary import VocabularyTag

THRESHOLDS_FILE = "tags.json"

DEFAULT_THRESHOLD = 0.8
"""For models without fitted thresholds. With normally distributed cosines and the fallback scores
(`core.ranking.UNCALIBRATED`) an unrelated photo passes it once in 2,600: about 0.2 wrong tags a photo with 600 tags."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The least confidence at which tags are given: by name, and for all others."""

    default: float = DEFAULT_THRESHOLD
    by_name: Mapping[str, float] = field(default_factory=dict)

    def of(self, tag: VocabularyTag) -> float:
        """What the vocabulary says itself comes first: a user's own line is meant."""
        if tag.threshold is not None:
            return tag.threshold
        return self.by_name.get(tag.name, self.default) if tag.packaged else self.default


def read_thresholds(model: InstalledModel) -> Thresholds:
    """The model's thresholds; the defaults if it has none, or they were fitted to another revision or calibration.

    Raises WeightsCorruptError for a file that cannot be read.
    """
    path = model.path(THRESHOLDS_FILE)
    if not path.is_file():
        return Thresholds()
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        calibration = model.description.sha256.get(CALIBRATION_FILE)
        if (values["revision"], values["calibration"]) != (model.description.revision, calibration):
            return Thresholds()
        by_name = {str(name): float(value) for name, value in values["thresholds"].items()}
        return Thresholds(float(values["default"]), by_name)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsCorruptError(f"The thresholds {path} cannot be read: {error}.") from error
