"""Where the reader's networks are: in the package ``rapidocr``, whose files are read and whose code never runs.

That code could download models by itself, and brings OpenCV; the two files are all that is needed of it (PP-OCRv6
small by PaddleOCR, Apache-2.0). See docs/decisions.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from smartsearch.core.errors import WeightsMissingError
from smartsearch.core.settings import RuntimeSettings
from smartsearch.ocr.reader import OnnxOcrReader
from smartsearch.onnx.sessions import LazySession

PACKAGE = "rapidocr"
FILES = ("PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx")
"""Detector and recogniser."""
FINGERPRINT = "ocr:ppocr-v6-small@2"
"""Changes with the files, and with whatever else changes what is read."""
NAME = "PP-OCRv6 small"
"""For people."""

INSTALL = "Run: pip install --no-deps 'rapidocr>=3.10,<3.11' (33 MB), or pip install 'smartsearch[ocr]' (240 MB)."
"""How to get the files: they need nothing of what their package asks for."""


def installed() -> bool:
    """Whether the networks are on this machine."""
    folder = _folder()
    return folder is not None and all((folder / name).is_file() for name in FILES)


def reader(runtime: RuntimeSettings) -> OnnxOcrReader:
    """Ready to read. WeightsMissingError if the package is not installed."""
    folder = _folder()
    if folder is None or not installed():
        raise WeightsMissingError(
            "Reading text in pictures needs the model files of the package rapidocr.",
            hint=INSTALL,
        )
    # Whole pictures are read side by side: one thread each is faster than all of them on one small network.
    single = replace(runtime, threads=1)
    detector, recogniser = (LazySession(folder / name, single) for name in FILES)
    return OnnxOcrReader(FINGERPRINT, detector, recogniser)


@cache
def _folder() -> Path | None:
    found = find_spec(PACKAGE)
    return None if found is None or found.origin is None else Path(found.origin).parent / "models"
