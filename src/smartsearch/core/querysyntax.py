"""What a query says, as a tree of its own order: words, filters, and how they are joined. `queryparse` makes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import product

from smartsearch.core.query import And, Everything, Not, Or, Query

MAX_CLAUSES = 16
"""Alternatives a query is taken apart into; each is a search of its own."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words searched by meaning. ``quoted`` ones were not looked through for dates, names and negation. ``said``: what
    was typed, where ``text`` is its translation."""

    text: str
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)
    quoted: bool = field(default=False, compare=False)
    said: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Translation:
    """A query in another language: its ISO 639-1 code and own name, and what the words mean in English."""

    code: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition. ``name:value`` is how it is written, ``label`` how it is shown where the value says too little."""

    name: str
    value: str
    query: Query
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)
    label: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class All:
    """Every part, in the order written."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Any of two or more parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Without:
    """Not the part, which is no `Without` itself."""

    part: Node


Node = Words | Filter | All | Either | Without


def all_of(parts: list[Node]) -> Node:
    """The parts in one, nested ones taken in; words next to each other become one, unless quoted."""
    flat: list[Node] = []
    for part in parts:
        for each in part.parts if isinstance(part, All) else (part,):
            last = flat[-1] if flat else None
            if isinstance(last, Words) and isinstance(each, Words) and not (last.quoted or each.quoted):
                flat[-1] = Words(f"{last.text} {each.text}", last.start, each.end)
            else:
                flat.append(each)
    return flat[0] if len(flat) == 1 else All(tuple(flat))


def either_of(parts: list[Node]) -> Node:
    """One of the parts, nested ones taken in."""
    flat = [each for part in parts for each in (part.parts if isinstance(part, Either) else (part,))]
    return flat[0] if len(flat) == 1 else Either(tuple(flat))


def without(part: Node) -> Node:
    return part.part if isinstance(part, Without) else Without(part)


@dataclass(frozen=True, slots=True)
class Clause:
    """One way to answer a query: all its ``words`` by meaning, nothing that looks like ``avoid``, among ``where``."""

    words: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    where: Query = field(default_factory=Everything)
    labels: tuple[str, ...] = field(default=(), compare=False)
    """The conditions of ``where``, as they are shown."""
    said: tuple[str, ...] = ()
    """What was typed for ``words``, where these are a translation."""

    @property
    def text(self) -> str:
        return " ".join(self.words)


class TooManyClausesError(ValueError):
    """More alternatives than `MAX_CLAUSES`."""


def clauses_of(node: Node) -> tuple[Clause, ...]:
    """The alternatives of a tree; an image answers the query if it answers one. TooManyClausesError."""
    query = condition_of(node)
    if query is not None:
        return (Clause(where=query, labels=_labels(node)),)
    match node:
        case Words(text):
            return (Clause((text,), said=(node.said,) if node.said else ()),)
        case All(parts):
            sides = [clauses_of(part) for part in parts]
            count = 1
            for side in sides:
                count *= len(side)
                if count > MAX_CLAUSES:
                    raise TooManyClausesError
            return tuple(_joined(chosen) for chosen in product(*sides))
        case Either(parts):
            found = tuple(clause for part in parts for clause in clauses_of(part))
            if len(found) > MAX_CLAUSES:
                raise TooManyClausesError
            return tuple(dict.fromkeys(found))
        case Without(part):
            return _clauses_without(part)
    raise AssertionError(node)


def _clauses_without(part: Node) -> tuple[Clause, ...]:
    match part:
        case Words(text):
            return (Clause(avoid=(text,)),)
        case All(parts):  # neither all of them: at least one not
            return clauses_of(Either(tuple(without(each) for each in parts)))
        case Either(parts):
            return clauses_of(All(tuple(without(each) for each in parts)))
    raise AssertionError(part)


def _joined(clauses: tuple[Clause, ...]) -> Clause:
    wheres = [clause.where for clause in clauses if clause.where != Everything()]
    return Clause(
        tuple(word for clause in clauses for word in clause.words),
        tuple(word for clause in clauses for word in clause.avoid),
        Everything() if not wheres else wheres[0] if len(wheres) == 1 else And(tuple(wheres)),
        tuple(label for clause in clauses for label in clause.labels),
        tuple(word for clause in clauses for word in clause.said),
    )


def _labels(node: Node) -> tuple[str, ...]:
    return tuple(map(_label, node.parts)) if isinstance(node, All) else (_label(node),)


def _label(node: Node) -> str:
    match node:
        case Words(text):
            return text
        case Filter(name, value):
            return f"{name}:{node.label or value}"
        case All(parts):
            return " ".join(map(_label, parts))
        case Either(parts):
            return " or ".join(map(_label, parts))
        case Without(part):
            return f"not {_label(part)}"


def condition_of(node: Node) -> Query | None:
    """The tree as one condition, None if it has words to compare by meaning."""
    match node:
        case Filter(query=query):
            return query
        case All(parts) | Either(parts):
            queries = [query for query in map(condition_of, parts) if query is not None]
            if len(queries) < len(parts):
                return None
            return And(tuple(queries)) if isinstance(node, All) else Or(tuple(queries))
        case Without(part):
            inner = condition_of(part)
            return None if inner is None else Not(inner)
    return None


def leaves_of(node: Node, negated: bool = False) -> Iterator[tuple[Words | Filter, bool]]:
    """Words and filters in order, each with whether it is to be avoided."""
    match node:
        case Words() | Filter():
            yield node, negated
        case Without(part):
            yield from leaves_of(part, not negated)
        case All(parts) | Either(parts):
            for part in parts:
                yield from leaves_of(part, negated)


def moved(node: Filter, start: int, end: int) -> Filter:
    return replace(node, start=start, end=end)


def placed(node: Node, over: Words, said: str) -> Node:
    """The tree with all its leaves where ``over`` stands in the text; ``said`` goes with the first words."""
    left = [said]

    def put(part: Node) -> Node:
        match part:
            case Words():
                return replace(part, start=over.start, end=over.end, said=left.pop() if left else "")
            case Filter():
                return replace(part, start=over.start, end=over.end)
            case All(parts) | Either(parts):
                return type(part)(tuple(map(put, parts)))
            case Without(inner):
                return Without(
                    replace(inner, start=over.start, end=over.end) if isinstance(inner, Words) else put(inner)
                )
        raise AssertionError(part)

    return put(node)
