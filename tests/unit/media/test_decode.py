"""One decode: every pixel mode ends as an upright, opaque, 8-bit sRGB picture with all that is derived from it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, features
from tests.unit.media.pictures import BLUE, GREEN, RED, WHITE, detailed, near, quarters, saved

from smartsearch.core.settings import MediaLimits, ThumbnailSettings
from smartsearch.core.spaces import Preprocessing
from smartsearch.media.decode import decode, render_preview
from smartsearch.media.files import identity_of
from smartsearch.media.metadata import refresh_metadata
from smartsearch.media.request import Decoded, DecodeRequest, PreviewRequest

SQUASH = Preprocessing(32, resize="squash", interpolation="bilinear")


def decoded(path: str | Path, *inputs: Preprocessing) -> Decoded:
    return decode(path, DecodeRequest(inputs or (SQUASH,)))


def corners(pixels: np.ndarray) -> list[tuple[int, ...]]:
    side = pixels.shape[0]
    near_edge, far_edge = side // 8, side - side // 8 - 1
    places = ((near_edge, near_edge), (near_edge, far_edge), (far_edge, near_edge), (far_edge, far_edge))
    return [tuple(int(v) for v in pixels[place]) for place in places]


def flat(path: Path) -> tuple[int, ...]:
    """The colour of a one-colour picture after decoding."""
    pixels = decoded(path).inputs[0]
    assert pixels.std(axis=(0, 1)).max() < 3
    return tuple(int(v) for v in pixels.mean(axis=(0, 1)).round())


def test_everything_comes_of_one_decode(tmp_path: Path) -> None:
    path = saved(detailed(1000, 800), tmp_path / "a.jpg", quality=92)
    crop, pad = Preprocessing(64), Preprocessing(48, resize="pad", fill=(9, 8, 7))
    result = decode(path, DecodeRequest((crop, SQUASH, pad), thumbnails=ThumbnailSettings(size=200)))
    assert [pixels.shape for pixels in result.inputs] == [(64, 64, 3), (32, 32, 3), (48, 48, 3)]
    assert all(pixels.dtype == np.uint8 and pixels.flags.writeable for pixels in result.inputs)
    assert tuple(result.inputs[2][0, 0]) == (9, 8, 7)
    content = result.content
    assert (content.format, content.width, content.height, content.frames) == ("jpeg", 1000, 800, 1)
    thumbnail = Image.open(io.BytesIO(content.thumbnail))
    assert (thumbnail.format, thumbnail.size) == ("WEBP", (200, 160))
    assert 0 < content.phash < 2**64
    assert 0 <= content.color <= 0xFFFFFF
    assert 0 < sum(swatch.percent for swatch in content.palette) <= 100
    assert content.sharpness > 0
    assert result.identity == identity_of(Path(path).stat())


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "bmp", "tif", "webp", "avif", "jp2", "ppm", "qoi"])
def test_formats_are_recognised_by_content_not_by_name(tmp_path: Path, suffix: str) -> None:
    if suffix in ("avif", "jp2") and not features.check("avif" if suffix == "avif" else "jpg_2000"):
        pytest.skip(f"this Pillow does not write {suffix}")
    original = saved(quarters(), tmp_path / f"a.{suffix}")
    renamed = Path(original).rename(tmp_path / "a.txt")
    result = decoded(renamed)
    for actual, expected in zip(corners(result.inputs[0]), (RED, GREEN, BLUE, WHITE), strict=True):
        assert near(actual, expected, 40)
    names = {"jpg": "jpeg", "tif": "tiff", "jp2": "jpeg2000"}
    assert result.content.format == names.get(suffix, suffix)


_UPRIGHT_FROM = {  # how a camera that stores this orientation lays the picture down
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
def test_all_orientations_come_out_upright(tmp_path: Path, orientation: int, suffix: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    how = _UPRIGHT_FROM[orientation]
    stored = quarters() if how is None else quarters().transpose(how)
    result = decoded(saved(stored, tmp_path / f"a.{suffix}", exif=exif))
    assert (result.content.width, result.content.height) == (80, 60)
    assert Image.open(io.BytesIO(result.content.thumbnail)).size == (80, 60)
    for actual, expected in zip(corners(result.inputs[0]), (RED, GREEN, BLUE, WHITE), strict=True):
        assert near(actual, expected, 40)


@pytest.mark.parametrize("value", [0, 9, 77])
def test_an_impossible_orientation_changes_nothing(tmp_path: Path, value: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = value
    result = decoded(saved(quarters(), tmp_path / "a.jpg", exif=exif))
    assert near(corners(result.inputs[0])[0], RED, 40)


@pytest.mark.parametrize(
    ("mode", "color", "expected"),
    [
        ("1", 1, WHITE),
        ("L", 100, (100, 100, 100)),
        ("LA", (100, 255), (100, 100, 100)),
        ("LA", (100, 0), WHITE),
        ("RGBA", (200, 100, 50, 255), (200, 100, 50)),
        ("RGBA", (200, 100, 50, 0), WHITE),
        ("RGBA", (0, 0, 0, 128), (127, 127, 127)),
    ],
)
def test_pixel_modes_of_png(tmp_path: Path, mode: str, color: object, expected: tuple[int, ...]) -> None:
    path = tmp_path / "a.png"
    Image.new(mode, (40, 30), color).save(path)  # type: ignore[arg-type]
    assert near(flat(path), expected, 2)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.full((20, 20), 32768, np.uint16), 128),
        (np.array([[0, 4095]] * 2, np.uint16).repeat(10, 0).repeat(10, 1), None),
        (np.full((20, 20), 0.5, np.float32), 128),
        (np.full((20, 20), 40000, np.int32), 156),
    ],
)
def test_deep_greyscale_keeps_its_range(tmp_path: Path, values: np.ndarray, expected: int | None) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray(values).save(path)
    if expected is not None:
        assert near(flat(path), (expected,) * 3, 2)
    else:  # twelve bits in sixteen: the full range, black to white
        pixels = decoded(path, Preprocessing(20, resize="squash")).inputs[0]
        assert near(pixels[10, 2], (0, 0, 0))
        assert near(pixels[10, 17], WHITE)


def test_floating_point_outside_0_to_1_is_stretched_and_nan_is_no_trouble(tmp_path: Path) -> None:
    values = np.linspace(-5, 900, 400, dtype=np.float32).reshape(20, 20)
    values[3, 3], values[4, 4] = np.nan, np.inf
    Image.fromarray(values).save(tmp_path / "a.tif")
    pixels = decoded(tmp_path / "a.tif", Preprocessing(20, resize="squash")).inputs[0]
    assert pixels.min() < 12
    assert pixels.max() > 240


def test_sixteen_bit_png(tmp_path: Path) -> None:
    Image.fromarray(np.full((20, 20), 50000, np.uint16)).save(tmp_path / "a.png")
    assert near(flat(tmp_path / "a.png"), (195, 195, 195), 2)


def test_cmyk_jpeg_and_tiff(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.tif"):
        Image.new("CMYK", (40, 30), (0, 255, 255, 0)).save(tmp_path / name)
        assert near(flat(tmp_path / name), RED, 30)


def test_lab_tiff(tmp_path: Path) -> None:
    Image.new("LAB", (40, 30), (128, 128, 128)).save(tmp_path / "a.tif")
    red, green, blue = flat(tmp_path / "a.tif")
    assert max(red, green, blue) - min(red, green, blue) < 12


def test_palette_with_a_transparent_colour(tmp_path: Path) -> None:
    picture = Image.new("P", (40, 30), 1)
    picture.putpalette([0, 0, 0, 200, 10, 10])
    picture.save(tmp_path / "opaque.gif")
    picture.save(tmp_path / "clear.png", transparency=1)
    assert near(flat(tmp_path / "opaque.gif"), (200, 10, 10))
    assert near(flat(tmp_path / "clear.png"), WHITE)


def test_rgb_png_with_a_transparent_colour(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), (1, 2, 3)).save(tmp_path / "a.png", transparency=(1, 2, 3))
    assert near(flat(tmp_path / "a.png"), WHITE)


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tif"])
def test_the_first_frame_counts_and_frames_are_counted(tmp_path: Path, suffix: str) -> None:
    first, *others = (Image.new("RGB", (40, 30), color) for color in (RED, GREEN, BLUE))
    path = tmp_path / f"a.{suffix}"
    first.save(path, save_all=True, append_images=others)
    result = decoded(path)
    assert result.content.frames == 3
    assert near(result.inputs[0][5, 5], RED)


def _wide_gamut_profile() -> bytes:
    """A matrix profile whose red and green are swapped against sRGB's: a conversion that cannot be overlooked."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for start in range(132, 132 + 12 * int.from_bytes(profile[128:132], "big"), 12):
        name = bytes(profile[start : start + 4])
        if name in (b"rXYZ", b"gXYZ"):
            profile[start : start + 4] = b"gXYZ" if name == b"rXYZ" else b"rXYZ"
        if name == b"desc":
            offset = int.from_bytes(profile[start + 4 : start + 8], "big")
            size = int.from_bytes(profile[start + 8 : start + 12], "big")
            profile[offset : offset + size] = profile[offset : offset + size].replace(b"s\0R\0G\0B", b"s\0w\0a\0p")
            profile[offset : offset + size] = profile[offset : offset + size].replace(b"s\0R", b"t\0w")
    return bytes(profile)


