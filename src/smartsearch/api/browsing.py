"""Which folders of this machine a client may see and have indexed: those that `server.browse` names, and below."""

from __future__ import annotations

import os
from collections.abc import Iterator

from smartsearch.core.errors import PathNotFoundError, SmartsearchError
from smartsearch.core.settings import ServerSettings

MAX_FOLDERS = 5_000
"""Listed of one folder."""


class FolderNotAllowedError(SmartsearchError):
    """The folder may not be looked at over HTTP."""

    http_status = 403


def allowed_folders(settings: ServerSettings) -> list[str]:
    """The folders of `server.browse` that are there, as real paths, each once."""
    real = (os.path.realpath(os.path.expanduser(folder)) for folder in settings.browse if folder)
    return list(dict.fromkeys(path for path in real if os.path.isdir(path)))


def require_allowed(path: str, settings: ServerSettings) -> str:
    """The real path of a folder or file that a client may name, symbolic links followed before it is decided.

    FolderNotAllowedError for any other, whether it exists or not; PathNotFoundError for one that is allowed and not
    there.
    """
    expanded = os.path.expanduser(path)
    real = os.path.realpath(expanded)
    if not os.path.isabs(expanded) or not is_inside(real, allowed_folders(settings)):
        raise FolderNotAllowedError(
            "That folder is not among those that may be looked at.", hint="The setting `server.browse` names them."
        )
    if not os.path.exists(real):
        raise PathNotFoundError(f"There is no file or folder {expanded}.")
    return real


def is_inside(real: str, folders: list[str]) -> bool:
    """Whether a real path is one of the real paths or lies below one."""
    return any(real == folder or real.startswith(os.path.join(folder, "")) for folder in folders)


def subfolders(folder: str, settings: ServerSettings) -> Iterator[tuple[str, str]]:
    """Name and path of each folder right in an allowed one, hidden ones left out, and links that lead elsewhere.

    FolderNotAllowedError where the system does not let this program look.
    """
    allowed = allowed_folders(settings)
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.name.startswith(".") and entry.is_dir() and is_inside(os.path.realpath(entry), allowed):
                    yield entry.name, entry.path
    except NotADirectoryError as error:
        raise PathNotFoundError(f"{folder} is no folder.") from error
    except OSError as error:
        raise FolderNotAllowedError(f"{folder} cannot be looked at: {os.strerror(error.errno or 0)}.") from error
