"""What routes are given."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Request

from smartsearch.api.background import BackgroundJobs
from smartsearch.library import Library

MAX_ID = 2**63 - 1
"""The largest id a store can have."""


# Coroutines: plain functions would be sent to another thread and back for every request.
async def _library(request: Request) -> Library:
    library: Library = request.app.state.library
    return library


async def _jobs(request: Request) -> BackgroundJobs:
    jobs: BackgroundJobs = request.app.state.jobs
    return jobs


JobsDep = Annotated[BackgroundJobs, Depends(_jobs)]
LibraryDep = Annotated[Library, Depends(_library)]
ImageId = Annotated[int, Path(ge=1, le=MAX_ID, description="An image's id, from a search.", examples=[1])]
