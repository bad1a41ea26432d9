"""Checkpoints to ONNX: `models export`. Needs the [train] extra: torch, transformers, onnx (and open_clip_torch).

What is written is a folder in a layout that `models import` takes, fp32 and int8 side by side. The graphs are compared
with the PyTorch model before anything appears at the target.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.errors import ModelExportError, PathNotFoundError, SmartsearchError
from smartsearch.core.settings import RuntimeSettings
from smartsearch.embeddings.base import normalise
from smartsearch.embeddings.tokens import TextTokenizer, TokenRules
from smartsearch.onnx.descriptions import TextInput
from smartsearch.onnx.sessions import LazySession

if TYPE_CHECKING:
    import torch

OPSET = 17
MAX_ERROR = 1e-3
"""Largest accepted difference between the fp32 graph and PyTorch, on any element of a normalised vector."""

SAMPLE_TEXTS = ("a dog", "two people walk along a beach at sunset", "x")

_TRANSFORMERS_MODELS = {"clip": "CLIPModel", "siglip": "SiglipModel"}


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What came out. ``max_error`` of fp32 as `MAX_ERROR` counts it; ``int8_cosine`` the least of int8 to PyTorch."""

    folder: Path
    max_error: float
    int8_cosine: float | None


@dataclass(frozen=True, slots=True)
class Tower:
    """One half of a checkpoint, ready to be traced."""

    module: torch.nn.Module
    sample: NDArray[Any]
    path: str
    input_name: str
    output_name: str
    free_axes: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Both towers, and a function that writes the layout's other files (tokenizer, configuration)."""

    image: Tower
    text: Tower
    write_rest: Callable[[Path], None]


def export_checkpoint(checkpoint: str | Path, out_dir: Path, *, int8: bool = True) -> ExportReport:
    """Export a transformers folder (CLIP, SigLIP, SigLIP 2 with fixed resolution) or an OpenCLIP checkpoint.

    ``checkpoint`` is a folder (`save_pretrained`, or OpenCLIP's with ``open_clip_config.json``), or ``ARCH:FILE``, an
    OpenCLIP architecture and a weight file. ``out_dir`` must not exist, or be empty; it appears only when complete.
    Raises ModelExportError, also when the graphs differ from the model by more than `MAX_ERROR`.
    """
    _require_packages("torch", "onnx")
    if out_dir.exists() and (not out_dir.is_dir() or any(out_dir.iterdir())):
        raise ModelExportError(f"{out_dir} is not empty.", hint="Give a new folder.")
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out_dir.parent, prefix=".export-") as temporary, _plain_errors(checkpoint):
        work = Path(temporary) / "model"
        work.mkdir()
        loaded = load_checkpoint(checkpoint, work)
        report = _export(loaded, work, int8=int8)
        if out_dir.exists():
            out_dir.rmdir()
        shutil.move(work, out_dir)
    return ExportReport(out_dir, *report)


def load_checkpoint(checkpoint: str | Path, work: Path) -> Checkpoint:
    """Find out what a checkpoint is, load it and write its tokenizer to ``work``, so that texts can be sampled."""
    path = Path(checkpoint)
    if (path / "open_clip_config.json").is_file() or (":" in str(checkpoint) and not path.exists()):
        from smartsearch.embeddings.export_openclip import load_openclip

        return load_openclip(str(checkpoint), work)
    if not path.is_dir():
        raise PathNotFoundError(f"There is no checkpoint {checkpoint}.")
    return _load_transformers(path, work)


def _export(checkpoint: Checkpoint, work: Path, *, int8: bool) -> tuple[float, float | None]:
    from smartsearch.onnx.quantize import quantize_int8

    checkpoint.write_rest(work)
    errors, cosines = [], []
    for tower in (checkpoint.image, checkpoint.text):
        graph = work / tower.path
        graph.parent.mkdir(parents=True, exist_ok=True)
        trace(tower, graph)
        reference = _reference(tower)
        errors.append(float(np.abs(_run(tower, graph) - reference).max()))
        if errors[-1] > MAX_ERROR:
            raise ModelExportError(f"{tower.path} differs from the model by {errors[-1]:.2g}; nothing was written.")
        if int8:
            small = graph.with_name(f"{graph.stem}_quantized.onnx")
            quantize_int8(graph, small)
            cosines.append(float((_run(tower, small) * reference).sum(axis=1).min()))
    return max(errors), min(cosines, default=None)


def trace(tower: Tower, path: Path) -> None:
    """Write the fp32 graph. The batch axis is free, other axes as the tower says."""
    import torch

    sample = torch.from_numpy(tower.sample[:2])
    axes = {tower.input_name: {0: "batch", **tower.free_axes}, tower.output_name: {0: "batch"}}
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # the fused kernel has no ONNX form
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about tracing: the result is compared with the model instead
            torch.onnx.export(
                tower.module,
                (sample,),
                str(path),
                input_names=[tower.input_name],
                output_names=[tower.output_name],
                dynamic_axes=axes,
                opset_version=OPSET,
                dynamo=False,
            )
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)


