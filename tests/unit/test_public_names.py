"""The package's public names are there, and importing it costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import smartsearch


@pytest.mark.parametrize("name", smartsearch.__all__)
def test_every_public_name_resolves(name: str) -> None:
    assert getattr(smartsearch, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = smartsearch.nonsense


@pytest.mark.parametrize("module", ["smartsearch", "smartsearch.cli.main"])
def test_starting_up_imports_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(sorted(set(sys.modules) & {{'numpy', 'PIL', 'onnxruntime', 'sqlalchemy'}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
