"""Entries of the audit log and the chain of hashes that holds them together. Pure: no files.

Each entry's hash is SHA-256 over the hash before it and the entry as canonical JSON (sorted names, no spaces, ASCII),
so that nothing in the middle can be changed, removed or put elsewhere unnoticed. Two signed marks (HMAC-SHA-256) hold
the ends: where the log begins, after entries were pruned, and where it ends.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

GENESIS = bytes(32)
MAX_PROBLEMS = 100

Detail = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done, before it has its place in the log. ``detail`` has ids and figures, no names."""

    at: datetime
    actor: str
    """`local`, `user:1`, `user:1/token:2`, `cli:NAME`."""
    action: str
    library: str
    detail: Detail


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in its place. ``body`` is its canonical JSON, ``hash`` is over the hash before and ``body``."""

    number: int
    body: str
    hash: bytes

    @property
    def values(self) -> dict[str, Any]:
        """What the body says; what is no JSON any more says nothing."""
        try:
            values = json.loads(self.body)
        except ValueError:
            return {}
        return values if isinstance(values, dict) else {}


@dataclass(frozen=True, slots=True)
class Mark:
    """An end of the log: the last entry before its beginning, or its last one."""

    which: Literal["start", "end"]
    number: int
    hash: bytes
    signature: bytes

    @classmethod
    def signed(cls, which: Literal["start", "end"], number: int, digest: bytes, key: bytes) -> Mark:
        return cls(which, number, digest, _signature(which, number, digest, key))

    def holds(self, key: bytes) -> bool:
        return hmac.compare_digest(self.signature, _signature(self.which, self.number, self.hash, key))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a log; nothing, if it is whole."""

    entries: int
    first: int | None
    last: int | None
    head: str
    """The last hash, hexadecimal: written down elsewhere, it shows later that nothing before it was exchanged."""
    problems: tuple[str, ...]

    @property
    def whole(self) -> bool:
        return not self.problems


def entry_of(event: Event, number: int, before: bytes) -> Entry:
    """The event as entry ``number``."""
    body = json.dumps(
        {
            "number": number,
            "at": event.at.astimezone(UTC).isoformat(timespec="milliseconds"),
            "actor": event.actor,
            "action": event.action,
            "library": event.library,
            "detail": dict(event.detail),
        },
        sort_keys=True,
        separators=(",", ":"),
    )
    return Entry(number, body, chained(before, body))


def chained(before: bytes, body: str) -> bytes:
    """The hash of an entry."""
    return hashlib.sha256(before + body.encode("utf-8", "surrogatepass")).digest()


def verify(entries: Iterable[Entry], start: Mark | None, end: Mark | None, key: bytes) -> Verdict:
    """Read all of a log, in the order of its numbers. Each problem names the entries it is about."""
    problems: list[str] = []
    number, before = 0, GENESIS
    if start is not None:
        number, before = start.number, start.hash
        if not start.holds(key):
            problems.append("The mark where the log begins is not signed by this home.")
    first, count = None, 0
    for entry in entries:
        count += 1
        first = entry.number if first is None else first
        if entry.number != number + 1:
            problems.append(_missing(number + 1, entry.number - 1))
            before = b""  # what it was chained to is gone
        if entry.values.get("number") != entry.number:
            problems.append(f"Entry {entry.number} is not the one that was written there.")
        elif before and chained(before, entry.body) != entry.hash:
            problems.append(f"Entry {entry.number} was changed, or the one before it exchanged.")
        number, before = entry.number, entry.hash
    if end is None:
        if count:
            problems.append("The mark where the log ends is missing.")
    elif not end.holds(key):
        problems.append("The mark where the log ends is not signed by this home.")
    elif number < end.number:
        problems.append(_missing(number + 1, end.number))
    elif number > end.number:
        problems.append(f"Entries {end.number + 1} to {number} were added by something else.")
    elif before != end.hash:
        problems.append(f"Entry {number} is not the last one that was written.")
    return Verdict(count, first, number or None, before.hex(), tuple(problems[:MAX_PROBLEMS]))


def _missing(first: int, last: int) -> str:
    return f"Entry {first} is missing." if first == last else f"Entries {first} to {last} are missing."


def _signature(which: str, number: int, digest: bytes, key: bytes) -> bytes:
    return hmac.digest(key, f"{which} {number} {digest.hex()}".encode(), hashlib.sha256)
