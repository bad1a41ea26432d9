"""The application: routes under /api/v1, guards around them, the web page when it is built."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, Response
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser
from starlette.routing import Match, Mount
from starlette.types import ASGIApp, Scope

from smartsearch.access.tries import Tries
from smartsearch.api import problems
from smartsearch.api.authorization import Authorized
from smartsearch.api.door import Door
from smartsearch.api.metrics import Measured, RequestMetrics
from smartsearch.api.routes import (
    access,
    albums,
    audit,
    duplicates,
    edits,
    export,
    faces,
    feedback,
    images,
    indexing,
    locking,
    models,
    motion,
    overview,
    persons,
    proposals,
    query,
    search,
    settings,
    suggestions,
    system,
    tags,
    texts,
)
from smartsearch.api.routes import jobs as job_routes
from smartsearch.api.rules import Rules
from smartsearch.api.security import Guard
from smartsearch.encryption.keyfile import is_encrypted
from smartsearch.library import Library

PREFIX = "/api/v1"
WEB_FOLDER = Path(__file__).parents[1] / "web"
"""Where the built web page lies inside the package; not there in a clone without Node."""

_ROUTES = (
    system,
    texts,
    search,
    query,
    suggestions,
    overview,
    export,
    edits,
    images,
    motion,
    albums,
    proposals,
    tags,
    duplicates,
    faces,
    feedback,
    persons,
    indexing,
    job_routes,
    models,
    settings,
    locking,
    access,
    audit,
)

MAX_BODY_BYTES = 1 << 20
"""Of a request that uploads no file."""

_NO_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>smartsearch</title></head>
<body><h1>smartsearch is running</h1>
<p>The web page is not built in this installation. In a clone of the repository with Node.js,
<code>make web</code> builds it; then start the server again.</p>
<p>The API works without it: <a href="/api/v1/openapi.json">/api/v1/openapi.json</a> describes it.</p>
</body></html>
"""

# FastAPI can report to OpenTelemetry when its surroundings say so. Nothing leaves the machine: not this way either.
_NO_TELEMETRY: Any = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}

_DESCRIPTION = """Search the photos of this machine by describing them. Everything stays on the machine.

Errors are problem details (RFC 9457). On the loopback interface nobody has to log in until there are users; then every
request needs the cookie of `POST /session` or a token."""


def create_app(library: Library | Door, *, web: Path = WEB_FOLDER, exposed: bool = False) -> FastAPI:
    """The API over an open library, which the caller closes, or over a door to one that may be locked. ``web`` is the
    folder of the built web page. ``exposed`` says that others than this machine's users can reach it: then there is no
    answer without a login.

    Whoever runs it through its lifespan has running jobs stopped at the end.
    """
    door = Door(library.places, library.settings, library) if isinstance(library, Library) else library

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(door.close)

    app = _Application(
        title="smartsearch",
        description=_DESCRIPTION,
        version=version("smartsearch"),
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # both load their scripts from the network
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        max_body_size=MAX_BODY_BYTES,
        redirect_slashes=False,
        telemetry=_NO_TELEMETRY,
        lifespan=lifespan,
    )
    app.state.door = door
    app.state.metrics = RequestMetrics()
    app.state.tries = Tries()
    app.state.passphrase_tries = Tries(what="passphrases")
    app.state.exposed = exposed
    for module in _ROUTES:
        app.include_router(module.router, prefix=PREFIX, responses=problems.PROBLEMS)
    limit = door.settings.server.max_upload_bytes + MAX_BODY_BYTES
    if is_encrypted(door.places.library):
        # What is longer than this Starlette writes to the temporary folder, in clear.
        MultiPartParser.spool_max_size = max(MultiPartParser.spool_max_size, limit)
    app.include_router(search.uploads, prefix=PREFIX, responses=problems.PROBLEMS, max_body_size=limit)
    problems.install(app, door.places)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    _add_page(app, web)
    return app


class _Application(FastAPI):
    """The guards go around everything, also around what FastAPI itself answers (too large a body, a fault)."""

    def build_middleware_stack(self) -> ASGIApp:
        door: Door = self.state.door
        exposed: bool = self.state.exposed
        inside = problems.PlainErrors(super().build_middleware_stack())
        authorized = Authorized(inside, door, Rules(self.routes, PREFIX), exposed=exposed)
        return Guard(Measured(authorized, self.state.metrics), door.settings.server.hosts, exposed=exposed)


def _operation_id(route: APIRoute) -> str:
    """Function names: what a generated client calls its methods."""
    return route.name


def _described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the problem schema that every route's `responses` point to."""
    if not app.openapi_schema:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        template = "#/components/schemas/{model}"
        schemas["Problem"] = problems.Problem.model_json_schema(ref_template=template)
        schemas |= schemas["Problem"].pop("$defs")
        app.openapi_schema = document
    return app.openapi_schema


def _add_page(app: FastAPI, web: Path) -> None:
    if (web / "index.html").is_file():
        app.router.routes.append(_PageMount("/", _Page(directory=web, html=True), name="page"))
        return

    @app.get("/", include_in_schema=False)
    def no_page() -> HTMLResponse:
        return HTMLResponse(_NO_PAGE)


class _PageMount(Mount):
    """Everything but the API's own addresses, which would otherwise never be told of a wrong method."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.NONE, {}) if scope["path"].startswith("/api/") else super().matches(scope)


class _Page(StaticFiles):
    """The single-page application: files as they are; every other address is one of the page's own views."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            answer = await super().get_response(path, scope)
        except HTTPException as error:
            name = path.rpartition("/")[2]
            if error.status_code != 404 or "." in name:
                raise
            answer = await super().get_response("index.html", scope)
        # Names of built files carry a hash of their content; everything else is asked for anew, and may be unchanged.
        answer.headers["cache-control"] = "max-age=31536000, immutable" if path.startswith("assets/") else "no-cache"
        return answer
