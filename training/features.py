"""Frozen features of every photo under several augmentations, computed once by the int8 backbones.

Files: CACHE/backbones/VARIANT.int8.onnx and CACHE/features/VARIANT/SET-VIEW.npy, float16 [photos, 1280 + channels]: the
means over the last grid, then those over the earlier stages' grids. CACHE/features/pixels/SET-VIEW.npy, [photos, 195]:
what `thumbnails` gives. Views of the captioned photos: 0 plain, 1 mirrored, 2 and up random crops; of the object
photos: "squash" and "crop". Every file is written once and skipped when it exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from PIL import Image

from training.backbone import load_backbone
from training.data import SEED, SIZE, Folders, cropped, object_photos, random_view, read_rgb, read_split, squashed
from training.graph import quantised_backbone, session

View = Callable[[Image.Image, np.random.Generator], npt.NDArray[np.uint8]]
CALIBRATION_PHOTOS = 192
BATCH = 32
#: Side of the thumbnail that tells the rough colours: 3 x 8 x 8 means and 3 mean deviations.
THUMBNAIL = 8
PIXEL_FEATURES = 3 * THUMBNAIL**2 + 3


def view_of(name: str) -> View:
    """The function that cuts a view out of a photo."""
    if name in ("0", "squash"):
        return lambda image, _: squashed(image)
    if name == "1":
        return lambda image, _: squashed(image)[:, ::-1]
    if name == "crop":
        return lambda image, _: cropped(image)
    return random_view


def pixel_batches(files: list[Path], view: str) -> Iterator[npt.NDArray[np.uint8]]:
    """Decodes ahead on two threads; uint8 [<= 32, 224, 224, 3]. The same seed gives the same crops."""
    cut = view_of(view)
    number = int(view) if view.isdigit() else 0

    def load(index: int) -> npt.NDArray[np.uint8]:
        return cut(read_rgb(files[index]), np.random.default_rng((SEED, number, index)))

    with ThreadPoolExecutor(2) as pool:
        starts = range(0, len(files), BATCH)
        pending = [pool.submit(load, index) for index in range(min(BATCH * 2, len(files)))]
        for start in starts:
            count = min(BATCH, len(files) - start)
            ready = [pending.pop(0).result() for _ in range(count)]
            following = range(start + 2 * BATCH, min(start + 3 * BATCH, len(files)))
            pending.extend(pool.submit(load, index) for index in following)
            yield np.ascontiguousarray(np.stack(ready))


def thumbnails(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Means of 8 x 8 tiles, channel by channel, and the mean deviation in a tile of each channel: float32 [N, 195]."""
    side = SIZE // THUMBNAIL
    tiles = pixels.astype(np.float32).reshape(len(pixels), THUMBNAIL, side, THUMBNAIL, side, 3)
    means = tiles.mean((2, 4)).transpose(0, 3, 1, 2).reshape(len(pixels), -1)
    return np.concatenate([means, tiles.std((2, 4)).mean((1, 2))], axis=1)


def backbone_session(folders: Folders, variant: str) -> ort.InferenceSession:
    """The quantised backbone, made on first use from calibration photos of the training split."""
    folder = folders.cache / "backbones"
    path = folder / f"{variant}.int8.onnx"
    if not path.exists():
        names = read_split(folders.captions, "train").names
        chosen = np.random.default_rng(SEED).permutation(len(names))[:CALIBRATION_PHOTOS]
        pixels = np.stack([squashed(read_rgb(folders.photos / names[i])) for i in chosen])
        quantised_backbone(load_backbone(variant), pixels, folder, variant)
    return session(path)


def extract(folders: Folders, variants: tuple[str, ...], files: list[Path], label: str, view: str) -> None:
    """Features of a set of photos under one view, unless they are there: each photo is decoded once for all."""
    kinds = (*variants, "pixels")
    paths = {kind: folders.cache / "features" / kind / f"{label}-{view}.npy" for kind in kinds}
    if all(path.exists() for path in paths.values()):
        return
    sessions = {variant: backbone_session(folders, variant) for variant in variants}
    rows: dict[str, list[npt.NDArray[np.float16]]] = {kind: [] for kind in kinds}
    for batch in pixel_batches(files, view):
        for variant, run in sessions.items():
            rows[variant].append(np.concatenate(run.run(["pooled", "levels"], {"pixels": batch}), 1).astype(np.float16))
        rows["pixels"].append(thumbnails(batch).astype(np.float16))
    for kind, path in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.npy")
        np.save(partial, np.concatenate(rows[kind]))
        partial.rename(path)
    print(f"features: {label}, view {view}", flush=True)


def extract_all(folders: Folders, variants: tuple[str, ...], views: int) -> None:
    """Everything training and evaluation read; safe to stop and start again."""
    train = [folders.photos / name for name in read_split(folders.captions, "train").names]
    dev = [folders.photos / name for name in read_split(folders.captions, "dev").names]
    objects, _ = object_photos(folders.objects)
    extract(folders, variants, dev, "dev", "0")
    for view in ("squash", "crop"):
        extract(folders, variants, objects, "objects", view)
    for view in range(views):
        extract(folders, variants, train, "train", str(view))
