"""Features of photos that were never seen, made from the classifier that would recognise them.

For a linear classifier with shared covariance the optimal weight is w_c = inv(S) (m_c - m) up to scale, so that the
mean of class c lies near m + t S w_c: S is estimated on the training photos' features and t is chosen so that the
class gets the logit a confident photo gets. A shrunken residual of a random training photo is kept as its "scene".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from training.backbone import FEATURES

#: Centred logits given to the imagined class, and how much of the borrowed photo remains.
LOGIT_RANGE = (10.0, 16.0)
SCENE_RANGE = (0.2, 0.9)


@dataclass(frozen=True)
class Prototypes:
    """Makes features [N, 1280] of given classes: see the module's text for the symbols."""

    mean: Tensor
    weights: Tensor
    directions: Tensor
    gains: Tensor

    @staticmethod
    def estimate(features: Tensor, classifier: Tensor) -> Prototypes:
        """From the features of the training photos [P, 1280] and the classifier's weights [1000, 1280]."""
        mean = features.mean(0)
        centred = features - mean
        covariance = centred.T @ centred / len(features)
        weights = classifier - classifier.mean(0)
        directions = weights @ covariance
        return Prototypes(mean, weights, directions, (directions * weights).sum(1))

    def part(self, classes: Tensor, scenes: Tensor, share: Tensor, wanted: Tensor) -> Tensor:
        """Features [N, 1280] of classes on borrowed scenes, with given shares and logits [N, 1]."""
        scene = share * (scenes - self.mean)
        present = (scene * self.weights[classes]).sum(1, keepdim=True)
        steps = (wanted - present) / self.gains[classes][:, None]
        return (self.mean + scene + steps * self.directions[classes]).clamp(min=0)


def imagine(prototypes: Sequence[Prototypes], classes: Tensor, scenes: Tensor, generator: torch.Generator) -> Tensor:
    """One feature for each class (int64 [N]) on top of a borrowed photo's: float32 [N, width], all backbones.

    What is not read by a classifier stays as the borrowed photo has it.
    """
    count = (len(classes), 1)
    share = torch.empty(count).uniform_(*SCENE_RANGE, generator=generator)
    wanted = torch.empty(count).uniform_(*LOGIT_RANGE, generator=generator)
    read = FEATURES * len(prototypes)
    pieces = scenes[:, :read].split(FEATURES, dim=1)
    parts = [p.part(classes, x, share, wanted) for p, x in zip(prototypes, pieces, strict=True)]
    return torch.cat([*parts, scenes[:, read:]], dim=1)
