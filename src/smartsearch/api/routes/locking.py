"""Unlocking the encrypted library of a running server, and locking it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, SecretStr, StringConstraints

from smartsearch.access.tries import Tries
from smartsearch.api.deps import AddressDep, DoorDep
from smartsearch.api.schemas import Strict

router = APIRouter(tags=["system"])


class Passphrase(Strict):
    """What opens the library."""

    passphrase: Annotated[SecretStr, StringConstraints(max_length=1000)]


class LockState(BaseModel):
    """Whether the server has its library open."""

    locked: bool


@router.post("/unlock")
def unlock(given: Passphrase, request: Request, door: DoorDep, address: AddressDep) -> LockState:
    """Open the encrypted library, for this server alone and until it ends or is locked. 403 for a wrong passphrase, 429
    after too many of them."""
    tries: Tries = request.app.state.passphrase_tries
    with tries.trying(address):
        door.unlock(given.passphrase.get_secret_value())
    return LockState(locked=door.locked)


@router.post("/lock")
def lock(response: Response, door: DoorDep) -> LockState:
    """Close the encrypted library, forget its key (the session's and the keyring's, too, as `smartsearch lock` does),
    and have the browser forget its pictures. A running job is stopped, and can be resumed; 409 if it does not stop."""
    door.lock()
    response.headers["clear-site-data"] = '"cache"'
    return LockState(locked=door.locked)
