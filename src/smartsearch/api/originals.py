"""Which file of this machine a client may be sent: an original that lies in the library's folders right now."""

from __future__ import annotations

import os

from smartsearch.core.assets import Asset
from smartsearch.core.errors import PathNotFoundError, SmartsearchError
from smartsearch.library import Library

MEDIA_TYPES = {
    "avi": "video/x-msvideo",
    "avif": "image/avif",
    "bmp": "image/bmp",
    "gif": "image/gif",
    "heif": "image/heif",
    "ico": "image/vnd.microsoft.icon",
    "jpeg": "image/jpeg",
    "jpeg2000": "image/jp2",
    "jxl": "image/jxl",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "png": "image/png",
    "ppm": "image/x-portable-anymap",
    "psd": "image/vnd.adobe.photoshop",
    "qoi": "image/qoi",
    "tiff": "image/tiff",
    "webm": "video/webm",
    "webp": "image/webp",
}
"""By the format the indexer found, never by the name. Others (camera raw) are sent as application/octet-stream."""


class OutsideRootsError(SmartsearchError):
    """The file does not lie in an indexed folder."""

    http_status = 403


def original_path(library: Library, asset: Asset) -> str:
    """The real path of an image's file. Symbolic links are followed, in the roots as in the path, before it is decided.

    PathNotFoundError if there is no such file, OutsideRootsError if it lies in none of the library's roots.
    """
    real = os.path.realpath(asset.path)
    roots = [os.path.realpath(root.path) for root in library.store.roots()]
    if not any(real == root or real.startswith(os.path.join(root, "")) for root in roots):
        raise OutsideRootsError(f"Image {asset.id} does not lie in an indexed folder.")
    if not os.path.isfile(real):
        raise PathNotFoundError(f"The file of image {asset.id} is not there.", hint="Mount its disk, or index again.")
    return real
