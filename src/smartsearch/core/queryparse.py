"""Text to query: plain English first, with fields where one wants to be exact.

    dog on a beach -people 2019..2021 camera:X100 in:Holidays type:heic size:>5MP rating:>=4
    photos of a harbour last summer, without people

Any text can be parsed. What cannot be understood is a `Problem` with its place, and the rest is searched all the same.
docs/search.md has the language.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from smartsearch.core.query import Everything
from smartsearch.core.queryfields import BY_NAME, BadValueError, QueryContext, canonical, suggest_field
from smartsearch.core.querysyntax import (
    All,
    Clause,
    Either,
    Filter,
    Node,
    TooManyClausesError,
    Translation,
    Without,
    Words,
    all_of,
    clauses_of,
    either_of,
    leaves_of,
    without,
)
from smartsearch.core.querytokens import Token, same_quotes, tokens_of
from smartsearch.core.querywords import Plain, is_plain, read_words, trimmed

DEEPEST = 20
"""Levels of parentheses; deeper ones are read as words."""


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that was understood, for showing: ``text[start:end]`` of the query says it. ``kind`` is "words" or the
    name of a field."""

    kind: str
    text: str
    start: int
    end: int
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was not understood, and what to write instead, if that can be guessed.

    ``harmless``: it was read as words, as may well have been meant. Otherwise a filter is missing from the query.
    """

    message: str
    start: int
    end: int
    suggestion: str = ""
    harmless: bool = False


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A query understood. ``clauses`` are the alternatives that answer it, at least one; ``tree`` is None for none.

    ``text`` is the query as typed: two spellings of one tree are equal.
    """

    text: str
    tree: Node | None
    clauses: tuple[Clause, ...]
    chips: tuple[Chip, ...]
    problems: tuple[Problem, ...]
    translation: Translation | None = None
    """What the words were taken to mean, where they are not English."""

    @property
    def words(self) -> str:
        """What is searched by meaning, in words."""
        return " or ".join(dict.fromkeys(clause.text for clause in self.clauses if clause.text))


def parse(text: str, context: QueryContext) -> ParsedQuery:
    """Understand a query. Never raises for what the text is."""
    parser = _Parser(text, context)
    tree = parser.whole()
    try:
        clauses = clauses_of(tree) if tree is not None else (Clause(),)
    except TooManyClausesError:
        clauses = (Clause((" ".join(text.split()),)),)
        parser.problems.append(
            Problem("The query has too many alternatives: all of it is read as words.", 0, len(text))
        )
    chips = () if tree is None else tuple(_chip(leaf, negated) for leaf, negated in leaves_of(tree))
    return ParsedQuery(text, tree, clauses, chips, tuple(parser.problems))


def with_tree(parsed: ParsedQuery, tree: Node) -> ParsedQuery:
    """The query read as another tree."""
    try:
        clauses = clauses_of(tree)
    except TooManyClausesError:
        return parsed
    chips = tuple(_chip(leaf, negated) for leaf, negated in leaves_of(tree))
    return replace(parsed, tree=tree, clauses=clauses, chips=chips)


def plain(words: str) -> ParsedQuery:
    """A query that is nothing but words by meaning."""
    if not words.strip():
        return ParsedQuery(words, None, (Clause(),), (), ())
    node = Words(words, 0, len(words), quoted=True)
    return ParsedQuery(words, node, clauses_of(node), (_chip(node, False),), ())


def printed(node: Node | None, context: QueryContext) -> str:
    """A query that means the tree: parsed again it gives an equal one."""
    match node:
        case None:
            return ""
        case Words(text):
            return text if not node.quoted and is_plain(text, context) else f'"{text}"'
        case Filter(name, value):
            return f"{name}:{value}" if _bare(value) else f'{name}:"{value}"'
        case Without(part):
            inner = printed(part, context)
            whole = inner.startswith('"') or isinstance(part, Filter) or (isinstance(part, Words) and " " not in inner)
            if isinstance(part, Words) and not (whole and inner[0].isalnum()):
                inner, whole = f'"{part.text}"', True
            return f"-{inner}" if whole else f"-({inner})"
        case All(parts):
            return " ".join(
                f"({printed(part, context)})" if isinstance(part, Either) else printed(part, context) for part in parts
            )
        case Either(parts):
            return " OR ".join(printed(part, context) for part in parts)


def caret(text: str, problem: Problem) -> str:
    """Two lines: the query, and a mark under what was not understood. White space other than blanks becomes blanks."""
    line = "".join(" " if letter.isspace() else letter for letter in text)
    return f"{line}\n{' ' * problem.start}{'^' * max(1, problem.end - problem.start)}"


