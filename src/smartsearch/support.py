"""What a user may send along with a question: versions, settings, counts and the log, without anything private.

Left out by construction: paths, names of files, people, tags and albums, words of queries, pictures, embeddings. What
is written is numbers, names that are fixed in the program, and settings whose values say nothing of the user.
"""

from __future__ import annotations

import io
import json
import os
import platform
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smartsearch.core.ports import Store
from smartsearch.logs import last_lines

if TYPE_CHECKING:
    from smartsearch.doctor import DoctorReport

LOG_LINES = 500
_TELLING = frozenset({"discovery.exclude", "server.browse", "tags.vocabulary", "server.host"})
"""Settings whose values are the user's own words: only how many there are is told."""


_FOLDERS = frozenset({"vectors", "thumbs", "previews", "faces"})


def program() -> dict[str, Any]:
    """Versions of the program and of what it runs on."""
    names = sorted({(found.name or "", found.version) for found in distributions()})
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "memory_bytes": _memory(),
        "sqlite": sqlite3.sqlite_version,
        "packages": dict(names),
    }


def redacted(settings: Mapping[str, Any], section: str = "") -> dict[str, Any]:
    """Settings as `config.as_dict` gives them, with the user's own words replaced by their number."""
    told: dict[str, Any] = {}
    for key, value in settings.items():
        name = f"{section}{key}"
        if isinstance(value, Mapping):
            told[key] = redacted(value, f"{name}.")
        elif isinstance(value, list) or name in _TELLING:
            told[key] = f"({len(value)} given)" if isinstance(value, list) else "(given)" if value else ""
        else:
            told[key] = value
    return told


def contents(library: Path) -> dict[str, Any]:
    """Number and bytes of the library's files by the folder they lie in and by suffix; no names."""
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for folder, _, names in os.walk(library):
        top = "".join(Path(folder).relative_to(library).parts[:1])
        place = top if top in _FOLDERS else "other" if top else "."
        for name in names:
            kind = f"{place}/*{Path(name).suffix}"
            files[kind] += 1
            try:
                sizes[kind] += os.lstat(os.path.join(folder, name)).st_size
            except OSError:
                continue  # a file that came and went
    return {kind: {"files": files[kind], "bytes": sizes[kind]} for kind in sorted(files)}


def findings(report: DoctorReport) -> list[dict[str, Any]]:
    """What doctor found, without its sentences, which name files."""
    return [
        {"kind": found.kind, "severity": found.severity, "repairable": found.repairable, "remedy": found.remedy}
        for found in report.findings
    ]


def log_tail(home: Path) -> list[dict[str, Any]]:
    """The latest entries of the log, without what `log.private` added to them."""
    return [{key: value for key, value in entry.items() if key != "private"} for entry in last_lines(home, LOG_LINES)]


def packed(documents: Mapping[str, Callable[[], object]]) -> bytes:
    """A zip of JSON documents; one that cannot be made says only what kind of fault kept it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, make in documents.items():
            try:
                document = make()
            except Exception as error:  # half a bundle helps, too: it is asked for when something is broken
                document = {"failed": type(error).__name__}
            bundle.writestr(name, json.dumps(document, indent=1, default=str))
    return buffer.getvalue()


def counts(store: Store, model: str) -> dict[str, Any]:
    """How much the library holds, what failed by the kind of failure, and how the latest jobs went."""
    found = store.counts()
    return {
        "images": found.images,
        "missing": found.missing,
        "embeddings": dict(found.embeddings),
        "model": model,
        "generation": store.generation,
        "errors": dict(Counter(error.code for error in store.errors())),
        "jobs": [
            {"kind": job.kind, "state": job.state, "done": job.done, "total": job.total, "errors": job.errors}
            for job in store.jobs(20)
        ],
    }


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
