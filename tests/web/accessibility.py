"""axe-core looks for what keeps people out: missing names, faint text, broken roles."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Page

_AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
_SERIOUS = ("serious", "critical")


@cache
def _source() -> str:
    if not _AXE.is_file():
        pytest.skip("axe-core is not installed (make web)")
    return _AXE.read_text(encoding="utf-8")


def assert_accessible(page: Page) -> None:
    """No serious finding by the rules of WCAG 2.2 A and AA."""
    page.evaluate(_source())  # not by a script tag, which the page's own policy forbids
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = page.evaluate("(tags) => axe.run(document, { runOnly: tags }).then((found) => found.violations)", tags)
    serious = [
        f"{finding['id']}: {finding['help']}: {[node['html'][:200] for node in finding['nodes'][:3]]}"
        for finding in found
        if finding["impact"] in _SERIOUS
    ]
    assert not serious, "\n".join(serious)
