"""Reading how pictures are prepared from the configuration files that checkpoints come with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from smartsearch.core.errors import ModelError
from smartsearch.core.spaces import Interpolation, Preprocessing, Resize

_PIL_FILTERS: dict[int, Interpolation] = {1: "lanczos", 2: "bilinear", 3: "bicubic"}
"""Pillow's numbers of the filters, which these files use."""


def transformers_preprocessing(config: Mapping[str, Any], path: Path, *, squash: bool) -> Preprocessing:
    """From a `preprocessor_config.json`."""
    try:
        size = config["size"]
        cut = config.get("crop_size") if config.get("do_center_crop", not squash) else None
        if cut is not None:
            resize: Resize = "crop"
            side = _side(cut)
            edge = size["shortest_edge"] if isinstance(size, Mapping) and "shortest_edge" in size else _side(size)
            if int(edge) != side:
                raise ModelError(f"{path.name}: resizing to {edge} and cutting {side} is not supported.")
        else:
            resize, side = "squash", _side(size)
        normalise = config.get("do_normalize", True)
        mean = config["image_mean"] if normalise else (0.0, 0.0, 0.0)
        std = config["image_std"] if normalise else (1.0, 1.0, 1.0)
        filter_id = int(config.get("resample", 2 if squash else 3))
        return _build_preprocessing(side, resize, _PIL_FILTERS[filter_id], mean, std)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} cannot be understood: {type(error).__name__} {error}.") from error


def openclip_preprocessing(config: Mapping[str, Any], path: Path) -> Preprocessing:
    """From OpenCLIP's `preprocess_cfg`."""
    modes: dict[str, Resize] = {"shortest": "crop", "squash": "squash", "longest": "pad"}
    try:
        interpolation = str(config.get("interpolation", "bicubic"))
        if interpolation not in ("bilinear", "bicubic"):
            raise ValueError(f"interpolation {interpolation!r}")
        fill = int(config.get("fill_color", 0))
        built = _build_preprocessing(
            _side(config["size"]),
            modes[str(config.get("resize_mode", "shortest"))],
            "bilinear" if interpolation == "bilinear" else "bicubic",
            config["mean"],
            config["std"],
        )
        return replace(built, fill=(fill, fill, fill))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} cannot be understood: {type(error).__name__} {error}.") from error


def _build_preprocessing(
    size: int, resize: Resize, interpolation: Interpolation, mean: Iterable[float], std: Iterable[float]
) -> Preprocessing:
    red, green, blue = (float(value) for value in mean)
    red_std, green_std, blue_std = (float(value) for value in std)
    return Preprocessing(size, resize, interpolation, (red, green, blue), (red_std, green_std, blue_std))


def _side(size: object) -> int:
    """The side of a square, from any of the ways in which configs say it."""
    if isinstance(size, Mapping):
        if "shortest_edge" in size:
            return int(size["shortest_edge"])
        height, width = int(size["height"]), int(size["width"])
    elif isinstance(size, list | tuple):
        height, width = int(size[0]), int(size[-1])
    else:
        height = width = int(str(size))
    if height != width:
        raise ValueError(f"input of {width}x{height} is not square")
    return height
