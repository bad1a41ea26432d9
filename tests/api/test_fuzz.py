"""Whatever the OpenAPI document allows: no request brings the server down, and every answer is as the document says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance
from starlette.types import ASGIApp, Receive, Scope, Send

from smartsearch.api.app import create_app
from smartsearch.library import Library

APPS: list[ASGIApp] = []


async def ask_app(scope: Scope, receive: Receive, send: Send) -> None:
    """The application is made after the tests are collected."""
    await APPS[0](scope, receive, send)


SCHEMA = schemathesis.openapi.from_dict(
    json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text("utf-8"))
)
SCHEMA.app = ask_app
OPERATIONS = {
    f"{operation.method.upper()} {operation.path}": operation
    for operation in (result.ok() for result in SCHEMA.get_all_operations())
}


@pytest.fixture(scope="module", autouse=True)
def app(open_copy: Callable[[], Library]) -> Iterator[None]:
    made = create_app(open_copy())
    APPS.append(made)
    yield
    APPS.clear()
    made.state.door.close()


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_request_brings_the_server_down(name: str) -> None:
    @settings(
        max_examples=10,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=OPERATIONS[name].as_strategy())
    def ask(case: schemathesis.Case) -> None:
        response = case.call(headers={"host": "127.0.0.1:8000"})
        case.validate_response(response, checks=[not_a_server_error, response_schema_conformance])

    ask()
