"""Fakes for tests, here and in plugins: a store in memory and encoders that see colours. Real ports, no mocks."""

from smartsearch.testing.encoders import (
    FAKE_PREPROCESSING,
    FAKE_SPACE,
    PALETTE,
    FakeImageEncoder,
    FakeTextEncoder,
    random_vectors,
)
from smartsearch.testing.memory import MemoryStore, stored_metadata

__all__ = [
    "FAKE_PREPROCESSING",
    "FAKE_SPACE",
    "PALETTE",
    "FakeImageEncoder",
    "FakeTextEncoder",
    "MemoryStore",
    "random_vectors",
    "stored_metadata",
]
