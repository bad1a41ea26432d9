"""Recognising a model in a folder: our own layout, transformers.js / Optimum, and the OpenCLIP export layout.

* own: ``model.json`` beside the files it names
* transformers.js / Optimum: ``[onnx/]vision_model.onnx`` and ``[onnx/]text_model.onnx`` (``_fp16``, ``_quantized``,
  ``_int8``, ``_uint8``), ``tokenizer.json``, ``config.json``, ``preprocessor_config.json``
* OpenCLIP (as Immich publishes it): ``visual/model.onnx``, ``visual/preprocess_cfg.json``, ``textual/model.onnx``,
  ``textual/tokenizer.json``, the graphs with the same suffixes
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from smartsearch.core.errors import ModelError, PathNotFoundError, WeightsCorruptError
from smartsearch.core.settings import RuntimeSettings
from smartsearch.core.spaces import Preprocessing
from smartsearch.embeddings import clip, siglip2
from smartsearch.embeddings.base import EncoderFamily
from smartsearch.embeddings.factory import BACKGROUND_FILE, CALIBRATION_FILE
from smartsearch.embeddings.preprocessors import openclip_preprocessing, transformers_preprocessing
from smartsearch.onnx.descriptions import (
    DESCRIPTION_FILE,
    VARIANTS,
    Licence,
    ModelDescription,
    TextInput,
    Towers,
    Variant,
    read_description,
)
from smartsearch.onnx.sessions import LazySession
from smartsearch.onnx.weights import sha256_of

SUFFIXES: dict[Variant, tuple[str, ...]] = {
    "fp32": ("",),
    "int8": ("_quantized", "_int8", "_uint8"),
    "fp16": ("_fp16",),
}

Files = dict[str, Path]
"""Where each file goes (relative to the installed model) and where it is now."""


def recognise(folder: Path, *, name: str | None = None, variant: str | None = None) -> tuple[ModelDescription, Files]:
    """What model lies in ``folder``, and which files belong to it.

    ``name`` defaults to the model's own or the folder's; ``variant`` to the first of fp32, int8 and fp16 that is there.
    Raises PathNotFoundError, or ModelError naming what is missing.
    """
    if not folder.is_dir():
        raise PathNotFoundError(f"There is no folder {folder}.")
    if variant is not None and variant not in VARIANTS:
        raise ModelError(f"There is no variant {variant!r}.", hint=f"Variants are {', '.join(VARIANTS)}.")
    if (folder / DESCRIPTION_FILE).is_file():
        description, files = _own(folder, variant)
    elif (folder / "visual").is_dir() or (folder / "textual").is_dir():
        description, files = _openclip(folder, variant)
    else:
        description, files = _transformers(folder, variant)
    try:
        return (replace(description, name=name) if name else description), files
    except ValueError as error:
        raise ModelError(f"{error}.") from error


# -- the three layouts -------------------------------------------------------------------------------------------------


def _own(folder: Path, variant: str | None) -> tuple[ModelDescription, Files]:
    description = read_description(folder)
    if variant not in (None, description.towers_of().variant):
        raise ModelError(f"The model in {folder} is {description.towers_of().variant}, not {variant}.")
    names = [*description.files(), CALIBRATION_FILE, BACKGROUND_FILE]
    optional = {CALIBRATION_FILE, BACKGROUND_FILE}
    files = {file: folder / file for file in names if file not in optional or (folder / file).is_file()}
    _require(files.values())
    return description, files


def _openclip(folder: Path, variant: str | None) -> tuple[ModelDescription, Files]:
    towers = _find_towers([("visual/model", "textual/model")], folder, variant)
    tokenizer, config = folder / "textual" / "tokenizer.json", folder / "visual" / "preprocess_cfg.json"
    _require((tokenizer, config))
    model_config = _read_json(folder / "config.json") if (folder / "config.json").is_file() else {}
    architecture = str((model_config.get("vision_cfg") or {}).get("timm_model_name", ""))
    description = _describe(
        folder,
        family="mobileclip" if "_mci" in architecture else "openclip",
        towers=towers,
        tokenizer=tokenizer,
        preprocessing=openclip_preprocessing(_read_json(config), config),
        text=TextInput(int((model_config.get("text_cfg") or {}).get("context_length", clip.CONTEXT_LENGTH))),
    )
    return description, _collect(folder, description)


def _transformers(folder: Path, variant: str | None) -> tuple[ModelDescription, Files]:
    places = [("onnx/vision_model", "onnx/text_model"), ("vision_model", "text_model")]
    towers = _find_towers(places, folder, variant)
    tokenizer = folder / "tokenizer.json"
    config_path, preprocessor_path = folder / "config.json", folder / "preprocessor_config.json"
    _require((tokenizer, config_path, preprocessor_path))
    config, preprocessor = _read_json(config_path), _read_json(preprocessor_path)
    family = _family(config, preprocessor)
    default = siglip2.CONTEXT_LENGTH if family == "siglip2" else clip.CONTEXT_LENGTH
    text_config = config.get("text_config") or {}
    description = _describe(
        folder,
        family=family,
        towers=towers,
        tokenizer=tokenizer,
        preprocessing=transformers_preprocessing(preprocessor, preprocessor_path, squash=family == "siglip2"),
        text=TextInput(
            context_length=int(text_config.get("max_position_embeddings", default)),
            pad_id=pad_id(folder),
        ),
    )
    return description, _collect(folder, description)


def _find_towers(stems: Sequence[tuple[str, str]], folder: Path, variant: str | None) -> tuple[Variant, Path, Path]:
    """The first pair of graphs that is there, by variant and place."""
    wanted = [known for known in SUFFIXES if variant in (None, known)]
    for known in wanted:
        for suffix in SUFFIXES[known]:
            for image_stem, text_stem in stems:
                image, text = folder / f"{image_stem}{suffix}.onnx", folder / f"{text_stem}{suffix}.onnx"
                if image.is_file() and text.is_file():
                    return known, image, text
    image_stem, text_stem = (f"{stem}{SUFFIXES[wanted[0]][0]}.onnx" for stem in stems[0])
    raise ModelError(
        f"The folder {folder} holds no model of a known layout: neither model.json nor {image_stem} and {text_stem}.",
        hint="See docs/models.md for the layouts.",
    )


def _family(config: Mapping[str, Any], preprocessor: Mapping[str, Any]) -> str:
    kind = str(config.get("model_type", "")).lower()
    if kind.startswith("siglip"):
        return "siglip2"
    if "clip" in kind:
        raw_pixels = preprocessor.get("do_normalize") is False or not any(preprocessor.get("image_mean") or clip.MEAN)
        return "mobileclip" if raw_pixels else "clip"
    raise ModelError(f"The model type {kind!r} in config.json is not supported.", hint="Known: clip, siglip, siglip2.")


# -- putting a description together ------------------------------------------------------------------------------------


def _describe(
    folder: Path,
    *,
    family: str,
    towers: tuple[Variant, Path, Path],
    tokenizer: Path,
    preprocessing: Preprocessing,
    text: TextInput,
) -> ModelDescription:
    variant, image, text_graph = towers
    extra = [path for graph in (image, text_graph) for path in _external_data(graph)]
    relative = [path.relative_to(folder).as_posix() for path in (image, text_graph, tokenizer, *extra)]
    try:
        return ModelDescription(
            name=_slug(folder.resolve().name),
            family=family,
            revision=_content_revision((image, text_graph, tokenizer, *extra)),
            dim=_measure_dim(image, preprocessing.size),
            preprocessing=preprocessing,
            text=replace(text, tokenizer=relative[2]),
            towers=(Towers(variant, image=relative[0], text=relative[1], extra=tuple(relative[3:])),),
            licence=_licence(folder),
            summary=f"Imported from the folder {folder.name}.",
        )
    except ValueError as error:
        raise ModelError(f"{error}.", hint="Give a name with --name.") from error


def _collect(folder: Path, description: ModelDescription) -> Files:
    return {file: folder / file for file in description.files()}


def _external_data(graph: Path) -> list[Path]:
    """Weights outside the graph file carry its name: `x.onnx_data`, `x.onnx.data`, `x.onnx_data_1`."""
    return sorted(path for path in graph.parent.glob(f"{graph.name}*") if path != graph and path.is_file())


def _measure_dim(image: Path, size: int) -> int:
    """Run one empty picture: the only answer that no config file can get wrong."""
    session = LazySession(image, RuntimeSettings(provider="cpu", idle_seconds=0))
    inputs, outputs = session.inputs(), session.outputs()
    if len(inputs) != 1 or len(inputs[0].shape) != 4:
        raise WeightsCorruptError(f"{image.name} should take one batch of pictures.")
    info = inputs[0]
    raw = info.dtype == np.uint8
    expected = (size, size, 3) if raw else (3, size, size)
    if any(have not in (None, want) for have, want in zip(info.shape[1:], expected, strict=True)):
        raise WeightsCorruptError(f"{image.name} takes pictures of shape {info.shape}, the configuration says {size}.")
    batch = np.zeros((info.shape[0] or 1, *expected), info.dtype)
    names = {output.name: len(output.shape) for output in outputs}
    preferred = EncoderFamily(name="", pad_id=0).image_outputs
    chosen = next((name for name in preferred if names.get(name) == 2), None)
    chosen = chosen or next((name for name, rank in names.items() if rank == 2), None)
    if chosen is None:
        raise WeightsCorruptError(f"{image.name} has no output that could be an embedding: {', '.join(names)}.")
    try:
        return int(session.run(chosen, {info.name: batch}).shape[1])
    finally:
        session.release()


def _content_revision(paths: Iterable[Path]) -> str:
    """Twelve hex digits that change with any byte, so that vectors of different weights never meet."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(sha256_of(path).encode())
    return digest.hexdigest()[:12]


def pad_id(folder: Path) -> int | None:
    """The padding id that the tokenizer's own configuration in ``folder`` gives, None if it gives none."""
    path = folder / "tokenizer_config.json"
    if not path.is_file():
        return None
    pad = _read_json(path).get("pad_token")
    token = pad.get("content") if isinstance(pad, Mapping) else pad
    if not isinstance(token, str):
        return None
    from tokenizers import Tokenizer

    try:
        found: int | None = Tokenizer.from_file(str(folder / "tokenizer.json")).token_to_id(token)
    except Exception as error:  # the library raises bare Exception
        raise WeightsCorruptError(f"The tokenizer of {folder} cannot be read: {error}.") from error
    return found


def _licence(folder: Path) -> Licence:
    """The `license:` of a model card, if there is one."""
    card = folder / "README.md"
    if card.is_file():
        match = re.search(r"^license:\s*(\S+)", card.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
        if match:
            return Licence(match[1])
    return Licence("unknown", None, "The imported folder does not say.")


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._")[:64]


def _require(paths: Iterable[Path]) -> None:
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        raise ModelError(f"The model is incomplete, missing: {', '.join(missing)}.")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}.") from error
    if not isinstance(data, dict):
        raise ModelError(f"{path} is not a JSON object.")
    return data
