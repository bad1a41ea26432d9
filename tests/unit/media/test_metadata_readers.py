"""Metadata readers of plugins: what they may say, and what becomes of it."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, BinaryIO

import pytest

from smartsearch.core.assets import Gps, Metadata
from smartsearch.media.readers import MOST_TEXT, MetadataReaders, ReaderPlace, checked

KNOWN = Metadata(taken_at=datetime(2020, 1, 1), rating=4, keywords=("Dog",), exif={"EXIF": {"Make": "X"}})


def readers_of(monkeypatch: pytest.MonkeyPatch, *functions: Any) -> MetadataReaders:
    module = ModuleType("plugin_of_a_test")
    places = []
    for number, function in enumerate(functions):
        setattr(module, f"read{number}", function)
        places.append(ReaderPlace(f"plugin{number}", f"plugin_of_a_test:read{number}"))
    monkeypatch.setitem(sys.modules, "plugin_of_a_test", module)
    return MetadataReaders(places)


def test_what_is_known_stays_and_what_is_open_is_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(path: str, file: BinaryIO, format: str) -> Metadata:
        assert (path, file.read(), format) == ("/a.jpg", b"bytes", "jpeg")
        return Metadata(
            taken_at=datetime(1999, 1, 1),
            taken_offset=60,
            rating=1,
            title="T",
            gps=Gps(1, 2),
            keywords=("dog", "sea"),
            exif={"url": "u"},
        )

    readers = readers_of(monkeypatch, read, lambda *_: Metadata(title="later"), lambda *_: None)
    file = io.BytesIO(b"bytes")
    file.seek(3)
    found = readers.filled(KNOWN, "/a.jpg", file, "jpeg")
    assert (found.taken_at, found.taken_offset, found.rating) == (datetime(2020, 1, 1), None, 4)
    assert (found.title, found.gps, found.keywords) == ("T", Gps(1.0, 2.0), ("Dog", "sea"))
    assert found.exif == {"EXIF": {"Make": "X"}, "plugin0": {"url": "u"}}
    assert readers.told() == ()


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"title": "x"}, "not dict"),
        (Metadata(gps=Gps(91, 0)), "gps is 91"),
        (Metadata(focal_length=float("nan")), "focal_length is nan"),
        (Metadata(rating=9), "rating is 9"),
        (Metadata(taken_at=datetime(2020, 1, 1, tzinfo=UTC)), "without a zone"),
        (Metadata(keywords="dog"), "sequence of texts"),  # type: ignore[arg-type]
        (Metadata(exif={"x": object()}), "not JSON serializable"),
        (Metadata(exif={"x": "y" * 40_000}), "32 KiB"),
    ],
)
def test_a_wrong_answer_is_said_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, answer: object, problem: str
) -> None:
    readers = readers_of(monkeypatch, lambda *_: answer, lambda *_: Metadata(title="of the next"))
    found = readers.filled(KNOWN, "/a.jpg", io.BytesIO(), "jpeg")
    assert (found.title, found.keywords, found.gps) == ("of the next", ("Dog",), None)
    (told,) = readers.told()
    assert "plugin 'plugin0'" in told
    assert problem in told
    assert readers.told() == (), "once"


def test_an_answer_holds_plain_values_only() -> None:
    class Text(str):
        pass

    said = checked(Metadata(title=Text("x" * 20_000), iso=100.0, keywords=[" ", Text("sea"), 7]))  # type: ignore[arg-type]
    assert (type(said.title), len(said.title or ""), type(said.iso)) == (str, MOST_TEXT, int)
    assert said.keywords == ("sea", "7")
    assert all(type(keyword) is str for keyword in said.keywords)


def test_a_reader_that_is_not_there_is_said() -> None:
    readers = MetadataReaders([ReaderPlace("gone", "no_such_module_here:read"), ReaderPlace("odd", "json:nothing")])
    assert readers.filled(KNOWN, "/a", io.BytesIO(), "jpeg") == KNOWN
    first, second = readers.told()
    assert "plugin 'gone' failed: ModuleNotFoundError" in first
    assert "plugin 'odd' failed: AttributeError" in second
