"""gitignore-syntax rules, arranged so that the walk pays almost nothing for a file that no rule could match."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from pathspec.patterns.gitignore.base import GitIgnorePatternError
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from smartsearch.core.errors import ConfigError

IGNORE_FILE = ".smartsearchignore"
"""A file of gitignore-syntax patterns, relative to the folder that holds it."""

_STARS = re.compile(r"(\\.)|(?<![^/])(\*\*)(?![^/])|\*{2,}")
"""An escaped character, a segment "**", and other runs of asterisks, which mean one."""
MOST_STARS = 4
"""Asterisks between two slashes. With each more, a name that is made for it takes a hundred times as long to match."""
_GLOB = re.compile(r"[*?\[\]\\]")


@dataclass(frozen=True, slots=True)
class _Rule:
    regex: re.Pattern[str]
    negated: bool
    folders_only: bool
    last_segment: str

    def matches(self, relative: str) -> bool:
        """Whether the entry itself is meant; a match of one of its parents is the parent's business."""
        match = self.regex.search(relative)
        return match is not None and match.groupdict().get("ps_d") is None


class _NameTest:
    """Can any of these rules match an entry of that name? Wrong only on the side of yes."""

    __slots__ = ("_any", "_names", "_prefixes", "_suffixes")

    def __init__(self, rules: Iterable[_Rule]) -> None:
        names, prefixes, suffixes = set(), [], []
        self._any = False
        for rule in rules:
            segment = rule.last_segment
            if not _GLOB.search(segment):
                names.add(segment)
            elif segment[0] == "*" and len(segment) > 1 and not _GLOB.search(segment[1:]):
                suffixes.append(segment[1:])
            elif segment[-1] == "*" and len(segment) > 1 and not _GLOB.search(segment[:-1]):
                prefixes.append(segment[:-1])
            else:
                self._any = True
        self._names = frozenset(names)
        self._prefixes = tuple(prefixes)
        self._suffixes = tuple(suffixes)

    def possible(self, name: str) -> bool:
        return self._any or name in self._names or name.endswith(self._suffixes) or name.startswith(self._prefixes)


class IgnoreRules:
    """The rules in force in a folder: those of its own ignore file over those of the folders above.

    Semantics of gitignore: the last matching pattern of the deepest file that has one decides, ``!`` takes back, and
    nothing below an excluded folder can come back (the walk does not enter it). Matching is case-sensitive.
    """

    def __init__(self, base: str, rules: Iterable[_Rule], parent: IgnoreRules | None = None) -> None:
        self._parent = parent
        self._start = len(base.rstrip(os.sep)) + 1
        self._backwards = tuple(rules)[::-1]
        chain = self._backwards + (parent._chain if parent else ())
        self._chain: tuple[_Rule, ...] = chain
        self._folder_names = _NameTest(chain)
        self._file_names = _NameTest(rule for rule in chain if not rule.folders_only)

    @classmethod
    def of(cls, base: str, patterns: Iterable[str]) -> IgnoreRules:
        """The rules of a root: ``patterns`` relative to the folder ``base``. ConfigError for an impossible pattern."""
        try:
            return cls(base, filter(None, map(_parse, patterns)))
        except ValueError as error:
            raise ConfigError(f"exclude: {error}.", hint="Patterns are written as in a .gitignore file.") from error

    def extended(self, base: str, content: bytes) -> IgnoreRules:
        """These rules with those of the ignore file found in ``base`` on top. Impossible lines are passed over."""
        rules = []
        for line in os.fsdecode(content.removeprefix(b"\xef\xbb\xbf")).split("\n"):
            with suppress(ValueError):
                rules.append(_parse(line.removesuffix("\r")))
        return IgnoreRules(base, filter(None, rules), self)

    def excludes_file(self, folder: str, name: str) -> bool:
        """Whether the file ``name`` in ``folder`` (absolute) is left out."""
        return self._file_names.possible(name) and self._decide(os.path.join(folder, name), is_folder=False)

    def excludes_folder(self, folder: str, name: str) -> bool:
        """Whether the sub-folder ``name`` of ``folder`` (absolute) is left out, with all below it."""
        return self._folder_names.possible(name) and self._decide(os.path.join(folder, name), is_folder=True)

    def _decide(self, path: str, *, is_folder: bool) -> bool:
        # Patterns come from lines, so none names a newline; but "." and "$" in their translation treat it specially.
        relative = path[self._start :].replace("\n", "\x01").replace(os.sep, "/")
        for rule in self._backwards:
            if (is_folder or not rule.folders_only) and rule.matches(relative):
                return not rule.negated
        return self._parent is not None and self._parent._decide(path, is_folder=is_folder)


def _parse(line: str) -> _Rule | None:
    """One pattern, or None for a blank line or a comment.

    A trailing slash is taken off before the translation: what is left then speaks of the entry itself, and whether
    that is a folder is known here without asking the regular expression.
    """
    text = line if line.endswith("\\ ") else line.rstrip()
    body = text.rstrip("/") if not text.startswith("#") else ""
    folders_only = body != text
    if not body or body == "!":
        return None
    # A regular expression of a hundred asterisks in a row would not end in a lifetime.
    body = _STARS.sub(lambda found: found[1] or found[2] or "*", body)
    if any(segment.count("*") > MOST_STARS for segment in body.split("/")):
        raise ValueError(f"more than {MOST_STARS} asterisks in a name: {line!r}")
    try:
        pattern = GitIgnoreSpecPattern(body)
    except (GitIgnorePatternError, re.error) as error:
        raise ValueError(f"not a gitignore pattern: {line!r}") from error
    if pattern.include is None or pattern.regex is None:
        return None
    last = body.removeprefix("!").rpartition("/")[2]
    return _Rule(pattern.regex, negated=not pattern.include, folders_only=folders_only, last_segment=last)
