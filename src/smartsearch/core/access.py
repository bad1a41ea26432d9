"""Who may do what over HTTP: users with roles, their sessions, tokens with scopes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Role = Literal["owner", "viewer"]
Scope = Literal["read", "write", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
SCOPES: tuple[Scope, ...] = get_args(Scope)

SCOPES_OF: dict[Role, frozenset[Scope]] = {
    "owner": frozenset(SCOPES),
    "viewer": frozenset({"read"}),
}
"""What a role may at most. A token can have less than its user's role, and never has more."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may log in."""

    id: int
    name: str
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """One login of a browser. What the browser proves it with is not kept, only its digest."""

    id: int
    user: User
    created_at: datetime
    seen_at: datetime
    """To the minute."""
    expires_at: datetime
    address: str
    agent: str
    """What the browser says it is, shortened."""


@dataclass(frozen=True, slots=True)
class Token:
    """A program's key. The key itself is shown once and not kept, only its digest."""

    id: int
    user: User
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    """To the minute."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: somebody logged in, a program with a token or, without users, whoever is on this machine."""

    scopes: frozenset[Scope]
    user: User | None = None
    session: Session | None = None
    token: Token | None = None

    @property
    def sees_hidden(self) -> bool:
        """Hidden images and persons, and earlier searches, are the business of those who may change things."""
        return "write" in self.scopes

    @property
    def name(self) -> str:
        """For the audit log: whose request it is, and by which token."""
        if self.user is None:
            return "local"
        return f"user:{self.user.id}" if self.token is None else f"user:{self.user.id}/token:{self.token.id}"


LOCAL = Caller(frozenset(SCOPES))
"""Without users, everybody on this machine is the owner."""
