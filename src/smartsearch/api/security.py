"""What guards a server without passwords on the loopback interface: who may ask, what a browser may do with answers.

A page of any web site can make the user's browser ask 127.0.0.1, so being on loopback is no protection by itself. DNS
rebinding is met by checking ``Host``, cross-site requests by ``Origin`` and ``Sec-Fetch-Site``, embedding and script
injection by the response headers.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from smartsearch.api.problems import problem

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob: data:",
        "style-src 'self' 'unsafe-inline'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine only: "localhost", 127.0.0.0/8 or ::1."""
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI middleware: refuses strangers, and adds the security headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        asked = Headers(scope=scope)
        if not _is_for_this_server(asked):
            refusal = problem(
                421, "wrong-host", "The server does not go by that name.", "Ask 127.0.0.1 or localhost instead."
            )
            await refusal(scope, receive, send_guarded)
        elif scope["method"] not in _SAFE_METHODS and _is_from_elsewhere(asked):
            refusal = problem(
                403, "cross-site", "The request comes from another web site.", "Only this server's own page may ask."
            )
            await refusal(scope, receive, send_guarded)
        else:
            await self._app(scope, receive, send_guarded)


def _is_for_this_server(headers: Headers) -> bool:
    hosts = headers.getlist("host")
    return len(hosts) == 1 and is_loopback(_host_in(f"//{hosts[0]}"))


def _is_from_elsewhere(headers: Headers) -> bool:
    """Browsers send these with every request that can change something; other clients do not, and are no danger."""
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers["host"]


def _host_in(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
