"""Frozen features of every photo under several augmentations, computed once by the int8 backbones.

Files: CACHE/backbones/VARIANT.int8.onnx and CACHE/features/VARIANT/SET-VIEW.npy, float16 [photos, 1280] means over
the grid. Views of the captioned photos: 0 plain, 1 mirrored, 2 and up random crops; of the object photos: "squash"
and "crop". Every file is written once and skipped when it exists.
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
from training.data import SEED, Folders, cropped, object_photos, random_view, read_rgb, read_split, squashed
from training.graph import quantised_backbone, session

View = Callable[[Image.Image, np.random.Generator], npt.NDArray[np.uint8]]
CALIBRATION_PHOTOS = 192
BATCH = 32


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


def extract(folders: Folders, variant: str, files: list[Path], label: str, view: str) -> npt.NDArray[np.float16]:
    """Pooled features of a set of photos under one view, from the cache or computed."""
    path = folders.cache / "features" / variant / f"{label}-{view}.npy"
    if not path.exists():
        run = backbone_session(folders, variant)
        rows = [run.run(None, {"pixels": batch})[0].mean((2, 3)) for batch in pixel_batches(files, view)]
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial.npy")
        np.save(partial, np.concatenate(rows).astype(np.float16))
        partial.rename(path)
    loaded: npt.NDArray[np.float16] = np.load(path)
    return loaded


def extract_all(folders: Folders, variants: tuple[str, ...], views: int) -> None:
    """Everything training and evaluation read; safe to stop and start again."""
    train = [folders.photos / name for name in read_split(folders.captions, "train").names]
    dev = [folders.photos / name for name in read_split(folders.captions, "dev").names]
    objects, _ = object_photos(folders.objects)
    for variant in variants:
        extract(folders, variant, dev, "dev", "0")
        for view in ("squash", "crop"):
            extract(folders, variant, objects, "objects", view)
    for view in range(views):
        for variant in variants:
            extract(folders, variant, train, "train", str(view))
            print(f"features: view {view} of {variant}", flush=True)
