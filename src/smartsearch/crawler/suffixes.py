"""Telling images from other files by name, where the name is enough; `core.signatures` looks at the bytes."""

from __future__ import annotations

_PICTURES = (
    "jpg jpeg jpe jfif mpo png apng gif bmp dib tif tiff webp heic heif hif avif jxl jp2 j2k j2c jpf jpx psd qoi "
    "ico ppm pgm pbm pnm "
    # Raster formats that are not read: each gets a row that says so, better than being passed over in silence.
    "cur icns tga sgi rgb pcx dcx dds xbm xpm ras pfm blp im msp fits fli flc fpx"
)
_CAMERA_RAW = "cr2 cr3 nef arw dng raf orf rw2 pef srw"
IMAGE_SUFFIXES = frozenset(f"{_PICTURES} {_CAMERA_RAW}".split())
"""Lower-case suffixes, no dot, of files that are candidates by name alone."""

VIDEO_SUFFIXES = frozenset(["mp4", "m4v", "mov", "webm", "mkv", "avi"])
"""Lower-case suffixes of videos that can be read where the optional package for it is installed."""

_OTHER = (
    "txt md rst rtf log csv tsv json jsonl yaml yml toml ini cfg conf xml xmp html htm css tex bib "  # text
    "py pyc pyi js mjs ts tsx jsx c cc cpp h hpp rs go java class kt rb php pl lua sh bash bat ps1 sql ipynb map lock "
    "pdf doc docx odt xls xlsx ods ppt pptx odp epub mobi pages numbers key ics vcf eml msg mbox "  # documents
    "mpg mpeg wmv flv 3gp mts m2ts vob lrv thm aae srt "  # other video and camera side files
    "mp3 m4a aac flac wav ogg opus wma aif aiff mid "  # audio
    "zip tar gz tgz bz2 xz zst 7z rar iso dmg jar whl deb rpm apk "  # archives
    "exe dll so dylib o a lib msi bin dat db sqlite sqlite3 db-wal db-shm lnk url desktop tmp bak swp torrent "
    "ttf otf woff woff2 eot svg eps ai wmf emf psb xcf blend stl obj fbx gpx kml "  # graphics, not photos
    "onnx pt pth npy npz safetensors parquet h5 pickle pkl"
)
OTHER_SUFFIXES = frozenset(_OTHER.split())
"""Lower-case suffixes of files that are never opened to see whether they are images."""
