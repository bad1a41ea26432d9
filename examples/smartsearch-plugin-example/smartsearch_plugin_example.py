"""A query field, an export format, a command, a metadata reader and a face finder: what a plugin of smartsearch looks
like."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import typer

from smartsearch.core.assets import Asset
from smartsearch.core.clustering import Thresholds
from smartsearch.core.ports import FaceAnalyzer
from smartsearch.core.query import FormatIs, Not
from smartsearch.core.queryfields import BadValueError, Field, Meaning, QueryContext
from smartsearch.core.settings import RuntimeSettings
from smartsearch.hookspecs import Command, Exporter, FaceFinder, MetadataReader, hookimpl

LOSSLESS = FormatIs(("png", "bmp", "tiff"))


def read_quality(value: str, _: QueryContext) -> Meaning:
    """`quality:lossless` and `quality:lossy`, by the image format."""
    if value not in ("lossless", "lossy"):
        raise BadValueError(f"{value!r} is no quality.", suggestion="lossless")
    return Meaning(LOSSLESS if value == "lossless" else Not(LOSSLESS))


def write_page(images: Sequence[Asset], file: BinaryIO) -> None:
    """A page of HTML with the pictures, by their places on this machine."""
    shown = (
        f'<figure><img src="{html.escape(Path(image.path).as_uri())}" width="320" loading="lazy">'
        f"<figcaption>{html.escape(Path(image.path).name)}</figcaption></figure>"
        for image in images
    )
    page = "<!doctype html><meta charset=utf-8><title>Photos</title>\n" + "\n".join(shown) + "\n"
    file.write(page.encode("utf-8", "backslashreplace"))


def formats() -> None:
    """Count the photos by their format."""
    from smartsearch.config import find_places, load_settings
    from smartsearch.core.query import Shown
    from smartsearch.library import Library

    places = find_places()
    with Library.open(places, load_settings(places), read_only=True) as library:
        assets = library.store.assets(library.store.select(Shown()))
    for name, count in Counter(asset.format for asset in assets).most_common():
        typer.echo(f"{name}\t{count}")


@hookimpl
def smartsearch_query_fields() -> list[Field]:
    return [Field("quality", (), "quality:lossless", read_quality)]


@hookimpl
def smartsearch_exporters() -> list[Exporter]:
    return [Exporter(".html", "a page with the pictures", write_page)]


@hookimpl
def smartsearch_commands() -> list[Command]:
    return [Command("formats", formats)]


@hookimpl
def smartsearch_metadata_readers() -> list[MetadataReader]:
    return [MetadataReader("takeout", "smartsearch_plugin_takeout:read")]


def load_skin_tone(_: RuntimeSettings) -> FaceAnalyzer:
    from smartsearch_plugin_faces import SkinToneAnalyzer  # not before somebody wants it

    return SkinToneAnalyzer()


@hookimpl
def smartsearch_face_models() -> list[FaceFinder]:
    thresholds = Thresholds(link=0.8, join=0.9, review=0.8)
    return [FaceFinder("skin-tone", "face:skin-tone@1", thresholds, load_skin_tone, "MIT", "by colour, to show how")]
