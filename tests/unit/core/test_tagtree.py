"""Names of tags, and what becomes of them when a part of the tree moves."""

from __future__ import annotations

import pytest

from smartsearch.core.assets import Tag
from smartsearch.core.errors import UsageError
from smartsearch.core.tagtree import moved, tag_path


def test_a_tag_is_its_levels() -> None:
    assert tag_path("  animal /  big   dog/ ") == "animal/big dog"
    for bad in ("", " / ", "x" * 201):
        with pytest.raises(UsageError):
            tag_path(bad)


def test_what_is_there_keeps_its_spelling() -> None:
    tags = [Tag("Pet/Dog"), Tag("animal/dog"), Tag("animals")]
    assert moved(tags, "animal", "pet") == [Tag("Pet/Dog"), Tag("animals")]
    assert moved(tags, "ANIMAL/dog", "dog") == [Tag("Pet/Dog"), Tag("dog"), Tag("animals")]
    assert moved(tags, "animal", None) == [Tag("Pet/Dog"), Tag("animals")]
