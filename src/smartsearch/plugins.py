"""Where hooks meet: the built-in plugin, installed packages, and what they register."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

from smartsearch import hookspecs
from smartsearch.core.errors import ConfigError, UnknownModelError
from smartsearch.embeddings import builtin
from smartsearch.onnx.descriptions import Registry

if TYPE_CHECKING:
    from smartsearch.embeddings.base import EncoderFamily


class Plugins:
    """All registered plugins. Constructing it is cheap; entry points are loaded only with ``discover=True``.

    A third-party plugin comes after the built-in one, so that its model of the same name wins.
    """

    def __init__(self, *extra: object, discover: bool = True) -> None:
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._manager.register(builtin, name="builtin")
        if discover:
            self._discover()
        for plugin in extra:
            self._manager.register(plugin)

    def registry(self) -> Registry:
        """Every described model, by name."""
        # pluggy answers last-registered first; the later of two equal names must win.
        answers = reversed(self._manager.hook.smartsearch_models())
        return Registry(description for models in answers for description in models)

    def encoder_family(self, name: str) -> EncoderFamily:
        """UnknownModelError if no plugin knows the family."""
        family: EncoderFamily | None = self._manager.hook.smartsearch_encoder_family(name=name)
        if family is None:
            raise UnknownModelError(
                f"No encoder family is called {name!r}.", hint="The plugin that brought this model is not installed."
            )
        return family

    def _discover(self) -> None:
        try:
            self._manager.load_setuptools_entrypoints(hookspecs.PROJECT)
        except Exception as error:  # whatever a plugin raises while it is imported
            raise ConfigError(
                f"An installed plugin cannot be loaded: {error}.", hint="Update or uninstall that package."
            ) from error
