"""One narrow layer in front of all members' first layers, so that three of them take little more room than one.

The members' first layers read the same features. Of all maps to RANK numbers, the leading directions of what those
layers give on the training photos lose least of it in the mean square (reduced rank regression). Both factors are
rounded to four bits; the second one is fitted anew to what the rounded first one gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from training.int4 import GROUP, rounded
from training.train import Heads

RANK = 448
RIDGE = 1e-4


@dataclass(frozen=True)
class Reduction:
    """``narrow`` [width up to a multiple of 32, RANK] on standardised features, ``widen`` [RANK, first layers] on
    that; both as their four-bit codes read back."""

    narrow: Tensor
    widen: Tensor

    def apply(self, members: Sequence[Heads]) -> None:
        """Replaces the weights of the members' first layers by the product of both factors, in place."""
        width = members[0].image.mean.numel()
        product = (self.narrow[:width] @ self.widen).T
        layers = first_layers(members)
        parts = product.split([layer.out_features for layer in layers])
        with torch.no_grad():
            for layer, part in zip(layers, parts, strict=True):
                layer.weight.copy_(part)


def first_layers(members: Sequence[Heads]) -> list[torch.nn.Linear]:
    """What reads the features, in the order of ``widen``'s columns."""
    return [layer for heads in members for layer in (heads.image.straight, heads.image.inner)]


def four_bits(matrix: Tensor) -> Tensor:
    """A matrix [in, out] as the graph reads it back: groups lie along "in"."""
    return rounded(matrix.T.contiguous()).T


def reduction(members: Sequence[Heads], features: Tensor) -> Reduction:
    """Fitted to features of photos float32 [N, width], N >= RANK."""
    head = members[0].image
    x = (features - head.mean) / head.deviation
    weights = torch.cat([layer.weight.detach() for layer in first_layers(members)]).T
    given = x @ weights
    _, directions = torch.linalg.eigh(given.T @ given / len(x))
    leading = directions[:, -RANK:]
    narrow = torch.nn.functional.pad(weights @ leading, (0, 0, 0, -x.shape[1] % GROUP))
    narrow = four_bits(narrow / narrow.norm(dim=0))
    seen = x @ narrow[: x.shape[1]]
    moments = seen.T @ seen
    moments += RIDGE * moments.diag().mean() * torch.eye(RANK)
    return Reduction(narrow, four_bits(torch.linalg.solve(moments, seen.T @ given)))
