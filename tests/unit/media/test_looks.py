"""What tells pictures apart at a glance: perceptual hash and dominant colour; and the encoder's geometry."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageFilter
from tests.unit.media.pictures import BLUE, RED, detailed, near, quarters

from smartsearch.core.assets import Swatch
from smartsearch.core.spaces import Preprocessing
from smartsearch.media.color import dominant_color, palette
from smartsearch.media.phash import dct_hash
from smartsearch.media.pixels import Reduced
from smartsearch.media.resize import encoder_input, fit, needed_scale
from smartsearch.media.sharpness import sharpness


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


def test_palette_says_how_much_of_the_picture_each_colour_covers() -> None:
    picture = Image.new("RGB", (96, 96), (16, 128, 128))
    picture.paste((250, 250, 250), (0, 0, 96, 24))
    picture.paste((200, 30, 30), (0, 84, 96, 96))
    assert palette(picture) == (Swatch(0x108080, 62), Swatch(0xFAFAFA, 25), Swatch(0xC81E1E, 12))


def test_palette_counts_shades_of_one_colour_together() -> None:
    ramp = np.linspace(120, 150, 96).astype(np.uint8)
    sky = np.stack([ramp, ramp + 30, ramp + 70], axis=1)
    [swatch] = palette(Image.fromarray(np.broadcast_to(sky, (96, 96, 3)).copy()))
    assert swatch.percent >= 95


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 90), st.integers(1, 90))
def test_palettes_are_small_sorted_and_within_the_whole(seed: int, width: int, height: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    shares = [swatch.percent for swatch in palette(Image.fromarray(noise))]
    assert len(shares) <= 8
    assert sorted(shares, reverse=True) == shares
    assert sum(shares) <= 100


def test_a_blurred_picture_is_less_sharp() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8)
    picture = Image.fromarray(noise)
    values = [sharpness(picture.filter(ImageFilter.GaussianBlur(radius))) for radius in (0, 1, 2, 4)]
    assert values == sorted(values, reverse=True)
    assert values[0] > 1.5 * values[1]


@pytest.mark.parametrize("size", [(1, 1), (2, 50), (50, 40)])
def test_what_has_no_detail_has_no_sharpness(size: tuple[int, int]) -> None:
    assert sharpness(Image.new("RGB", size, (9, 99, 200))) == 0.0


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
