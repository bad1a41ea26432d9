"""python -m training STEP [--data DIR] [--cache DIR] [--model DIR]: one step, or "all" of them in order."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import torch

from training.calibrate import calibrate
from training.data import VIEWS, Folders, default_folders
from training.export import export, write_description
from training.features import extract_all
from training.golden import write_golden
from training.measure import report
from training.tags import tags
from training.train import Recipe, train

RESIZE = "crop"
RECIPE = Recipe()


def finish(folders: Folders) -> None:
    """Golden vectors and the description, which names the digests of all files before it."""
    write_golden(folders)
    write_description(folders, RESIZE)


STEPS: dict[str, Callable[[Folders], object]] = {
    "features": lambda folders: extract_all(folders, RECIPE.variants, VIEWS),
    "train": lambda folders: train(folders, RECIPE),
    "export": lambda folders: export(folders, RECIPE),
    "calibrate": lambda folders: print(json.dumps(calibrate(folders), indent=2)),
    "finish": finish,
    "tags": tags,
    "measure": report,
}


def main() -> None:
    """Reads the command line and runs the steps."""
    default = default_folders()
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("step", choices=[*STEPS, "all"])
    parser.add_argument("--data", type=Path, default=default.data)
    parser.add_argument("--cache", type=Path, default=default.cache)
    parser.add_argument("--model", type=Path, default=default.model)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    folders = Folders(options.data, options.cache, options.model)
    for name in STEPS if options.step == "all" else (options.step,):
        STEPS[name](folders)


if __name__ == "__main__":
    main()