def test_an_embedded_profile_is_converted_to_srgb(tmp_path: Path) -> None:
    picture = Image.new("RGB", (40, 30), RED)
    path = saved(picture, tmp_path / "a.png", icc_profile=_wide_gamut_profile())
    assert near(flat(Path(path)), GREEN, 25)


def test_srgb_and_damaged_profiles_change_nothing(tmp_path: Path) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for number, profile in enumerate((srgb, b"rubbish" * 50, srgb[:200])):
        path = saved(Image.new("RGB", (40, 30), (200, 100, 50)), tmp_path / f"{number}.png", icc_profile=profile)
        assert near(flat(Path(path)), (200, 100, 50), 2)


@pytest.mark.parametrize("size", [(800, 600), (803, 601), (601, 807)])
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_scale_on_load_is_as_good_as_a_full_decode(tmp_path: Path, size: tuple[int, int], suffix: str) -> None:
    path = saved(detailed(*size), tmp_path / f"a.{suffix}", quality=95, compress_level=1)
    pixels = decoded(path, Preprocessing(48)).inputs[0]
    with Image.open(path) as image:
        short = min(size)
        left, top = (size[0] - short) / 2, (size[1] - short) / 2
        full = image.convert("RGB").resize((48, 48), Image.Resampling.BICUBIC, (left, top, left + short, top + short))
    error = np.square(pixels.astype(float) - np.asarray(full, dtype=float)).mean()
    assert 10 * np.log10(255**2 / max(error, 1e-9)) > 45