class _Parser:
    """Recursive descent over the tokens of one query."""

    def __init__(self, text: str, context: QueryContext) -> None:
        self.text = same_quotes(text)
        self.context = context
        self.tokens: Sequence[Token] = _balanced(list(tokens_of(text)))
        self.at = 0
        self.problems: list[Problem] = []

    def whole(self) -> Node | None:
        tree = self.either(0)
        if tree is None and not self.problems:
            said = " ".join(self.text.replace('"', " ").split())
            return Words(said, 0, len(self.text), quoted=True) if said else None
        return tree

    def either(self, depth: int) -> Node | None:
        parts = [self.all(depth)]
        while self.kind == "or":
            self.at += 1
            parts.append(self.all(depth))
        found = [part for part in parts if part is not None]
        return either_of(found) if found else None

    @property
    def kind(self) -> str:
        return self.tokens[self.at].kind if self.at < len(self.tokens) else "end"

    def all(self, depth: int) -> Node | None:
        items: list[Node | Plain] = []
        negating = False
        while self.kind not in ("or", "close", "end"):
            if self.kind == "and":
                self.at += 1
                continue
            if self.kind == "not":
                self.at, negating = self.at + 1, not negating
                continue
            found, dangling = self.next_items(depth, first=not items)
            items += [_negated(item) for item in found] if negating and found else found
            negating = dangling or (negating and not found)
        return _assembled(items)

    def next_items(self, depth: int, first: bool) -> tuple[list[Node | Plain], bool]:
        """What the next token, or run of plain words, says, and whether it ends in a "without" for what follows."""
        token = self.tokens[self.at]
        if token.kind == "word" and not token.negated:
            return self.run(first)
        self.at += 1
        node: Node | None
        if token.kind == "open":
            node = self.either(depth + 1)
            self.at += self.kind == "close"
        elif token.kind == "field":
            node = self.field(token)
        elif token.kind == "quoted":
            node = self.quoted(token)
        else:
            items, _ = read_words(self.text, token.start + 1, token.end, self.context, first=False)
            said = token.value.replace('"', "")
            node = _assembled(items) or (Words(said, token.start, token.end, quoted=True) if said else None)
            node = replace(node, start=token.start) if isinstance(node, Words | Filter) else node
        if node is None:
            return [], False
        return [without(node) if token.negated else node], False

    def run(self, first: bool) -> tuple[list[Node | Plain], bool]:
        """Words without a minus that follow each other."""
        start = self.tokens[self.at].start
        while self.kind == "word" and not self.tokens[self.at].negated:
            end = self.tokens[self.at].end
            self.at += 1
        return read_words(self.text, start, end, self.context, first=first, more=self.kind in _OPERANDS)

    def quoted(self, token: Token) -> Node | None:
        if not token.closed:
            self.problems.append(
                Problem("The quotation mark is not closed.", token.start, token.end, '"', harmless=True)
            )
        said = " ".join(token.value.split())
        return Words(said, token.start, token.end, quoted=True) if said else None

    def field(self, token: Token) -> Node | None:
        start = token.start + token.negated
        more = self.context.names.fields
        field = BY_NAME.get(token.field.lower()) or more.get(token.field.lower())
        if field is None:
            near = suggest_field(token.field, more)
            message = f"There is no field {token.field!r}."
            end = start + len(token.field)
            self.problems.append(Problem(message, start, end, near, harmless=not near))
            said = " ".join(self.text[start : token.end].replace('"', " ").split())
            return Words(said, token.start, token.end, quoted=True)
        value = " ".join(token.value.split())
        try:
            if not value:
                raise BadValueError(f"{field.name}: wants a value.", field.example)
            meaning = field.read(value, self.context)
        except BadValueError as error:
            self.problems.append(Problem(error.message, start, token.end, error.suggestion))
            return None
        return Filter(canonical(field), meaning.value or value, meaning.query, token.start, token.end)


_OPERANDS = frozenset({"word", "quoted", "field", "open"})


def _assembled(items: list[Node | Plain]) -> Node | None:
    """The items as one tree: "or" between two filters joins them, words left over lose their loose ends."""
    nodes: list[Node] = []
    joining = False
    for place, item in enumerate(items):
        if not isinstance(item, Plain):
            nodes.append(either_of([nodes.pop(), item]) if joining else item)
            joining = False
            continue
        after = items[place + 1] if place + 1 < len(items) else None
        between = bool(nodes) and _is_filter(nodes[-1]) and after is not None and _is_filter(after)
        if between and [word.said for word in item.words] == ["or"]:
            joining = True
            continue
        words = trimmed(item)
        if words is not None:
            nodes.append(words)
    return all_of(nodes) if nodes else None


def _is_filter(item: Node | Plain) -> bool:
    return isinstance(item, Filter) or (isinstance(item, Either) and all(isinstance(p, Filter) for p in item.parts))


def _negated(item: Node | Plain) -> Node | Plain:
    if not isinstance(item, Plain):
        return without(item)
    words = trimmed(item)
    return item if words is None else Without(words)


def _balanced(tokens: list[Token]) -> list[Token]:
    """The tokens without parentheses that close nothing, are never closed, or are too deep."""
    kept: list[Token | None] = list(tokens)
    open_at: list[int] = []
    for place, token in enumerate(tokens):
        if token.kind == "open":
            open_at.append(place)
            if len(open_at) > DEEPEST:
                kept[place] = None
        elif token.kind == "close":
            if not open_at or len(open_at) > DEEPEST:
                kept[place] = None
            if open_at:
                open_at.pop()
    for place in open_at:
        kept[place] = None
    return [token for token in kept if token is not None]


def _chip(leaf: Words | Filter, negated: bool) -> Chip:
    if isinstance(leaf, Words):
        return Chip("words", leaf.text, leaf.start, leaf.end, negated)
    return Chip(leaf.name, leaf.label or leaf.value, leaf.start, leaf.end, negated)


def _bare(value: str) -> bool:
    """Whether a value needs no quotes."""
    if any(letter.isspace() or letter in '"()' for letter in value) or value.startswith("//"):
        return False
    return bool(value)


def says_nothing(parsed: ParsedQuery) -> bool:
    """Whether neither words nor filters are left."""
    return parsed.clauses == (Clause(),) or all(
        clause.where == Everything() and not clause.words and not clause.avoid for clause in parsed.clauses
    )
