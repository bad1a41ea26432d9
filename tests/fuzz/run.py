"""Fuzz the targets one after the other, in processes of their own: ``python -m tests.fuzz.run --seconds 3600``.

The seconds are of processor time: on a machine busy with other work, or at a low priority, it takes longer.

With atheris (pip install atheris; CPython 3.11 on Linux) guided by coverage of our code and Pillow's Python part;
without, by random mutation. Finds are kept in build/fuzz/<target>, the whole run is told as JSON at the end.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

BUILD = Path("build/fuzz")
TURN_SECONDS = 300
"""By the clock, of one process: its memory and its temporary files begin anew after it."""
IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


def main() -> None:
    """Share the time among the targets, most to the decoder, and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--target", help="only this one (in this process)")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.target:
        fuzz_here(arguments.target, arguments.seconds, arguments.seed)
        return
    from tests.fuzz.targets import TARGETS

    weights = {name: 4 if name == "decode" else 1 for name in TARGETS}
    results = []
    for name, weight in weights.items():
        seconds = arguments.seconds * weight // sum(weights.values())
        results.append(fuzz(name, max(1, seconds), arguments.seed))
        print(json.dumps(results[-1]), flush=True)
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "report.json").write_text(json.dumps(results, indent=1))
    sys.exit(any(result["finds"] for result in results))


def fuzz(name: str, seconds: int, seed: int) -> dict[str, Any]:
    """One target in processes of their own, the next after a find or some minutes, until its share is used up."""
    folder = BUILD / name
    folder.mkdir(parents=True, exist_ok=True)
    before = set(folder.glob("*-*"))
    started, begun, runs = time.monotonic(), _used(), 0
    while (left := seconds - (_used() - begun)) > 1:
        command = [sys.executable, "-m", "tests.fuzz.run", "--target", name, "--seed", str(seed + runs)]
        with tempfile.TemporaryDirectory(prefix="smartsearch-fuzz-", dir=IN_MEMORY) as scratch:
            done = subprocess.run(
                [*command, "--seconds", str(int(min(left, TURN_SECONDS)))],
                env=os.environ | {"TMPDIR": scratch},
                capture_output=True,
                text=True,
            )
        (folder / "log.txt").write_text(done.stdout[-20_000:] + done.stderr[-20_000:])
        counts = re.findall(r"(?:Done |^#)(\d+)", done.stderr, re.MULTILINE)
        runs += int(counts[-1]) if counts else 0
        if done.returncode:
            print(name, done.stderr[-2000:], file=sys.stderr, flush=True)
            if not counts:
                break  # it does not even begin
    finds = sorted(path.name for path in set(folder.glob("*-*")) - before)
    clock, processor = round(time.monotonic() - started), round(_used() - begun)
    return {"target": name, "seconds": clock, "processor_seconds": processor, "runs": runs, "finds": finds}


def _used() -> float:
    """Processor seconds of the targets' processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def fuzz_here(name: str, seconds: int, seed: int) -> None:
    """Until the time is up or something is found."""
    folder = BUILD / name
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    if importlib.util.find_spec("atheris") is None:
        mutate(name, seconds, seed, folder)
        return
    import atheris  # type: ignore[import-not-found,unused-ignore]

    with atheris.instrument_imports(include=["smartsearch", "PIL"]):
        from tests.fuzz.targets import TARGETS
    from tests.fuzz.seeds import found, seeds

    TARGETS[name](seeds()[name][0])  # what is set up once is not part of the time of an input
    for number, data in enumerate([*seeds()[name], *found(name)]):
        (corpus / f"seed{number}").write_bytes(data)
    limits = [
        f"-max_total_time={seconds}",
        *("-timeout=60", "-report_slow_units=60"),  # by the clock: a busy machine makes anything slow
        "-rss_limit_mb=3000",
        "-max_len=8192",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], f"-seed={seed}", *limits, f"-artifact_prefix={folder}/", str(corpus)], TARGETS[name])
    atheris.Fuzz()


def mutate(name: str, seconds: float, seed: int, folder: Path) -> None:
    """Without coverage: the seeds, randomly changed."""
    from tests.fuzz.seeds import found, seeds
    from tests.fuzz.targets import TARGETS

    chance = random.Random(seed)
    known = [*seeds()[name], *found(name)]
    end, runs = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        data = changed(chance.choice(known), chance)
        runs += 1
        try:
            TARGETS[name](data)
        except Exception:
            traceback.print_exc()
            (folder / f"crash-{runs}").write_bytes(data)
            sys.exit(1)
    print(f"Done {runs} runs", file=sys.stderr)


def changed(data: bytes, chance: random.Random) -> bytes:
    """The data with a few bytes flipped, cut, doubled, moved or set to values at the edge."""
    content = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(content) + 1)
        length = chance.choice((1, 1, 2, 4, 16, 64))
        kind = chance.randrange(5)
        if kind == 0 and content:
            content[at % len(content)] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del content[at : at + length]
        elif kind == 2:
            content[at:at] = chance.randbytes(length)
        elif kind == 3:
            content[at : at + length] = content[:length]
        else:
            content[at : at + length] = chance.choice((b"\0", b"\xff", b"\x7f", b"\x80")) * length
    return bytes(content)


if __name__ == "__main__":
    main()
