"""What each route asks of its caller: the one place where that is said.

A route that reads is for everybody who may read, any other for those who may write. What differs is in the tables
below; a route that is new is thereby never open by oversight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, compile_path

from smartsearch.core.access import Scope

Need = Literal["nothing"] | Literal["login"] | Scope
"""``nothing``: anybody. ``login``: somebody who logged in with a password, whatever the role; no token."""

_PUBLIC = {"GET /health", "GET /session", "POST /session", "DELETE /session"}
"""Whether the server is well, and the way in and out."""

_WITHOUT_LIBRARY = _PUBLIC | {"GET /version", "POST /unlock", "POST /lock"}
"""What a server answers while its library is locked."""

_ASKING = {
    "/search",
    "/search/image",
    "/search/facets",
    "/search/export",
    "/query/parse",
    "/timeline",
    "/map",
}
"""POST only because the question is long."""

_LOGIN = ("/session/", "/sessions", "/tokens")
"""One's own way in. A token must not make tokens."""

_ADMIN = ("/users", "/audit", "/folders")
"""Read or write: these tell of the machine and of other people."""

_TO_CHANGE = ("/feedback", "/faces/review", "/persons/events")
"""Read by those who may change it, to do so: what others searched for and did, and questions about whom they hide."""

_ADMIN_TO_CHANGE = (
    "/settings",
    "/models",
    "/index/roots",
    "/index/erase",
    "/index/scan",
    "/index/exclusions",
    "/faces/consent",
    "/learn",
    "/duplicates/trash",
    "/unlock",
    "/lock",
)
"""What holds for everybody."""


def need_of(method: str, path: str) -> Need:
    """What a route asks, by its method and its template below the prefix (``/images/{image_id}``)."""
    if f"{method} {path}" in _PUBLIC:
        return "nothing"
    if _below(path, _LOGIN):
        return "login"
    if _below(path, _ADMIN):
        return "admin"
    if _below(path, _TO_CHANGE):
        return "write"
    if method in ("GET", "HEAD") or (method == "POST" and path in _ASKING):
        return "read"
    return "admin" if _below(path, _ADMIN_TO_CHANGE) else "write"


def _below(path: str, folders: Sequence[str]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)


@dataclass(frozen=True, slots=True)
class Matched:
    """The route that will answer a request."""

    name: str
    """The function's."""
    need: Need
    parameters: dict[str, str]
    """Of the path."""
    without_library: bool = False
    """It answers while the library is locked, too."""


class Rules:
    """Finds the route of a request by the router's own patterns, in the router's order."""

    def __init__(self, routes: Sequence[BaseRoute], prefix: str) -> None:
        self._routes = [
            (compile_path(context.path)[0], frozenset(context.methods), str(context.name), context.path)
            for context in iter_route_contexts(routes)
            if context.path and context.methods
        ]
        self._prefix = prefix

    def find(self, method: str, path: str) -> Matched | None:
        """None where no route answers that: it will be a 404 or 405."""
        for pattern, methods, name, template in self._routes:
            found = pattern.match(path) if method in methods else None
            if found:
                path = template.removeprefix(self._prefix)
                free = f"{method} {path}" in _WITHOUT_LIBRARY
                return Matched(name, need_of(method, path), found.groupdict(), free)
        return None
