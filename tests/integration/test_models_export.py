"""Small random models of the real architectures: exported, imported, and compared with their reference implementation.

The largest differences are asserted here and stated in docs/models.md.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from smartsearch.core.errors import ModelExportError, PathNotFoundError
from smartsearch.core.settings import RuntimeSettings
from smartsearch.embeddings.base import normalise
from smartsearch.embeddings.export import ExportReport, export_checkpoint
from smartsearch.embeddings.factory import Encoders, load_encoders
from smartsearch.embeddings.installing import Installer
from smartsearch.onnx.descriptions import Registry
from smartsearch.onnx.weights import Weights
from smartsearch.plugins import Plugins

pytestmark = [
    pytest.mark.torch,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # of other packages, while models are built and traced
]

MAX_ERROR = 2e-6
"""Of any element of a normalised vector, ours against PyTorch with the reference preprocessing and tokenizer."""

INT8_COSINE = 0.99

TEXTS = [
    "a dog",
    "two People walk along  a beach at sunset, hand in hand!",
    "x y",
    "the quick brown fox jumps over the lazy dog " * 12,  # longer than any context
    "it's 12 o'clock; café ☕ 東京",
]

CAPTIONS = [
    "a dog runs on the beach",
    "two people walk along the sea at sunset",
    "the quick brown fox jumps over the lazy dog",
    "it's 12 o'clock in the café",
]


@pytest.fixture(scope="session")
def torch() -> ModuleType:
    module = pytest.importorskip("torch", reason="the [train] extra is not installed")
    transformers = pytest.importorskip("transformers", reason="the [train] extra is not installed")
    assert transformers.CLIPModel  # loaded before anything stands in for torchvision
    module.manual_seed(0)
    return module


class _AnyName(type):
    """A class whose every attribute exists."""

    def __getattr__(cls, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        return name


class _StandIn(ModuleType):
    """A module from which every class can be imported; none of them does anything."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []
        self.__version__ = "0.0"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _AnyName(name, (), {})


TORCHVISION_MODULES = [
    "torchvision",
    "torchvision.datasets",
    "torchvision.io",
    "torchvision.ops",
    "torchvision.ops.misc",
    "torchvision.transforms",
    "torchvision.transforms.functional",
]


@pytest.fixture(scope="session")
def open_clip(torch: ModuleType) -> ModuleType:
    """open_clip imports torchvision for training and preparation, of which this test uses nothing.

    PyPI has no CPU build of torchvision, so where it is missing a stand-in serves while open_clip is imported.
    """
    with pytest.MonkeyPatch.context() as patch:
        if importlib.util.find_spec("torchvision") is None:
            for name in TORCHVISION_MODULES:
                module = _StandIn(name)
                patch.setitem(sys.modules, name, module)
                parent, _, child = name.rpartition(".")
                if parent:
                    setattr(sys.modules[parent], child, module)
        return pytest.importorskip("open_clip", reason="open_clip_torch is not installed", exc_type=ImportError)


def noise(size: int) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (4, size, size, 3), dtype=np.uint8)


def installed(folder: Path, tmp_path: Path, variant: str = "fp32") -> Encoders:
    plugins = Plugins(discover=False)
    weights = Weights(tmp_path / "models", Registry(), packaged=tmp_path / "none")
    model = Installer(weights, plugins.encoder_family).import_folder(folder, name="random", variant=variant)
    family = plugins.encoder_family(model.description.family)
    return load_encoders(model, family, RuntimeSettings(provider="cpu", idle_seconds=0, batch_size=3))


def features(result: Any) -> NDArray[np.float32]:
    tensor = getattr(result, "pooler_output", result)
    return normalise(tensor.detach().numpy())


def assert_close(ours: NDArray[np.float32], reference: NDArray[np.float32]) -> None:
    error = float(np.abs(ours - reference).max())
    assert error < MAX_ERROR, f"max abs error {error:.3g}"


# -- transformers: CLIP ------------------------------------------------------------------------------------------------


def trained_bpe(vocabulary_size: int) -> tuple[dict[str, int], list[tuple[str, str]]]:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        CAPTIONS,
        trainers.BpeTrainer(
            vocab_size=vocabulary_size,
            initial_alphabet=alphabet,
            end_of_word_suffix="</w>",
            show_progress=False,
        ),
    )
    saved = json.loads(tokenizer.to_str())["model"]
    return saved["vocab"], [tuple(pair) for pair in saved["merges"]]


