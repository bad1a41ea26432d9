"""`smartsearch users`, `smartsearch tokens` and `smartsearch sessions`: who may ask the server.

On the command line nobody logs in: whoever may read the files of the library may do everything anyway.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from smartsearch.cli.audit import note
from smartsearch.cli.options import JsonOption, echo_json

if TYPE_CHECKING:
    from smartsearch.access.accounts import Accounts
    from smartsearch.core.access import Role, Scope

users = typer.Typer(
    help="Who may log in to the server: list, add, remove, role, password.", no_args_is_help=True, rich_markup_mode=None
)
tokens = typer.Typer(help="Keys for programs: list, create, revoke.", no_args_is_help=True, rich_markup_mode=None)
sessions = typer.Typer(help="Logins that go on: list, end.", no_args_is_help=True, rich_markup_mode=None)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")]


@contextmanager
def _accounts() -> Iterator[Accounts]:
    """The users of this home; they are the same for all its libraries."""
    from smartsearch.access.accounts import Accounts
    from smartsearch.config import find_places

    opened = Accounts(find_places().home)
    try:
        yield opened
    finally:
        opened.close()


def _new_password() -> str:
    """Asked twice on a terminal; otherwise the first line of standard input. Never an argument: those are seen by
    every program of the machine, and kept in the shell's history."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


@users.command("list")
def list_users(as_json: JsonOption = False) -> None:
    """Everybody who may log in. Nobody: the server asks for no login, and answers this machine only."""
    with _accounts() as accounts:
        found = accounts.users()
    if as_json:
        rows = [{"id": each.id, "name": each.name, "role": each.role, "created_at": each.created_at} for each in found]
        echo_json({"users": rows})
        return
    for each in found:
        typer.echo(f"{each.name:24} {each.role:8} since {each.created_at:%Y-%m-%d}")
    if not found:
        typer.echo("There are no users: the server asks for no login, and answers this machine only.", err=True)


@users.command("add", epilog="Example: smartsearch users add anna")
def add_user(
    context: typer.Context,
    name: NameArgument,
    role: Annotated[str, typer.Option("--role", help="owner, or viewer: looks, changes nothing.")] = "",
) -> None:
    """Add somebody; the first one is an owner. From then on the server asks everybody to log in."""
    with _accounts() as accounts:
        first = not accounts.any_users()
        user = accounts.add_user(name, _new_password(), _role(role or ("owner" if first else "viewer")))
    note(context, user=user.id, role=user.role)
    typer.echo(f"{user.name} ({user.role}) may log in.")
    if first:
        typer.echo("From now on the server asks for a login; one that is running does, too.", err=True)


@users.command("remove")
def remove_user(
    context: typer.Context, name: NameArgument, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
) -> None:
    """Remove somebody, with all sessions and tokens."""
    with _accounts() as accounts:
        user = accounts.user(name)
        last = len(accounts.users()) == 1
        question = f"Remove {user.name}?" + (
            " There will be no users left: on this machine nobody has to log in then." if last else ""
        )
        if not yes and not typer.confirm(question):
            raise typer.Exit(1)
        accounts.remove_user(user.id)
    note(context, user=user.id)
    typer.echo(f"{user.name} is removed.")


@users.command("role")
def set_role(
    context: typer.Context, name: NameArgument, role: Annotated[str, typer.Argument(help="owner or viewer.")]
) -> None:
    """Change what somebody may do. It holds at once, in sessions that go on, too."""
    with _accounts() as accounts:
        user = accounts.set_role(accounts.user(name).id, _role(role))
    note(context, user=user.id, role=user.role)
    typer.echo(f"{user.name} is {user.role} now.")


@users.command("password")
def set_password(context: typer.Context, name: NameArgument) -> None:
    """Set somebody's password, and end their sessions. Tokens stay."""
    with _accounts() as accounts:
        user = accounts.user(name)
        accounts.set_password(user.id, _new_password())
    note(context, user=user.id)
    typer.echo(f"{user.name} has a new password; all sessions have ended.")