def test_extreme_shapes(tmp_path: Path) -> None:
    for number, size in enumerate(((1, 1), (3000, 1), (1, 3000), (2, 3))):
        result = decoded(saved(Image.new("RGB", size, RED), tmp_path / f"{number}.png"), Preprocessing(16))
        assert near(result.inputs[0][8, 8], RED)
        assert (result.content.width, result.content.height) == size


def test_small_pictures_are_not_enlarged_as_thumbnails(tmp_path: Path) -> None:
    result = decoded(saved(quarters(40, 30), tmp_path / "a.png"))
    assert Image.open(io.BytesIO(result.content.thumbnail)).size == (40, 30)


def test_jpeg_xl_where_its_reader_is_installed(tmp_path: Path) -> None:
    pylibjxl = pytest.importorskip("pylibjxl")
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6  # the standard says that EXIF does not turn a JPEG XL
    path = tmp_path / "a.jxl"
    path.write_bytes(pylibjxl.encode(np.asarray(quarters()), exif=exif.tobytes()))
    result = decoded(path)
    assert (result.content.format, result.content.width, result.content.height) == ("jxl", 80, 60)
    assert near(corners(result.inputs[0])[1], GREEN, 40)
    assert result.content.metadata.camera_make == "Maker"
    assert refresh_metadata(path, None, MediaLimits()) == result.content.metadata


def test_preview(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = saved(detailed(900, 600), tmp_path / "a.jpg", exif=exif)
    preview = Image.open(io.BytesIO(render_preview(path, PreviewRequest(450, 85, MediaLimits()))))
    assert (preview.format, preview.size) == ("WEBP", (300, 450))


def test_decoding_writes_nothing_and_leaves_pillow_as_it_was(tmp_path: Path) -> None:
    path = Path(saved(quarters(), tmp_path / "a.png"))
    before = path.stat(), path.read_bytes(), Image.MAX_IMAGE_PIXELS
    decoded(path)
    assert (path.stat(), path.read_bytes(), Image.MAX_IMAGE_PIXELS) == (path.stat(), *before[1:])
    assert path.stat().st_mtime_ns == before[0].st_mtime_ns
    assert list(tmp_path.iterdir()) == [path]
