"""Errors as problem details (RFC 9457), mapped here once from the exception tree. No traceback, no private path."""

from __future__ import annotations

import logging
import re
import sys
import tempfile
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from smartsearch.config import Places
from smartsearch.core.errors import SmartsearchError, TooManyTriesError

log = logging.getLogger("smartsearch.api")

MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:smartsearch:problem:"


class FieldProblem(BaseModel):
    """One part of a request that is wrong."""

    field: str = Field(description="Where it is, for instance `body.top_k`.", examples=["body.top_k"])
    message: str = Field(examples=["Input should be greater than or equal to 1"])


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(description="Stable name of the kind of problem.", examples=[f"{_TYPE}asset-not-found"])
    title: str = Field(examples=["No image with that id or path is in the library."])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no image 7 in the library."])
    hint: str | None = Field(None, description="What to do about it.")
    errors: list[FieldProblem] | None = Field(None, description="For an invalid request: what is wrong where.")


PROBLEMS: dict[int | str, dict[str, Any]] = {
    code: {"description": description, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for code, description in (
        (422, "The request is invalid, or a file is no image that can be read"),
        ("default", "Any other problem"),
    )
}
"""Every route's answers besides success."""


class Redaction:
    """Replaces the program's own places in a message by what they are: a client has no business knowing them."""

    def __init__(self, places: Places) -> None:
        named = {
            str(places.library): "<library>",
            str(places.models): "<models>",
            str(places.home): "<home>",
            str(Path(__file__).parents[1]): "<program>",
            sys.prefix: "<python>",
            tempfile.gettempdir(): "<temporary>",
        }
        self._names = dict(sorted(named.items(), key=lambda item: -len(item[0])))
        self._pattern = re.compile("|".join(rf"{re.escape(path)}(?![\w.-])" for path in self._names))

    def __call__(self, text: str) -> str:
        return self._pattern.sub(lambda found: self._names[found[0]], text)


def install(app: FastAPI, places: Places) -> None:
    """Make every error of the app a problem document."""
    redacted = Redaction(places)

    def of_program(request: Request, error: SmartsearchError) -> JSONResponse:
        if error.http_status >= 500 and request.state.closings == request.app.state.door.closings:
            log.error("%s", error)  # else it was locked meanwhile, and nobody is told of this
        title = (type(error).__doc__ or "").partition("\n")[0]
        answer = problem(
            error.http_status, name_of(error), title, redacted(error.message), redacted(error.hint) or None
        )
        if isinstance(error, TooManyTriesError):
            answer.headers["retry-after"] = str(error.seconds)
        return answer

    def of_request(_: Request, error: RequestValidationError) -> JSONResponse:
        wrong = [
            FieldProblem(field=".".join(map(str, found["loc"])), message=str(found["msg"])) for found in error.errors()
        ]
        first = f"{wrong[0].field}: {wrong[0].message}." if wrong else "The request is invalid."
        return problem(422, "invalid-request", "The request is invalid.", _text(first), errors=wrong)

    def of_http(_: Request, error: HTTPException) -> JSONResponse:
        title = _title(error.status_code)
        response = problem(error.status_code, title.lower().replace(" ", "-"), title, _text(str(error.detail)))
        response.headers.update(error.headers or {})
        return response

    def of_fault(_: Request, __: Exception) -> JSONResponse:
        # The server logs the traceback (Starlette raises it again after answering).
        return problem(500, "internal", "A fault of the program.", "The server's log says more.")

    app.add_exception_handler(SmartsearchError, of_program)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, of_request)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, of_http)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, of_fault)


class PlainErrors:
    """ASGI middleware: errors that the framework words itself (body too large, no such range) become problems, too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        replaced = False

        async def send_problem(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] >= 400:
                headers = MutableHeaders(scope=message)
                replaced = headers.get("content-type", "").startswith("text/plain")
                if replaced:
                    title = _title(message["status"])
                    answer = problem(message["status"], title.lower().replace(" ", "-"), title, f"{title}.")
                    kept = {name: value for name, value in headers.items() if name in ("content-range", "connection")}
                    answer.headers.update(kept)
                    await answer(scope, receive, send)
            if not replaced:
                await send(message)

        await self._app(scope, receive, send_problem)


def problem(
    status: int, name: str, title: str, detail: str, hint: str | None = None, errors: list[FieldProblem] | None = None
) -> JSONResponse:
    """A problem document as a response."""
    found = Problem(type=_TYPE + name, title=title, status=status, detail=_text(detail), hint=hint, errors=errors)
    return JSONResponse(found.model_dump(exclude_none=True), status, media_type=MEDIA_TYPE)


def _title(status: int) -> str:
    """Python's own names of these changed between its versions."""
    renamed = {413: "Content Too Large", 416: "Range Not Satisfiable", 422: "Unprocessable Content"}
    return renamed.get(status) or HTTPStatus(status).phrase


def name_of(error: SmartsearchError) -> str:
    """The class in kebab case: ``AssetNotFoundError`` is "asset-not-found"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(error).__name__.removesuffix("Error")).lower()


def _text(text: str) -> str:
    """Lone surrogates (file names that are no text) cannot be sent as JSON."""
    return text.encode("utf-8", "backslashreplace").decode()
