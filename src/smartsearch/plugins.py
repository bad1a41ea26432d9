"""Where hooks meet: the built-in plugin, installed packages, and what they register."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import metadata
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import numpy as np
import pluggy
from numpy.typing import NDArray

from smartsearch import hookspecs
from smartsearch.core.errors import SmartsearchError, UnknownModelError, plugin_failed
from smartsearch.core.faces import FaceScan
from smartsearch.core.queryfields import BadValueError, Field, Meaning, QueryContext
from smartsearch.embeddings import builtin
from smartsearch.hookspecs import Command, Exporter, FaceFinder, MetadataReader
from smartsearch.media.readers import ReaderPlace
from smartsearch.onnx.descriptions import ModelDescription, Registry

if TYPE_CHECKING:
    from smartsearch.core.assets import Asset
    from smartsearch.core.ports import FaceAnalyzer
    from smartsearch.core.settings import RuntimeSettings
    from smartsearch.embeddings.base import EncoderFamily

log = logging.getLogger("smartsearch.plugins")

T = TypeVar("T")


class Plugins:
    """All registered plugins. Constructing it is cheap; entry points are loaded only with ``discover=True``.

    A third-party plugin comes after the built-in one, so that its model of the same name wins. Whatever a plugin raises
    becomes a PluginError that names it, or where others can go on without it a line of the log.
    """

    def __init__(self, *extra: object, discover: bool = True) -> None:
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._manager.register(builtin, name="builtin")
        if discover:
            self._discover()
        for plugin in extra:
            self._manager.register(plugin)

    @property
    def names(self) -> list[str]:
        """Of the plugins that are not built in."""
        return sorted(name for name, _ in self._manager.list_name_plugin() if name != "builtin")

    def registry(self) -> Registry:
        """Every described model, by name."""
        return Registry(
            description for _, description in self._collected("smartsearch_models", ModelDescription)
        )  # in the order of registration: the later of two equal names wins

    def encoder_family(self, name: str) -> EncoderFamily:
        """UnknownModelError if no plugin knows the family. PluginError."""
        for plugin, implementation in reversed(list(self._implementations("smartsearch_encoder_family"))):
            with blamed(plugin):
                family: EncoderFamily | None = implementation(name=name)
            if family is not None:
                return family
        raise UnknownModelError(
            f"No encoder family is called {name!r}.", hint="The plugin that brought this model is not installed."
        )

    def query_fields(self) -> dict[str, Field]:
        """Fields of queries by their lower-case names; the first plugin that brings a name has it."""
        fields: dict[str, Field] = {}
        for plugin, field in self._collected("smartsearch_query_fields", Field):
            guarded = replace(field, read=_guarded(plugin, field.read))
            for name in (field.name, *field.aliases):
                fields.setdefault(name.lower(), guarded)
        return fields

    def exporters(self) -> dict[str, Exporter]:
        """Formats of results by their suffix. One that fails to write raises PluginError."""
        exporters: dict[str, Exporter] = {}
        for plugin, exporter in self._collected("smartsearch_exporters", Exporter):
            exporters.setdefault(exporter.suffix, replace(exporter, write=_blamed_writer(plugin, exporter.write)))
        return exporters

    def metadata_readers(self) -> list[ReaderPlace]:
        """Where the readers are that decode workers load. One without a "module:function" is named in the log."""
        places = []
        for plugin, reader in self._collected("smartsearch_metadata_readers", MetadataReader):
            if re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", reader.entry):
                places.append(ReaderPlace(plugin, reader.entry))
            else:
                log.error("The plugin %r names a reader %r, which is no module:function.", plugin, reader.entry)
        return places

    def face_models(self) -> dict[str, FaceFinder]:
        """Ways to find faces by their name. One that cannot be loaded raises PluginError."""
        models: dict[str, FaceFinder] = {}
        for plugin, model in self._collected("smartsearch_face_models", FaceFinder):
            models.setdefault(model.name, replace(model, load=_blamed_loader(plugin, model.load)))
        return models

    def commands(self) -> list[tuple[str, Command]]:
        """Commands, each with the name of its plugin."""
        return list(self._collected("smartsearch_commands", Command))

    def _implementations(self, hook: str) -> Iterator[tuple[str, Callable[..., Any]]]:
        """What implements a hook, with the name of its plugin, in the order of registration."""
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            yield implementation.plugin_name, implementation.function

    def _collected(self, hook: str, kind: type[T]) -> Iterator[tuple[str, T]]:
        """All that plugins answer to a hook, with their names. One that fails, or answers otherwise, is named in the
        log and left out: the program and the other plugins go on."""
        for plugin, implementation in self._implementations(hook):
            try:
                answers = list(implementation())
            except Exception as error:
                log.error("%s", plugin_failed(plugin, error))
                continue
            for answer in answers:
                if isinstance(answer, kind):
                    yield plugin, answer
                else:
                    log.error("The plugin %r answers %s with %r, no %s.", plugin, hook, answer, kind.__name__)

    def _discover(self) -> None:
        """Load every installed plugin. One that cannot be loaded is named in the log and left out."""
        for distribution in metadata.distributions():
            for entry in distribution.entry_points:
                if entry.group != hookspecs.PROJECT or self._manager.has_plugin(entry.name):
                    continue
                try:
                    self._manager.register(entry.load(), name=entry.name)
                except Exception as error:  # whatever a plugin raises while it is imported
                    log.error("%s", plugin_failed(entry.name, error))


@contextmanager
def blamed(plugin: str) -> Iterator[None]:
    """Whatever is raised inside is the plugin's fault, unless it is an error of the program's own."""
    try:
        yield
    except SmartsearchError:
        raise
    except Exception as error:
        raise plugin_failed(plugin, error) from error


def _guarded(plugin: str, read: Callable[[str, QueryContext], Meaning]) -> Callable[[str, QueryContext], Meaning]:
    """Reads a value; a failure is a problem of that part of the query, shown in its place."""

    def guarded(value: str, context: QueryContext) -> Meaning:
        try:
            return read(value, context)
        except BadValueError:
            raise
        except Exception as error:
            raise BadValueError(f"The plugin {plugin!r} failed: {error!r}.") from error

    return guarded


def _blamed_writer(
    plugin: str, write: Callable[[Sequence[Asset], BinaryIO], None]
) -> Callable[[Sequence[Asset], BinaryIO], None]:
    def blamed_writer(images: Sequence[Asset], file: BinaryIO) -> None:
        with blamed(plugin):
            write(images, file)

    return blamed_writer


def _blamed_loader(
    plugin: str, load: Callable[[RuntimeSettings], FaceAnalyzer]
) -> Callable[[RuntimeSettings], FaceAnalyzer]:
    def blamed_loader(runtime: RuntimeSettings) -> FaceAnalyzer:
        with blamed(plugin):
            return _BlamedAnalyzer(plugin, load(runtime))

    return blamed_loader


class _BlamedAnalyzer:
    """A plugin's `FaceAnalyzer`. Where it fails, the run ends with a PluginError: a photo in which nobody could look
    for faces must not count as one without any."""

    def __init__(self, plugin: str, analyzer: FaceAnalyzer) -> None:
        self._plugin = plugin
        self._analyzer = analyzer
        self.fingerprint, self.side = analyzer.fingerprint, analyzer.side

    def analyze(self, pixels: NDArray[np.uint8], width: int) -> FaceScan:
        with blamed(self._plugin):
            scan = self._analyzer.analyze(pixels, width)
            if not isinstance(scan, FaceScan):
                raise TypeError(f"analyze answers with {type(scan).__name__}, no FaceScan")
            return scan
