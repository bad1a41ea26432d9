"""The models of this machine: what is described, what is installed, and encoders ready to run."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from smartsearch.core.settings import RuntimeSettings
from smartsearch.plugins import Plugins

if TYPE_CHECKING:
    from smartsearch.embeddings.factory import Encoders
    from smartsearch.onnx.weights import InstalledModel


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model and, where it matters, one variant of it: written "name" or "name:int8"."""

    name: str
    variant: str | None = None

    @classmethod
    def parse(cls, text: str) -> ModelChoice:
        name, _, variant = text.partition(":")
        return cls(name.strip(), variant.strip() or None)

    def __str__(self) -> str:
        return f"{self.name}:{self.variant}" if self.variant else self.name


class ModelCatalog:
    """Models by name. Nothing is opened before it is used, nothing comes from the network."""

    def __init__(self, folder: Path, runtime: RuntimeSettings, plugins: Plugins | None = None) -> None:
        from smartsearch.onnx.weights import Weights

        self._runtime = runtime
        self.plugins = plugins or Plugins()
        self.weights = Weights(folder, self.plugins.registry())
        self._loaded: dict[ModelChoice, Encoders] = {}
        self._lock = threading.Lock()

    def find(self, choice: ModelChoice) -> InstalledModel:
        """UnknownModelError, WeightsMissingError or WeightsCorruptError say what to do."""
        return self.weights.find(choice.name, choice.variant)

    def pinned(self, choice: ModelChoice) -> ModelChoice:
        """The choice with the variant it stands for now: one pulled later must not change a library's space. The
        packaged model has one variant only, which an update of the program may change."""
        model = self.find(choice)
        return ModelChoice(choice.name, None if model.packaged else model.variant)

    def encoders(self, choice: ModelChoice) -> Encoders:
        """Both encoders of a model on this machine, the same objects each time."""
        from smartsearch.embeddings.factory import load_encoders

        with self._lock:
            if choice not in self._loaded:
                model = self.find(choice)
                family = self.plugins.encoder_family(model.description.family)
                self._loaded[choice] = load_encoders(model, family, self._runtime)
            return self._loaded[choice]
