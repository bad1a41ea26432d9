"""smartsearch: local, offline image search.

from smartsearch import Library, SearchRequest, find_places, load_settings

places = find_places()
with Library.open(places, load_settings(places), create=True) as library:
    library.index([Path("~/Pictures")])
    for hit in library.search(SearchRequest(text="dog on a beach")).hits:
        print(hit.score, hit.asset.path)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smartsearch.config import Places, find_places, load_settings
    from smartsearch.core.errors import SmartsearchError
    from smartsearch.evaluation import Evaluation, evaluate
    from smartsearch.library import Library
    from smartsearch.search.ranking import Hit
    from smartsearch.search.service import SearchRequest, SearchResult

__all__ = [
    "Evaluation",
    "Hit",
    "Library",
    "Places",
    "SearchRequest",
    "SearchResult",
    "SmartsearchError",
    "evaluate",
    "find_places",
    "load_settings",
]

_HOMES = {
    "Evaluation": "smartsearch.evaluation",
    "Hit": "smartsearch.search.ranking",
    "Library": "smartsearch.library",
    "Places": "smartsearch.config",
    "SearchRequest": "smartsearch.search.service",
    "SearchResult": "smartsearch.search.service",
    "SmartsearchError": "smartsearch.core.errors",
    "evaluate": "smartsearch.evaluation",
    "find_places": "smartsearch.config",
    "load_settings": "smartsearch.config",
}


def __getattr__(name: str) -> Any:
    """Public names on first use: every decode worker imports this package and needs none of them."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
