"""Reading the text in the pictures of one library: what needs models and decoders. `Library.ocr` is one of these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smartsearch.config import Places
from smartsearch.core.errors import AssetNotFoundError
from smartsearch.core.ports import Store
from smartsearch.core.reading import TextLine, agreement, folded
from smartsearch.core.settings import OcrSettings, Settings
from smartsearch.ocr import models

if TYPE_CHECKING:
    from smartsearch.indexing.revisit import RevisitProgress, RevisitReport
    from smartsearch.ocr.reader import OnnxOcrReader


@dataclass(frozen=True, slots=True)
class TextStatus:
    """Whether this machine can read, when it does, and what is known."""

    installed: bool
    when: str
    model: str
    name: str
    """Of the model, for people."""
    images: int
    """Looked at."""
    with_text: int
    waiting: int
    """Images that the model has not looked at."""


@dataclass(frozen=True, slots=True)
class ImageText:
    """What was read in an image. ``matched``: for each line, whether it has one of the words asked for. ``width`` and
    ``height`` are those of the upright original, whose pixels the corners of lines count."""

    width: int
    height: int
    reader: str | None
    """None: nobody has looked."""
    lines: tuple[TextLine, ...]
    matched: tuple[bool, ...]


class TextWork:
    """Texts of one library. ``settings`` are asked for anew each time: they may change while it is open."""

    def __init__(self, store: Store, places: Places, settings: Callable[[], Settings]) -> None:
        self._store = store
        self._places = places
        self._settings = settings
        self._reader: OnnxOcrReader | None = None

    def status(self) -> TextStatus:
        images, with_text = self._store.texts.counts()
        return TextStatus(
            installed=models.installed(),
            when=self._ocr.when,
            model=models.FINGERPRINT,
            name=models.NAME,
            images=images,
            with_text=with_text,
            waiting=len(self._store.texts.unread(models.FINGERPRINT)),
        )

    def reader(self) -> OnnxOcrReader:
        """WeightsMissingError where the models are not installed, with how to get them."""
        if self._reader is None:
            self._reader = models.reader(self._settings().runtime)
        return self._reader

    def while_indexing(self) -> OnnxOcrReader | None:
        """The reader of an index run: None where it is not installed, or reading was put off."""
        return self.reader() if self._ocr.when == "index" and models.installed() else None

    def run(
        self,
        *,
        progress: Callable[[RevisitProgress], None] = lambda _: None,
        started: Callable[[int], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> RevisitReport:
        """Read every image that the model has not looked at. ``started`` hears the job's id. Can be stopped or killed
        at any moment; the next call goes on. WeightsMissingError, LibraryBusyError."""
        from smartsearch.indexing.lock import exclusive
        from smartsearch.indexing.revisit import revisit
        from smartsearch.indexing.session import DECODER_NICE
        from smartsearch.indexing.texts import TextVisit
        from smartsearch.media.pool import DecodePool
        from smartsearch.onnx.threads import usable_cores

        reader, settings = self.reader(), self._settings()
        pool = DecodePool(settings.runtime.workers or usable_cores(), settings.media, nice=DECODER_NICE)
        try:
            with exclusive(self._places.library):
                return revisit(
                    self._store,
                    pool,
                    TextVisit(reader),
                    self._store.texts.unread(reader.fingerprint),
                    settings.media,
                    tell=progress,
                    started_job=started,
                    cancelled=cancelled,
                )
        finally:
            pool.close()

    def of(self, asset_id: int, words: Sequence[str] = ()) -> ImageText:
        """What was read in an image. AssetNotFoundError."""
        assets = self._store.assets([asset_id])
        if not assets:
            raise AssetNotFoundError(f"There is no image {asset_id} in the library.")
        scan = self._store.texts.of(asset_id)
        lines = () if scan is None else scan.lines
        wanted = [folded(word) for word in words]
        matched = tuple(any(agreement(word, folded(line.text)) > 0 for word in wanted) for line in lines)
        return ImageText(assets[0].width, assets[0].height, None if scan is None else scan.reader, lines, matched)

    def erase(self) -> int:
        """Delete all that was read; returns in how many images there was text. LibraryBusyError."""
        from smartsearch.indexing.lock import exclusive

        with exclusive(self._places.library):
            return self._store.texts.forget()

    @property
    def _ocr(self) -> OcrSettings:
        return self._settings().ocr
