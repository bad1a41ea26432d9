"""Logging in and out, users, sessions, tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Self

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field, StringConstraints

from smartsearch.access.accounts import SESSION_DAYS
from smartsearch.access.tries import Tries
from smartsearch.api.authorization import COOKIE, SECURE_COOKIE
from smartsearch.api.deps import MAX_ID, AddressDep, AuditDep, CallerDep, DoorDep, LibraryDep
from smartsearch.api.door import Door
from smartsearch.api.schemas import Strict
from smartsearch.core import access
from smartsearch.core.access import LOCAL, Caller, Role, Scope
from smartsearch.core.errors import ForbiddenError, NotLoggedInError, UsageError

router = APIRouter(tags=["access"])

Name = Annotated[str, StringConstraints(max_length=200)]
Password = Annotated[str, StringConstraints(max_length=1000)]
RowId = Annotated[int, Path(ge=1, le=MAX_ID, examples=[1])]


class Who(BaseModel):
    """Who is logged in, and whether there is anything to be seen."""

    login_required: bool = Field(description="Whether this server asks for a login at all.")
    user: User | None = Field(description="Null for nobody, and where no login is required.")
    scopes: list[Scope] = Field(description="What may be done: `read`, `write`, `admin`.")
    locked: bool = Field(description="The library is encrypted and locked: until `POST /unlock` there is nothing else.")


class User(BaseModel):
    """Somebody who may log in."""

    id: int
    name: str = Field(examples=["anna"])
    role: Role = Field(description="Owners may do everything; viewers look, without what is hidden.")
    created_at: datetime

    @classmethod
    def of(cls, user: access.User) -> Self:
        return cls(id=user.id, name=user.name, role=user.role, created_at=user.created_at)


class Login(Strict):
    """Name and password."""

    name: Name = Field(examples=["anna"])
    password: Password


class PasswordChange(Strict):
    """The own password."""

    current: Password
    new: Password


class NewUser(Login):
    """Somebody who may log in from now on."""

    role: Role = "viewer"


class UserChange(Strict):
    """What to change; what is left out stays."""

    role: Role | None = None
    password: Password | None = Field(None, description="Ends all sessions of the user.")


class Session(BaseModel):
    """A login that goes on."""

    id: int
    user: str
    current: bool = Field(description="It is the one that asks.")
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str = Field(description="What the browser says it is.")


class NewToken(Strict):
    """A key for a program."""

    name: Name = Field(description="What it is for.", examples=["photo frame"])
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=3)] = Field(examples=[["read"]])
    days: Annotated[int, Field(ge=1, le=3650)] | None = Field(90, description="Until it expires; null for never.")


class Token(BaseModel):
    """A key of a program, without the key."""

    id: int
    user: str
    name: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None

    @classmethod
    def of(cls, token: access.Token) -> Self:
        return cls(
            id=token.id,
            user=token.user.name,
            name=token.name,
            scopes=sorted(token.scopes),
            created_at=token.created_at,
            expires_at=token.expires_at,
            used_at=token.used_at,
        )


class MadeToken(BaseModel):
    """A new token and the key, which is not shown again."""

    token: Token
    key: str = Field(description="For `Authorization: Bearer KEY`.", examples=["sst_..."])


# -- the own login


@router.get("/session")
def session(door: DoorDep, caller: CallerDep) -> Who:
    """Who is logged in, and whether anybody has to be."""
    return _who(door, caller)


@router.post("/session")
def log_in(
    login: Login,
    request: Request,
    response: Response,
    door: DoorDep,
    caller: CallerDep,
    audit: AuditDep,
    address: AddressDep,
) -> Who:
    """Log in; the session is in a cookie. 401 for a wrong name or password, 429 after too many of them."""
    if caller is LOCAL:
        raise UsageError("This server asks for no login.", hint="`smartsearch users add NAME` changes that.")
    tries: Tries = request.app.state.tries
    with tries.trying(address):
        user = door.accounts.check_password(login.name, login.password)
    audit["user"] = user.id
    if caller is not None and caller.session is not None:
        door.accounts.end_session(caller.session.id)  # a login never goes on in an older session
    made, cookie = door.accounts.begin_session(user, address=address, agent=request.headers.get("user-agent", ""))
    secure = request.url.scheme == "https"
    response.set_cookie(
        SECURE_COOKIE if secure else COOKIE,
        cookie,
        max_age=SESSION_DAYS * 86_400,
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )
    return _who(door, Caller(access.SCOPES_OF[user.role], user, session=made))


@router.delete("/session")
def log_out(response: Response, door: DoorDep, caller: CallerDep) -> Who:
    """End the session, also for whoever copied its cookie, and have the browser forget what it kept."""
    if caller is not None and caller.session is not None:
        door.accounts.end_session(caller.session.id)
    for name, secure in ((COOKIE, False), (SECURE_COOKIE, True)):
        response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="strict")
    response.headers["clear-site-data"] = '"cache"'
    return _who(door, LOCAL if caller is LOCAL else None)


@router.put("/session/password")
def change_password(
    change: PasswordChange, request: Request, door: DoorDep, caller: CallerDep, address: AddressDep
) -> Who:
    """Change the own password. All other sessions end; tokens stay."""
    user = _logged_in(caller)
    assert caller is not None
    tries: Tries = request.app.state.tries
    try:
        with tries.trying(address):
            door.accounts.check_password(user.name, change.current)
    except NotLoggedInError as error:
        raise ForbiddenError("The present password is another one.") from error
    kept = caller.session.id if caller.session else None
    door.accounts.set_password(user.id, change.new, keep_session=kept)
    return _who(door, caller)


@router.get("/sessions")
def sessions(door: DoorDep, caller: CallerDep) -> list[Session]:
    """Logins that go on: the own ones, and for owners everybody's."""
    mine = caller.session.id if caller and caller.session else None
    return [
        Session(
            id=each.id,
            user=each.user.name,
            current=each.id == mine,
            created_at=each.created_at,
            seen_at=each.seen_at,
            expires_at=each.expires_at,
            address=each.address,
            agent=each.agent,
        )
        for each in door.accounts.sessions(_own_only(caller))
    ]


