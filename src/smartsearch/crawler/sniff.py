"""Telling images from other files by their first bytes, and by suffix where that is enough."""

from __future__ import annotations

SNIFF_BYTES = 64
"""How much of a file ``sniff`` wants to see."""

_PICTURES = "jpg jpeg jpe jfif png apng gif bmp dib tif tiff webp heic heif hif avif jxl"
_CAMERA_RAW = "cr2 cr3 nef arw dng raf orf rw2 pef srw"
IMAGE_SUFFIXES = frozenset(f"{_PICTURES} {_CAMERA_RAW}".split())
"""Lower-case suffixes, no dot, of files that are candidates by name alone."""

_OTHER = (
    "txt md rst rtf log csv tsv json jsonl yaml yml toml ini cfg conf xml xmp html htm css tex bib "  # text
    "py pyc pyi js mjs ts tsx jsx c cc cpp h hpp rs go java class kt rb php pl lua sh bash bat ps1 sql ipynb map lock "
    "pdf doc docx odt xls xlsx ods ppt pptx odp epub mobi pages numbers key ics vcf eml msg mbox "  # documents
    "mp4 m4v mov avi mkv webm mpg mpeg wmv flv 3gp mts m2ts vob lrv thm aae srt "  # video and camera side files
    "mp3 m4a aac flac wav ogg opus wma aif aiff mid "  # audio
    "zip tar gz tgz bz2 xz zst 7z rar iso dmg jar whl deb rpm apk "  # archives
    "exe dll so dylib o a lib msi bin dat db sqlite sqlite3 db-wal db-shm lnk url desktop tmp bak swp torrent "
    "ttf otf woff woff2 eot svg eps ai psd psb xcf ico icns cur blend stl obj fbx gpx kml "  # graphics, not photos
    "onnx pt pth npy npz safetensors parquet h5 pickle pkl"
)
OTHER_SUFFIXES = frozenset(_OTHER.split())
"""Lower-case suffixes of files that are never opened to see whether they are images."""

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),  # BigTIFF
    (b"MM\x00+", "tiff"),
    (b"\xff\x0a", "jxl"),  # bare code stream
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "jxl"),  # boxed
    (b"IIU\x00", "rw2"),
    (b"IIRO", "orf"),
    (b"IIRS", "orf"),
    (b"MMOR", "orf"),
    (b"FUJIFILMCCD-RAW", "raf"),
)
_BMP_HEADER_SIZES = frozenset((12, 16, 40, 52, 56, 64, 108, 124))
_HEIF_BRANDS = frozenset((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1"))
_AVIF_BRANDS = frozenset((b"avif", b"avis"))


def sniff(head: bytes) -> str | None:
    """The image format that the first bytes of a file announce, in lower case, or None.

    ``head`` is the first ``SNIFF_BYTES`` bytes (fewer is fine). Camera raw files built on TIFF answer "tiff".
    Signatures: the formats' own specifications; ISO/IEC 14496-12 (``ftyp``) for HEIF, AVIF and CR3.
    """
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return "bmp"
    if head[4:8] == b"ftyp":
        return _brand(head)
    return None


def _brand(head: bytes) -> str | None:
    """Which of the ISO base media image formats: the major brand, then the compatible ones, decide."""
    length = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, length - 3, 4))]
    if brands[0] == b"crx ":
        return "cr3"
    if not _AVIF_BRANDS.isdisjoint(brands):
        return "avif"
    # A generic major brand is shared with video containers: only HEIF's own names count.
    return "heif" if not _HEIF_BRANDS.isdisjoint(brands) else None
