"""The packed map of what the store knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartsearch.core.assets import FileIdentity, FileState
from smartsearch.crawler.known import KnownFiles, fields

_WORDS = st.integers(0, (1 << 63) - 1)
_IDENTITIES = st.builds(FileIdentity, _WORDS, _WORDS, _WORDS, st.integers(-(1 << 62), 1 << 62))
_PATHS = st.lists(st.sampled_from(["a", "b", "caf\u00e9", "\udcff", "line\nbreak", "x.jpg"]), min_size=1, max_size=4)
_STATES = st.builds(
    FileState,
    asset_id=st.integers(0, 1 << 40),
    path=_PATHS.map(lambda parts: "/" + "/".join(parts)),
    identity=_IDENTITIES,
    file_hash=st.none() | st.binary(min_size=32, max_size=32),
    missing=st.booleans(),
    embedded=st.booleans(),
    sidecar_mtime_ns=st.none() | st.integers(0, 1 << 62),
)


@given(st.lists(_STATES, unique_by=lambda state: state.path))
def test_is_a_map_of_the_states_given(states: list[FileState]) -> None:
    known = KnownFiles(states)
    assert dict(known) == {state.path: state for state in states}
    assert len(known) == len(states)
    for state in states:
        assert state.path in known
        index = known.names(state.path.rpartition("/")[0] or "/")[state.path.rpartition("/")[2]]
        assert known.path_of(index) == state.path
        same = [each.path for each in states if each.identity == state.identity and state.identity.inode]
        assert sorted(map(known.path_of, known.assets_with_identity(fields(state.identity)))) == sorted(same)


def test_unknown_paths() -> None:
    known = KnownFiles([_asset("/a/b.jpg")])
    assert "/a" not in known
    assert "/a/c.jpg" not in known
    assert 7 not in known
    with pytest.raises(KeyError):
        known["/b/b.jpg"]


@pytest.mark.parametrize("error_first", [True, False])
def test_an_asset_whose_new_version_is_in_error(error_first: bool) -> None:
    broken = FileState(None, "/a.jpg", FileIdentity(1, 2, 3, 9), None)
    asset = _asset("/a.jpg")
    known = KnownFiles([broken, asset] if error_first else [asset, broken])
    assert len(known) == 1
    assert known["/a.jpg"] == asset
    index = known.names("/")["a.jpg"]
    assert known.in_error(index, (1, 2, 3, 9))
    assert not known.in_error(index, fields(asset.identity))


def test_file_in_error_is_no_asset() -> None:
    known = KnownFiles([FileState(None, "/a.jpg", FileIdentity(1, 2, 3, 4), None)])
    assert known["/a.jpg"].asset_id is None
    assert known.assets_with_identity((1, 2, 3, 4)) == []
    assert known.in_error(0, (1, 2, 3, 4))


def test_no_inode_numbers_no_identity() -> None:
    assert KnownFiles([_asset("/a.jpg", inode=0)]).assets_with_identity((1, 0, 3, 4)) == []
    assert KnownFiles().assets_with_identity((1, 2, 3, 4)) == []


def _asset(path: str, inode: int = 2) -> FileState:
    return FileState(1, path, FileIdentity(1, inode, 3, 4), b"h" * 32)
