"""Text in pictures: of an image, reading what was not read yet, erasing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from smartsearch.api.deps import ImageId, JobsDep, LibraryDep
from smartsearch.api.routes.jobs import Job
from smartsearch.api.schemas import Words
from smartsearch.ocr.models import INSTALL
from smartsearch.search.text import content_words

router = APIRouter(tags=["text"])


class TextLine(BaseModel):
    """A line as it was read."""

    text: str = Field(examples=["Happy birthday"])
    confidence: float = Field(description="0-1.")
    corners: list[tuple[int, int]] = Field(
        description="Top left, top right, bottom right, bottom left as the text is read: x and y in pixels of the"
        " upright original.",
        examples=[[[10, 20], [110, 22], [109, 42], [9, 40]]],
    )
    matched: bool = Field(description="It has one of the words asked for.")


class ImageText(BaseModel):
    """What was read in an image, in reading order."""

    width: int = Field(description="Of the upright original, in pixels.")
    height: int
    reader: str | None = Field(description="By which model; null: nobody has looked for text.")
    lines: list[TextLine]


class TextStatus(BaseModel):
    """Whether text is read here, and what is known."""

    installed: bool = Field(description="The models are on this machine; see docs/text.md.")
    when: str = Field(description="index: while indexing; later: by `POST /text/run` only.", examples=["index"])
    install: str = Field(description="How to get the models.", examples=["Run: pip install ..."])
    model: str = Field(description="Which reads, as `reader` of a text names it.", examples=["ocr:ppocr-v6-small@2"])
    name: str = Field(description="Of the model, for people.", examples=["PP-OCRv6 small"])
    images: int = Field(description="Looked at.")
    with_text: int
    waiting: int = Field(description="Images not looked at by this model.")


@router.get("/images/{image_id}/text")
def image_text(
    image_id: ImageId,
    library: LibraryDep,
    query: Annotated[Words, Query(description="Lines with one of these words are marked.", examples=["birthday"])] = "",
) -> ImageText:
    """The text in an image and where it stands."""
    found = library.ocr.of(image_id, content_words(query))
    lines = [
        TextLine(text=line.text, confidence=line.confidence, corners=list(line.quad), matched=matched)
        for line, matched in zip(found.lines, found.matched, strict=True)
    ]
    return ImageText(width=found.width, height=found.height, reader=found.reader, lines=lines)


@router.get("/text")
def text_status(library: LibraryDep) -> TextStatus:
    """Whether text is read here, and how much is known."""
    status = library.ocr.status()
    return TextStatus(install=INSTALL, **asdict(status))


@router.post("/text/run", status_code=202)
def read_texts(jobs: JobsDep) -> Job:
    """Read every image not read yet, as a job. 409 where the models are not installed."""
    return Job.of(jobs.read_texts())


@router.delete("/text", status_code=204)
def erase_texts(library: LibraryDep) -> Response:
    """Delete all that was read. The images stay."""
    library.ocr.erase()
    return Response(status_code=204)
