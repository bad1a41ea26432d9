"""Plain words of a query: the dates and negations people write into a description."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from smartsearch.core.namesakes import NAMESAKES
from smartsearch.core.query import MOSTLY_PERCENT, ColorNear, HasPerson, Or
from smartsearch.core.querydates import MONTHS, Days, When
from smartsearch.core.queryfields import COLORS, QueryContext
from smartsearch.core.querysyntax import Filter, Node, Without, Words, without

NEGATIONS = frozenset("without no not except excluding".split())  # noqa: SIM905
_IDIOMS = frozenset(
    "smoking parking entry stopping trespassing swimming vacancy war longer one only doubt way matter limit".split()  # noqa: SIM905
)
"""After "no" and "not" these make a sign or a phrase, not a negation."""
_PREPOSITIONS = frozenset("in on at near from by with under over behind beside around during".split())  # noqa: SIM905
_JOINTS = frozenset("and or nor but , where while when is are was has that who which".split())  # noqa: SIM905
_WHERE = frozenset("in near at from around".split())  # noqa: SIM905
_WIDELY = frozenset("in from".split())  # noqa: SIM905
"""Before a name these mean the widest place that is called so."""
_SHORTEST = 4
"""Letters of a place's name that is written small: shorter ones are words and airports' codes."""
LONGEST_NAME = 4
"""Words of a name of a person or place."""
_ARTICLES = frozenset("a an the some my our".split())  # noqa: SIM905
_MOSTLY = frozenset("mostly mainly predominantly largely".split())  # noqa: SIM905
_PHOTOS = frozenset("photo photos picture pictures pic pics image images shot shots".split())  # noqa: SIM905
_LOOSE_FIRST = frozenset("and but or , ; . -".split())  # noqa: SIM905
_LOOSE_LAST = frozenset("and but or of with from in on at near the a an taken by , ; . : -".split())  # noqa: SIM905
_FILLER = re.compile(
    r"(?:(?:please\s+)?(?:show(?:\s+me)?|find(?:\s+me)?|search\s+for|look\s+for|give\s+me|where\s+are|i\s+want)\s+"
    r"(?:all\s+|some\s+|the\s+|my\s+|our\s+)*)?"
    r"(?:(?:all\s+|my\s+|our\s+|the\s+|some\s+)*(?:photos?|pictures?|pics?|images?|shots?|snaps?)(?:\s+(?:of|with|from)\b|$))?",
    re.IGNORECASE,
)
"""What people say around what they look for."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word, lower-case, where it stands in the text; a comma is a word."""

    said: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Plain:
    """Words of the text that are neither date nor negation, at least one."""

    text: str
    words: tuple[Word, ...]


def read_words(
    text: str, start: int, end: int, context: QueryContext, *, first: bool, more: bool = False
) -> tuple[list[Node | Plain], bool]:
    """What ``text[start:end]``, words without operators, says, in order.

    ``first``: nothing stands before it, so that "photos of" may be skipped. ``more``: something follows; the second
    result is then whether a "without" at the end is for that.
    """
    if first:
        start += _filler(text[start:end])
    words = [
        Word(found[0].lower().replace("’", "'").strip(".;!?") or found[0], start + found.start(), start + found.end())
        for found in re.finditer(r"[^\s,]+|,", text[start:end])
    ]
    return _Run(text, words, context).read(more)


def is_plain(text: str, context: QueryContext) -> bool:
    """Whether the text, written without quotes, is read as exactly these words wherever it stands."""
    from smartsearch.core.querytokens import tokens_of

    if any(token.kind != "word" or token.negated for token in tokens_of(text)) or " ".join(text.split()) != text:
        return False
    items, dangling = read_words(text, 0, len(text), context, first=True, more=True)
    if dangling or len(items) != 1 or not isinstance(items[0], Plain):
        return False
    words = trimmed(items[0])
    return words is not None and words.text == text


def trimmed(plain: Plain) -> Words | None:
    """The words without what is left loose at their ends when dates and filters are taken out."""
    words = list(plain.words)
    while words and words[0].said in _LOOSE_FIRST:
        words.pop(0)
    while words and words[-1].said in _LOOSE_LAST:
        words.pop()
    if not words:
        return None
    start, end = words[0].start, words[-1].end
    said = " ".join(plain.text[start:end].replace('"', " ").split())
    return Words(said, start, end) if said else None


def _filler(text: str) -> int:
    """How many characters at the beginning say only that photos are wanted; not all, for then they are the query."""
    at = 0
    while True:
        found = _FILLER.match(text, at)
        if not found or found.end() == at:
            return at
        after = found.end()
        while after < len(text) and text[after].isspace():
            after += 1
        if after >= len(text):
            return at if at or found.end() < len(text) else 0
        at = after


