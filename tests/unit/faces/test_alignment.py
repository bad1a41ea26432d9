"""Alignment: the transform is the least-squares one, and the face lands on its template."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from smartsearch.faces.alignment import ARCFACE_112, aligned, similarity_transform
from smartsearch.faces.analyzer import pose, sharpness, thumbnail
from smartsearch.faces.detection import suppressed


def turned(points: np.ndarray, degrees: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    angle = np.radians(degrees)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (points @ rotation.T * scale + shift).astype(np.float32)


@pytest.mark.parametrize(("degrees", "scale"), [(0, 1), (30, 0.5), (-75, 4), (180, 2)])
def test_the_transform_is_found(degrees: float, scale: float) -> None:
    points = turned(ARCFACE_112, degrees, scale, (300, 200))
    matrix = similarity_transform(points, ARCFACE_112)
    assert np.allclose(points @ matrix[:, :2].T + matrix[:, 2], ARCFACE_112, atol=1e-2)


def test_points_that_are_all_one_do_not_break() -> None:
    assert np.isfinite(similarity_transform(np.zeros((5, 2), np.float32), ARCFACE_112)).all()


@pytest.mark.parametrize("scale", [1, 4])
def test_the_face_lands_on_its_template(scale: int) -> None:
    picture = Image.new("RGB", (800, 800))
    points = turned(ARCFACE_112, 20, scale, (200, 100))
    draw = ImageDraw.Draw(picture)
    for x, y in points.tolist():
        draw.ellipse((x - 4 * scale, y - 4 * scale, x + 4 * scale, y + 4 * scale), "white")
    face = np.asarray(aligned(picture, points, ARCFACE_112, 112).convert("L"))
    assert face.shape == (112, 112)
    for x, y in ARCFACE_112.round().astype(int).tolist():
        assert face[y, x] > 200
    assert face[5, 5] == 0


def test_a_face_beyond_the_edge_is_padded() -> None:
    points = turned(ARCFACE_112, 0, 3, (-300, -300))
    assert aligned(Image.new("RGB", (40, 40), "white"), points, ARCFACE_112, 112).size == (112, 112)


def test_the_best_of_overlapping_boxes_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [50, 50, 60, 60], [0, 0, 3, 3]], np.float32)
    scores = np.array([0.8, 0.9, 0.5, 0.7], np.float32)
    assert suppressed(boxes, scores, 0.5).tolist() == [1, 3, 2]
    assert suppressed(boxes, scores, 0.4, by_smaller=True).tolist() == [1, 2]
    assert suppressed(boxes[:0], scores[:0], 0.5).tolist() == []


def test_quality_measures() -> None:
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 255, (112, 112, 3)).astype(np.uint8))
    assert sharpness(noise) == 1
    edges = Image.fromarray(np.kron(np.eye(8), np.full((14, 14), 255)).astype(np.uint8)).convert("RGB")
    assert sharpness(edges.filter(ImageFilter.GaussianBlur(4))) < 0.1 < sharpness(edges)
    assert sharpness(Image.new("RGB", (112, 112))) == 0
    assert pose(ARCFACE_112) < 0.05
    profile = ARCFACE_112.copy()
    profile[2, 0] = profile[1, 0]
    assert pose(profile) > 0.9
    assert pose(np.zeros((5, 2), np.float32)) == 1


@pytest.mark.parametrize("box", [(10, 10, 60, 60), (-20, -20, 500, 500), (99, 99, 100, 100)])
def test_thumbnails_are_small_whatever_the_box(box: tuple[float, float, float, float]) -> None:
    webp = thumbnail(Image.effect_noise((100, 100), 60).convert("RGB"), box)
    assert webp[8:12] == b"WEBP"
    assert len(webp) < 9000
