"""Tags that lie below others: found, moved, merged, taken off."""

from __future__ import annotations

from smartsearch.core.assets import AutoTags, Metadata, PutAutoTags, Tag
from smartsearch.core.ports import Store
from smartsearch.core.query import HasTag, Shown
from smartsearch.core.tagtree import TagNode
from tests.contract.making import put


def filled(store: Store) -> list[int]:
    """Four images: a dog and more, a cat, the parent itself, and keywords of the file."""
    store.apply([put(f"/{name}.jpg") for name in "abc"] + [put("/d.jpg", metadata=Metadata(keywords=("Animal/dog",)))])
    ids = store.select(Shown())
    for asset_id, names in zip(
        ids, (["animal/dog", "animal/dog/rex", "sea"], ["animal/cat"], ["animal"]), strict=False
    ):
        store.set_tags(asset_id, map(Tag, names), "user")
    return ids


def names(store: Store, asset_id: int) -> list[str]:
    return [tag.name for tag in store.assets([asset_id])[0].tags if tag.source == "user"]


def test_who_asks_for_the_parent_finds_the_children(store: Store) -> None:
    first, second, third, fourth = filled(store)
    assert store.select(HasTag("ANIMAL")) == [first, second, third, fourth]
    assert store.select(HasTag("animal/dog")) == [first, fourth]
    assert store.select(HasTag("animal/do")) == store.select(HasTag("dog")) == []
    assert store.facets(HasTag("animal/dog")).total == 2


def test_the_tree_counts_each_image_once(store: Store) -> None:
    first, *_ = filled(store)
    tree = {node.name.lower(): (node.images, node.editable) for node in store.tag_tree()}
    assert tree == {
        "animal": (4, True),
        "animal/cat": (1, True),
        "animal/dog": (2, True),
        "animal/dog/rex": (1, True),
        "sea": (1, True),
    }
    assert [node.name.lower() for node in store.tag_tree()][:2] == ["animal", "animal/cat"]
    store.set_hidden(first, True)
    assert "sea" not in {node.name for node in store.tag_tree()}


def test_a_subtree_moves_and_merges(store: Store) -> None:
    first, second, third, _ = filled(store)
    store.set_tags(second, [Tag("animal/cat"), Tag("pet")], "user")
    before = store.generation
    assert store.move_tag("Animal", "pet") == 3
    assert store.generation > before
    assert names(store, first) == ["pet/dog", "pet/dog/rex", "sea"]
    assert names(store, second) == ["pet", "pet/cat"]
    assert names(store, third) == ["pet"]
    assert [hit.asset_id for hit in store.match_text("pet", Shown(), 9)] != []
    assert store.match_text("animal", HasTag("pet"), 9) == []


def test_keywords_and_automatic_tags_stay(store: Store) -> None:
    first, _, _, fourth = filled(store)
    store.apply([PutAutoTags(first, AutoTags("t", (Tag("animal", 0.9, "auto"),)))])
    assert store.move_tag("animal", None) == 3
    assert names(store, first) == ["sea"]
    assert [(tag.name, tag.source) for tag in store.assets([first])[0].tags] == [("animal", "auto"), ("sea", "user")]
    assert store.select(HasTag("animal")) == [first, fourth]
    assert store.move_tag("animal", None) == 0
    assert TagNode("animal", 2, False) in [
        TagNode(node.name.lower(), node.images, node.editable) for node in store.tag_tree()
    ]