@pytest.fixture(scope="session")
def clip_checkpoint(torch: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import CLIPConfig, CLIPModel, CLIPTokenizer
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    folder = tmp_path_factory.mktemp("clip-checkpoint")
    vocabulary, merges = trained_bpe(700)
    for token in ("<|startoftext|>", "<|endoftext|>"):
        vocabulary[token] = len(vocabulary)
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=77)
    tokenizer.save_pretrained(folder)
    start, end = vocabulary["<|startoftext|>"], vocabulary["<|endoftext|>"]
    small = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 3, "num_attention_heads": 4}
    config = CLIPConfig(
        text_config=small
        | {"vocab_size": len(vocabulary), "bos_token_id": start, "eos_token_id": end, "pad_token_id": end},
        vision_config=small | {"image_size": 64, "patch_size": 16},
        projection_dim=48,
    )
    CLIPModel(config).save_pretrained(folder)
    CLIPImageProcessorPil(size={"shortest_edge": 64}, crop_size={"height": 64, "width": 64}).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def clip_export(clip_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> ExportReport:
    return export_checkpoint(clip_checkpoint, tmp_path_factory.mktemp("clip-export") / "out")


def test_clip_matches_transformers(clip_checkpoint: Path, clip_export: ExportReport, tmp_path: Path) -> None:
    from transformers import AutoTokenizer, CLIPModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    assert clip_export.max_error < MAX_ERROR
    ours = installed(clip_export.folder, tmp_path)
    assert ours.image.space.dim == 48
    model = CLIPModel.from_pretrained(clip_checkpoint).eval()
    pixels = noise(64)
    prepared = CLIPImageProcessorPil.from_pretrained(clip_checkpoint)(images=list(pixels), return_tensors="pt")
    assert_close(ours.image.encode_images(pixels), features(model.get_image_features(**prepared)))

    tokenizer = AutoTokenizer.from_pretrained(clip_checkpoint)
    ids = tokenizer(TEXTS, padding=True, truncation=True, max_length=77, return_tensors="pt")
    assert ids["input_ids"].shape == (len(TEXTS), 77)
    reference = features(model.get_text_features(**ids))
    assert_close(ours.text.encode_texts(TEXTS), reference)
    assert_close(ours.text.encode_texts(TEXTS[:1]), reference[:1])
    assert_close(ours.text.encode_texts(["dog"]), ours.text.encode_texts(["a photo of dog"]))


def test_clip_int8_is_close_to_fp32(clip_export: ExportReport, tmp_path: Path) -> None:
    assert clip_export.int8_cosine is not None
    assert clip_export.int8_cosine > INT8_COSINE
    full, small = installed(clip_export.folder, tmp_path), installed(clip_export.folder, tmp_path, "int8")
    assert small.image.space != full.image.space
    pixels = noise(64)
    cosines = (full.image.encode_images(pixels) * small.image.encode_images(pixels)).sum(axis=1)
    assert cosines.min() > INT8_COSINE
    assert (full.text.encode_texts(TEXTS) * small.text.encode_texts(TEXTS)).sum(axis=1).min() > INT8_COSINE


# -- transformers: SigLIP 2 --------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def siglip_checkpoint(torch: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SigLIP 2 at a fixed resolution is SigLIP's architecture with a Gemma tokenizer, as its published files say."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast, SiglipConfig, SiglipModel
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    folder = tmp_path_factory.mktemp("siglip-checkpoint")
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Replace(" ", "▁")])
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    tokenizer.decoder = decoders.Replace("▁", " ")
    specials = ["<pad>", "<eos>", "<bos>", "<unk>"]
    trainer = trainers.BpeTrainer(vocab_size=500, special_tokens=specials, show_progress=False)
    tokenizer.train_from_iterator(CAPTIONS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="<eos>",
        bos_token="<bos>",
        unk_token="<unk>",
        padding_side="right",
        model_max_length=64,
    ).save_pretrained(folder)
    small = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 3, "num_attention_heads": 4}
    config = SiglipConfig(
        text_config=small
        | {"vocab_size": tokenizer.get_vocab_size(), "max_position_embeddings": 64, "projection_size": 64},
        vision_config=small | {"image_size": 64, "patch_size": 16},
    )
    SiglipModel(config).save_pretrained(folder)
    SiglipImageProcessorPil(size={"height": 64, "width": 64}, resample=2).save_pretrained(folder)
    return folder


def test_siglip2_matches_transformers(siglip_checkpoint: Path, torch: ModuleType, tmp_path: Path) -> None:
    from transformers import AutoTokenizer, SiglipModel
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    report = export_checkpoint(siglip_checkpoint, tmp_path / "out", int8=False)
    assert report.max_error < MAX_ERROR
    ours = installed(tmp_path / "out", tmp_path)
    assert ours.image.preprocessing.resize == "squash"
    assert ours.image.preprocessing.interpolation == "bilinear"
    model = SiglipModel.from_pretrained(siglip_checkpoint).eval()
    pixels = noise(64)
    prepared = SiglipImageProcessorPil.from_pretrained(siglip_checkpoint)(images=list(pixels), return_tensors="pt")
    assert_close(ours.image.encode_images(pixels), features(model.get_image_features(**prepared)))

    tokenizer = AutoTokenizer.from_pretrained(siglip_checkpoint)
    ids = tokenizer(TEXTS, padding="max_length", truncation=True, max_length=64, return_tensors="pt")["input_ids"]
    reference = features(model.get_text_features(input_ids=ids))
    assert_close(ours.text.encode_texts(TEXTS), reference)
    assert_close(ours.text.encode_texts(TEXTS[:1]), reference[:1])


# -- OpenCLIP and MobileCLIP2 ------------------------------------------------------------------------------------------

