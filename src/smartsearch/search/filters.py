"""Filter values as people write them: dates, formats, sizes."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from smartsearch.core.errors import QueryError

_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?\s*", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


def parse_date(text: str) -> tuple[datetime, datetime]:
    """A year, month or day as the half-open span [start, end) it covers, naive local time."""
    found = _DATE.fullmatch(text.strip())
    try:
        if not found:
            raise ValueError
        year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
        start = datetime(year, month, day)
        if found[3]:
            return start, start + timedelta(days=1)
        if found[2]:
            return start, datetime(year + month // 12, month % 12 + 1, 1)
        return start, datetime(year + 1, 1, 1)
    except (ValueError, OverflowError):
        raise QueryError(f"{text!r} is not a date.", hint="Write 2021, 2021-06 or 2021-06-30.") from None


def parse_format(text: str) -> str:
    """A format's own name from a name or suffix: "JPG" is "jpeg"."""
    from smartsearch.core.signatures import FORMATS, format_name

    name = format_name(text)
    if name is None:
        raise QueryError(f"{text!r} is no image format.", hint=f"Known: {', '.join(sorted(FORMATS))}.")
    return name


def parse_size(text: str) -> int:
    """A file size in bytes; KB, MB, GB, TB are powers of 1000."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise QueryError(f"{text!r} is not a file size.", hint="Write 500KB, 2MB or 1.5GB.")
    return int(float(found[1]) * 1000 ** " kmgt".index(found[2].lower() or " "))
