"""Full and read-only disks, made for real in a mount namespace of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.pictures import save_album, save_picture

PROGRAM = Path(sys.executable).with_name("smartsearch")
NAMESPACE = ["unshare", "--mount", "--map-root-user", "bash", "-c"]


@pytest.fixture(scope="module", autouse=True)
def _namespaces() -> None:
    """Skip where the system does not let this user mount."""
    if shutil.which("unshare") is None:
        pytest.skip("no unshare on this system")
    if subprocess.run([*NAMESPACE, "mount -t tmpfs tmpfs /mnt"], capture_output=True).returncode != 0:
        pytest.skip("mounting in a namespace is not allowed here")


def run_script(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a shell script as root of a fresh mount namespace; its mounts end with it. $1... are the arguments."""
    done = subprocess.run(
        [*NAMESPACE, f"set -u; {script}", "script", *map(str, arguments)], capture_output=True, text=True, timeout=300
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


FULL = """
library=$1 photos=$2 smartsearch=$3
mount -t tmpfs -o size=6m tmpfs "$library" || exit 99
"$smartsearch" index "$photos/few" --library "$library/l" || exit 98
dd if=/dev/zero of="$library/filler" bs=4k status=none 2>/dev/null
"$smartsearch" index "$photos" --library "$library/l"; echo "full: $?"
"$smartsearch" query blue --min-score 0 --library "$library/l" --format paths
rm "$library/filler"
"$smartsearch" index "$photos" --library "$library/l" || exit 97
"$smartsearch" doctor --repair --library "$library/l" || exit 96
"$smartsearch" status --json --library "$library/l"
"""


@pytest.mark.slow
def test_a_full_disk_is_named_and_loses_nothing(home: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    save_picture(photos / "few" / "blue.jpg", "blue", 1)
    save_album(photos / "many", 300)
    (tmp_path / "disk").mkdir()
    done = run_script(FULL, tmp_path / "disk", photos, PROGRAM)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "full: 8" in done.stdout, done.stdout + done.stderr
    assert "no space" in done.stderr.lower()
    assert f"{photos}/few/blue.jpg\n" in done.stdout, "searching goes on" + done.stdout + done.stderr
    assert '"total_images": 301' in done.stdout, done.stdout + done.stderr


READ_ONLY = """
library=$1 photos=$2 smartsearch=$3
mount --bind "$library" "$library" && mount -o remount,ro,bind "$library" || exit 99
"$smartsearch" index "$photos" --library "$library/l"; echo "index: $?"
"$smartsearch" query blue --top 1 --min-score 0 --library "$library/l" --format paths; echo "query: $?"
"$smartsearch" status --json --library "$library/l" >/dev/null; echo "status: $?"
"$smartsearch" prune --yes --library "$library/l"; echo "prune: $?"
"""


@pytest.mark.slow
def test_a_read_only_library_answers_and_refuses_to_index(home: Path, tmp_path: Path) -> None:
    photos, disk = tmp_path / "photos", tmp_path / "disk"
    save_album(photos, 12)
    disk.mkdir()
    subprocess.run([PROGRAM, "index", photos, "--library", disk / "l"], check=True, capture_output=True)
    save_picture(photos / "new.jpg", "red", 77)
    done = run_script(READ_ONLY, disk, photos, PROGRAM)
    assert "index: 7" in done.stdout, done.stdout + done.stderr
    assert "0005-blue.jpg\nquery: 0" in done.stdout
    assert "status: 0" in done.stdout
    assert "prune: 7" in done.stdout
    assert all(line.startswith("smartsearch: ") for line in done.stderr.splitlines()), done.stderr
