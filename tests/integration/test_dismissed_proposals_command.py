"""`smartsearch albums propose --dismiss` and `--restore`."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from smartsearch.cli.main import app
from smartsearch.config import Places
from smartsearch.core.settings import OcrSettings, Settings
from smartsearch.library import Library


def test_a_proposal_is_dismissed_and_restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTSEARCH_HOME", str(tmp_path / "home"))
    (tmp_path / "photos").mkdir()
    for number in range(9):
        exif = Image.Exif()
        moment = datetime(2021, 6, 5, 14) + timedelta(minutes=4 * number)
        exif.get_ifd(0x8769)[0x9003] = moment.strftime("%Y:%m:%d %H:%M:%S")
        Image.new("RGB", (64, 48), (20 * number, 90, 10)).save(tmp_path / "photos" / f"{number}.jpg", exif=exif)
    places = Places(tmp_path / "home", tmp_path / "library")
    with Library.open(places, Settings(ocr=OcrSettings("later")), create=True) as library:
        library.index([tmp_path / "photos"])

    def propose(*options: str) -> Any:
        return CliRunner().invoke(app, ["albums", "propose", *options, "--library", str(places.library)])

    def proposed() -> list[str]:
        return [one["key"] for one in json.loads(propose("--json").stdout)["proposals"]]

    [key] = proposed()
    done = propose("--dismiss", key)
    assert (done.exit_code, f"5 June 2021 is not proposed again; --restore {key}" in done.stdout) == (0, True)
    assert proposed() == []
    assert propose("--dismiss", key).exit_code != 0
    assert "5 June 2021" in propose("--dismissed").stdout
    [dismissed] = json.loads(propose("--dismissed", "--json").stdout)["proposals"]
    assert (dismissed["key"], dismissed["images"]) == (key, 9)
    assert propose("--restore", key).exit_code == 0
    assert "Nothing was dismissed." in propose("--dismissed").stdout
    assert proposed() == [key]
