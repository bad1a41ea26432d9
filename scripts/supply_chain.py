"""What the program is made of: pinned with hashes, listed, and held against what is known to be vulnerable.

    python scripts/supply_chain.py lock     write the lock of this platform: every package that `make test` installs
    python scripts/supply_chain.py path     print the lock of this platform; nothing where there is none
    python scripts/supply_chain.py sbom     write build/sbom.json (CycloneDX 1.6): what an installed smartsearch runs on
    python scripts/supply_chain.py audit    check the lock against pyproject.toml and the licences, then ask pip-audit

The lock is for the platform of the tests (CPython 3.11, Linux, x86-64); elsewhere the ranges of pyproject.toml hold.
`audit` leaves with 1 when something is wrong, with 3 when the service that knows of vulnerabilities was not reached.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import subprocess
import sys
import tempfile
import tomllib
import uuid
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "config" / "lock-cp311-linux-x86_64.txt"
ALONE = LOCK.with_name("lock-without-dependencies.txt")
"""Packages of which only the model files are read, so that what they depend on is not installed."""
MODELS = ("rapidocr>=3.10,<3.11",)
SBOM = ROOT / "build" / "sbom.json"
BUILD = ("hatchling", "editables")
"""What building the package needs: locked too, so that nothing unpinned runs at install."""
UNWANTED = re.compile(r"\b(A?GPL|GNU (Affero )?General Public|SSPL|BUSL|Non-?Commercial)", re.IGNORECASE)
KNOWN_EXCEPTIONS: dict[str, str] = {}
"""Packages of the program whose licence names one of those, each with the reason (docs/dependencies.md)."""


def here() -> bool:
    """Whether the lock is for this interpreter."""
    mine = platform.python_implementation(), sys.version_info[:2], platform.system(), platform.machine()
    return mine == ("CPython", (3, 11), "Linux", "x86_64")


def lock() -> None:
    """Ask pip what it would install into an empty environment, and write it down with the hashes."""
    if not here():
        raise SystemExit(f"{LOCK.name} is made on CPython 3.11, Linux, x86-64.")
    head = "# Written by `make lock`: what `make test LOCKED=1` installs. CPython 3.11, Linux, x86-64.\n"
    for path, wanted in ((LOCK, ("--group", "dev", "--editable", ".", *BUILD)), (ALONE, ("--no-deps", *MODELS))):
        lines = sorted(_pinned(wanted))
        path.write_text(head + "\n".join(lines) + "\n")
        print(f"{len(lines)} packages in {path.relative_to(ROOT)}")


def _pinned(wanted: tuple[str, ...]) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        subprocess.run([*pip, "--report", report, *wanted], cwd=ROOT, check=True)
        found = json.loads(report.read_text())["install"]
    for entry in found:
        hashes = entry["download_info"].get("archive_info", {}).get("hashes")
        if hashes:  # all but smartsearch itself
            name = normalised(entry["metadata"]["name"])
            yield f"{name}=={entry['metadata']['version']} --hash=sha256:{hashes['sha256']}"


def locked() -> dict[str, tuple[str, str]]:
    """Version and SHA-256 by name."""
    entries: dict[str, tuple[str, str]] = {}
    for line in LOCK.read_text().splitlines():
        if line and not line.startswith("#"):
            found = re.fullmatch(r"([a-z0-9-]+)==(\S+) --hash=sha256:([0-9a-f]{64})", line)
            if found is None:
                raise SystemExit(f"{LOCK.name}: cannot read {line!r}")
            entries[found[1]] = found[2], found[3]
    return entries


def runtime(name: str = "smartsearch", extras: frozenset[str] = frozenset()) -> dict[str, Distribution]:
    """The packages an installation runs on, without extras of our own, as they are installed here."""
    from packaging.requirements import Requirement

    found: dict[str, Distribution] = {}
    todo = [(name, extras)]
    seen: set[tuple[str, frozenset[str]]] = set()
    while todo:
        current, wanted = todo.pop()
        key = normalised(current)
        if (key, wanted) in seen:
            continue
        seen.add((key, wanted))
        try:
            found[key] = distribution(current)
        except PackageNotFoundError as error:
            raise SystemExit(f"{current} is not installed: run `make test` first.") from error
        for text in found[key].requires or ():
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *wanted)):
                todo.append((requirement.name, frozenset(requirement.extras)))
    return found


def licence(package: Distribution) -> str:
    """What the package says of its licence: the expression, else classifiers, else the first line of the field."""
    about = package.metadata
    if about.get("License-Expression"):
        return str(about["License-Expression"])
    classifiers = [
        line.rpartition(" :: ")[2] for line in about.get_all("Classifier") or () if line.startswith("License")
    ]
    return ", ".join(classifiers) or str(about.get("License") or "unknown").splitlines()[0]


def bill() -> dict[str, Any]:
    """The bill of materials as a CycloneDX document."""
    packages = runtime()
    own = packages.pop("smartsearch")
    known = locked() if LOCK.exists() else {}

    def reference(name: str, package: Distribution) -> str:
        return f"pkg:pypi/{name}@{package.version}"

    components = []
    for name, package in sorted(packages.items()):
        component: dict[str, Any] = {
            "type": "library",
            "bom-ref": reference(name, package),
            "name": name,
            "version": package.version,
            "purl": reference(name, package),
            "licenses": [{"license": {"name": licence(package)}}],
        }
        if known.get(name, ("",))[0] == package.version:
            component["hashes"] = [{"alg": "SHA-256", "content": known[name][1]}]
        components.append(component)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components))}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "smartsearch",
                "name": "smartsearch",
                "version": own.version,
                "licenses": [{"license": {"id": "MIT"}}],
            }
        },
        "components": components,
        "dependencies": [{"ref": "smartsearch", "dependsOn": [one["bom-ref"] for one in components]}],
    }


def complaints() -> Iterator[str]:
    """What is wrong that can be told without a network."""
    from packaging.requirements import Requirement

    entries = locked()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for text in (*project["project"]["dependencies"], *project["dependency-groups"]["dev"]):
        requirement = Requirement(text)
        version = entries.get(normalised(requirement.name), ("",))[0]
        if not version:
            yield f"{requirement.name} is not in the lock: run `make lock`."
        elif not requirement.specifier.contains(version, prereleases=True):
            yield f"{requirement.name} {version} of the lock is not {requirement.specifier}: run `make lock`."
    for name, package in runtime().items():
        if UNWANTED.search(licence(package)) and name not in KNOWN_EXCEPTIONS:
            yield f"{name} {package.version} says its licence is {licence(package)!r}."


def audit() -> int:
    """Complaints, then pip-audit over the lock."""
    found = list(complaints())
    command = [sys.executable, "-m", "pip_audit", "--format", "json", "--require-hashes", "--disable-pip"]
    done = subprocess.run([*command, "--requirement", str(LOCK)], capture_output=True, text=True)
    try:
        looked_up = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        looked_up = []
        print((done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1], file=sys.stderr)
    for package in looked_up:
        found += [f"{package['name']} {package['version']}: {known['id']}" for known in package.get("vulns", ())]
    for complaint in found:
        print(complaint, file=sys.stderr)
    known = sum("vulns" in package for package in looked_up)
    print(f"{known} of {len(locked())} packages were looked up, {len(found)} complaints.")
    return 1 if found else 0 if known == len(locked()) else 3


def normalised(name: str) -> str:
    """A package's name as indexes spell it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("lock", "path", "sbom", "audit"))
    what = parser.parse_args().what
    if what == "lock":
        lock()
    elif what == "path":
        if here() and LOCK.exists():
            print(LOCK.relative_to(ROOT))
    elif what == "sbom":
        SBOM.parent.mkdir(exist_ok=True)
        SBOM.write_text(json.dumps(bill(), indent=1) + "\n")
        print(f"{len(bill()['components'])} packages in {SBOM.relative_to(ROOT)}")
    else:
        return audit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
