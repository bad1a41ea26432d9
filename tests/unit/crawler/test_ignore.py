"""gitignore semantics, by hand and against git itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartsearch.core.errors import ConfigError
from smartsearch.core.settings import DEFAULT_EXCLUDES
from smartsearch.crawler.ignore import IgnoreRules


@pytest.mark.parametrize(
    ("patterns", "excluded", "taken"),
    [
        (["*.png"], ["a.png", "x/y/a.png"], ["a.jpg", "png"]),
        (["*.png", "!keep.png"], ["a.png"], ["keep.png", "x/keep.png"]),
        (["!keep.png", "*.png"], ["keep.png"], ["keep.jpg"]),
        (["/a.jpg"], ["a.jpg"], ["x/a.jpg"]),
        (["x/a.jpg"], ["x/a.jpg"], ["y/x/a.jpg", "a.jpg"]),
        (["**/x/a.jpg"], ["x/a.jpg", "y/x/a.jpg"], ["x/b.jpg"]),
        (["x/**/a.jpg"], ["x/a.jpg", "x/y/z/a.jpg"], ["a.jpg"]),
        (["x/**"], ["x/a.jpg", "x/y/a.jpg"], ["y/a.jpg"]),
        (["IMG_????.jpg"], ["IMG_0001.jpg"], ["IMG_00001.jpg"]),
        (["[ab]*.jpg"], ["a1.jpg"], ["c1.jpg"]),
        (["tmp*"], ["tmp.jpg"], ["xtmp.jpg"]),
        (["folder/"], [], ["folder", "x/folder"]),
        (["# comment", "", r"\#a.jpg", r"\!b.jpg"], ["#a.jpg", "!b.jpg"], ["# comment", "b.jpg"]),
        (["a.jpg  "], ["a.jpg"], ["a.jpg  "]),
        (["*", "!*/", "!*.jpg"], ["a.png", "x/a.png"], ["a.jpg", "x/a.jpg"]),
        (["Thumbs.db"], ["Thumbs.db"], ["thumbs.db", "Thumbs.db\n", "a\nThumbs.db"]),
        (["a?b.jpg", "[!x]y.jpg"], ["a\nb.jpg", "\ny.jpg"], ["ab.jpg"]),
        (["caf\u00e9.jpg", "*.\udcff"], ["caf\u00e9.jpg", "a.\udcff"], ["cafe\u0301.jpg"]),
    ],
)
def test_files(patterns: list[str], excluded: list[str], taken: list[str]) -> None:
    rules = IgnoreRules.of("/r", patterns)

    def is_excluded(path: str) -> bool:
        folder, _, name = f"/r/{path}".rpartition("/")
        return rules.excludes_file(folder, name)

    assert [path for path in excluded if not is_excluded(path)] == []
    assert [path for path in taken if is_excluded(path)] == []


def test_folder_patterns_speak_of_folders_only() -> None:
    rules = IgnoreRules.of("/r", ["build/", "/only/here/", "*.lrdata/"])
    assert rules.excludes_folder("/r/x", "build")
    assert not rules.excludes_file("/r/x", "build")
    assert rules.excludes_folder("/r/only", "here")
    assert not rules.excludes_folder("/r/x/only", "here")
    assert rules.excludes_folder("/r", "Previews.lrdata")


def test_deeper_file_wins_and_is_relative_to_its_folder() -> None:
    root = IgnoreRules.of("/r", ["*.png", "raw/"])
    inner = root.extended("/r/in", b"\xef\xbb\xbf!*.png\r\n/b.jpg\r\n!raw/\n[z-a]\n\\\n")
    assert not inner.excludes_file("/r/in", "a.png")
    assert inner.excludes_file("/r/in", "b.jpg")
    assert not inner.excludes_file("/r/in/deep", "b.jpg")
    assert not inner.excludes_folder("/r/in", "raw")
    assert root.excludes_folder("/r", "raw")


def test_root_folder_as_base() -> None:
    rules = IgnoreRules.of("/", ["/proc/", "*.png"])
    assert rules.excludes_folder("/", "proc")
    assert rules.excludes_file("/", "a.png")


def test_defaults_compile_and_can_be_taken_back() -> None:
    rules = IgnoreRules.of("/r", (*DEFAULT_EXCLUDES, "!.cache/"))
    assert not rules.excludes_folder("/r", ".cache")
    assert rules.excludes_folder("/r/x", "@eaDir")
    assert rules.excludes_folder("/r/.local/share", "Trash")
    assert rules.excludes_file("/r", "._IMG_1.jpg")


@pytest.mark.parametrize("pattern", ["[z-a]", "\\"])
def test_impossible_pattern_from_the_user_is_a_config_error(pattern: str) -> None:
    with pytest.raises(ConfigError, match="exclude"):
        IgnoreRules.of("/r", [pattern])


_FILES = ["a.jpg", "b.png", "x/a.jpg", "x/b.png", "x/y/a.jpg", "x/y/ab.jpg", "y/x/a.jpg", "y/a.png/b.jpg"]
_SEGMENTS = st.sampled_from(["a.jpg", "*.jpg", "*", "x", "y", "**", "a*", "?.png", "[ab].*", "*.png"])
_PATTERNS = st.builds(
    lambda negated, anchored, segments, folder: negated + anchored + "/".join(segments) + folder,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(_SEGMENTS, min_size=1, max_size=3),
    st.sampled_from(["", "", "/"]),
)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(top=st.lists(_PATTERNS, max_size=4), inner=st.lists(_PATTERNS, max_size=2))
def test_agrees_with_git(tmp_path: Path, top: list[str], inner: list[str]) -> None:
    if not (tmp_path / ".git").exists():
        subprocess.run(["git", "init", "-q", tmp_path], check=True)
        for name in _FILES:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
    (tmp_path / ".gitignore").write_text("\n".join(top))
    (tmp_path / "x" / ".gitignore").write_text("\n".join(inner))
    command = ["git", "-C", tmp_path, "ls-files", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    assert sorted(_taken(str(tmp_path), top, inner)) == sorted(name for name in _FILES if name in listed)


def _taken(base: str, top: list[str], inner: list[str]) -> list[str]:
    outer = IgnoreRules.of(base, []).extended(base, "\n".join(top).encode())
    below = outer.extended(f"{base}/x", "\n".join(inner).encode())
    taken = []
    for path in _FILES:
        *folders, name = path.split("/")
        rules, folder = outer, base
        for each in folders:
            if rules.excludes_folder(folder, each):
                break
            folder = f"{folder}/{each}"
            rules = below if folder == f"{base}/x" else rules
        else:
            if not rules.excludes_file(folder, name):
                taken.append(path)
    return taken


def test_a_row_of_asterisks_is_one() -> None:
    """Found by fuzzing: as a regular expression it would be tried for longer than a lifetime."""
    rules = IgnoreRules.of("/p", []).extended("/p", b"*" * 100 + b"t\n\\**x\na/**/b\n")
    assert rules.excludes_file("/p", "a picture of a cat")
    assert not rules.excludes_file("/p", "a picture of a cat.jpg")
    assert rules.excludes_file("/p", "*yx")
    assert not rules.excludes_file("/p", "yx")
    assert rules.excludes_file("/p/a/c", "b")
    hostile = IgnoreRules.of("/p", []).extended("/p", b"*a" * 60 + b"b\n*.tmp\n")
    assert not hostile.excludes_file("/p", "a" * 255), "passed over"
    assert hostile.excludes_file("/p", "x.tmp")
    with pytest.raises(ConfigError, match="more than 4 asterisks"):
        IgnoreRules.of("/p", ["*a*b*c*d*e"])