@tokens.command("list")
def list_tokens(as_json: JsonOption = False) -> None:
    """All tokens. The keys are not kept and cannot be shown."""
    with _accounts() as accounts:
        found = accounts.tokens()
    if as_json:
        rows = [
            {
                "id": each.id,
                "user": each.user.name,
                "name": each.name,
                "scopes": sorted(each.scopes),
                "created_at": each.created_at,
                "expires_at": each.expires_at,
                "used_at": each.used_at,
            }
            for each in found
        ]
        echo_json({"tokens": rows})
        return
    for each in found:
        until = f"until {each.expires_at:%Y-%m-%d}" if each.expires_at else "for ever"
        used = f"used {each.used_at:%Y-%m-%d %H:%M}" if each.used_at else "never used"
        typer.echo(
            f"{each.id:>5}  {each.user.name:16} {each.name:24} {'+'.join(sorted(each.scopes)):16} {until}, {used}"
        )


@tokens.command("create", epilog="Example: smartsearch tokens create anna --name 'photo frame' --scope read")
def create_token(
    context: typer.Context,
    user: NameArgument,
    name: Annotated[str, typer.Option("--name", help="What it is for.")],
    scope: Annotated[list[str] | None, typer.Option("--scope", help="read, write, admin; repeatable.")] = None,
    days: Annotated[int, typer.Option("--days", min=0, help="Until it expires; 0 for never.")] = 90,
    as_json: JsonOption = False,
) -> None:
    """Make a key for a program that asks the server as this user. It is shown this once."""
    expires = datetime.now(UTC) + timedelta(days=days) if days else None
    with _accounts() as accounts:
        token, key = accounts.add_token(accounts.user(user), name, _scopes(scope or ["read"]), expires)
    note(context, token=token.id, user=token.user.id)
    if as_json:
        echo_json({"id": token.id, "key": key, "scopes": sorted(token.scopes), "expires_at": token.expires_at})
        return
    typer.echo("Keep it now, it is not shown again. Send it as: Authorization: Bearer KEY", err=True)
    typer.echo(key)


@tokens.command("revoke")
def revoke_token(
    context: typer.Context, token_id: Annotated[int, typer.Argument(metavar="ID", help="From `tokens list`.")]
) -> None:
    """Make a key worthless."""
    with _accounts() as accounts:
        accounts.revoke_token(token_id)
    note(context)
    typer.echo(f"Token {token_id} is revoked.")


@sessions.command("list")
def list_sessions(as_json: JsonOption = False) -> None:
    """The logins that go on, the last used first."""
    with _accounts() as accounts:
        found = accounts.sessions()
    if as_json:
        rows = [
            {
                "id": each.id,
                "user": each.user.name,
                "created_at": each.created_at,
                "seen_at": each.seen_at,
                "expires_at": each.expires_at,
                "address": each.address,
                "agent": each.agent,
            }
            for each in found
        ]
        echo_json({"sessions": rows})
        return
    for each in found:
        typer.echo(f"{each.id:>5}  {each.user.name:16} {each.seen_at:%Y-%m-%d %H:%M}  {each.address:20} {each.agent}")


@sessions.command("end")
def end_session(
    context: typer.Context,
    session_id: Annotated[int | None, typer.Argument(metavar="ID", help="From `sessions list`.")] = None,
    user: Annotated[str | None, typer.Option("--user", help="All of this user.")] = None,
) -> None:
    """End a login, or all of a user's: whoever goes on has to log in again."""
    from smartsearch.core.errors import UsageError

    if (session_id is None) == (user is None):
        raise UsageError("Name a session, or a user with --user.")
    with _accounts() as accounts:
        ended = [session_id] if session_id else [each.id for each in accounts.sessions(accounts.user(user or ""))]
        for each in ended:
            accounts.end_session(each)
    note(context, sessions=ended)
    typer.echo(f"{len(ended)} ended.")


def _role(text: str) -> Role:
    from smartsearch.core.access import ROLES
    from smartsearch.core.errors import UsageError

    for role in ROLES:
        if text == role:
            return role
    raise UsageError(f"{text!r} is no role.", hint=f"One of: {', '.join(ROLES)}.")


def _scopes(words: list[str]) -> set[Scope]:
    from smartsearch.core.access import SCOPES
    from smartsearch.core.errors import UsageError

    wrong = [word for word in words if word not in SCOPES]
    if wrong:
        raise UsageError(f"{wrong[0]!r} is no scope.", hint=f"Any of: {', '.join(SCOPES)}.")
    return {scope for scope in SCOPES if scope in words}
