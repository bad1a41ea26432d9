"""OpenCLIP checkpoints (also MobileCLIP2) for `models export`, through open_clip_torch."""

from __future__ import annotations

import importlib
import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

from smartsearch.core.errors import ModelExportError
from smartsearch.embeddings.export import Checkpoint, Tower, feature_module, sample_pixels, sample_tokens
from smartsearch.embeddings.tokens import TokenRules

TOKENIZER = "textual/tokenizer.json"


def load_openclip(checkpoint: str, work: Path) -> Checkpoint:
    """A folder with ``open_clip_config.json``, or ``ARCH:FILE``. Writes the tokenizer to ``work``."""
    open_clip = _open_clip()
    known: dict[str, Any] = {}
    if Path(checkpoint).is_dir():
        model = open_clip.create_model(f"local-dir:{checkpoint}")
        config = json.loads((Path(checkpoint) / "open_clip_config.json").read_text(encoding="utf-8"))["model_cfg"]
    else:
        name, _, file = checkpoint.partition(":")
        if not Path(file).is_file():
            raise ModelExportError(f"There is no weight file {file}.")
        config = open_clip.get_model_config(name)
        if config is None:
            raise ModelExportError(f"OpenCLIP knows no architecture {name!r}.")
        model = open_clip.create_model(name, pretrained=file)
        known = _published_preprocessing(open_clip, name)
    model.eval()
    _merge_branches(model)
    context = int(config["text_cfg"].get("context_length", 77))
    _write_tokenizer(open_clip, checkpoint, config, work)
    settings = dict(model.visual.preprocess_cfg) | known

    def write_rest(out: Path) -> None:
        (out / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        (out / "visual").mkdir(exist_ok=True)
        (out / "visual" / "preprocess_cfg.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")

    return Checkpoint(
        image=Tower(
            feature_module(model, "encode_image"),
            sample_pixels(_side(settings["size"])),
            "visual/model.onnx",
            "pixel_values",
            "image_embeds",
            {},
        ),
        text=Tower(
            feature_module(model, "encode_text"),
            sample_tokens(work / TOKENIZER, TokenRules(context, pad_id=0, fixed_length=True)),
            "textual/model.onnx",
            "input_ids",
            "text_embeds",
            {},
        ),
        write_rest=write_rest,
    )


def _open_clip() -> Any:
    if importlib.util.find_spec("open_clip") is None:
        raise ModelExportError(
            "Exporting an OpenCLIP checkpoint needs the package open_clip_torch.",
            hint="Install it with: pip install open_clip_torch.",
        )
    import open_clip

    return open_clip


def _published_preprocessing(open_clip: Any, name: str) -> dict[str, Any]:
    """How the published weights of an architecture prepare pictures, where they all agree: a bare file cannot say."""
    published = [open_clip.get_pretrained_cfg(name, tag) for tag in open_clip.list_pretrained_tags_by_model(name)]
    first = published[0] if published else {}
    keys = ("mean", "std", "interpolation", "resize_mode")
    return {key: first[key] for key in keys if key in first and all(cfg.get(key) == first[key] for cfg in published)}


def _merge_branches(model: Any) -> None:
    """MobileCLIP's towers train with parallel branches that fold into one convolution each: same result, faster."""
    trunk = getattr(model.visual, "trunk", None)
    if trunk is not None:
        model.visual.trunk = importlib.import_module("timm.utils").reparameterize_model(trunk)


def _write_tokenizer(open_clip: Any, checkpoint: str, config: dict[str, Any], work: Path) -> None:
    """OpenCLIP's own byte-pair tokenizer as a tokenizer.json, or the one beside the checkpoint."""
    target = work / TOKENIZER
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(checkpoint) / "tokenizer.json"
    if beside.is_file():
        shutil.copyfile(beside, target)
        return
    if config["text_cfg"].get("hf_tokenizer_name"):
        raise ModelExportError(
            "The checkpoint uses another tokenizer than CLIP's.", hint="Put its tokenizer.json beside it."
        )
    clip_tokenizer(open_clip.tokenizer.SimpleTokenizer()).save(str(target))


def clip_tokenizer(simple: Any) -> Any:
    """OpenCLIP's SimpleTokenizer as a `tokenizers.Tokenizer` that gives the same ids (77 at most, marks included).

    The splitting pattern and the byte-level alphabet are CLIP's (Radford et al. 2021).
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    start, end = "<start_of_text>", "<end_of_text>"
    merges = [pair for pair, _ in sorted(simple.bpe_ranks.items(), key=lambda item: item[1])]
    tokenizer = Tokenizer(
        models.BPE(simple.encoder, merges, end_of_word_suffix="</w>", continuing_subword_prefix="", unk_token=end)
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    pattern = Regex(r"<start_of_text>|<end_of_text>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(pattern, behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}", special_tokens=[(token, simple.encoder[token]) for token in (start, end)]
    )
    return tokenizer


def _side(size: Any) -> int:
    return int(size[0]) if isinstance(size, list | tuple) else int(size)
