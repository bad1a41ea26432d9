"""What SigLIP 2's text tower is fed for queries in any script, beside the reference: the tokenizer of transformers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smartsearch.embeddings.siglip2 import CONTEXT_LENGTH, PAD
from smartsearch.embeddings.tokens import TextTokenizer, TokenRules

KNOWN = [
    "a dog on the beach",
    "海滩上的狗",
    "كلب على الشاطئ",
    "समुद्र तट पर कुत्ता",
    "собака на пляже",
    "犬が海で遊ぶ",
]
"""What the tiny vocabulary is learnt from: half of every test below is in no token of it and goes by bytes."""
TEXTS = [
    *KNOWN,
    "雪地里的两只猫，没有人",  # unseen characters, Chinese punctuation
    "قطّة في الثَّلج",  # vowel signs, right to left
    "बर्फ़ में दो बिल्लियाँ क्षेत्र",  # conjuncts, nukta, candrabindu
    "👩‍👩‍👧 auf dem 🏖️ 👍🏽 🇵🇹",  # joined, with selector, with skin tone, a flag
    "ÉTÉ À LA PLAGE",
    "İstanbul'da KIŞ",
    "СОБАКА НА СНЕГУ",
    "e\u0301te\u0301 and \u00e9t\u00e9",  # combining accents stay apart
    "หมาบนชายหาด 개가 해변에",
    "  two   blanks \t and\nlines  ",
    "",
    "狗" * 100,  # longer than the tower reads
    "\u200fshalom שלום\u200e \ufeff",
    "𠮷野家 \U0010ffff",
]


def test_any_script_gives_the_tokens_of_the_reference(tmp_path: Path) -> None:
    reference_module = pytest.importorskip("transformers.models.siglip2.tokenization_siglip2")
    vocabulary, merges = _tiny_vocabulary()
    from tokenizers.processors import TemplateProcessing

    reference = reference_module.Siglip2Tokenizer(vocab=vocabulary, merges=merges, padding_side="right")
    reference.backend_tokenizer.post_processor = TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    reference.backend_tokenizer.save(str(tmp_path / "tokenizer.json"))
    rules = TokenRules(CONTEXT_LENGTH, PAD, lowercase=True, fixed_length=True)
    ours = TextTokenizer(tmp_path / "tokenizer.json", rules).encode(TEXTS)[0]
    asked = {"padding": "max_length", "max_length": CONTEXT_LENGTH, "truncation": True}
    theirs = np.array(reference(TEXTS, **asked)["input_ids"])
    assert ours.shape == (len(TEXTS), 64)
    for text, own, other in zip(TEXTS, ours.tolist(), theirs.tolist(), strict=True):
        assert own == other, text
    unknown = vocabulary["<unk>"]
    assert unknown not in ours, "what no token has goes by its bytes"
    assert len({row.tobytes() for row in ours}) == len(TEXTS), "no two scripts look the same to the tower"
    text = "雪地里的两只猫，没有人"
    back = reference.decode(ours[TEXTS.index(text)], skip_special_tokens=True)
    assert back == text, "nothing of the query is lost"


def test_capital_letters_of_any_script_do_not_matter(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    path = _plain_tokenizer(tmp_path)
    tokenizer = TextTokenizer(path, TokenRules(CONTEXT_LENGTH, PAD, lowercase=True, fixed_length=True))
    for capital, small in (("СОБАКА НА ПЛЯЖЕ", "собака на пляже"), ("ÉTÉ", "été"), ("ΔΡΟΜΟΣ", "δρομος")):
        first, second = tokenizer.encode([capital, small])[0].tolist()
        assert first == second


def _tiny_vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Special tokens and bytes as Gemma has them, then characters and merges learnt from `KNOWN`."""
    import json

    from tokenizers import Tokenizer, normalizers
    from tokenizers.models import BPE
    from tokenizers.trainers import BpeTrainer

    learnt = Tokenizer(BPE())
    learnt.normalizer = normalizers.Replace(" ", "▁")
    learnt.train_from_iterator(KNOWN, BpeTrainer(vocab_size=150, show_progress=False))
    model = json.loads(learnt.to_str())["model"]
    tokens = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *(f"<0x{byte:02X}>" for byte in range(256))]
    tokens += [token for token in sorted(model["vocab"], key=model["vocab"].__getitem__) if token not in tokens]
    return {token: place for place, token in enumerate(tokens)}, [tuple(merge) for merge in model["merges"]]


def _plain_tokenizer(folder: Path) -> Path:
    """A file without a rule for capitals, as the checkpoints of SigLIP 2 have it."""
    from tokenizers import Tokenizer, normalizers
    from tokenizers.models import BPE

    vocabulary, merges = _tiny_vocabulary()
    made = Tokenizer(BPE(vocab=vocabulary, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    made.normalizer = normalizers.Replace(" ", "▁")
    made.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json"
