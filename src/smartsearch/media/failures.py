"""The one place where the exceptions of image decoders become MediaErrors with a plain, one-line reason."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from smartsearch.core.errors import (
    CorruptImageError,
    DecodeCrashError,
    FileAccessError,
    ImageTooLargeError,
    SmartsearchError,
    UnsupportedFormatError,
)

_UNSUPPORTED = re.compile(r"unsupported|not supported|not available|not installed|cannot handle|unknown", re.IGNORECASE)
_TRUNCATED = re.compile(r"truncated|unexpected end|premature|end of file|not enough", re.IGNORECASE)
_MACHINE_TALK = re.compile(r"decoder error|broken data stream|[<>{}\n\r\x00-\x1f]|0x[0-9a-f]{4,}", re.IGNORECASE)


@contextmanager
def media_errors(name: str) -> Iterator[None]:
    """Map what a decoder of format ``name`` raises. Decoders of damaged input raise nearly anything.

    Errors of the operating system become FileAccessError, MemoryError becomes DecodeCrashError, the rest
    UnsupportedFormatError or CorruptImageError by what they say.
    """
    try:
        yield
    except SmartsearchError:
        raise
    except MemoryError as error:
        raise DecodeCrashError("Decoding needs more memory than the limit allows.") from error
    except Image.DecompressionBombError as error:
        raise ImageTooLargeError("The picture has more pixels than the limit allows.") from error
    except OSError as error:
        if str(error) == "decoder error -9":  # Pillow's out-of-memory code
            raise DecodeCrashError("Decoding needs more memory than the limit allows.") from error
        if error.errno:
            raise FileAccessError("The file cannot be read (input/output error).") from error
        raise _damaged(name, error) from error
    except Exception as error:
        raise _damaged(name, error) from error


def _damaged(name: str, error: Exception) -> CorruptImageError | UnsupportedFormatError:
    text = str(error)
    if isinstance(error, EOFError) or _TRUNCATED.search(text):
        return CorruptImageError(f"The {name.upper()} data is truncated.")
    detail = f" ({text})" if text and len(text) <= 100 and not _MACHINE_TALK.search(text) else ""
    if isinstance(error, NotImplementedError) or _UNSUPPORTED.search(text):
        return UnsupportedFormatError(f"This kind of {name.upper()} is not supported{detail}.")
    return CorruptImageError(f"The {name.upper()} data is damaged{detail}.")


@contextmanager
def quiet_pillow(max_pixels: int) -> Iterator[None]:
    """Within the block Pillow gives no warnings and its own bomb check uses ``max_pixels``.

    That check also covers what is nested in a file (frames, icons inside ICO), which the header check does not see.
    Both are process-wide switches, so images are decoded by one thread of a process at a time.
    """
    before = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Image.MAX_IMAGE_PIXELS = max_pixels
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before
