"""What guards every answer, with a login or without: by which name the server is asked, and what a browser may do.

A page of any web site can make the user's browser ask 127.0.0.1, so being on loopback is no protection by itself. DNS
rebinding is met by checking ``Host``, cross-site requests by ``Origin`` and ``Sec-Fetch-Site``, embedding and script
injection by the response headers.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from smartsearch.api.problems import problem

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self'",
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
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-permitted-cross-domain-policies": "none",
}
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine only: "localhost", 127.0.0.0/8 or ::1."""
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI middleware: refuses strangers, and adds the security headers to every answer.

    The server goes by loopback names and ``hosts``; one that is ``exposed`` beyond this machine by the address it was
    reached at, too: only names can be rebound to it.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] = (), *, exposed: bool = False) -> None:
        self._app = app
        self._hosts = frozenset(host.rstrip(".").lower() for host in hosts)
        self._exposed = exposed

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
        if not self._is_for_this_server(asked, scope):
            refusal = problem(
                421,
                "wrong-host",
                "The server does not go by that name.",
                "Ask 127.0.0.1 or localhost instead, or add the name to the setting server.hosts.",
            )
            await refusal(scope, receive, send_guarded)
        elif scope["method"] not in SAFE_METHODS and _is_from_elsewhere(asked):
            refusal = problem(
                403, "cross-site", "The request comes from another web site.", "Only this server's own page may ask."
            )
            await refusal(scope, receive, send_guarded)
        else:
            await self._app(scope, receive, send_guarded)

    def _is_for_this_server(self, headers: Headers, scope: Scope) -> bool:
        given = headers.getlist("host")
        host = _host_in(f"//{given[0]}").rstrip(".") if len(given) == 1 else ""
        if is_loopback(host) or host in self._hosts:
            return True
        reached = scope.get("server")
        return self._exposed and bool(host) and reached is not None and host == reached[0]


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
