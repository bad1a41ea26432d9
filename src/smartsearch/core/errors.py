"""The exception tree: one class per kind of failure, each with its exit code and HTTP status.

Adapters map third-party errors to these once, with ``raise ... from``; only the CLI and the API turn them into text.
"""

from __future__ import annotations

from typing import ClassVar


class SmartsearchError(Exception):
    """Base of every error the program raises on purpose.

    ``exit_code`` is what the CLI exits with, ``http_status`` what the API answers, ``hint`` says what to do next.
    """

    exit_code: ClassVar[int] = 70
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(SmartsearchError):
    """An argument or a setting has a wrong value."""

    exit_code = 2
    http_status = 400


class ConfigError(UsageError):
    """The configuration file or an environment variable cannot be used."""


class QueryError(UsageError):
    """A query cannot be understood."""


class NotFoundError(SmartsearchError):
    """Something named by the user does not exist."""

    exit_code = 3
    http_status = 404


class PathNotFoundError(NotFoundError):
    """A file or folder given by the user does not exist."""


class AssetNotFoundError(NotFoundError):
    """No image with that id or path is in the library."""


class AlbumNotFoundError(NotFoundError):
    """No album with that id is in the library."""


class JobNotFoundError(NotFoundError):
    """No job with that id is known."""


class AlbumExistsError(UsageError):
    """Another album has that name."""

    http_status = 409


class SmartAlbumError(UsageError):
    """What is asked is for the other kind of album: a smart one holds what answers its query, any other what was put
    in."""

    http_status = 409


class TagNotFoundError(NotFoundError):
    """The user gave no image that tag."""


class PersonNotFoundError(NotFoundError):
    """No person with that id or name is in the library."""


class FaceNotFoundError(NotFoundError):
    """No face with that id is in the library."""


class PersonExistsError(UsageError):
    """Another person has that name."""

    http_status = 409


class FacesOffError(SmartsearchError):
    """Faces are looked for only after the user has said yes."""

    exit_code = 2
    http_status = 403


class TooLittleFeedbackError(UsageError):
    """Not enough was said of results to learn from; the message has the numbers."""

    http_status = 409


class TrashOffError(SmartsearchError):
    """Originals are moved to the trash only where a setting allows it."""

    exit_code = 2
    http_status = 403


class TrashRefusedError(UsageError):
    """What is to go to the trash is not what was confirmed, or would leave nothing of a picture."""

    http_status = 409


class TrashError(SmartsearchError):
    """A file may not, or cannot, be moved to the trash. Costs that file only."""

    http_status = 409


class PluginError(SmartsearchError):
    """A plugin failed; the message names it."""

    exit_code = 11


def plugin_failed(plugin: str, error: BaseException) -> PluginError:
    """What is raised in the place of whatever a plugin raised."""
    return PluginError(f"The plugin {plugin!r} failed: {error!r}.", hint="Update or uninstall that package.")


class ModelError(SmartsearchError):
    """A model cannot be used."""

    exit_code = 4


class UnknownModelError(ModelError):
    """No model of that name is described."""

    http_status = 404


class WeightsMissingError(ModelError):
    """The model is known but its files are not on this machine."""

    http_status = 409


class WeightsCorruptError(ModelError):
    """A weight file does not match its checksum or cannot be loaded."""


class DownloadError(ModelError):
    """`models pull` did not finish; what was fetched is kept for the next try."""

    http_status = 502


class ModelExportError(ModelError):
    """A checkpoint could not be turned into ONNX files."""


class LibraryError(SmartsearchError):
    """The library folder cannot be used."""

    exit_code = 5


class LibraryNotFoundError(LibraryError):
    """There is no library yet at the given place."""

    exit_code = 3
    http_status = 404


class LibraryCorruptError(LibraryError):
    """The database of the library is damaged."""


class LibraryTooNewError(LibraryError):
    """The library was written by a newer program."""


class LibraryBusyError(LibraryError):
    """Another process is writing to the library."""

    exit_code = 6
    http_status = 409


class LibraryReadOnlyError(LibraryError):
    """The library cannot be written."""

    exit_code = 7
    http_status = 403


class DiskFullError(LibraryError):
    """There is no space left for the library."""

    exit_code = 8
    http_status = 507


class BackupDamagedError(LibraryError):
    """A file of a backup is missing or does not match its checksum."""

    http_status = 409


class LibraryExistsError(LibraryError):
    """A library is in the place that another one was to take."""

    exit_code = 2
    http_status = 409


class LibraryLockedError(LibraryError):
    """The library is encrypted, and nothing opens it right now."""

    exit_code = 10
    http_status = 423


class WrongKeyError(LibraryError):
    """The passphrase or key does not open the library."""

    exit_code = 10
    http_status = 403


class EncryptedFileError(LibraryError):
    """An encrypted file is not what was written."""


class EncryptionUnavailableError(LibraryError):
    """What encryption needs is not installed."""

    exit_code = 4
    http_status = 501

    @classmethod
    def missing(cls, package: str) -> EncryptionUnavailableError:
        """Names the package, and how to get all that is needed."""
        return cls(
            f"The library is encrypted, or is to be, and {package} is not installed.",
            hint="Install it with: pip install 'smartsearch[encryption]'.",
        )


class RootUnavailableError(SmartsearchError):
    """A scan root is unreadable, unmounted or suddenly empty: nothing was changed for it."""

    exit_code = 9
    http_status = 409


class MediaError(SmartsearchError):
    """One file cannot be read as an image. Costs that file only.

    ``code`` is the stable word stored in the errors table.
    """

    http_status = 422
    exit_code = 3
    code: ClassVar[str] = "unreadable"


class UnsupportedFormatError(MediaError):
    """The bytes are not an image of a supported format."""

    code = "unsupported"


class CorruptImageError(MediaError):
    """The file is truncated or damaged."""

    code = "corrupt"


class ImageTooLargeError(MediaError):
    """The file has more bytes or pixels than the limits allow."""

    code = "too-large"


class ImageTooSmallError(MediaError):
    """A side of the picture is shorter than the configured minimum."""

    code = "too-small"


class DecodeTimeoutError(MediaError):
    """Decoding took longer than the limit; the worker was stopped."""

    code = "timeout"


class DecodeCrashError(MediaError):
    """The decoder process died or ran out of its memory limit."""

    code = "crash"


class FileAccessError(MediaError):
    """The file vanished, changed while being read, or may not be read."""

    code = "access"


class NotLoggedInError(SmartsearchError):
    """The request needs a login or a token."""

    exit_code = 2
    http_status = 401


class WrongPasswordError(NotLoggedInError):
    """The name or the password is wrong."""


class ForbiddenError(SmartsearchError):
    """The user or the token may not do that."""

    exit_code = 2
    http_status = 403


class TooManyTriesError(SmartsearchError):
    """Too many logins were tried; ``seconds`` says when the next may be."""

    exit_code = 2
    http_status = 429

    def __init__(self, message: str, *, seconds: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.seconds = seconds


class UserNotFoundError(NotFoundError):
    """No user has that name or id."""


class UserExistsError(UsageError):
    """Another user has that name."""

    http_status = 409


class SessionNotFoundError(NotFoundError):
    """No session with that id goes on."""


class TokenNotFoundError(NotFoundError):
    """No token with that id is in force."""


class AccessError(SmartsearchError):
    """The users, sessions and tokens, or the audit log, cannot be read or written."""

    exit_code = 5
