"""What `--collapse` and `--diversity` do to the first ten results.

    SMARTSEARCH_DATA=... python variety.py

The library is 1,000 photos of 200 kinds of objects; every second one has one to four near-copies (half the size,
recompressed, cropped by 3 %, brighter) as libraries have them. Measured are
- for 60 kinds by name: how many different pictures are among the ten, how many of these are of the kind, and nDCG@10
  where a near-copy of one already shown is worth nothing (alpha-nDCG with alpha 1);
- for 6 groups ("musical instrument"): how many kinds of the group are among the ten, how many of the ten are of it, and
  alpha-nDCG@10 (Clarke et al. 2008, alpha 0.5) where each kind is a thing to show, worth half at each further time.
"""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from duplicates import TRANSFORMS, Shelf, cropped
from hybrid import GROUPS
from PIL import Image

from smartsearch.core.querysyntax import Clause
from smartsearch.search.ranking import rank
from smartsearch.search.service import SearchRequest, SearchService

TOP = 10
COPIES: tuple[tuple[str, Callable[[Image.Image], Image.Image]], ...] = (
    ("half", TRANSFORMS["half the size"]),
    ("recompressed", TRANSFORMS["JPEG quality 40"]),
    ("cropped", lambda picture: cropped(picture, 0.03)),
    ("brighter", TRANSFORMS["brighter by 20 %"]),
)
VARIANTS = {
    "as it is": (False, 0.0),
    "--collapse": (True, 0.0),
    "--collapse --diversity 0.2": (True, 0.2),
    "--collapse --diversity 0.5": (True, 0.5),
    "collapsed, at 0.8": (True, 0.8),  # which a request refuses, for what is measured here
    "--diversity 0.5": (False, 0.5),
}
"""Whether near-copies are collapsed, and the diversity."""


def alpha_ndcg(things: Sequence[object], there: Counter[object], alpha: float) -> float:
    """``things`` shown by the first results (None: none), of those ``there``, each so many times."""

    def gain(shown: Sequence[object]) -> float:
        seen, total = Counter[object](), 0.0
        for place, thing in enumerate(shown[:TOP]):
            if thing is not None:
                total += (1 - alpha) ** seen[thing] / np.log2(place + 2)
                seen[thing] += 1
        return total

    best: list[object] = []
    for turn in range(TOP):  # one of each first, then the second of each ...
        best += [thing for thing, count in there.items() if count > turn]
    return gain(things) / gain(best) if best else 0.0


def main() -> None:
    data = Path(os.environ.get("SMARTSEARCH_DATA", "shared/data"))
    shelf, kinds, rng = Shelf(), [], random.Random(3)
    paths = sorted((data / "object-photos").glob("*.jpg"))
    for number, path in enumerate(paths):
        kinds.append(re.sub(r"^n\d+_\d+_", "", path.stem).replace("_", " "))
        picture = Image.open(path).convert("RGB")
        shelf.put("original", [picture], number)
        for name, transform in COPIES[: rng.randint(1, 4) if number % 2 else 0]:
            shelf.put(name, [transform(picture)], number)
    service = SearchService(shelf.store, shelf.text, lambda _: np.zeros(0, np.float32))
    asked = rng.sample(sorted(set(kinds)), 60)
    print(f"{len(shelf.owner)} images of {len(paths)} pictures")
    print("| | different pictures | of these of the kind | nDCG | kinds of a group | of the group | alpha-nDCG |")
    print("|---|---|---|---|---|---|---|")
    for name, variant in VARIANTS.items():
        rows = [row(service, shelf, kinds, variant, word, (word,)) for word in asked]
        groups = [
            row(service, shelf, kinds, variant, word, tuple(names.split()), True) for word, names in GROUPS.items()
        ]
        figures = (*np.mean(rows, axis=0), *np.mean(groups, axis=0))
        print(f"| {name} | " + " | ".join(f"{figure:.2f}" for figure in figures) + " |", flush=True)


def row(
    service: SearchService,
    shelf: Shelf,
    kinds: Sequence[str],
    variant: tuple[bool, float],
    word: str,
    members: tuple[str, ...],
    by_kind: bool = False,
) -> tuple[float, float, float]:
    """Different things among the first ten results, how many of the results (by pictures: of those things) are of
    ``members``, and alpha-nDCG."""
    collapse, diversity = variant
    plan = service.plan(SearchRequest(clauses=(Clause((word,)),), min_score=0.0))
    plan = replace(plan, collapse=collapse, diversity=diversity)
    owners = [shelf.owner[asset_id] for asset_id in rank(service.store, plan, TOP).ids]
    right = [owner if kinds[owner] in members else None for owner in owners]

    def thing(owner: int | None) -> object:
        return None if owner is None else kinds[owner] if by_kind else owner

    there = Counter(thing(owner) for owner in shelf.owner.values() if kinds[owner] in members)
    shown = [thing(owner) for owner in right]
    different = {thing(owner) for owner in right if owner is not None} if by_kind else set(owners)
    if by_kind:
        return len(different), sum(owner is not None for owner in right), alpha_ndcg(shown, there, 0.5)
    return len(different), len({owner for owner in right if owner is not None}), alpha_ndcg(shown, there, 1.0)


if __name__ == "__main__":
    main()
