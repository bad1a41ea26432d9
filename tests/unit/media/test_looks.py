"""What tells pictures apart at a glance: perceptual hash and dominant colour; and the encoder's geometry."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageEnhance
from tests.unit.media.pictures import BLUE, RED, detailed, near, quarters

from smartsearch.core.spaces import Preprocessing
from smartsearch.media.color import dominant_color
from smartsearch.media.phash import dct_hash
from smartsearch.media.pixels import Reduced
from smartsearch.media.resize import encoder_input, fit, needed_scale


def distance(one: Image.Image, other: Image.Image) -> int:
    return (dct_hash(one) ^ dct_hash(other)).bit_count()


def test_hash_survives_size_brightness_and_compression() -> None:
    picture = detailed(640, 480)
    assert distance(picture, picture.resize((200, 150))) <= 4
    assert distance(picture, ImageEnhance.Brightness(picture).enhance(1.15)) <= 6


def test_hashes_of_different_pictures_differ_in_about_half_the_bits() -> None:
    distances = [distance(detailed(320, 240, one), detailed(320, 240, one + 1)) for one in range(1, 9)]
    assert 24 <= np.mean(distances) <= 40


def test_hash_is_the_dct_of_the_definition() -> None:
    picture = detailed(320, 240)
    small = np.asarray(picture.convert("L").resize((32, 32), Image.Resampling.BILINEAR), float)
    n = np.arange(32)
    basis = np.cos(np.pi * (2 * n[None, :] + 1) * n[:, None] / 64)
    low = (basis @ small @ basis.T)[1:9, 1:9].ravel()
    bits = "".join("1" if value > np.median(low) else "0" for value in low)
    assert dct_hash(picture) == int(bits, 2)


@pytest.mark.parametrize("color", [0, 37, 255])
def test_a_picture_without_detail_hashes_to_zero(color: int) -> None:
    assert dct_hash(Image.new("RGB", (50, 40), (color,) * 3)) == 0


def test_dominant_color_is_the_one_with_most_pixels_not_the_mean() -> None:
    picture = Image.new("RGB", (100, 100), RED)
    picture.paste(BLUE, (0, 0, 100, 40))
    assert dominant_color(picture) == 0xFF0000


def test_crop_squash_and_pad() -> None:
    picture = Image.new("RGB", (90, 30), BLUE)
    picture.paste(RED, (30, 0, 60, 30))
    whole = Reduced(picture, picture.size)
    crop, squash, pad = (
        np.asarray(encoder_input(whole, Preprocessing(30, resize=resize, fill=(1, 2, 3))))
        for resize in ("crop", "squash", "pad")  # type: ignore[arg-type]
    )
    assert near(crop, RED)
    assert near(squash[:, :8], BLUE)
    assert near(squash[:, 13:17], RED)
    assert near(pad[:9], (1, 2, 3), 0)
    assert near(pad[12:18, 13:17], RED)
    assert near(pad[21:], (1, 2, 3), 0)


def test_small_pictures_are_enlarged_for_the_encoder() -> None:
    tiny = quarters(4, 2)
    assert encoder_input(Reduced(tiny, tiny.size), Preprocessing(224)).size == (224, 224)


def test_the_extent_of_a_reduced_picture_is_heeded() -> None:
    picture = Image.new("RGB", (11, 11), RED)
    picture.paste(BLUE, (10, 0, 11, 11))
    pixels = np.asarray(encoder_input(Reduced(picture, (10.0, 11.0)), Preprocessing(10, resize="squash")))
    assert near(pixels, RED, 0)
    assert fit(Reduced(picture, (10.2, 5.1)), 4).size == (4, 2)


@pytest.mark.parametrize(
    ("inputs", "sides", "expected"),
    [
        ((), (320,), 0.08),
        ((Preprocessing(300),), (320,), 0.1),
        ((Preprocessing(400, resize="pad"),), (), 0.1),
        ((Preprocessing(6000),), (320,), 1.0),
    ],
)
def test_needed_scale(inputs: tuple[Preprocessing, ...], sides: tuple[int, ...], expected: float) -> None:
    assert needed_scale(4000, 3000, inputs, sides) == pytest.approx(expected)
    assert needed_scale(3000, 4000, inputs, sides) == pytest.approx(expected)
