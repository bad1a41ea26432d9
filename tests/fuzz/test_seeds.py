"""A short, repeatable part of the fuzzing: all seeds, all former finds, and a few thousand changes of them."""

from __future__ import annotations

import random

import pytest

from tests.fuzz.run import changed
from tests.fuzz.seeds import found, seeds
from tests.fuzz.targets import TARGETS

CHANGES = {"decode": 150}
SEEDS = seeds()


def test_every_target_has_seeds() -> None:
    assert set(SEEDS) == set(TARGETS)
    assert len(SEEDS["decode"]) >= 8


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_finds_and_changes_of_them(name: str) -> None:
    chance = random.Random(name)
    known = SEEDS[name] + found(name)
    for data in known:
        TARGETS[name](data)
    for _ in range(CHANGES.get(name, 300)):
        TARGETS[name](changed(chance.choice(known), chance))