def _reference(tower: Tower) -> NDArray[np.float32]:
    import torch

    with torch.no_grad():
        return normalise(tower.module(torch.from_numpy(tower.sample)).numpy())


def _run(tower: Tower, graph: Path) -> NDArray[np.float32]:
    session = LazySession(graph, RuntimeSettings(provider="cpu", idle_seconds=0))
    try:
        return normalise(session.run(tower.output_name, {tower.input_name: tower.sample}))
    finally:
        session.release()


def sample_pixels(size: int) -> NDArray[np.float32]:
    """Three normalised noise pictures, (3, 3, size, size)."""
    return np.random.default_rng(0).standard_normal((3, 3, size, size), np.float32)


def sample_tokens(tokenizer: Path, rules: TokenRules) -> NDArray[np.int64]:
    """The ids of `SAMPLE_TEXTS`."""
    return TextTokenizer(tokenizer, rules).encode(SAMPLE_TEXTS)[0]


# -- transformers ------------------------------------------------------------------------------------------------------


def _load_transformers(folder: Path, work: Path) -> Checkpoint:
    _require_packages("transformers")
    import transformers
    from transformers.utils import logging

    from smartsearch.embeddings import clip, siglip2
    from smartsearch.embeddings.layouts import pad_id

    config = _read_json(folder / "config.json")
    kind = str(config.get("model_type"))
    if kind not in _TRANSFORMERS_MODELS:
        raise ModelExportError(
            f"Checkpoints of type {kind!r} cannot be exported.", hint=f"Known: {', '.join(_TRANSFORMERS_MODELS)}."
        )
    logging.disable_progress_bar()  # type: ignore[no-untyped-call,unused-ignore]
    model = getattr(transformers, _TRANSFORMERS_MODELS[kind]).from_pretrained(
        folder, local_files_only=True, attn_implementation="eager"
    )
    model.eval()
    _write_tokenizer(folder, work)
    family = siglip2.FAMILY if kind == "siglip" else clip.FAMILY
    text = TextInput(model.config.text_config.max_position_embeddings, pad_id=pad_id(work))
    rules = family.token_rules(text)

    def write_rest(out: Path) -> None:
        (out / "config.json").write_text(json.dumps(model.config.to_dict(), indent=2, default=str), encoding="utf-8")
        (out / "preprocessor_config.json").write_text(
            json.dumps(_image_processor(folder), indent=2) + "\n", encoding="utf-8"
        )

    return Checkpoint(
        image=Tower(
            feature_module(model, "get_image_features"),
            sample_pixels(model.config.vision_config.image_size),
            "onnx/vision_model.onnx",
            "pixel_values",
            "image_embeds",
            {},
        ),
        text=Tower(
            feature_module(model, "get_text_features"),
            sample_tokens(work / "tokenizer.json", rules),
            "onnx/text_model.onnx",
            "input_ids",
            "text_embeds",
            {1: "sequence"},
        ),
        write_rest=write_rest,
    )


def feature_module(model: Any, method: str) -> torch.nn.Module:
    """A module whose forward is one method of the model and gives one tensor."""
    import torch

    class Features(torch.nn.Module):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, value: torch.Tensor) -> torch.Tensor:
            result = getattr(self.model, method)(value)
            features: torch.Tensor = result if isinstance(result, torch.Tensor) else result.pooler_output
            return features

    return Features().eval()


def _write_tokenizer(folder: Path, work: Path) -> None:
    if (folder / "tokenizer.json").is_file():
        for name in ("tokenizer.json", "tokenizer_config.json"):
            if (folder / name).is_file():
                shutil.copyfile(folder / name, work / name)
        return
    import transformers

    transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True, use_fast=True).save_pretrained(work)


def _image_processor(folder: Path) -> dict[str, Any]:
    """The image processor's settings; newer transformers nest them in `processor_config.json`."""
    path = folder / "preprocessor_config.json"
    if path.is_file():
        return _read_json(path)
    nested = _read_json(folder / "processor_config.json").get("image_processor")
    if not isinstance(nested, dict):
        raise ModelExportError(f"{folder} says nothing about the preparation of pictures.")
    return nested


# -- shared ------------------------------------------------------------------------------------------------------------


def _require_packages(*names: str) -> None:
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        raise ModelExportError(
            f"Export needs the packages {', '.join(missing)}.",
            hint="Install them with: pip install 'smartsearch[train]'.",
        )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelExportError(f"{path} cannot be read: {error}.") from error
    return data if isinstance(data, dict) else {}


@contextlib.contextmanager
def _plain_errors(checkpoint: str | Path) -> Iterator[None]:
    try:
        yield
    except SmartsearchError:
        raise
    except Exception as error:
        lines: Sequence[str] = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelExportError(f"{checkpoint} cannot be exported: {lines[0].rstrip('.')}.") from error
