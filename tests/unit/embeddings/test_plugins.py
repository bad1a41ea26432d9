"""Hooks: the built-in models, and those of other packages."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from datetime import date
from importlib.metadata import EntryPoint

import pytest

from smartsearch.core.errors import PluginError, UnknownModelError
from smartsearch.core.query import FormatIs, HasTag
from smartsearch.core.queryfields import Field, Meaning, Names, QueryContext
from smartsearch.core.queryparse import parse
from smartsearch.embeddings import builtin
from smartsearch.embeddings.base import EncoderFamily
from smartsearch.hookspecs import Command, Exporter, hookimpl
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


def test_a_package_that_cannot_be_loaded_is_named_and_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = EntryPoint("broken", "no_such_module_anywhere", "smartsearch")
    distribution = type("Distribution", (), {"entry_points": [broken], "metadata": {"name": "broken"}})()
    monkeypatch.setattr("importlib.metadata.distributions", lambda: [distribution])
    assert Plugins().names == []
    assert "The plugin 'broken' failed" in caplog.text
    assert "no_such_module_anywhere" in caplog.text


class Failing:
    """Every hook raises, or answers with what is not asked for."""

    @hookimpl
    def smartsearch_models(self) -> list[ModelDescription]:
        raise RuntimeError("boom")

    @hookimpl
    def smartsearch_encoder_family(self, name: str) -> EncoderFamily | None:
        raise KeyError(name)

    @hookimpl
    def smartsearch_query_fields(self) -> list[Field]:
        return ["no field"]  # type: ignore[list-item]

    @hookimpl
    def smartsearch_exporters(self) -> list[Exporter]:
        return [Exporter(".odd", "fails", lambda images, file: 1 / 0)]  # type: ignore[arg-type, return-value]

    @hookimpl
    def smartsearch_commands(self) -> list[Command]:
        raise RuntimeError("boom")


class Fields:
    @hookimpl
    def smartsearch_query_fields(self) -> list[Field]:
        def read(value: str, _: QueryContext) -> Meaning:
            return Meaning(FormatIs(({"yes": "png"}[value],)))

        return [Field("lossless", ("clean",), "lossless:yes", read), Field("tag", (), "tag:x", read)]


def test_a_plugin_that_fails_costs_itself_only(caplog: pytest.LogCaptureFixture) -> None:
    plugins = Plugins(discover=False)
    plugins._manager.register(Failing(), name="failing")
    plugins._manager.register(Fields(), name="fields")
    assert plugins.registry().get("clip-vit-b-32")
    assert set(plugins.query_fields()) == {"lossless", "clean", "tag"}
    assert plugins.commands() == []
    assert caplog.text.count("The plugin 'failing'") == 3
    with pytest.raises(PluginError, match="The plugin 'failing' failed: KeyError") as caught:
        plugins.encoder_family("clip")
    assert caught.value.exit_code == 11
    with pytest.raises(PluginError, match="The plugin 'failing' failed: ZeroDivisionError"):
        plugins.exporters()[".odd"].write([], io.BytesIO())


def test_fields_of_plugins_are_read_and_do_not_replace_any() -> None:
    plugins = Plugins(discover=False)
    plugins._manager.register(Fields(), name="fields")
    context = QueryContext.on(date(2024, 1, 1), Names(fields=plugins.query_fields()))
    assert parse("clean:yes", context).clauses[0].where == FormatIs(("png",))
    assert parse("tag:yes", context).clauses[0].where == HasTag("yes")
    [failed] = parse("lossless:no", context).problems
    assert failed.message == "The plugin 'fields' failed: KeyError('no')."
    [misspelt] = parse("losless:yes", context).problems
    assert misspelt.suggestion == "lossless"


def test_registering_loads_no_runtime() -> None:
    heavy = ["onnxruntime", "tokenizers", "huggingface_hub", "PIL", "onnx", "torch"]
    code = (
        f"import sys, smartsearch.plugins as p; p.Plugins().registry(); print([m for m in {heavy} if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
