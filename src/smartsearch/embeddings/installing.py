"""Getting models onto the machine: pulled or imported, tried out, and only then installed."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from smartsearch.core.errors import DiskFullError, ModelError, SmartsearchError, WeightsCorruptError
from smartsearch.core.settings import RuntimeSettings
from smartsearch.embeddings.base import EncoderFamily
from smartsearch.embeddings.factory import load_encoders
from smartsearch.embeddings.layouts import recognise
from smartsearch.onnx.descriptions import ModelDescription, with_variant
from smartsearch.onnx.hub import Hub, ProgressCallback
from smartsearch.onnx.mapping import externalise_weights
from smartsearch.onnx.weights import InstalledModel, Weights, sha256_of

FamilyLookup = Callable[[str], EncoderFamily]


class Installer:
    """Puts models into the models folder. ``families`` gives the encoder family of a name."""

    def __init__(self, weights: Weights, families: FamilyLookup, runtime: RuntimeSettings | None = None) -> None:
        self._weights = weights
        self._families = families
        # Trying out is about the files: on the CPU, whatever provider is configured.
        self._runtime = replace(runtime or RuntimeSettings(), provider="cpu", idle_seconds=0.0)

    def pull(
        self,
        name: str,
        variant: str | None = None,
        *,
        progress: ProgressCallback = lambda _: None,
        endpoint: str | None = None,
    ) -> InstalledModel:
        """Download a known model and install it. The only call of the program that uses the network.

        An installed model of the same name and variant stays in use until the new one is complete and tried out.
        Raises UnknownModelError, DownloadError, WeightsCorruptError, DiskFullError or ModelError.
        """
        description = with_variant(self._weights.registry.get(name), variant)
        with self._weights.staging(name, description.towers_of().variant) as stage:
            fetched = Hub(endpoint).fetch(description, stage, progress)
            return self._install(stage, fetched)

    def import_folder(self, source: Path, name: str | None = None, variant: str | None = None) -> InstalledModel:
        """Install the model that lies in a folder, in any layout that `recognise` knows. The folder is only read.

        Raises ModelError if the folder is no model, WeightsCorruptError if its model does not work.
        """
        description, files = recognise(source, name=name, variant=variant)
        with self._weights.staging(description.name, description.towers_of().variant) as stage:
            shutil.rmtree(stage)
            try:
                for target in files:
                    (stage / target).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(files[target], stage / target)
            except OSError as error:
                shutil.rmtree(stage, ignore_errors=True)
                raise _copy_error(source, error) from error
            _check_recorded(stage, description)
            return self._install(stage, description)

    def try_out(self, model: InstalledModel) -> None:
        """One picture and one text through the model. Raises WeightsCorruptError if it does not do what it says."""
        encoders = load_encoders(model, self._families(model.description.family), self._runtime)
        size = model.description.preprocessing.size
        try:
            encoders.image.encode_images(np.full((2, size, size, 3), 127, np.uint8))
            encoders.text.encode_texts(["a dog on a beach", "sky"])
            _ = encoders.text.calibration
        except WeightsCorruptError:
            raise
        except ModelError as error:
            raise WeightsCorruptError(f"The model does not run: {error.message}") from error
        finally:
            encoders.image.release()
            encoders.text.release()

    def _install(self, stage: Path, description: ModelDescription) -> InstalledModel:
        description = _make_mappable(stage, description)
        try:
            self.try_out(InstalledModel(description, stage))
            return self._weights.install(stage, description)
        except WeightsCorruptError:
            shutil.rmtree(stage, ignore_errors=True)
            raise


def _make_mappable(stage: Path, description: ModelDescription) -> ModelDescription:
    """Weights into files of their own. The checksums of the original files stay on record among the sources."""
    towers = description.towers_of()
    if towers.variant == "fp16" or towers.extra:
        return description
    sources, extra = list(description.sources), []
    for file in (towers.image, towers.text):
        original = sha256_of(stage / file)
        data = externalise_weights(stage / file)
        if data is not None:
            extra.append(data.relative_to(stage).as_posix())
            sources.append(f"{file}: made from a file with sha256 {original}")
    return replace(description, towers=(replace(towers, extra=tuple(extra)),), sources=tuple(sources))


def _check_recorded(stage: Path, description: ModelDescription) -> None:
    """A folder that brings checksums must meet them."""
    for file, digest in description.sha256.items():
        if (stage / file).is_file() and sha256_of(stage / file) != digest:
            shutil.rmtree(stage, ignore_errors=True)
            raise WeightsCorruptError(f"{file} does not match the checksum in model.json.", hint="Copy it again.")


def _copy_error(source: Path, error: OSError) -> SmartsearchError:
    if error.errno == errno.ENOSPC:
        return DiskFullError("There is no space left for the model.")
    return ModelError(f"The files of {source} cannot be copied: {error}.")