class _Run:
    def __init__(self, text: str, words: Sequence[Word], context: QueryContext) -> None:
        self.text = text
        self.words = words
        self.context = context
        self.said = [word.said for word in words]

    def read(self, more: bool) -> tuple[list[Node | Plain], bool]:
        items: list[Node | Plain] = []
        at = begun = 0
        while at < len(self.words):
            found = self.filter(at)
            if found is None and self.negates(at):
                items += self.plain(begun, at)
                nodes, at = self.negation(at)
                if not nodes:
                    return (items, True) if more else ([*items, *self.plain(at - 1, at)], False)
                items += nodes
                begun = at
            elif found is not None:
                items += self.plain(begun, at)
                items.append(found[0])
                begun = at = found[1]
            else:
                at += 1
        return [*items, *self.plain(begun, len(self.words))], False

    def plain(self, start: int, end: int) -> list[Plain]:
        return [Plain(self.text, tuple(self.words[start:end]))] if start < end else []

    def filter(self, at: int) -> tuple[Filter, int] | None:
        """A date, a person's name or a place that begins here, and where it ends."""
        found = self.context.dates.find(self.said, at)
        if found is None:
            return self.person(at) or self.place(at) or self.mostly(at)
        value = found.when.value
        start, end = self.words[found.start].start, self.words[found.end - 1].end
        label = _label(found.when)
        return Filter("date", value, found.when.query, start, end, label), found.end

    def person(self, at: int) -> tuple[Filter, int] | None:
        """A person the library knows, by the whole name or the first name."""
        known = self.context.names.people
        for count in range(min(LONGEST_NAME, len(self.words) - at), 0, -1) if known else ():
            name = self.name(at, count).removesuffix("'s")
            ids = known.get(name)
            if ids and (count > 1 or self.is_name(at)):
                start, end = self.words[at].start, self.words[at + count - 1].end
                query = HasPerson(ids[0]) if len(ids) == 1 else Or(tuple(map(HasPerson, ids)))
                return Filter("person", name, query, start, end, self.text[start:end].removesuffix("'s")), at + count
        return None

    def place(self, at: int) -> tuple[Filter, int] | None:
        """ "In", "near" and so on, or "in the", with a place where photos were taken. One written small ends what is
        said: "in nice weather" is no town."""
        if self.said[at] not in _WHERE:
            return None
        begin = at + 1
        if begin < len(self.words) and self.text[self.words[begin].start : self.words[begin].end] == "the":
            begin += 1
        if begin >= len(self.words) or self.said[begin] in MONTHS:
            return None
        first = self.words[begin].start
        for count in range(min(LONGEST_NAME, len(self.words) - begin), 0, -1):
            name = self.name(begin, count)
            small = not self.text[first].isupper()
            if small and not (len(name) >= _SHORTEST and self.is_name(begin, count) and self.ends(begin + count)):
                continue
            found = self.context.names.visited(name, self.said[at] in _WIDELY)
            if found is not None:
                field, query = found
                end = self.words[begin + count - 1].end
                label = self.text[first:end].strip(".;!? ")
                return Filter(field, name, query, self.words[at].start, end, label), begin + count
        return None

    def mostly(self, at: int) -> tuple[Filter, int] | None:
        """ "Mostly blue": a colour that covers most of the picture, not one that describes the next word."""
        if self.said[at] not in _MOSTLY or at + 1 >= len(self.words) or self.said[at + 1] not in COLORS:
            return None
        after = self.said[at + 2] if at + 2 < len(self.words) else ","
        if after not in _PREPOSITIONS | _JOINTS | NEGATIONS | _PHOTOS:
            return None
        name = self.said[at + 1]
        start, end = self.words[at].start, self.words[at + 1].end
        end += after in _PHOTOS and self.words[at + 2].end - end
        query = ColorNear(COLORS[name], MOSTLY_PERCENT)
        return Filter("color", f"{name}>={MOSTLY_PERCENT}%", query, start, end, f"mostly {name}"), at + 2 + (
            after in _PHOTOS
        )

    def is_name(self, at: int, count: int = 1) -> bool:
        """Whether a name may stand there, which is likely one and not a word."""
        return self.text[self.words[at].start].isupper() or self.name(at, count).removesuffix("'s") not in NAMESAKES

    def ends(self, at: int) -> bool:
        """Whether what goes on there does not belong to the word before."""
        if at >= len(self.words) or self.said[at] in _PREPOSITIONS | _JOINTS | NEGATIONS:
            return True
        return self.context.dates.find(self.said, at) is not None

    def name(self, at: int, count: int) -> str:
        return " ".join(self.said[at : at + count])

    # -- negation

    def negates(self, at: int) -> bool:
        if self.said[at] not in NEGATIONS:
            return False
        following = self.said[at + 1] if at + 1 < len(self.said) else ""
        if following[:1].isdigit():  # "no 5" is a number, "not 2019" a time
            return self.filter(at + 1) is not None
        return following not in _IDIOMS

    def negation(self, at: int) -> tuple[list[Node], int]:
        """What is not wanted from the word "without" on, and where that ends. Nothing: it is the last word."""
        nodes: list[Node] = []
        at += 1
        while at < len(self.words):
            begun = self.words[at - 1].start
            found = self.filter(at)
            if found is not None:
                nodes.append(without(replace(found[0], start=begun)))
                at = found[1]
            else:
                end = self.phrase_end(at, may_begin=not nodes and self.said[at - 1] == "not")
                if end == at:
                    break
                words = trimmed(self.plain(at, end)[0])
                if words is not None:
                    nodes.append(Without(replace(words, start=begun)))
                at = end
            if not self.goes_on(at):
                break
            at += 1
        return nodes, at

    def phrase_end(self, at: int, may_begin: bool) -> int:
        end = at
        while end < len(self.words):
            stop = self.said[end] in _PREPOSITIONS | _JOINTS | NEGATIONS or self.filter(end) is not None
            if stop and not (may_begin and end == at):
                break
            end += 1
        return end

    def goes_on(self, at: int) -> bool:
        """ "Without people or cars", "no people and cars", but not "no people and a dog"."""
        if at + 1 >= len(self.words) or self.said[at + 1] in NEGATIONS:
            return False
        return self.said[at] in ("or", "nor") or (self.said[at] == "and" and self.said[at + 1] not in _ARTICLES)


def _label(when: When) -> str:
    """Days as people write them; a season by its days."""
    return when.value if isinstance(when, Days) else f"every {when.value}"
