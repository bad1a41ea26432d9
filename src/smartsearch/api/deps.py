"""What routes are given."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Annotated, Any

from fastapi import Depends, Path, Request

from smartsearch.api.background import BackgroundJobs
from smartsearch.api.door import Door
from smartsearch.core.access import LOCAL, Caller
from smartsearch.library import Library

MAX_ID = 2**63 - 1
"""The largest id a store can have."""


ASKING: ContextVar[Caller] = ContextVar("asking", default=LOCAL)
"""Who asks, for what is decided deeper than in a route. Set by `Authorized`; goes along into the routes' threads."""


# Coroutines: plain functions would be sent to another thread and back for every request.
async def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


DoorDep = Annotated[Door, Depends(_door)]
"""For the few routes that answer while the library is locked."""


async def _library(door: DoorDep) -> Library:
    return door.library


async def _jobs(door: DoorDep) -> BackgroundJobs:
    return door.jobs


async def _caller(request: Request) -> Caller | None:
    caller: Caller | None = request.state.caller
    return caller


CallerDep = Annotated[Caller | None, Depends(_caller)]
"""Who asks; None only on the public routes, where nobody has to have logged in."""


async def _address(request: Request) -> str:
    return request.client.host if request.client else ""


AddressDep = Annotated[str, Depends(_address)]
"""Where the request comes from; "" where that is not known."""


async def _audit(request: Request) -> dict[str, Any]:
    detail: dict[str, Any] = request.state.audit
    return detail


AuditDep = Annotated[dict[str, Any], Depends(_audit)]
"""What a route adds to its entry in the audit log: ids and figures."""
JobsDep = Annotated[BackgroundJobs, Depends(_jobs)]
LibraryDep = Annotated[Library, Depends(_library)]
ImageId = Annotated[int, Path(ge=1, le=MAX_ID, description="An image's id, from a search.", examples=[1])]
