"""Hidden images stay out of every answer, but for those that a question asks for by `is:hidden`."""

from __future__ import annotations

from collections.abc import Iterator

from smartsearch.core.query import And, Everything, Hidden, Not, Or, Present, Query, Shown


def conjunction(*parts: Query) -> Query:
    """All of them, flat: stores know the shapes that are frequent."""
    kept = tuple(part for part in _flat(parts) if part != Everything())
    return kept[0] if len(kept) == 1 else And(kept)


def _flat(parts: tuple[Query, ...]) -> Iterator[Query]:
    for part in parts:
        if isinstance(part, And):
            yield from _flat(part.parts)
        else:
            yield part


def among_shown(where: Query) -> Query:
    """The images that meet ``where`` and are shown."""
    return conjunction(Shown(), where)


def among_hidden(where: Query) -> Query:
    """The images that meet ``where`` and are hidden."""
    return conjunction(Present(), Hidden(), where)


def among_asked(where: Query) -> Query:
    """The images that meet ``where``: shown ones, and hidden ones by the alternatives that ask for these."""
    asked = _asked(where)
    if asked is None:
        return among_shown(where)
    if asked == where:
        return conjunction(Present(), where)
    return Or((among_shown(where), conjunction(Present(), asked)))


def unasked(where: Query) -> Query:
    """The same condition, which asks for no hidden image: it is a smart album's, of which who names it knows little."""
    return where if _asked(where) is None else Not(Not(where))


def _asked(where: Query) -> Query | None:
    """What hidden images have to meet of it, None where it does not ask for any. A negation does not ask."""
    match where:
        case Hidden():
            return where
        case And(parts):
            asked = tuple(part for part in map(_asked, parts) if part is not None)
            if any(part in parts for part in asked):
                return where
            return And((*parts, Or(asked))) if asked else None
        case Or(parts):
            asked = tuple(part for part in map(_asked, parts) if part is not None)
            return Or(asked) if asked else None
    return None
