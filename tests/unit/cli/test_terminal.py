"""Pictures in the terminal, and how values look."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console
from tests.pictures import save_picture

from smartsearch.cli.render import duration, printable, shorten, size
from smartsearch.cli.terminal import COLUMNS, draw


def console(colours: str | None) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, color_system=colours, width=120)  # type: ignore[arg-type]


def drawn(out: Console) -> str:
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_a_picture_is_drawn_in_its_colours(tmp_path: Path) -> None:
    out = console("truecolor")
    draw(out, save_picture(tmp_path / "blue.webp", "blue", size=(64, 48)).read_bytes())
    lines = drawn(out).splitlines()
    assert len(lines) == COLUMNS * 48 // 64 // 2
    assert all(line.count("▀") == COLUMNS for line in lines)
    red, green, blue = (int(part) for part in lines[0].split("38;2;")[1].split("m")[0].split(";")[:3])
    assert blue > 2 * max(red, green)


@pytest.mark.parametrize("colours", [None, "standard", "256"])
def test_nothing_is_drawn_where_the_terminal_cannot(tmp_path: Path, colours: str | None) -> None:
    out = console(colours)
    draw(out, save_picture(tmp_path / "blue.webp", "blue").read_bytes())
    assert drawn(out) == ""


def test_a_missing_or_damaged_thumbnail_is_passed_over() -> None:
    out = console("truecolor")
    for webp in (None, b"", b"RIFF\0\0\0\0WEBP"):
        draw(out, webp)
    assert drawn(out) == ""


def test_hostile_names_cannot_move_the_cursor() -> None:
    assert printable("a\x1b[2Jb\nc\udce9") == "a\\x1b[2Jb\\nc\\udce9"


def test_long_paths_keep_their_end() -> None:
    assert shorten("/a/very/long/path/to/the/photo.jpg", 12) == "…e/photo.jpg"


def test_sizes_and_durations() -> None:
    assert [size(n) for n in (0, 999, 1500, 2_500_000_000)] == ["0 B", "999 B", "1.5 KB", "2.5 GB"]
    assert [duration(s) for s in (0.0421, 75)] == ["42 ms", "0:01:15"]
