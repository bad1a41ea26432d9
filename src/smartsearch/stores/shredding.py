"""Deleting files so that their bytes are not left behind where that can be helped.

Overwriting reaches the same place on magnetic disks with a plain file system. Flash drives, and file systems that copy
on write or keep snapshots, write elsewhere and may keep the old blocks: there only encryption from the beginning helps.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

REPLACES = "replaces"
"""A file in a converted library: the name of the old one beside it, until that is gone."""

_CHUNK = 1 << 20


def shred_file(path: Path) -> None:
    """Overwrite a regular file with zeros, on the disk, then delete it. Links are only deleted. Raises OSError."""
    if path.is_symlink() or not path.is_file():
        path.unlink(missing_ok=True)
        return
    with path.open("r+b") as file:
        left = os.fstat(file.fileno()).st_size
        while left:
            left -= file.write(bytes(min(left, _CHUNK)))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()


def shred_folder(folder: Path) -> None:
    """`shred_file` for all in a folder, then the folder itself. Can be killed and called again. Raises OSError."""
    for parent, _, names in os.walk(folder):
        for name in names:
            shred_file(Path(parent, name))
    shutil.rmtree(folder)
