"""Four-bit weights: groups of 32 neighbours share a scale and a zero point (round to nearest).

`rounded` gives a matrix as the shipped graph will read it, so that everything trained after it is trained on the
rounded encoder; `packed` gives the same numbers as the graph stores them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

GROUP = 32
LEVELS = 15


def codes(weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Codes 0..15 [rows, groups, 32], scales and zero points [rows, groups, 1] of a matrix [rows, columns]."""
    grouped = weight.detach().float().view(weight.shape[0], -1, GROUP)
    low = grouped.amin(-1, keepdim=True).clamp(max=0)
    high = grouped.amax(-1, keepdim=True).clamp(min=0)
    scale = ((high - low) / LEVELS).clamp(min=1e-9)
    zero = (-low / scale).round()
    return ((grouped / scale).round() + zero).clamp(0, LEVELS), scale, zero


def rounded(weight: Tensor) -> Tensor:
    """The matrix as its four-bit codes read back."""
    code, scale, zero = codes(weight)
    return ((code - zero) * scale).view(weight.shape)


def packed(weight: Tensor) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """Codes uint8 [rows, columns / 2] (column i low, i + columns / 2 high), scales and zeros [rows, groups, 1]."""
    code, scale, zero = codes(weight)
    flat = code.numpy().astype(np.uint8).reshape(weight.shape)
    half = weight.shape[1] // 2
    return flat[:, :half] | (flat[:, half:] << 4), scale.numpy().astype(np.float32), zero.numpy().astype(np.uint8)


def int4_rows(matrix: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float16]]:
    """Four bits a number, -7 to 7 stored as 1 to 15, and one float16 scale for each GROUP neighbours of a row.

    The low half of byte i holds number i of the row, its high half number i + width / 2.
    """
    rows, width = matrix.shape
    grouped = matrix.reshape(rows, width // GROUP, GROUP)
    scale = (np.abs(grouped).max(axis=2) / 7).astype(np.float16)
    safe = np.maximum(scale.astype(np.float32), 1e-12)[:, :, None]
    codes = (np.clip(np.rint(grouped / safe), -7, 7) + 8).astype(np.uint8).reshape(rows, width)
    return codes[:, : width // 2] | (codes[:, width // 2 :] << 4), scale


def rows_read_back(matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """A table as int4_rows keeps it."""
    both, scale = int4_rows(matrix)
    values = np.concatenate([both & 15, both >> 4], axis=1).astype(np.float32) - 8
    return (values.reshape(*scale.shape, GROUP) * scale.astype(np.float32)[:, :, None]).reshape(matrix.shape)


def round_layers(layers: nn.Module) -> None:
    """Rounds every linear layer below a module, in place."""
    with torch.no_grad():
        for module in layers.modules():
            if isinstance(module, nn.Linear):
                module.weight.copy_(rounded(module.weight))