TEXT_TOWER = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
OPENCLIP_MODELS = {
    "tiny-vit": {
        "embed_dim": 24,
        "vision_cfg": {"image_size": 64, "layers": 3, "width": 64, "patch_size": 16, "head_width": 16},
        "text_cfg": TEXT_TOWER,
    },
    "tiny-mobileclip2": {
        "embed_dim": 24,
        "vision_cfg": {
            "timm_model_name": "fastvit_mci0",
            "timm_model_pretrained": False,
            "timm_pool": "avg",
            "timm_proj": None,
            "image_size": 64,
        },
        "text_cfg": TEXT_TOWER | {"no_causal_mask": True},
        "custom_text": True,
    },
}
PREPARATION = {
    "tiny-vit": {
        "size": 64,
        "mean": [0.48145466, 0.4578275, 0.40821073],
        "std": [0.26862954, 0.26130258, 0.27577711],
        "interpolation": "bicubic",
        "resize_mode": "shortest",
    },
    "tiny-mobileclip2": {
        "size": 64,
        "mean": [0.0, 0.0, 0.0],
        "std": [1.0, 1.0, 1.0],
        "interpolation": "bilinear",
        "resize_mode": "shortest",
    },
}


@pytest.mark.parametrize(("name", "family"), [("tiny-vit", "openclip"), ("tiny-mobileclip2", "mobileclip")])
def test_openclip_matches_open_clip(
    name: str, family: str, open_clip: ModuleType, torch: ModuleType, tmp_path: Path
) -> None:
    from safetensors.torch import save_model

    checkpoint = tmp_path / "checkpoint"
    checkpoint.mkdir()
    config = {"model_cfg": OPENCLIP_MODELS[name], "preprocess_cfg": PREPARATION[name]}
    (checkpoint / "open_clip_config.json").write_text(json.dumps(config))
    architectures = tmp_path / "architectures"
    architectures.mkdir()
    (architectures / f"{name}.json").write_text(json.dumps(OPENCLIP_MODELS[name]))
    open_clip.add_model_config(architectures)
    model = open_clip.create_model(name).eval()
    save_model(model, str(checkpoint / "open_clip_model.safetensors"))

    report = export_checkpoint(checkpoint, tmp_path / "out", int8=name == "tiny-vit")
    assert report.max_error < MAX_ERROR
    ours = installed(tmp_path / "out", tmp_path)
    assert ours.text._family.name == family

    pixels = noise(64)
    with torch.no_grad():  # ToTensor and Normalize, as open_clip prepares a picture that has the right size
        scaled = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
        mean, std = (torch.tensor(PREPARATION[name][key]).view(3, 1, 1) for key in ("mean", "std"))
        prepared = (scaled - mean) / std
        assert_close(ours.image.encode_images(pixels), features(model.encode_image(prepared)))
        assert_close(ours.text.encode_texts(TEXTS), features(model.encode_text(open_clip.tokenize(TEXTS))))


def test_openclip_tokens_are_the_same(open_clip: ModuleType, tmp_path: Path) -> None:
    from smartsearch.embeddings.export_openclip import clip_tokenizer
    from smartsearch.embeddings.tokens import TextTokenizer, TokenRules

    clip_tokenizer(open_clip.tokenizer.SimpleTokenizer()).save(str(tmp_path / "tokenizer.json"))
    ours = TextTokenizer(tmp_path / "tokenizer.json", TokenRules(77, pad_id=0, lowercase=True, fixed_length=True))
    texts = [*TEXTS, "", "  ", "I'm  HERE\nnow", "a-b_c/d 3.14 #1", "naïve Ünïcode ß İ", "👩‍👩‍👧 family", "don't won't"]
    np.testing.assert_array_equal(ours.encode(texts)[0], open_clip.tokenize(texts).numpy())


# -- what cannot be exported -------------------------------------------------------------------------------------------


def test_bad_checkpoints_are_plain_errors(clip_checkpoint: Path, torch: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(PathNotFoundError, match="no checkpoint"):
        export_checkpoint(tmp_path / "nowhere", tmp_path / "out")
    other = tmp_path / "bert"
    other.mkdir()
    (other / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ModelExportError, match="'bert' cannot be exported"):
        export_checkpoint(other, tmp_path / "out")
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for file in clip_checkpoint.iterdir():
        (damaged / file.name).write_bytes(file.read_bytes()[: 1000 if file.suffix == ".safetensors" else None])
    with pytest.raises(ModelExportError, match="cannot be exported"):
        export_checkpoint(damaged, tmp_path / "out")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(ModelExportError, match="not empty"):
        export_checkpoint(clip_checkpoint, tmp_path / "full")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bert", "damaged", "full"]


def test_a_graph_that_differs_is_refused(
    clip_checkpoint: Path, torch: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from smartsearch.embeddings import export

    monkeypatch.setattr(export, "MAX_ERROR", 0.0)
    with pytest.raises(ModelExportError, match="differs from the model"):
        export_checkpoint(clip_checkpoint, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_the_extra_export_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from smartsearch.embeddings import export

    monkeypatch.setattr(export.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModelExportError, match=r"smartsearch\[train\]"):
        export_checkpoint(tmp_path, tmp_path / "out")
