"""Which colours look alike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartsearch.core.color import cell, cells_near, to_lab


@pytest.mark.parametrize(
    ("color", "lab"),
    [
        (0x000000, (0, 0, 0)),
        (0xFFFFFF, (100, 0, 0)),
        (0xFF0000, (53.24, 80.09, 67.20)),
        (0x0000FF, (32.30, 79.19, -107.86)),
        (0x808080, (53.59, 0, 0)),
    ],
)
def test_known_colours_in_cielab(color: int, lab: tuple[float, float, float]) -> None:
    assert to_lab(np.array([color]))[0] == pytest.approx(lab, abs=0.02)


@pytest.mark.parametrize(
    ("wanted", "color", "alike"),
    [
        (0xFF0000, 0x8C1E1E, True),  # dark red
        (0xFF0000, 0x785A50, False),  # brown
        (0xFF0000, 0x808080, False),
        (0x3B82F6, 0x87AAD2, True),  # a hazy sky
        (0x3B82F6, 0x228B22, False),
        (0x808080, 0x909090, True),
        (0x808080, 0xA06060, False),
        (0xFFFFFF, 0x000000, False),
        (0x108080, 0x808080, False),  # CIE94 alone finds greys near muted colours
        (0xF0A0B8, 0xC0B8BA, False),
    ],
)
def test_a_colour_finds_its_muted_relatives(wanted: int, color: int, alike: bool) -> None:
    assert (cell(color) in cells_near(wanted)) is alike


@given(st.integers(0, 0xFFFFFF))
def test_every_colour_finds_itself(color: int) -> None:
    assert cell(color) in cells_near(color)
    assert len(cells_near(color)) < 4096 / 4
