"""`models pull` against a local server that speaks the hub's protocol."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_server import COMMIT, HubRepository, HubServer

from smartsearch.core.errors import (
    DownloadError,
    ModelError,
    UnknownModelError,
    WeightsCorruptError,
    WeightsMissingError,
)
from smartsearch.embeddings.installing import Installer
from smartsearch.onnx.descriptions import ModelDescription, Registry, TextInput, Towers, read_description
from smartsearch.onnx.hub import Progress
from smartsearch.onnx.weights import Weights, sha256_of
from smartsearch.plugins import Plugins

pytest.importorskip("onnx", reason="tiny models are made with the onnx package")
from smartsearch.testing_models import make_tiny_model

REPOSITORY = "someone/tiny"


@pytest.fixture
def repository(tmp_path: Path) -> HubRepository:
    folder = tmp_path / "hub"
    made = make_tiny_model(tmp_path / "made")
    (folder / "onnx").mkdir(parents=True)
    (made / "image.onnx").rename(folder / "onnx" / "vision_model.onnx")
    (made / "text.onnx").rename(folder / "onnx" / "text_model.onnx")
    (made / "tokenizer.json").rename(folder / "tokenizer.json")
    return HubRepository(REPOSITORY, folder)


@pytest.fixture
def server(repository: HubRepository) -> Iterator[HubServer]:
    with HubServer(repository) as running:
        yield running


@pytest.fixture
def described(tmp_path: Path) -> ModelDescription:
    own = read_description(make_tiny_model(tmp_path / "described"))
    return dataclasses.replace(
        own,
        revision="main",
        repository=REPOSITORY,
        sha256={},
        text=TextInput(32, lowercase=True, pad_id=0),
        towers=(Towers("fp32", image="onnx/vision_model.onnx", text="onnx/text_model.onnx"),),
    )


def installer_of(tmp_path: Path, description: ModelDescription) -> tuple[Installer, Weights]:
    weights = Weights(tmp_path / "models", Registry([description]), packaged=tmp_path / "none")
    return Installer(weights, Plugins(discover=False).encoder_family), weights


def test_pull_installs_a_working_model_at_the_commit_it_met(
    tmp_path: Path, described: ModelDescription, server: HubServer
) -> None:
    installer, weights = installer_of(tmp_path, described)
    with pytest.raises(WeightsMissingError, match="smartsearch models pull tiny"):
        weights.find("tiny")
    seen: list[Progress] = []

    installed = installer.pull("tiny", endpoint=server.endpoint, progress=seen.append)

    assert installed.description.revision == COMMIT
    assert installed.description.space().revision == COMMIT[:12]
    assert set(installed.description.sha256) == {"onnx/vision_model.onnx", "onnx/text_model.onnx", "tokenizer.json"}
    weights.verify(weights.find("tiny"))
    installer.try_out(weights.find("tiny"))
    assert {progress.file for progress in seen} == set(described.files())
    assert all(progress.total == seen[-1].total for progress in seen if progress.file == seen[-1].file)
    assert sorted(path.name for path in installed.folder.rglob("*.part")) == []


def test_the_endpoint_comes_from_the_environment(
    tmp_path: Path, described: ModelDescription, server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
    installer, weights = installer_of(tmp_path, described)
    installer.pull("tiny")
    assert weights.find("tiny").description.name == "tiny"


def test_a_cut_connection_is_resumed_where_it_broke(
    tmp_path: Path, described: ModelDescription, repository: HubRepository, server: HubServer
) -> None:
    repository.cut_after["onnx/text_model.onnx"] = 700
    installer, weights = installer_of(tmp_path, described)
    installer.pull("tiny", endpoint=server.endpoint)
    weights.verify(weights.find("tiny"))
    ranges = [asked for method, file, asked in repository.requests if (method, file) == ("GET", "onnx/text_model.onnx")]
    assert ranges == [None, "bytes=700-"]


def test_an_interrupted_pull_goes_on_in_the_next_one(
    tmp_path: Path, described: ModelDescription, repository: HubRepository, server: HubServer
) -> None:
    repository.cut_after["onnx/text_model.onnx"] = 700

    def interrupt(progress: Progress) -> None:
        if progress.file == "onnx/text_model.onnx" and progress.done >= 700:
            raise KeyboardInterrupt

    installer, weights = installer_of(tmp_path, described)
    with pytest.raises(KeyboardInterrupt):
        installer.pull("tiny", endpoint=server.endpoint, progress=interrupt)
    with pytest.raises(WeightsMissingError):
        weights.find("tiny")
    assert weights.installed() == []
    repository.requests.clear()

    installer.pull("tiny", endpoint=server.endpoint)

    fetched = [(file, asked) for method, file, asked in repository.requests if method == "GET"]
    assert ("onnx/text_model.onnx", "bytes=700-") in fetched
    assert "onnx/vision_model.onnx" not in dict(fetched), "what had come whole is not fetched again"
    weights.verify(weights.find("tiny"))


def test_known_checksum_is_held_against_the_server(
    tmp_path: Path, described: ModelDescription, server: HubServer
) -> None:
    pinned = dataclasses.replace(described, sha256={"tokenizer.json": "0" * 64})
    installer, weights = installer_of(tmp_path, pinned)
    with pytest.raises(WeightsCorruptError, match="does not match its checksum"):
        installer.pull("tiny", endpoint=server.endpoint)
    assert weights.installed() == []


@pytest.mark.parametrize("file", ["onnx/vision_model.onnx", "tokenizer.json"])
def test_damage_on_the_way_is_noticed_even_on_a_first_pull(
    tmp_path: Path, described: ModelDescription, repository: HubRepository, server: HubServer, file: str
) -> None:
    repository.wrong_bytes.add(file)
    installer, weights = installer_of(tmp_path, described)
    with pytest.raises(WeightsCorruptError, match="checksum"):
        installer.pull("tiny", endpoint=server.endpoint)
    assert weights.installed() == []


def test_a_missing_file_is_a_plain_download_error(
    tmp_path: Path, described: ModelDescription, repository: HubRepository, server: HubServer
) -> None:
    (repository.folder / "tokenizer.json").unlink()
    installer, _ = installer_of(tmp_path, described)
    with pytest.raises(DownloadError, match="no such repository, revision or file"):
        installer.pull("tiny", endpoint=server.endpoint)


def test_no_network_is_a_plain_download_error(tmp_path: Path, described: ModelDescription) -> None:
    with socket.socket() as held:  # bound but not listening: connections are refused
        held.bind(("127.0.0.1", 0))
        installer, _ = installer_of(tmp_path, described)
        with pytest.raises(DownloadError, match="no connection") as raised:
            installer.pull("tiny", endpoint=f"http://127.0.0.1:{held.getsockname()[1]}")
    assert "pull again" in raised.value.hint


def test_an_installed_model_survives_a_failing_pull(
    tmp_path: Path, described: ModelDescription, repository: HubRepository, server: HubServer
) -> None:
    installer, weights = installer_of(tmp_path, described)
    before = installer.pull("tiny", endpoint=server.endpoint)
    digests = {path: sha256_of(path) for path in before.folder.rglob("*") if path.is_file()}
    repository.wrong_bytes.add("onnx/text_model.onnx")
    with pytest.raises(WeightsCorruptError):
        installer.pull("tiny", endpoint=server.endpoint)
    assert {path: sha256_of(path) for path in before.folder.rglob("*") if path.is_file()} == digests
    weights.verify(weights.find("tiny"))


def test_a_model_that_does_not_run_is_not_installed(
    tmp_path: Path, described: ModelDescription, repository: HubRepository, server: HubServer
) -> None:
    (repository.folder / "onnx" / "text_model.onnx").write_bytes(b"not a graph")
    installer, weights = installer_of(tmp_path, described)
    with pytest.raises(WeightsCorruptError, match="cannot be loaded"):
        installer.pull("tiny", endpoint=server.endpoint)
    assert weights.installed() == []


def test_unknown_names_and_models_without_a_repository(tmp_path: Path, described: ModelDescription) -> None:
    installer, _ = installer_of(tmp_path, described)
    with pytest.raises(UnknownModelError, match="tiny"):
        installer.pull("nosuch")
    with pytest.raises(UnknownModelError, match="variant"):
        installer.pull("tiny", "int8")
    homeless, _ = installer_of(tmp_path, dataclasses.replace(described, repository=None))
    with pytest.raises(DownloadError, match="no repository"):
        homeless.pull("tiny")


def test_two_pulls_of_one_model_exclude_each_other(
    tmp_path: Path, described: ModelDescription, server: HubServer
) -> None:
    installer, weights = installer_of(tmp_path, described)
    with weights.staging("tiny", "fp32"), pytest.raises(ModelError, match="Another process"):
        installer.pull("tiny", endpoint=server.endpoint)
