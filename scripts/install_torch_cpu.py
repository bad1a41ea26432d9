"""Install the [train] extra's CPU packages into the running environment, only if that costs no CUDA libraries.

`make test` runs this: where the index offers a CPU build of PyTorch the tests of the model export run, elsewhere they
skip. It asks pip what it would install and goes on only if nothing in that plan is for a GPU. Always exits with 0.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

TORCH = "torch==2.13.0"
OTHERS = ("transformers>=5.5,<6", "onnx>=1.18,<2")
OPENCLIP = ("open_clip_torch>=3.3,<4", "timm>=1.0.20,<2", "ftfy>=6.3,<7", "wcwidth")
"""Installed without dependencies: they ask for torchvision, whose builds on PyPI are for a GPU."""

GPU_PREFIXES = ("nvidia-", "cuda-", "triton", "pytorch-triton", "intel-", "rocm")


def main() -> int:
    if all(importlib.util.find_spec(name) for name in ("torch", "transformers", "onnx", "open_clip")):
        print("The export tests' packages are already installed.")
        return 0
    plan, reason = _plan()
    if plan is None:
        print(f"Skipping the export tests' packages: {reason}.")
        return 0
    gpu = _gpu_package(plan)
    if gpu is not None:
        print(f"Skipping the export tests' packages: PyTorch would come with GPU libraries ({gpu}).")
        return 0
    result = _pip("install", "--quiet", TORCH, *OTHERS)
    if not result.returncode:
        result = _pip("install", "--quiet", "--no-deps", *OPENCLIP)
    if result.returncode:
        print(f"Skipping the export tests' packages: pip failed: {_last_line(result.stderr)}.")
    else:
        print("Installed the export tests' packages (CPU build of PyTorch).")
    return 0


def _plan() -> tuple[list[dict[str, Any]] | None, str]:
    """What pip would install, or why it cannot say."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        result = _pip("install", "--dry-run", "--quiet", "--report", os.fspath(report), TORCH)
        if result.returncode or not report.is_file():
            return None, f"{TORCH} is not to be had here ({_last_line(result.stderr)})"
        return json.loads(report.read_text(encoding="utf-8"))["install"], ""


def _gpu_package(plan: list[dict[str, Any]]) -> str | None:
    """The first package of the plan that is for a GPU, if any."""
    for package in plan:
        name = package["metadata"]["name"].lower().replace("_", "-")
        if name.startswith(GPU_PREFIXES):
            return name
        version = package["metadata"]["version"]
        if name == "torch" and sys.platform == "linux" and "+" in version and not version.endswith("+cpu"):
            return f"torch {version}"
    return None


def _pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[-1]


if __name__ == "__main__":
    sys.exit(main())
