"""What of a request goes into the audit log: changes, pictures and exports that were sent, logins, refusals.

Ids and figures only. Words of a search, names and texts that somebody typed are not written down.
"""

from __future__ import annotations

from typing import Any

from starlette.datastructures import Headers
from starlette.types import Message, Scope, Send

from smartsearch.access.audit import AuditLog
from smartsearch.api.rules import Matched
from smartsearch.api.security import SAFE_METHODS
from smartsearch.core.access import Caller

_LOOKED_AT = {"original", "motion", "preview", "export", "export_audit"}
"""Operations that send what people came for, by name. Thumbnails and searches are not: everybody who looks makes
hundreds of them."""


def audited(method: str, matched: Matched | None) -> bool:
    """Whether the log is told of such requests."""
    if matched is None:
        return False
    return matched.name in _LOOKED_AT or (method not in SAFE_METHODS and matched.need != "read")


def watched(send: Send, scope: Scope, matched: Matched, audit: AuditLog) -> tuple[Send, Any]:
    """A ``send`` that remembers the status, and what to call when everything was sent."""
    status = 0

    async def send_watched(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        await send(message)

    def finished() -> None:
        if _matters(status, scope, matched):
            state = scope["state"]
            caller: Caller | None = state["caller"]
            detail = {name: int(value) for name, value in matched.parameters.items() if _is_id(value)}
            detail |= state["audit"] | ({"refused": status} if status >= 400 else {})
            audit.record("nobody" if caller is None else caller.name, matched.name, detail)

    return send_watched, finished


def _matters(status: int, scope: Scope, matched: Matched) -> bool:
    """Whether something was done, or refused to somebody known. Of a file sent in pieces the first one counts."""
    if status == 401:
        return matched.name == "log_in"
    if status == 206 and not Headers(scope=scope).get("range", "").replace(" ", "").startswith("bytes=0-"):
        return False
    return 200 <= status < 300 or status == 403


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 20
