"""The built-in plugin: the models that smartsearch knows, and its encoder families.

Revisions are commits of the hub repositories, so that names keep meaning the same bytes. Checksums and sizes are those
the repositories publish; a file without one here is recorded on its first download.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from smartsearch.embeddings import clip, mobileclip, siglip2
from smartsearch.hookspecs import hookimpl
from smartsearch.onnx.descriptions import Licence, ModelDescription, TextInput, Towers

if TYPE_CHECKING:
    from smartsearch.embeddings.base import EncoderFamily

FAMILIES = ("clip", "openclip", "mobileclip", "siglip2", "pocket")

_CLIP_LICENCE = Licence("MIT", None, "The model card advises against untested deployment.")
_APPLE_LICENCE = Licence("Apple AMLR", False, "Weights for research purposes only; see the repository's LICENSE.")
_CLIP_TEXT = TextInput(clip.CONTEXT_LENGTH)


def _transformers_js(variant: str, size: int | None = None, extra: tuple[str, ...] = ()) -> Towers:
    """The file names of the transformers.js layout."""
    suffix = {"fp32": "", "fp16": "_fp16", "int8": "_quantized"}[variant]
    return Towers(
        variant=variant,  # type: ignore[arg-type]
        image=f"onnx/vision_model{suffix}.onnx",
        text=f"onnx/text_model{suffix}.onnx",
        extra=extra,
        size=size,
    )


CLIP_B32 = ModelDescription(
    name="clip-vit-b-32",
    family="clip",
    revision="d15189d7028b43f1d3e65039190477f6af591c2a",
    dim=512,
    preprocessing=clip.preprocessing(),
    text=_CLIP_TEXT,
    towers=(
        _transformers_js("fp32", 609_000_000),
        _transformers_js("int8", 155_845_627),
        _transformers_js("fp16", 306_000_000),
    ),
    licence=_CLIP_LICENCE,
    summary="OpenAI CLIP ViT-B/32: the well-known baseline.",
    repository="Xenova/clip-vit-base-patch32",
    sha256={
        "tokenizer.json": "f7f3b7af117d467b58374797691a6438d3e6b9e9cef800dfd5dced7f697a90cd",
        "onnx/vision_model.onnx": "fd6e1402a588279d1723c7534d4bcba5bc0b14b47dfab0e46f8c47b8270d7d40",
        "onnx/text_model.onnx": "3f6571f5bad13a97c469c1622e1cfc4d9aef78b79fdbfcff804ca357bfada8cc",
        "onnx/vision_model_quantized.onnx": "583fd1110a514667812fee7d684952aaf82a99b959760c8d7dca7e0ab9839299",
        "onnx/text_model_quantized.onnx": "73baab855d406190da9faa498cfedf65f15cf309f4cc7385b7b032e6d08e5c3a",
    },
    sources=("https://huggingface.co/openai/clip-vit-base-patch32",),
)

CLIP_L14 = ModelDescription(
    name="clip-vit-l-14",
    family="clip",
    revision="main",  # no commit verified: the one met on the first pull is recorded
    dim=768,
    preprocessing=clip.preprocessing(),
    text=_CLIP_TEXT,
    towers=(
        _transformers_js("fp32", 1_714_000_000),
        _transformers_js("int8", 432_000_000),
        _transformers_js("fp16", 858_000_000),
    ),
    licence=_CLIP_LICENCE,
    summary="OpenAI CLIP ViT-L/14: better, at about 18 times the computation of ViT-B/32.",
    repository="Xenova/clip-vit-large-patch14",
    sources=("https://huggingface.co/openai/clip-vit-large-patch14",),
)

OPENCLIP_B32 = ModelDescription(
    name="openclip-vit-b-32",
    family="openclip",
    revision="6e4b2ebb0ec5f1726a919aec359fad92cd3ec021",
    dim=512,
    preprocessing=clip.preprocessing(),
    text=TextInput(clip.CONTEXT_LENGTH, tokenizer="textual/tokenizer.json"),
    towers=(Towers("fp32", image="visual/model.onnx", text="textual/model.onnx", size=607_000_000),),
    licence=Licence("MIT", None, "The model card advises against untested deployment."),
    summary="OpenCLIP ViT-B/32, trained on LAION-2B: the size and speed of CLIP ViT-B/32, open data.",
    repository="immich-app/ViT-B-32__laion2b-s34b-b79k",
    sources=("https://huggingface.co/laion/CLIP-ViT-B-32-laion2B-s34B-b79K",),
)


def _mobileclip2(size: str, summary: str, total: int) -> ModelDescription:
    return ModelDescription(
        name=f"mobileclip2-{size}",
        family="mobileclip",
        revision="ba95759a5bdbaca53e9111e2550a76ec09c8fd9e",
        dim=512,
        preprocessing=mobileclip.PREPROCESSING,
        text=_CLIP_TEXT,
        towers=(
            Towers("fp32", image=f"onnx/{size}/vision_model.onnx", text=f"onnx/{size}/text_model.onnx", size=total),
        ),
        licence=_APPLE_LICENCE,
        summary=summary,
        repository="plhery/mobileclip2-onnx",
        sources=(f"https://huggingface.co/apple/MobileCLIP2-{size.upper()}",),
    )


MOBILECLIP2_S0 = _mobileclip2("s0", "MobileCLIP2-S0: a small image tower made for phones.", 300_000_000)
MOBILECLIP2_S2 = _mobileclip2("s2", "MobileCLIP2-S2: the next larger one.", 400_000_000)

SIGLIP2_B16 = ModelDescription(
    name="siglip2-b-16",
    family="siglip2",
    revision="ba1f3b0843f24bc5417d38e19c37b287d719b2f4",
    dim=768,
    preprocessing=siglip2.preprocessing(),
    text=TextInput(siglip2.CONTEXT_LENGTH, lowercase=True, pad_id=siglip2.PAD),
    towers=(
        _transformers_js("fp32", 1_540_000_000),
        _transformers_js("int8", 412_000_000),
        _transformers_js("fp16", 788_000_000),
    ),
    licence=Licence("Apache-2.0", True),
    summary="Google SigLIP 2 base, 224 pixels: queries in more than a hundred languages.",
    repository="onnx-community/siglip2-base-patch16-224-ONNX",
    languages=("multi",),
    sha256={
        "tokenizer.json": "cb9140fae3ac5122c972d37adf83e1248471a38147ad76f8215c8872c6fd8322",
        "onnx/vision_model.onnx": "c0573e3f4140c3a7c4e9cc5912bd6b26a033b46a6a8e8af26cbea262b163bcad",
        "onnx/text_model.onnx": "baf12d941beabafafb14f7b4adb38dc15be18681b964a84410ec53d9d65e6293",
        "onnx/vision_model_quantized.onnx": "5f2b401c1a4fc095702a5d45348e17ad46c4f87064085365b43c6e8eaa5c0070",
        "onnx/vision_model_fp16.onnx": "a1959f7bd3993a607e48839f6d01e25b876fe76afda301b028b78eef68aabd95",
    },
    sources=("https://huggingface.co/google/siglip2-base-patch16-224",),
)


@hookimpl
def smartsearch_models() -> tuple[ModelDescription, ...]:
    return (CLIP_B32, CLIP_L14, OPENCLIP_B32, MOBILECLIP2_S0, MOBILECLIP2_S2, SIGLIP2_B16)


@hookimpl
def smartsearch_encoder_family(name: str) -> EncoderFamily | None:
    if name not in FAMILIES:
        return None
    family: EncoderFamily = import_module(f"smartsearch.embeddings.{name}").FAMILY
    return family
