"""Where model files are: in the package, or in the models folder. Never the network; see `smartsearch.onnx.hub`."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from smartsearch.core.errors import (
    DiskFullError,
    ModelError,
    UnknownModelError,
    WeightsCorruptError,
    WeightsMissingError,
)
from smartsearch.onnx.descriptions import (
    DESCRIPTION_FILE,
    VARIANTS,
    ModelDescription,
    Registry,
    Variant,
    read_description,
    write_description,
)

PACKAGED_MODELS = Path(__file__).parent.parent / "models"
"""Folders of the models that come inside the wheel."""

_STAGING = ".partial"


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """One variant of a model whose files are on this machine. ``description`` is the one beside the files."""

    description: ModelDescription
    folder: Path
    packaged: bool = False

    @property
    def variant(self) -> Variant:
        return self.description.towers_of().variant

    def path(self, file: str) -> Path:
        return self.folder / file

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())


class Weights:
    """The models of this machine.

    ``folder`` is the models folder (``<folder>/<name>/<variant>/``), made when the first model is installed.
    A model appears in it only when complete: it is put together under ``.partial`` and renamed.
    """

    def __init__(self, folder: Path, registry: Registry, packaged: Path = PACKAGED_MODELS) -> None:
        self.folder = folder
        self.registry = registry
        self._packaged = packaged

    # -- looking -------------------------------------------------------------------------------------------------------

    def find(self, name: str, variant: str | None = None) -> InstalledModel:
        """The model's files, local only; the preferred installed variant for None.

        Raises UnknownModelError, WeightsMissingError (with what to do) or WeightsCorruptError.
        """
        for model in self._installed(name):
            if variant is None or model.variant == variant:
                return _complete(model)
        known = self.registry.get(name) if name in self.registry else None
        if known is None and not any(self._installed(name)):
            known = self.registry.get(name)  # raises, naming what there is
        if known is not None and variant is not None:
            known.towers_of(variant)
        what = f"{name}:{variant}" if variant else name
        raise WeightsMissingError(
            f"The model {what} is not on this machine.",
            hint=f"Run `smartsearch models pull {what}`, or `smartsearch models import DIR` without a network.",
        )

    def installed(self) -> list[InstalledModel]:
        """Every model on this machine, packaged ones first. Damaged folders are left out."""
        names = _folders(self._packaged) + [name for name in _folders(self.folder) if name != _STAGING]
        return [model for name in dict.fromkeys(names) for model in self._installed(name)]

    def describe(self, name: str) -> ModelDescription:
        """The description of an installed or else a known model. UnknownModelError."""
        for model in self._installed(name):
            return model.description
        return self.registry.get(name)

    def verify(self, model: InstalledModel) -> None:
        """Check every recorded checksum. WeightsCorruptError names the first bad file."""
        for file, digest in model.description.sha256.items():
            path = model.path(file)
            if not path.is_file():
                raise WeightsCorruptError(f"{path} is missing.", hint=_reinstall(model))
            if sha256_of(path) != digest:
                raise WeightsCorruptError(f"{path} does not match its checksum.", hint=_reinstall(model))

    def _installed(self, name: str) -> Iterator[InstalledModel]:
        if not _is_name(name):
            return
        candidates = [(self._packaged / name, True)]
        candidates += [(self.folder / name / variant, False) for variant in self._preference(name)]
        for folder, packaged in candidates:
            if (folder / DESCRIPTION_FILE).is_file():
                with contextlib.suppress(WeightsCorruptError):
                    yield InstalledModel(read_description(folder), folder, packaged)

    def _preference(self, name: str) -> tuple[Variant, ...]:
        preferred = self.registry.get(name).variants if name in self.registry else ()
        return tuple(dict.fromkeys((*preferred, *VARIANTS)))

    # -- changing ------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def staging(self, name: str, variant: str) -> Iterator[Path]:
        """A folder to put a model together in. It stays after a failure, so that a download can resume.

        ModelError if another process is working on the same model, or the models folder cannot be written;
        DiskFullError.
        """
        self._refuse_packaged(name)
        stage = self.folder / _STAGING / f"{name}-{variant}"
        try:
            stage.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{stage}.lock", timeout=0):
                yield stage
        except Timeout as error:
            raise ModelError(f"Another process is installing {name} ({variant}).", hint="Wait for it.") from error
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise DiskFullError("There is no space left for the model.", hint="Free some and repeat.") from error
            raise ModelError(f"The models folder {self.folder} cannot be written: {error}.") from error

    def install(self, stage: Path, description: ModelDescription) -> InstalledModel:
        """Turn a staged folder into the installed model, replacing an older one only now.

        ``description`` holds one variant; its checksums are completed with those of the staged files.
        """
        found = {file: sha256_of(stage / file) for file in _staged_files(stage)}
        complete = ModelDescription(
            **{name: getattr(description, name) for name in description.__slots__ if name != "sha256"},
            sha256=found,
        )
        write_description(stage, complete)
        target = self.folder / description.name / description.towers_of().variant
        target.parent.mkdir(parents=True, exist_ok=True)
        self._swap(stage, target)
        return InstalledModel(complete, target)

    def remove(self, name: str, variant: str | None = None) -> list[InstalledModel]:
        """Delete a model (one variant of it) from the models folder; returns what was there.

        ModelError for a packaged model, WeightsMissingError if there is nothing to remove.
        """
        self._refuse_packaged(name)
        doomed = [model for model in self._installed(name) if variant in (None, model.variant)]
        folder = self.folder / name
        if not doomed and not (_is_name(name) and folder.is_dir() and variant is None):
            raise WeightsMissingError(f"The model {name} is not on this machine, there is nothing to remove.")
        for model in doomed:
            self._discard(model.folder)
        if variant is None and folder.is_dir():
            self._discard(folder)
        with contextlib.suppress(OSError):
            folder.rmdir()
        return doomed

    def _refuse_packaged(self, name: str) -> None:
        if not _is_name(name):
            raise UnknownModelError(f"{name!r} is no model name.")
        if (self._packaged / name / DESCRIPTION_FILE).is_file():
            raise ModelError(f"The model {name} comes with smartsearch: it cannot be replaced or removed.")

    def _swap(self, stage: Path, target: Path) -> None:
        backup = self.folder / _STAGING / f"old-{uuid.uuid4().hex}"
        had_old = target.exists()
        if had_old:
            os.rename(target, backup)
        try:
            os.rename(stage, target)
        except OSError:
            if had_old:
                os.rename(backup, target)
            raise
        shutil.rmtree(backup, ignore_errors=True)

    def _discard(self, folder: Path) -> None:
        """Renamed first, so that a half-deleted model is never found."""
        grave = self.folder / _STAGING / f"old-{uuid.uuid4().hex}"
        grave.parent.mkdir(parents=True, exist_ok=True)
        os.rename(folder, grave)
        shutil.rmtree(grave, ignore_errors=True)


def sha256_of(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _complete(model: InstalledModel) -> InstalledModel:
    for file in model.description.files():
        if not model.path(file).is_file():
            raise WeightsCorruptError(f"{model.path(file)} is missing.", hint=_reinstall(model))
    return model


def _staged_files(stage: Path) -> list[str]:
    return sorted(
        path.relative_to(stage).as_posix()
        for path in stage.rglob("*")
        if path.is_file() and path.name != DESCRIPTION_FILE
    )


def _folders(root: Path) -> list[str]:
    if not root.is_dir():
        return []
    return sorted(entry.name for entry in root.iterdir() if entry.is_dir())


def _is_name(name: str) -> bool:
    return bool(name) and name not in (".", "..", _STAGING) and not set(name) & set("/\\:")


def _reinstall(model: InstalledModel) -> str:
    if model.packaged:
        return "Install smartsearch again."
    return f"Run `smartsearch models pull {model.description.name}`, or import it again."