@router.delete("/sessions/{session_id}", status_code=204)
def end_session(session_id: RowId, door: DoorDep, caller: CallerDep) -> None:
    """End a login, the own or, for owners, anybody's."""
    door.accounts.end_session(session_id, _own_only(caller))


# -- tokens


@router.get("/tokens")
def tokens(library: LibraryDep, caller: CallerDep) -> list[Token]:
    """Keys of programs: the own ones, and for owners everybody's."""
    return [Token.of(token) for token in library.accounts.tokens(_own_only(caller))]


@router.post("/tokens", status_code=201)
def add_token(new: NewToken, library: LibraryDep, caller: CallerDep, audit: AuditDep) -> MadeToken:
    """Make a key for a program. It is shown this once."""
    expires = None if new.days is None else datetime.now(UTC) + timedelta(days=new.days)
    token, key = library.accounts.add_token(_logged_in(caller), new.name, set(new.scopes), expires)
    audit["token"] = token.id
    return MadeToken(token=Token.of(token), key=key)


@router.delete("/tokens/{token_id}", status_code=204)
def revoke_token(token_id: RowId, library: LibraryDep, caller: CallerDep) -> None:
    """Revoke a key, the own or, for owners, anybody's."""
    library.accounts.revoke_token(token_id, _own_only(caller))


# -- users


@router.get("/users")
def users(library: LibraryDep) -> list[User]:
    """Everybody who may log in, by name."""
    return [User.of(user) for user in library.accounts.users()]


@router.post("/users", status_code=201)
def add_user(new: NewUser, library: LibraryDep, audit: AuditDep) -> User:
    """Add somebody. From the first one on, an owner, the server asks for a login. 409 if the name is taken."""
    user = library.accounts.add_user(new.name, new.password, new.role)
    audit |= {"user": user.id, "role": user.role}
    return User.of(user)


@router.patch("/users/{user_id}")
def change_user(user_id: RowId, change: UserChange, library: LibraryDep, caller: CallerDep, audit: AuditDep) -> User:
    """Change somebody's role or password."""
    audit |= {"role": change.role} if change.role else {}
    if change.role is not None:
        library.accounts.set_role(user_id, change.role)
    if change.password is not None:
        own = caller is not None and caller.user is not None and caller.user.id == user_id
        if own:
            raise ForbiddenError("The own password is changed by saying the present one.")
        library.accounts.set_password(user_id, change.password)
    return User.of(library.accounts.user_by_id(user_id))


@router.delete("/users/{user_id}", status_code=204)
def remove_user(user_id: RowId, library: LibraryDep, caller: CallerDep) -> None:
    """Remove somebody with all sessions and tokens; not oneself, so that nobody is locked out by a slip."""
    if caller is not None and caller.user is not None and caller.user.id == user_id:
        raise ForbiddenError("You cannot remove yourself here.", hint="`smartsearch users remove` can.")
    library.accounts.remove_user(user_id)


def _who(door: Door, caller: Caller | None) -> Who:
    user = caller.user if caller else None
    return Who(
        login_required=caller is not LOCAL,
        user=None if user is None else User.of(user),
        scopes=[scope for scope in access.SCOPES if caller and scope in caller.scopes],
        locked=door.locked,
    )


def _own_only(caller: Caller | None) -> access.User | None:
    """Whose sessions and tokens may be seen: None for everybody's."""
    return None if caller is None or "admin" in caller.scopes else caller.user


def _logged_in(caller: Caller | None) -> access.User:
    if caller is None or caller.user is None:
        raise UsageError("This server asks for no login.", hint="`smartsearch users add NAME` changes that.")
    return caller.user
