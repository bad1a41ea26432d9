"""Hooks: the built-in models, and those of other packages."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib.metadata import EntryPoint

import pytest

from smartsearch.core.errors import ConfigError, UnknownModelError
from smartsearch.embeddings import builtin
from smartsearch.embeddings.base import EncoderFamily
from smartsearch.hookspecs import hookimpl
from smartsearch.onnx.descriptions import ModelDescription
from smartsearch.plugins import Plugins


class ThirdParty:
    own = replace(builtin.CLIP_B32, name="third-party", family="odd")
    other = replace(builtin.CLIP_B32, summary="replaced")

    @hookimpl
    def smartsearch_models(self) -> list[ModelDescription]:
        return [self.own, self.other]

    @hookimpl
    def smartsearch_encoder_family(self, name: str) -> EncoderFamily | None:
        return EncoderFamily("odd", pad_id=3) if name == "odd" else None


def test_the_families_and_models_of_the_issue_are_there() -> None:
    plugins = Plugins(discover=False)
    families = {model.family for model in plugins.registry()}
    assert families == {"clip", "openclip", "mobileclip", "siglip2"}
    for family in [*families, "pocket"]:
        assert plugins.encoder_family(family).name == family
    with pytest.raises(UnknownModelError, match="No encoder family is called 'resnet'"):
        plugins.encoder_family("resnet")


def test_a_package_adds_models_and_families_and_wins_over_built_in_names() -> None:
    plugins = Plugins(ThirdParty(), discover=False)
    registry = plugins.registry()
    assert registry.get("third-party") == ThirdParty.own
    assert registry.get("clip-vit-b-32").summary == "replaced"
    assert plugins.encoder_family("odd").pad_id == 3
    assert plugins.encoder_family("clip").name == "clip"


def test_a_package_that_cannot_be_loaded_is_a_plain_error(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = EntryPoint("broken", "no_such_module_anywhere", "smartsearch")
    distribution = type("Distribution", (), {"entry_points": [broken], "metadata": {"name": "broken"}})()
    monkeypatch.setattr("importlib.metadata.distributions", lambda: [distribution])
    with pytest.raises(ConfigError, match="no_such_module_anywhere"):
        Plugins()


def test_registering_loads_no_runtime() -> None:
    heavy = ["onnxruntime", "tokenizers", "huggingface_hub", "PIL", "onnx", "torch"]
    code = (
        f"import sys, smartsearch.plugins as p; p.Plugins().registry(); print([m for m in {heavy} if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
