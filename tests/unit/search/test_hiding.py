"""Which hidden images a question asks for."""

from __future__ import annotations

import pytest
from tests.contract.making import put

from smartsearch.core.query import And, FormatIs, Hidden, Not, Or, Query, Shown
from smartsearch.search.hiding import among_asked, among_hidden, among_shown, unasked
from smartsearch.testing import MemoryStore

JPEG, PNG = FormatIs(("jpeg",)), FormatIs(("png",))


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    """One photo of each kind, shown and hidden: a capital letter is hidden."""
    made = MemoryStore()
    made.apply([put(f"/{name}", format="png" if name in "pP" else "jpeg") for name in "jpJP"])
    for name in "JP":
        asset = made.asset_by_path(f"/{name}")
        assert asset is not None
        made.set_hidden(asset.id, True)
    return made


def found(store: MemoryStore, where: Query) -> str:
    return "".join(sorted(asset.path[1:] for asset in store.assets(store.select(where))))


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (And(()), "jp"),
        (Hidden(), "JP"),
        (Not(Hidden()), "jp"),
        (And((Hidden(), JPEG)), "J"),
        (And((JPEG, And((Hidden(),)))), "J"),
        (Or((Hidden(), JPEG)), "JPj"),
        (Or((And((Hidden(), PNG)), JPEG)), "Pj"),
        (And((Or((Hidden(), PNG)), JPEG)), "J"),
        (And((Or((And((Hidden(), PNG)), JPEG)), Or((JPEG, PNG)))), "Pj"),
        (Not(And((Hidden(), JPEG))), "jp"),
        (And((Hidden(), Not(Hidden()))), ""),
        (unasked(Hidden()), ""),
        (And((unasked(Or((Hidden(), JPEG))), PNG)), ""),
        (And((unasked(Or((Hidden(), JPEG))), Hidden())), "JP"),
        (unasked(JPEG), "j"),
    ],
)
def test_only_who_asks_for_hidden_images_gets_them(store: MemoryStore, where: Query, expected: str) -> None:
    assert found(store, among_asked(where)) == expected
    assert found(store, among_shown(where)).islower() or found(store, among_shown(where)) == ""
    assert set(found(store, among_hidden(where))) <= set("JP")


def test_what_is_frequent_keeps_its_shape() -> None:
    assert among_asked(And(())) == Shown()
    assert among_asked(And((JPEG, And((PNG,))))) == And((Shown(), JPEG, PNG))
    assert unasked(JPEG) is JPEG
