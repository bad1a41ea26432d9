"""Who asks, and whether they may: decided here for every address below /api, before anything of the request is read."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from smartsearch.api.auditing import audited, watched
from smartsearch.api.deps import ASKING
from smartsearch.api.door import HINT, Door
from smartsearch.api.hiding import HIDEABLE, is_hidden
from smartsearch.api.problems import name_of, problem
from smartsearch.api.rules import Matched, Rules
from smartsearch.api.security import SAFE_METHODS
from smartsearch.core.access import LOCAL, Caller
from smartsearch.core.errors import AccessError

log = logging.getLogger("smartsearch.api")

COOKIE = "smartsearch_session"
SECURE_COOKIE = f"__Host-{COOKIE}"
"""Behind TLS: browsers take that name only with Secure, for this host alone (RFC 6265bis)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered."""

    status: int
    name: str
    title: str
    detail: str
    hint: str | None = None

    def response(self) -> Response:
        answer = problem(self.status, self.name, self.title, self.detail, self.hint)
        if self.status == 401:
            answer.headers["www-authenticate"] = 'Bearer realm="smartsearch"'  # RFC 9110 asks for one
        return answer


_NOBODY = Caller(frozenset())

_LOG_IN = Refusal(
    401,
    "not-logged-in",
    "The request needs a login or a token.",
    "You are not logged in.",
    "Log in on the web page, or send a token: Authorization: Bearer sst_...",
)
_ENDED = replace(_LOG_IN, detail="The session has ended, or the token is not in force.")
_NO_ORIGIN = Refusal(
    403,
    "cross-site",
    "The request comes from another web site.",
    "The request does not say which page it comes from.",
    "Programs use a token instead of a cookie.",
)
_SEE_LOG = "The server's log says more."
_LOCKED = Refusal(
    423,
    "library-locked",
    "The library is encrypted, and nothing opens it right now.",
    "The library is encrypted and locked.",
    HINT,
)
_NO_TOKENS = Refusal(
    403,
    "forbidden",
    "The user or the token may not do that.",
    "That needs a login with a password, not a token.",
)


class Authorized:
    """ASGI middleware: lets through what `Rules` say the caller may ask, and tells the routes who that is.

    With ``exposed`` a login is needed even when there are no users any more.
    """

    def __init__(self, app: ASGIApp, door: Door, rules: Rules, *, exposed: bool) -> None:
        self._app = app
        self._door = door
        self._rules = rules
        self._exposed = exposed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        matched = self._rules.find(scope["method"], scope["path"])
        scope.setdefault("state", {}).update(caller=None, audit={}, closings=self._door.closings)
        finished = None
        if matched is not None and audited(scope["method"], matched):
            send, finished = watched(send, scope, matched, self._door.audit)
        try:
            with self._door.asked():
                await self._answer(scope, receive, send, matched)
        finally:
            if finished is not None:
                finished()

    async def _answer(self, scope: Scope, receive: Receive, send: Send, matched: Matched | None) -> None:
        try:
            refusal = await self._decide(scope, matched)
        except AccessError as error:  # who may ask cannot be known: nobody may
            log.error("%s", error)
            refusal = Refusal(500, "access", str(AccessError.__doc__), "Who may ask cannot be looked up.", _SEE_LOG)
        if scope["state"].get("login_required", True):
            send = _varying(send)  # a browser's cache must not answer whoever comes next
        if refusal is not None:
            await refusal.response()(scope, receive, send)
        elif matched is None or matched.without_library:
            await self._app(scope, receive, send)
        else:
            await self._answer_while_open(scope, receive, send)

    async def _answer_while_open(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Where the library is locked before an answer begins, whatever comes of it is replaced by saying so. One that
        has begun, such as a download, ends there."""
        begun, closings = False, scope["state"]["closings"]

        async def send_while_open(message: Message) -> None:
            nonlocal begun
            if begun or self._door.closings == closings:
                begun = True
                await send(message)

        try:
            await self._app(scope, receive, send_while_open)
        except Exception as error:
            if self._door.closings == closings:
                raise
            log.info("An answer was given up, since the library was locked: %s", type(error).__name__)
        if not begun and self._door.closings != closings:
            await _LOCKED.response()(scope, receive, send)

    async def _decide(self, scope: Scope, matched: Matched | None) -> Refusal | None:
        """None for a request that may go on."""
        state = scope["state"]
        headers = Headers(scope=scope)
        required = state["login_required"] = self._exposed or self._door.accounts.any_users()
        caller, given = self._caller(headers, required)
        state["caller"] = caller
        ASKING.set(caller or _NOBODY)
        refusal = self._refusal(scope, headers, matched, caller, given)
        if refusal is None and matched is not None and self._door.locked and not matched.without_library:
            refusal = _LOCKED
        if refusal is None and caller is not None and not caller.sees_hidden and matched is not None:
            refusal = await run_in_threadpool(self._hidden, matched)
        if refusal is None and caller is not None and self._door.accounts.must_note(caller):
            try:
                await run_in_threadpool(self._door.accounts.note_use, caller)
            except AccessError as error:  # a full disk is no reason to lock people out
                log.error("The use of a session is not noted: %s", error)
        return refusal

    def _caller(self, headers: Headers, required: bool) -> tuple[Caller | None, bool]:
        """Who it is, and whether anything was shown to prove it. A token goes before a cookie; a wrong one is not made
        good by a cookie."""
        if not required:
            return LOCAL, False
        accounts = self._door.accounts
        kind, _, value = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return accounts.caller_of_token(value.strip()), True
        cookies = cookie_parser(headers.get("cookie", ""))
        for name in (SECURE_COOKIE, COOKIE):
            if name in cookies:
                return accounts.caller_of_cookie(cookies[name]), True
        return None, False

    def _refusal(
        self, scope: Scope, headers: Headers, matched: Matched | None, caller: Caller | None, given: bool
    ) -> Refusal | None:
        need = matched.need if matched is not None else "read"
        if need == "nothing":
            return None
        if caller is None:
            return _ENDED if given else _LOG_IN
        if caller.session is not None and scope["method"] not in SAFE_METHODS and not _says_where_from(headers):
            return _NO_ORIGIN
        if need == "login":
            return _NO_TOKENS if caller.token is not None else None
        if need in caller.scopes:
            return None
        who = "The token has not" if caller.token is not None else "Viewers have not"
        return Refusal(403, "forbidden", _NO_TOKENS.title, f"{who} the scope {need!r}.")

    def _hidden(self, matched: Matched) -> Refusal | None:
        """What is hidden is not there for viewers, whatever is asked of it."""
        for what, error in HIDEABLE.items():
            number = _id_of(matched, f"{what}_id")
            if number and is_hidden(self._door.library, what, number):
                gone = error(f"There is no {what} {number} in the library.")
                return Refusal(404, name_of(gone), str(error.__doc__), str(gone))
        return None


def _id_of(matched: Matched, name: str) -> int:
    """0 where the route has none, or what stands there is none."""
    text = matched.parameters.get(name, "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    return number if number < 2**63 else 0


def _says_where_from(headers: Headers) -> bool:
    """Every browser does, with what changes something; whether it is here, `Guard` has looked."""
    return "origin" in headers or "sec-fetch-site" in headers


def _varying(send: Send) -> Send:
    async def send_varying(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).add_vary_header("Cookie, Authorization")
        await send(message)

    return send_varying
