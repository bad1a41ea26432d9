"""Users, their sessions and their tokens, in a file of the home.

Nothing in the file lets its reader in: passwords are argon2id hashes, of sessions and tokens there are digests only.
They are 256 random bits each, so a plain SHA-256 is as good as a slow hash.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from smartsearch.access.database import PrivateDatabase, secret
from smartsearch.access.rows import (
    SCHEMA,
    SELECT_SESSIONS,
    SELECT_TOKENS,
    SELECT_USERS,
    session_of,
    token_of,
    user_of,
)
from smartsearch.core.access import SCOPES_OF, Caller, Role, Scope, Session, Token, User
from smartsearch.core.errors import (
    ForbiddenError,
    SessionNotFoundError,
    TokenNotFoundError,
    UsageError,
    UserExistsError,
    UserNotFoundError,
    WrongPasswordError,
)

if TYPE_CHECKING:
    from smartsearch.access.passwords import Passwords

DATABASE_NAME = "access.db"
SESSION_DAYS = 30
"""After so many days everybody logs in again."""
IDLE_DAYS = 7
"""A session that nobody used for so long has ended."""
MAX_SESSIONS = 50
"""Of one user; the one unused longest ends for the next."""
TOKEN_PREFIX = "sst_"
"""By which scanners for leaked keys, and people, know one."""
_SECRET_BYTES = 32
_SEEN_EVERY = 60
"""Seconds: not every request writes."""


def _now() -> datetime:
    return datetime.now(UTC)


class Accounts:
    """The users of one home. Without any, the server asks nobody to log in."""

    def __init__(self, home: Path, passwords: Passwords | None = None, clock: Callable[[], datetime] = _now) -> None:
        self._home = home
        self._database = PrivateDatabase(home / DATABASE_NAME, SCHEMA)
        self._given = passwords
        self._clock = clock

    def close(self) -> None:
        self._database.close()

    @cached_property
    def _passwords(self) -> Passwords:
        from smartsearch.access.passwords import Passwords  # most commands check none

        return self._given or Passwords()

    @cached_property
    def _cookie_key(self) -> bytes:
        return secret(self._home, "cookies")

    # -- users

    def any_users(self) -> bool:
        """Whether somebody has to log in. Cheap: asked with every request."""
        if not self._database.exists:
            return False
        with self._database.read() as rows:
            return rows.execute("SELECT 1 FROM users LIMIT 1").fetchone() is not None

    def users(self) -> list[User]:
        """By name."""
        if not self._database.exists:
            return []
        with self._database.read() as rows:
            return [user_of(row) for row in rows.execute(f"{SELECT_USERS} ORDER BY users.key")]

    def user(self, name: str) -> User:
        """By name, whatever its case. UserNotFoundError."""
        found = next((user for user in self.users() if _key(user.name) == _key(name)), None)
        if found is None:
            raise UserNotFoundError(f"There is no user {name!r}.", hint="`smartsearch users list` has them all.")
        return found

    def user_by_id(self, user_id: int) -> User:
        """UserNotFoundError."""
        found = next((user for user in self.users() if user.id == user_id), None)
        if found is None:
            raise UserNotFoundError(f"There is no user {user_id}.")
        return found

    def add_user(self, name: str, password: str, role: Role = "owner") -> User:
        """From now on everybody has to log in. UserExistsError; UsageError for a name or password that will not do, and
        for a first user who is no owner."""
        shown = _checked_name(name)
        hashed = self._passwords.hashed(password)
        with self._database.write() as rows:
            if role != "owner" and rows.execute("SELECT 1 FROM users LIMIT 1").fetchone() is None:
                raise UsageError("The first user is an owner.", hint="Somebody has to be able to change things.")
            try:
                rows.execute(
                    "INSERT INTO users (name, key, role, password, created_at) VALUES (?, ?, ?, ?, ?)",
                    (shown, _key(shown), role, hashed, self._seconds()),
                )
            except sqlite3.IntegrityError as error:
                raise UserExistsError(f"There is a user {shown!r} already.") from error
        return self.user(shown)

    def remove_user(self, user_id: int) -> User:
        """With all sessions and tokens. UsageError for the last owner while there are others. Removing the very last
        user lets everybody on this machine in again."""
        user = self.user_by_id(user_id)
        with self._database.write() as rows:
            self._keep_an_owner(rows, user_id)
            rows.execute("DELETE FROM users WHERE id = ?", (user_id,))
        return user

    def set_role(self, user_id: int, role: Role) -> User:
        """UsageError for the last owner."""
        self.user_by_id(user_id)
        with self._database.write() as rows:
            if role != "owner":
                self._keep_an_owner(rows, user_id, alone=False)
            rows.execute("UPDATE users SET role = ? WHERE id = ?", (role, user_id))
        return self.user_by_id(user_id)

    def set_password(self, user_id: int, password: str, *, keep_session: int | None = None) -> None:
        """Ends every session of the user but ``keep_session``. Tokens stay: they are revoked one by one."""
        self.user_by_id(user_id)
        hashed = self._passwords.hashed(password)
        with self._database.write() as rows:
            rows.execute("UPDATE users SET password = ? WHERE id = ?", (hashed, user_id))
            rows.execute("DELETE FROM sessions WHERE user_id = ? AND id IS NOT ?", (user_id, keep_session))

    def check_password(self, name: str, password: str) -> User:
        """The user of that name. WrongPasswordError does not say which of the two is wrong, nor does the time taken."""
        row = None
        if self._database.exists:
            with self._database.read() as rows:
                row = rows.execute(f"{SELECT_USERS} WHERE users.key = ?", (_key(name),)).fetchone()
        if not self._passwords.holds(None if row is None else row[4], password) or row is None:
            raise WrongPasswordError("The name or the password is wrong.")
        user = user_of(row)
        if self._passwords.outdated(row[4]):
            with self._database.write() as rows:
                rows.execute(
                    "UPDATE users SET password = ? WHERE id = ? AND password = ?",
                    (self._passwords.hashed(password), user.id, row[4]),
                )
        return user

    def _keep_an_owner(self, rows: sqlite3.Connection, user_id: int, *, alone: bool = True) -> None:
        others = [user_of(row) for row in rows.execute(f"{SELECT_USERS} WHERE users.id <> ?", (user_id,))]
        if alone and not others:
            return
        if not any(other.role == "owner" for other in others):
            raise UsageError("This is the last owner.", hint="Make somebody else an owner first.")

    # -- sessions

    def begin_session(self, user: User, *, address: str = "", agent: str = "") -> tuple[Session, str]:
        """A new session, and the cookie that proves it."""
        value = secrets.token_bytes(_SECRET_BYTES)
        now = self._seconds()
        expires = now + int(timedelta(days=SESSION_DAYS).total_seconds())
        with self._database.write() as rows:
            made = rows.execute(
                "INSERT INTO sessions (digest, user_id, created_at, seen_at, expires_at, address, agent)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (_digest(value), user.id, now, now, expires, address[:64], _printable(agent)[:200]),
            ).lastrowid
            rows.execute("DELETE FROM sessions WHERE expires_at <= ? OR seen_at <= ?", (now, now - _IDLE))
            rows.execute(
                "DELETE FROM sessions WHERE user_id = ? AND id NOT IN"
                " (SELECT id FROM sessions WHERE user_id = ? ORDER BY seen_at DESC, id DESC LIMIT ?)",
                (user.id, user.id, MAX_SESSIONS),
            )
            row = rows.execute(f"{SELECT_SESSIONS} WHERE s.id = ?", (made,)).fetchone()
        return session_of(row), f"{_text(value)}.{_text(self._signature(value))}"

    def caller_of_cookie(self, cookie: str) -> Caller | None:
        """Whose session it is; None for a cookie that is forged, of a session that has ended, or nonsense."""
        value, _, signature = cookie.partition(".")
        raw, signed = _bytes(value), _bytes(signature)
        if raw is None or signed is None or not self._database.exists:
            return None
        if not hmac.compare_digest(self._signature(raw), signed):
            return None
        now = self._seconds()
        with self._database.read() as rows:
            row = rows.execute(
                f"{SELECT_SESSIONS} WHERE s.digest = ? AND s.expires_at > ? AND s.seen_at > ?",
                (_digest(raw), now, now - _IDLE),
            ).fetchone()
        if row is None:
            return None
        session = session_of(row)
        return Caller(SCOPES_OF[session.user.role], session.user, session=session)

    def sessions(self, user: User | None = None) -> list[Session]:
        """Those that go on, of one user or of all, the last used first."""
        if not self._database.exists:
            return []
        now = self._seconds()
        with self._database.read() as rows:
            found = rows.execute(
                f"{SELECT_SESSIONS} WHERE s.expires_at > ? AND s.seen_at > ? ORDER BY s.seen_at DESC, s.id DESC",
                (now, now - _IDLE),
            ).fetchall()
        return [session for session in map(session_of, found) if user is None or session.user.id == user.id]

    def end_session(self, session_id: int, user: User | None = None) -> None:
        """SessionNotFoundError if there is none, or it is not ``user``'s."""
        if all(session.id != session_id for session in self.sessions(user)):
            raise SessionNotFoundError(f"There is no session {session_id}.")
        with self._database.write() as rows:
            rows.execute("DELETE FROM sessions WHERE id = ?", (session_id,))

    # -- tokens

    def add_token(
        self, user: User, name: str, scopes: Collection[Scope], expires_at: datetime | None
    ) -> tuple[Token, str]:
        """A new token, and what proves it, which is shown this once. ForbiddenError for more than the user may."""
        shown = _checked_name(name)
        if not scopes:
            raise UsageError("A token needs a scope.", hint="read, write or admin.")
        beyond = sorted(set(scopes) - SCOPES_OF[user.role])
        if beyond:
            raise ForbiddenError(f"{user.name} is {user.role} and cannot give the scope {beyond[0]!r}.")
        if expires_at is not None and expires_at <= self._clock():
            raise UsageError("The token would have expired already.")
        value = TOKEN_PREFIX + _text(secrets.token_bytes(_SECRET_BYTES))
        with self._database.write() as rows:
            made = rows.execute(
                "INSERT INTO tokens (digest, user_id, name, scopes, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    _digest(value.encode()),
                    user.id,
                    shown,
                    " ".join(sorted(scopes)),
                    self._seconds(),
                    None if expires_at is None else int(expires_at.timestamp()),
                ),
            ).lastrowid
            row = rows.execute(f"{SELECT_TOKENS} WHERE t.id = ?", (made,)).fetchone()
        return token_of(row), value

    def caller_of_token(self, value: str) -> Caller | None:
        """Whose token it is; None for one that is unknown, revoked or expired."""
        if not value.startswith(TOKEN_PREFIX) or len(value) > 100 or not self._database.exists:
            return None
        with self._database.read() as rows:
            row = rows.execute(
                f"{SELECT_TOKENS} WHERE t.digest = ? AND (t.expires_at IS NULL OR t.expires_at > ?)",
                (_digest(value.encode("utf-8", "surrogatepass")), self._seconds()),
            ).fetchone()
        if row is None:
            return None
        token = token_of(row)
        return Caller(token.scopes & SCOPES_OF[token.user.role], token.user, token=token)

    def tokens(self, user: User | None = None) -> list[Token]:
        """Those of one user or of all, the newest first, expired ones too."""
        if not self._database.exists:
            return []
        with self._database.read() as rows:
            found = [token_of(row) for row in rows.execute(f"{SELECT_TOKENS} ORDER BY t.id DESC")]
        return [token for token in found if user is None or token.user.id == user.id]

    def revoke_token(self, token_id: int, user: User | None = None) -> None:
        """TokenNotFoundError if there is none, or it is not ``user``'s."""
        if all(token.id != token_id for token in self.tokens(user)):
            raise TokenNotFoundError(f"There is no token {token_id}.")
        with self._database.write() as rows:
            rows.execute("DELETE FROM tokens WHERE id = ?", (token_id,))

    # --

    def must_note(self, caller: Caller) -> bool:
        """Whether the last use of the caller's session or token is long enough ago to be noted anew."""
        last = caller.token.used_at if caller.token else caller.session.seen_at if caller.session else self._clock()
        return last is None or (self._clock() - last).total_seconds() >= _SEEN_EVERY

    def note_use(self, caller: Caller) -> None:
        """That the session or token was used now."""
        table, column, row_id = (
            ("tokens", "used_at", caller.token.id)
            if caller.token
            else ("sessions", "seen_at", caller.session.id if caller.session else 0)
        )
        with self._database.write() as rows:
            rows.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", (self._seconds(), row_id))

    def _signature(self, value: bytes) -> bytes:
        return hmac.digest(self._cookie_key, value, hashlib.sha256)

    def _seconds(self) -> int:
        return int(self._clock().timestamp())


_IDLE = int(timedelta(days=IDLE_DAYS).total_seconds())


def _digest(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(text: str) -> bytes | None:
    """32 bytes in the one way that `_text` writes them."""
    if len(text) != 43 or not text.isascii():
        return None
    try:
        value = urlsafe_b64decode(text + "=")
    except (Base64Error, ValueError):
        return None
    return value if _text(value) == text else None


def _key(name: str) -> str:
    """Names that look alike are one."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _checked_name(name: str) -> str:
    shown = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(shown) <= 64 or _printable(shown) != shown:
        raise UsageError("A name has 1 to 64 printable characters.")
    return shown


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
