"""`models pull`: the one place that opens a network connection, and only when called.

Speaks to the Hugging Face Hub, or to the mirror that HF_ENDPOINT names, through huggingface_hub: one HEAD and one GET
per file. No token is sent, no telemetry, no cache outside the models folder is used.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from smartsearch.core.errors import DiskFullError, DownloadError, SmartsearchError, WeightsCorruptError
from smartsearch.onnx.descriptions import ModelDescription
from smartsearch.onnx.weights import sha256_of

log = logging.getLogger(__name__)

DEFAULT_ENDPOINT = "https://huggingface.co"
ATTEMPTS_WITHOUT_PROGRESS = 3
_TIMEOUT_SECONDS = 20.0
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a download is: bytes ``done`` of ``total`` (None if the server does not say) of one file."""

    file: str
    done: int
    total: int | None


ProgressCallback = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class _Remote:
    """What the hub says of a file."""

    url: str
    commit: str | None
    etag: str | None
    size: int | None


class Hub:
    """Fetches the files of a model into a folder, resuming what an earlier call left there.

    ``endpoint`` defaults to HF_ENDPOINT, then to huggingface.co.
    """

    def __init__(self, endpoint: str | None = None) -> None:
        self.endpoint = (endpoint or os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")

    def fetch(
        self,
        description: ModelDescription,
        folder: Path,
        progress: ProgressCallback = lambda _: None,
    ) -> ModelDescription:
        """Download every file of the preferred variant; returns the description with the commit really fetched.

        Raises DownloadError (what came is kept for the next call), WeightsCorruptError (the bad file is deleted) or
        DiskFullError.
        """
        if description.repository is None:
            raise DownloadError(f"The model {description.name} has no repository to pull from.")
        revision = self.fetch_files(
            description.repository, description.revision, description.files(), folder, description.sha256, progress
        )
        return replace(description, revision=revision)

    def fetch_files(
        self,
        repository: str,
        revision: str,
        files: Iterable[str],
        folder: Path,
        sha256: Mapping[str, str],
        progress: ProgressCallback = lambda _: None,
    ) -> str:
        """Download these files of a repository into ``folder``; returns the commit really fetched. Raises as
        `fetch`."""
        for file in files:
            with _plain_errors(file, self.endpoint):
                remote = self._head(repository, revision, file)
                revision = remote.commit or revision  # every further file from the same commit
                self._fetch_file(remote, file, folder / file, sha256.get(file), progress)
        return revision

    def _head(self, repository: str, revision: str, file: str) -> _Remote:
        hub = _client()
        url = hub.hf_hub_url(repository, file, revision=revision, endpoint=self.endpoint)
        meta = hub.get_hf_file_metadata(url, token=False, timeout=_TIMEOUT_SECONDS, headers=_headers())
        return _Remote(url=meta.location or url, commit=meta.commit_hash, etag=meta.etag, size=meta.size)

    def _fetch_file(
        self, remote: _Remote, file: str, target: Path, sha256: str | None, progress: ProgressCallback
    ) -> None:
        if target.is_file() and _matches(target, remote, sha256):
            progress(Progress(file, target.stat().st_size, remote.size))
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.{_safe(remote.etag or 'unknown')}.part")
        for stale in target.parent.glob(f"{target.name}.*.part"):
            if stale != part or remote.etag is None:
                stale.unlink()
        self._download(remote, file, part, progress)
        if not _matches(part, remote, sha256):
            part.unlink()
            raise WeightsCorruptError(
                f"{file} does not match its checksum: it was damaged on the way or changed on the server.",
                hint="Nothing was installed. Pull again; if it stays so, do not trust that server.",
            )
        part.replace(target)

    def _download(self, remote: _Remote, file: str, part: Path, progress: ProgressCallback) -> None:
        """Append to ``part`` until it is whole; go on after a cut as long as each attempt brings something."""
        fruitless = 0
        while True:
            before = part.stat().st_size if part.exists() else 0
            if remote.size is not None and before >= remote.size > 0:
                return
            try:
                self._stream(remote, file, part, before, progress)
                return
            except SmartsearchError:
                raise
            except Exception as error:
                came = part.exists() and part.stat().st_size > before
                fruitless = 0 if came else fruitless + 1
                if not _is_connection_error(error) or fruitless >= ATTEMPTS_WITHOUT_PROGRESS:
                    raise
                log.info("connection lost while fetching %s, resuming: %s", file, error)

    def _stream(self, remote: _Remote, file: str, part: Path, start: int, progress: ProgressCallback) -> None:
        utils = _client().utils
        headers = _headers() | ({"Range": f"bytes={start}-"} if start else {})
        with utils.http_stream_backoff(
            "GET", remote.url, headers=headers, timeout=_TIMEOUT_SECONDS, max_retries=0, retry_on_exceptions=()
        ) as response:
            utils.hf_raise_for_status(response)
            resumed = response.status_code == 206
            done = start if resumed else 0
            with part.open("ab" if resumed else "wb") as out:
                progress(Progress(file, done, remote.size))
                for chunk in response.iter_raw():
                    out.write(chunk)
                    done += len(chunk)
                    progress(Progress(file, done, remote.size))
        if remote.size is not None and done != remote.size:
            raise ConnectionError(f"{done} of {remote.size} bytes came")


def _client() -> Any:
    """huggingface_hub, imported late and told to stay quiet before it reads the environment."""
    for variable in ("HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
        os.environ.setdefault(variable, "1")
    import huggingface_hub
    from huggingface_hub import constants

    constants.HF_HUB_DISABLE_TELEMETRY = True
    return huggingface_hub


def _headers() -> dict[str, str]:
    headers: dict[str, str] = _client().utils.build_hf_headers(token=False, library_name="smartsearch")
    return headers | {"Accept-Encoding": "identity"}


def _matches(path: Path, remote: _Remote, sha256: str | None) -> bool:
    """Compare with the known checksum, else with the ETag, which is the SHA-256 (LFS) or the git blob id."""
    if sha256 is not None:
        return sha256_of(path) == sha256
    etag = remote.etag or ""
    if len(etag) == 64:
        return sha256_of(path) == etag
    if len(etag) == 40:
        return _git_blob_id(path) == etag
    return remote.size is None or path.stat().st_size == remote.size


def _git_blob_id(path: Path) -> str:
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _safe(etag: str) -> str:
    return "".join(char for char in etag if char.isalnum())[:16] or "unknown"


def _is_connection_error(error: Exception) -> bool:
    """A cut or slow connection: worth resuming. An answer with an error status is not."""
    name = type(error).__module__.split(".")[0]
    return isinstance(error, ConnectionError | TimeoutError) or (
        name.startswith("http") and not hasattr(error, "response")
    )


@contextlib.contextmanager
def _plain_errors(file: str, endpoint: str) -> Iterator[None]:
    try:
        yield
    except SmartsearchError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise DiskFullError("There is no space left for the model.", hint="Free some, pull again.") from error
        raise DownloadError(
            f"{file} could not be fetched from {endpoint}: {_reason(error)}.",
            hint="What came so far is kept: pull again to go on.",
        ) from error


def _reason(error: Exception) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403):
        return "the server wants a login or has no such repository"
    if status == 404:
        return "the server has no such repository, revision or file"
    if status is not None:
        return f"the server answered with status {status}"
    if type(error).__name__ == "OfflineModeIsEnabled":
        return "HF_HUB_OFFLINE forbids it"
    if _is_connection_error(error):
        return "no connection"
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
