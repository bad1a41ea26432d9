"""The plugin interface: what a package may add to smartsearch.

A plugin is a module or object whose functions carry ``@hookimpl``; it is found through the entry-point group
``smartsearch``. The built-in models and encoder families come in through the same hooks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import pluggy

if TYPE_CHECKING:
    from smartsearch.core.assets import Asset
    from smartsearch.core.clustering import Thresholds
    from smartsearch.core.ports import FaceAnalyzer
    from smartsearch.core.queryfields import Field
    from smartsearch.core.settings import RuntimeSettings
    from smartsearch.embeddings.base import EncoderFamily
    from smartsearch.onnx.descriptions import ModelDescription

PROJECT = "smartsearch"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@dataclass(frozen=True, slots=True)
class Exporter:
    """A format that results can be written in: `smartsearch query ... --export photos.SUFFIX`.

    ``suffix`` is lower-case, with the dot. ``write`` gets the images, best first, and a file open for writing bytes.
    """

    suffix: str
    summary: str
    write: Callable[[Sequence[Asset], BinaryIO], None]


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the command line: ``run`` is a function as Typer takes it, its docstring the help."""

    name: str
    run: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class MetadataReader:
    """Reads metadata that the program does not know: ``entry`` is "module:function", a function of the path, the open
    file and the image format ("jpeg") that answers with `core.assets.Metadata`, or None.

    It is imported and called in the guarded decode workers, without network, other programs and writing, under their
    limits; it fills the fields that the file itself leaves open, and its keywords are added.
    """

    name: str
    entry: str


@dataclass(frozen=True, slots=True)
class FaceFinder:
    """A way to find and describe faces: ``load`` makes its analyzer on first use.

    ``fingerprint`` is the space of its vectors and changes when these do, ``thresholds`` their cosines
    (`core.clustering.Thresholds`), and ``load`` is told with how many threads and which provider to run.
    """

    name: str
    fingerprint: str
    thresholds: Thresholds
    load: Callable[[RuntimeSettings], FaceAnalyzer]
    licence: str = "as stated by its plugin"
    summary: str = ""


@hookspec
def smartsearch_models() -> Iterable[ModelDescription]:
    """Models that can be pulled, imported or used by name. Called once; must not open files or import runtimes."""
    raise NotImplementedError


@hookspec(firstresult=True)
def smartsearch_encoder_family(name: str) -> EncoderFamily | None:
    """The encoder family called ``name``, or None if it is not this plugin's. Import the family's code only here."""
    raise NotImplementedError


@hookspec
def smartsearch_query_fields() -> Iterable[Field]:
    """Fields of the query language, made of the predicates of `core.query`. A field's ``read`` raises BadValueError for
    what it cannot take. Names that are taken already keep their meaning."""
    raise NotImplementedError


@hookspec
def smartsearch_exporters() -> Iterable[Exporter]:
    """Formats for results. Suffixes that are taken already keep their meaning."""
    raise NotImplementedError


@hookspec
def smartsearch_commands() -> Iterable[Command]:
    """Commands. Asked for only when a command is named that the program does not have, or help is wanted."""
    raise NotImplementedError


@hookspec
def smartsearch_metadata_readers() -> Iterable[MetadataReader]:
    """Readers of metadata, asked for by `index`. The program's own readers come first."""
    raise NotImplementedError


@hookspec
def smartsearch_face_models() -> Iterable[FaceFinder]:
    """Ways to find and describe faces, chosen by `smartsearch faces use NAME`. Names that are taken keep their meaning.
    Must not load weights."""
    raise NotImplementedError
