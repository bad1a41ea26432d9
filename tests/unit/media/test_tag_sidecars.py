"""Tags written as XMP by this program are read again as they were, and those of other programs as they mean them."""

from __future__ import annotations

from pathlib import Path

from tests.contract.making import put

from smartsearch.core.assets import Tag
from smartsearch.core.query import Shown
from smartsearch.media.metadata import _united
from smartsearch.media.sidecars import beneath, sidecar
from smartsearch.media.xmp import read_xmp, xmp_metadata
from smartsearch.tagging.exchange import export_tags
from smartsearch.testing import MemoryStore


def test_there_and_back(tmp_path: Path) -> None:
    store = MemoryStore()
    original = tmp_path / "a.jpg"
    store.apply([put(str(original)), put(str(tmp_path / "b.jpg"))])
    [first, _] = store.select(Shown())
    names = {"animal/dog", "animal/dog/rex", "dog", "sea & <sky>", "Ü/ß"}
    store.set_tags(first, map(Tag, names), "user")
    packet = sidecar(store.assets([first])[0])
    assert set(_united([xmp_metadata(read_xmp(packet)).keywords])) == names - {"dog"}, "dog is a level of another"

    folder = tmp_path / "out"
    assert export_tags(store, {first: ["Anna"]}, folder).written == 1
    written = beneath(folder, str(original))
    assert read_xmp(written.read_bytes())["Iptc4xmpExt:PersonInImage"] == ["Anna"]
    assert (export_tags(store, {}, folder).written, export_tags(store, {}, folder).skipped) == (0, 1)


def test_beside_the_photos_only_new_files_are_made(tmp_path: Path) -> None:
    store = MemoryStore()
    photos = [tmp_path / name for name in ("a.jpg", "b.jpg", "c.jpg")]
    store.apply([put(str(photo)) for photo in photos])
    for asset_id in store.select(Shown()):
        store.set_tags(asset_id, [Tag("mine")], "user")
    (tmp_path / "a.jpg.xmp").write_bytes(b"somebody's")
    (tmp_path / "b.xmp").write_bytes(b"somebody's")
    report = export_tags(store, {}, None)
    assert (report.written, report.skipped) == (1, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg.xmp", "b.xmp", "c.jpg.xmp"]
    assert (tmp_path / "a.jpg.xmp").read_bytes() == b"somebody's"


def test_levels_of_other_programs() -> None:
    lightroom = {"dc:subject": ["animal", "dog", "sea"], "lr:hierarchicalSubject": ["animal|dog", "sea"]}
    digikam = {"dc:subject": ["dog"], "digiKam:TagsList": ["animal/dog"]}
    windows = {"MicrosoftPhoto:LastKeywordXMP": ["animal/dog"]}
    assert _united([xmp_metadata(lightroom).keywords, ("Dog", "IPTC only")]) == ("animal/dog", "sea", "IPTC only")
    assert _united([xmp_metadata(digikam).keywords]) == ("animal/dog",)
    assert _united([xmp_metadata(windows).keywords]) == ("animal/dog",)
