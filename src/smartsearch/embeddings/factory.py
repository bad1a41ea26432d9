"""From files to encoders."""

from __future__ import annotations

import json
from typing import NamedTuple

import numpy as np

from smartsearch.core.errors import WeightsCorruptError
from smartsearch.core.settings import RuntimeSettings
from smartsearch.core.spaces import Calibration
from smartsearch.embeddings.base import EncoderFamily, OnnxImageEncoder, OnnxTextEncoder, normalise
from smartsearch.embeddings.tokens import TextTokenizer
from smartsearch.onnx.sessions import LazySession
from smartsearch.onnx.weights import InstalledModel

CALIBRATION_FILE = "calibration.json"
BACKGROUND_FILE = "background.npz"


class Encoders(NamedTuple):
    """The two towers of one model."""

    image: OnnxImageEncoder
    text: OnnxTextEncoder


def load_encoders(model: InstalledModel, family: EncoderFamily, runtime: RuntimeSettings) -> Encoders:
    """Both encoders of an installed model. Opens no file: each tower loads on its own first use."""
    description = model.description
    towers, space = description.towers_of(), description.space()
    image = OnnxImageEncoder(
        space,
        description.preprocessing,
        LazySession(model.path(towers.image), runtime),
        family,
        max_batch=runtime.batch_size,
    )
    text = OnnxTextEncoder(
        space,
        LazySession(model.path(towers.text), runtime, mapped=True),  # a query is one inference: loading is what costs
        TextTokenizer(model.path(description.text.tokenizer), family.token_rules(description.text)),
        family,
        load_calibration=lambda: read_calibration(model),
    )
    return Encoders(image, text)


def read_calibration(model: InstalledModel) -> Calibration | None:
    """The calibration beside the model's files, None if there is none. WeightsCorruptError if it cannot be read."""
    path = model.path(CALIBRATION_FILE)
    if not path.is_file():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Calibration(
            z=float(values["z"]),
            cos=float(values["cos"]),
            bias=float(values["bias"]),
            cut_off=float(values.get("cut_off", 0.5)),
            growth=float(values.get("growth", 0.0)),
            background=_read_background(model),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsCorruptError(f"The calibration {path} cannot be read: {error}.") from error


def _read_background(model: InstalledModel) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None:
    path = model.path(BACKGROUND_FILE)
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as arrays:
        images = arrays["images"]
    if images.ndim != 2 or images.shape[1] != model.description.dim:
        raise ValueError(f"{BACKGROUND_FILE} holds {images.shape}, expected (n, {model.description.dim})")
    return normalise(images)
