"""Queries in other languages for a model that knows English only: a small dictionary, word by word.

It knows some 220 things people photograph, in twelve languages, with the endings words take; what it does not know
stays as it is. Models that know languages themselves need none of this.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from smartsearch.core.queryfields import QueryContext
from smartsearch.core.queryparse import ParsedQuery, parse, with_tree
from smartsearch.core.querysyntax import All, Either, Node, Translation, Without, Words, leaves_of, placed

LANGUAGES = {
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "it": "Italiano",
    "pt": "Português",
    "nl": "Nederlands",
    "pl": "Polski",
    "sv": "Svenska",
    "ru": "Русский",
    "tr": "Türkçe",
    "ja": "日本語",
    "zh": "中文",
}
_WITHOUT_BLANKS = ("ja", "zh")
_ENDINGS = {
    "de": "ern en er es em e n s",
    "fr": "es s e x",
    "es": "es os as s o a",
    "it": "i e o a",
    "pt": "es os as s o a",
    "nl": "en es e s",
    "pl": "ami ach owi ów ego emu ymi imi iem em ie om ym im y i a e ę ą u o",
    "sv": "arna orna erna ar or er en et na n a t s",
    "ru": "ами ями ого его ему ому ыми ими ах ях ов ев еи ом ем ои ая яя ое ее ые ие ыи ии ую юю ы и а я у ю е о ь",
    "tr": "lari leri larda lerde lar ler dan den tan ten da de ta te nin nun in un yi yu i u a e",
    "ja": "",
    "zh": "",
}
"""Taken off a word, the longest first, so that "Hunde", "plages" and "собаки" are known. Not grammar, but it need not
be: a stem that two words share is looked up only where neither is there as written."""
_SHORTEST_STEM = 3
_LONGEST_PHRASE = 4
"""Words of a phrase ("coucher de soleil"), signs in languages without blanks twice as many."""
_WORD = re.compile(r"[^\W\d_]+")
_SIGNS = re.compile("[\u3040-\u30ff\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class _Found:
    """What a language makes of some text: how many of its words it knows, and how many of those say something."""

    known: int
    content: int
    english: str


class Dictionary:
    """The words of one language, as written and by their stems."""

    def __init__(self, code: str, entries: Sequence[tuple[str, str]]) -> None:
        self.code = code
        self._exact: dict[str, str] = {}
        self._stems: dict[str, str] = {}
        self._endings = sorted(_ENDINGS[code].split(), key=len, reverse=True)
        for english, said in entries:
            for form in said.split("|"):
                words = _folded(form, code).replace("'", " ").replace("-", " ").split()
                if words:
                    self._exact.setdefault(" ".join(words), english)
                    self._stems.setdefault(" ".join(map(self._stem, words)), english)

    def read(self, text: str) -> _Found:
        """The text in English, word by word."""
        known = content = 0
        parts: list[str] = []
        for said, english in self._signs(text) if self.code in _WITHOUT_BLANKS else self._phrases(text):
            parts.append(said if english is None else english)
            known += english is not None
            content += bool(english) and english not in _GRAMMAR
        return _Found(known, content, " ".join(" ".join(parts).split()))

    def _phrases(self, text: str) -> Iterator[tuple[str, str | None]]:
        words = [found[0] for found in re.finditer(r"[\w]+", text)]
        at = 0
        while at < len(words):
            for count in range(min(_LONGEST_PHRASE, len(words) - at), 0, -1):
                folded = [_folded(word, self.code) for word in words[at : at + count]]
                english = self._exact.get(" ".join(folded))
                if english is None:
                    english = self._stems.get(" ".join(map(self._stem, folded)))
                if english is not None:
                    break
            yield " ".join(words[at : at + count]), english
            at += count

    def _signs(self, text: str) -> Iterator[tuple[str, str | None]]:
        folded = _folded(text, self.code)
        at = 0
        while at < len(folded):
            for count in range(min(2 * _LONGEST_PHRASE, len(folded) - at), 0, -1):
                english = self._exact.get(folded[at : at + count])
                if english is not None:
                    break
            yield folded[at : at + count], english
            at += count

    def _stem(self, word: str) -> str:
        for ending in self._endings:
            if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
                return word[: -len(ending)]
        return word


@cache
def _dictionaries() -> tuple[tuple[Dictionary, ...], frozenset[str]]:
    """Of every language; and what counts as English: the words they are translated into, those of `english_too.txt`
    (words of the dictionary that are English as well, as 165,000 English captions show, and words of sentences)."""
    folder = files("smartsearch.search")
    text = folder.joinpath("words.csv").read_text("utf-8")
    header, *lines = csv.reader(text.splitlines())
    found = tuple(
        Dictionary(code, [(line[0], line[column]) for line in lines]) for column, code in enumerate(header) if column
    )
    too = set(folder.joinpath("english_too.txt").read_text("utf-8").split())
    english = {word for line in lines for word in line[0].split()}
    return found, frozenset(english | {f"{word}s" for word in english} | too)


_GRAMMAR = frozenset({"in", "on", "with", "without", "and", "under", "in front of", "next to", "through", ""})


def translation_of(text: str) -> Translation | None:
    """The text in English, if some language explains more of its words than English does; None if none does."""
    dictionaries, english_words = _dictionaries()
    signs = bool(_SIGNS.search(text))
    spoken = sum(word.lower() in english_words for word in _WORD.findall(text)) if not signs else 0
    best: tuple[tuple[int, int], Dictionary, _Found] | None = None
    for dictionary in dictionaries:
        if signs != (dictionary.code in _WITHOUT_BLANKS):
            continue
        found = dictionary.read(text)
        score = (found.content, found.known) if signs else (found.known, found.content)
        if found.content and found.known > spoken and (best is None or score > best[0]):
            best = score, dictionary, found
    if best is None:
        return None
    return Translation(best[1].code, LANGUAGES[best[1].code], best[2].english)


def translated(parsed: ParsedQuery, context: QueryContext) -> ParsedQuery:
    """The query with its words in English, if they are in another language. Quoted words stay as they are; negation and
    dates are read out of the English too ("ohne Menschen"). What was typed is still looked for in texts."""
    leaves = [leaf for leaf, _ in leaves_of(parsed.tree)] if parsed.tree is not None else []
    words = " ".join(leaf.text for leaf in leaves if isinstance(leaf, Words) and not leaf.quoted)
    whole = translation_of(words) if words else None
    if whole is None or parsed.tree is None:
        return parsed
    dictionary = next(each for each in _dictionaries()[0] if each.code == whole.code)

    def english(node: Node) -> Node:
        match node:
            case Words(text) if not node.quoted:
                meant = parse(dictionary.read(text).english, context).tree
                return node if meant is None else placed(meant, node, said=text)
            case All(parts) | Either(parts):
                return type(node)(tuple(map(english, parts)))
            case Without(part):
                return Without(english(part))
        return node

    return replace(with_tree(parsed, english(parsed.tree)), translation=whole)


def _folded(text: str, code: str) -> str:
    """Lower case, without accents; of signs the usual width."""
    if code in _WITHOUT_BLANKS:
        return "".join(unicodedata.normalize("NFKC", text).split())
    lower = text.lower().replace("ß", "ss").replace("ł", "l").replace("ø", "o").replace("ı", "i")
    decomposed = unicodedata.normalize("NFKD", lower)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
