"""The tables of users, sessions and tokens, and their rows as values."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from smartsearch.core.access import ROLES, SCOPES, Role, Scope, Session, Token, User

SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    password TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_sessions_user_id ON sessions (user_id);
CREATE TABLE IF NOT EXISTS tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    used_at INTEGER
);
CREATE INDEX IF NOT EXISTS ix_tokens_user_id ON tokens (user_id)
"""
"""Times are seconds since 1970. Ids are never given again: the audit log names users and tokens by them."""

_USER = "users.id, users.name, users.role, users.created_at"
SELECT_USERS = f"SELECT {_USER}, users.password FROM users"
SELECT_SESSIONS = f"""SELECT {_USER}, s.id, s.created_at, s.seen_at, s.expires_at, s.address, s.agent
    FROM sessions s JOIN users ON users.id = s.user_id"""
SELECT_TOKENS = f"""SELECT {_USER}, t.id, t.name, t.scopes, t.created_at, t.expires_at, t.used_at
    FROM tokens t JOIN users ON users.id = t.user_id"""


def user_of(row: sqlite3.Row | tuple[object, ...]) -> User:
    """From the first four columns of any of the selections. A role that is not known may do the least."""
    user_id, name, role, created_at = row[:4]
    known: Role = next((each for each in ROLES if each == role), "viewer")
    return User(int(str(user_id)), str(name), known, moment(created_at))


def session_of(row: tuple[object, ...]) -> Session:
    session_id, created_at, seen_at, expires_at, address, agent = row[4:]
    return Session(
        int(str(session_id)),
        user_of(row),
        moment(created_at),
        moment(seen_at),
        moment(expires_at),
        str(address),
        str(agent),
    )


def token_of(row: tuple[object, ...]) -> Token:
    token_id, name, scopes, created_at, expires_at, used_at = row[4:]
    words = str(scopes).split()
    known: frozenset[Scope] = frozenset(scope for scope in SCOPES if scope in words)
    return Token(
        int(str(token_id)),
        user_of(row),
        str(name),
        known,
        moment(created_at),
        None if expires_at is None else moment(expires_at),
        None if used_at is None else moment(used_at),
    )


def moment(seconds: object) -> datetime:
    return datetime.fromtimestamp(int(str(seconds)), UTC)
