"""Turning a face upright and to a fixed size, by five points: what embedding networks were trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smartsearch.faces.detection import Floats

ARCFACE_112 = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
"""Where eyes, nose and corners of the mouth lie in 112 by 112 pixels: the template of ArcFace (Deng et al. 2019), which
MobileFaceNet, SFace and others share."""


def similarity_transform(points: Floats, template: Floats) -> NDArray[np.float64]:
    """The (2, 3) matrix of the rotation, scale and shift that bring (n, 2) ``points`` nearest to ``template``.

    Least squares without mirroring: Umeyama, "Least-Squares Estimation of Transformation Parameters Between Two Point
    Patterns", 1991.
    """
    source, target = points.astype(np.float64), template.astype(np.float64)
    source_mean, target_mean = source.mean(0), target.mean(0)
    source, target = source - source_mean, target - target_mean
    u, d, vt = np.linalg.svd(target.T @ source / len(source))
    signs = np.array([1.0, np.sign(np.linalg.det(u @ vt)) or 1.0])
    rotation = u @ np.diag(signs) @ vt
    variance = (source**2).sum() / len(source)
    scale = (d * signs).sum() / max(variance, 1e-12)
    linear = scale * rotation
    return np.concatenate([linear, (target_mean - linear @ source_mean)[:, None]], 1)


def aligned(picture: Image.Image, points: Floats, template: Floats, side: int) -> Image.Image:
    """The face cut out of an RGB picture, (side, side) pixels, its points at the template's. Outside is black.

    A face larger than the result is first made smaller, so that no detail is aliased.
    """
    matrix = similarity_transform(points, template)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    inverse = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2]
    if scale < 0.5:
        corners = np.array([[0, 0], [side, 0], [0, side], [side, side]]) @ inverse[:, :2].T + inverse[:, 2]
        left, top = np.maximum(np.floor(corners.min(0)), 0)
        right, bottom = np.minimum(np.ceil(corners.max(0)), picture.size)
        factor = int(0.5 / scale) + 1 if right > left and bottom > top else 1
        if factor > 1:
            picture = picture.reduce(factor, (int(left), int(top), int(right), int(bottom)))
            inverse[:, 2] -= (left, top)
            inverse /= factor
    coefficients = tuple(inverse.reshape(-1).tolist())
    return picture.transform((side, side), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR)
