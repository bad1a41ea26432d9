"""The lock fits pyproject.toml, the bill of materials is complete, and no licence is one we do not take."""

from __future__ import annotations

import importlib.util
from importlib.metadata import distribution
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "supply_chain.py"


@pytest.fixture(scope="module")
def chain() -> ModuleType:
    specification = importlib.util.spec_from_file_location("supply_chain", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_nothing_is_wrong_with_lock_and_licences(chain: ModuleType) -> None:
    assert list(chain.complaints()) == []


def test_a_lock_that_lags_behind_is_named(chain: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line for line in chain.LOCK.read_text().splitlines() if not line.startswith("fastapi==")]
    old = [line.replace("numpy==2", "numpy==1") for line in lines]
    (tmp_path / "lock.txt").write_text("\n".join(old))
    monkeypatch.setattr(chain, "LOCK", tmp_path / "lock.txt")
    found = list(chain.complaints())
    assert [complaint.split()[0] for complaint in found] == ["fastapi", "numpy"]
    (tmp_path / "lock.txt").write_text("numpy==2.0\n")
    with pytest.raises(SystemExit, match="cannot read"):
        chain.locked()


def test_the_bill_names_everything_the_program_imports(chain: ModuleType) -> None:
    bill = chain.bill()
    components = {component["name"]: component for component in bill["components"]}
    assert {"numpy", "onnxruntime", "fastapi", "starlette", "pillow", "pydantic-core"} <= set(components)
    assert "pytest" not in components, "what only tests need is not in it"
    assert bill["dependencies"][0]["dependsOn"] == [component["bom-ref"] for component in bill["components"]]
    assert components["numpy"]["purl"] == f"pkg:pypi/numpy@{distribution('numpy').version}"
    assert [name for name, component in components.items() if "unknown" in str(component["licenses"])] == []


@pytest.mark.parametrize(
    ("licence", "taken"),
    [
        ("MIT", True),
        ("GNU Lesser General Public License v3 (LGPLv3)", True),
        ("AGPL-3.0-only", False),
        ("GNU Affero General Public License v3", False),
        ("GPL-3.0-or-later", False),
        ("Non-Commercial", False),
    ],
)
def test_licences(chain: ModuleType, licence: str, taken: bool) -> None:
    assert (chain.UNWANTED.search(licence) is None) is taken
