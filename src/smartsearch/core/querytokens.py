"""A query cut into tokens: words, quoted words, ``field:value``, parentheses, OR, AND, NOT and a minus before any."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

TokenKind = Literal["word", "quoted", "field", "open", "close", "or", "and", "not"]

_FIELD = re.compile(r"([A-Za-z][A-Za-z_]*)(?::|(?=[<>]))")
_OPERATORS: dict[str, TokenKind] = {"OR": "or", "|": "or", "AND": "and", "&": "and", "NOT": "not"}
_SAME_QUOTES = str.maketrans("“”„‟«»＂", '"' * 7)


@dataclass(frozen=True, slots=True)
class Token:
    """Part of the query, ``text[start:end]``. ``value`` is the word, what is quoted, or what stands behind the field's
    colon, quotes taken off; ``quoted`` says that there were some. ``closed`` is false where the last quote is missing.
    """

    kind: TokenKind
    start: int
    end: int
    value: str = ""
    field: str = ""
    negated: bool = False
    quoted: bool = False
    closed: bool = True


def same_quotes(text: str) -> str:
    """The text with every double quotation mark the plain one. No position changes."""
    return text.translate(_SAME_QUOTES)


def tokens_of(text: str) -> Iterator[Token]:
    """The tokens of a text, in order. Every character that is not white space belongs to one."""
    text, at = same_quotes(text), 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        token = _token(text, at)
        yield token
        at = token.end


def _token(text: str, start: int) -> Token:
    at = start
    negated = text[at] == "-" and at + 1 < len(text) and (text[at + 1].isalnum() or text[at + 1] in '("')
    at += negated
    if text[at] == "(":
        return Token("open", start, at + 1, negated=negated)
    if text[at] == ")":
        return Token("close", start, at + 1)
    if text[at] == '"':
        value, end, closed = _quoted(text, at)
        return Token("quoted", start, end, value, negated=negated, quoted=True, closed=closed)
    field = _FIELD.match(text, at)
    if field and field.end() < len(text) and text[field.end()] == '"':
        value, end, closed = _quoted(text, field.end())
        return Token("field", start, end, value, field[1], negated, quoted=True, closed=closed)
    end = _bare_end(text, at)
    if field and field.end() < end and not text.startswith("//", field.end()):
        return Token("field", start, end, text[field.end() : end].replace('"', ""), field[1], negated)
    word = text[at:end]
    if not negated and word in _OPERATORS:
        return Token(_OPERATORS[word], start, end)
    return Token("word", start, end, word, negated=negated)


def _quoted(text: str, at: int) -> tuple[str, int, bool]:
    end = text.find('"', at + 1)
    return (text[at + 1 : end], end + 1, True) if end > 0 else (text[at + 1 :], len(text), False)


def _bare_end(text: str, at: int) -> int:
    """Where a word ends: at white space, or a parenthesis that was not opened within it."""
    depth, end = 0, at
    while end < len(text) and not text[end].isspace():
        depth += (text[end] == "(") - (text[end] == ")")
        if depth < 0:
            break
        end += 1
    return end
