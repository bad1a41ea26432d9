"""The trainable parts of one member: backbone features and sentence vectors to one space of 256 dimensions.

The image side sums two paths: a residual network on the features, and the classifier's own verdict, spelt in the
text tower's embeddings of the class names (after Norouzi et al., "ConSE", 2013). The second path is what makes
names of objects work that no training caption contains; since it is tied to the text tower, both learn together.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.backbone import CLASSES

DIM = 256
IMAGE_HIDDEN, TEXT_HIDDEN = 256, 256


class ImageHead(nn.Module):
    """Features of all backbones float32 [N, width] to embeddings [N, 256] of length 1.

    The last 1,280 features of each backbone come first. Their classifiers vote: the logits of those given are averaged.
    """

    mean: Tensor
    deviation: Tensor
    class_weight: Tensor
    class_bias: Tensor

    def __init__(self, features: Tensor, classifiers: Sequence[nn.Linear], dropout: float, share: float) -> None:
        super().__init__()
        self.register_buffer("mean", features.mean(0))
        self.register_buffer("deviation", features.std(0) + 1e-4)
        weights = torch.cat([layer.weight.detach() for layer in classifiers], 1)
        self.register_buffer("class_weight", weights / len(classifiers))
        self.register_buffer("class_bias", torch.stack([layer.bias.detach() for layer in classifiers]).mean(0))
        self.straight = nn.Linear(features.shape[1], DIM)
        self.inner = nn.Linear(features.shape[1], IMAGE_HIDDEN)
        self.outer = nn.Linear(IMAGE_HIDDEN, DIM)
        self.dropout = nn.Dropout(dropout)
        self.share = share
        self.meaning = nn.Parameter(torch.zeros(CLASSES, DIM))

    def verdict(self, features: Tensor) -> Tensor:
        """The probabilities of the classes, float32 [N, 1000]."""
        read = self.class_weight.shape[1]
        return (features[:, :read] @ self.class_weight.T + self.class_bias).softmax(dim=-1)

    def forward(self, features: Tensor, class_embeddings: Tensor) -> Tensor:
        """class_embeddings: float32 [1000, 256], the text tower's embeddings of the class names."""
        x = self.dropout((features - self.mean) / self.deviation)
        seen = self.straight(x) + self.outer(self.dropout(functional.gelu(self.inner(x))))
        named = self.verdict(features) @ (class_embeddings + self.meaning)
        return functional.normalize(functional.normalize(seen, dim=-1) + self.share * named, dim=-1)


class TextHead(nn.Module):
    """Sentence vectors float32 [N, 384] of length 1 to embeddings [N, 256] of length 1."""

    def __init__(self, dropout: float = 0.1) -> None:
        super().__init__()
        self.straight = nn.Linear(384, DIM)
        self.inner = nn.Linear(384, TEXT_HIDDEN)
        self.outer = nn.Linear(TEXT_HIDDEN, DIM)
        self.dropout = nn.Dropout(dropout)
        self.scale = 384**0.5

    def forward(self, sentences: Tensor) -> Tensor:
        x = sentences * self.scale
        out = self.straight(x) + self.outer(self.dropout(functional.gelu(self.inner(self.dropout(x)))))
        return functional.normalize(out, dim=-1)
