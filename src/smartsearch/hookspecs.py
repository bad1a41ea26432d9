"""The plugin interface: what a package may add to smartsearch.

A plugin is a module or object whose functions carry ``@hookimpl``; it is found through the entry-point group
``smartsearch``. The built-in models and encoder families come in through the same hooks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from smartsearch.embeddings.base import EncoderFamily
    from smartsearch.onnx.descriptions import ModelDescription

PROJECT = "smartsearch"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def smartsearch_models() -> Iterable[ModelDescription]:
    """Models that can be pulled, imported or used by name. Called once; must not open files or import runtimes."""
    raise NotImplementedError


@hookspec(firstresult=True)
def smartsearch_encoder_family(name: str) -> EncoderFamily | None:
    """The encoder family called ``name``, or None if it is not this plugin's. Import the family's code only here."""
    raise NotImplementedError
