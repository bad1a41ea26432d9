"""Names and faces leave a library and come back, as XMP sidecars and as JSON; the user's word goes before a file's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smartsearch.core.errors import UsageError
from smartsearch.core.faces import Box, FaceScan, PutFaces
from smartsearch.core.ports import Store
from smartsearch.core.query import Everything
from smartsearch.media.regions import NamedRegion, read_regions, region_packet
from smartsearch.media.xmp import read_xmp
from smartsearch.people.directory import ImportReport, People, PersonChange
from smartsearch.people.exchange import export_json, export_sidecars, import_json, import_sidecars
from tests.contract.making import found_face, put

OTHER_PROGRAM = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
 xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#">
<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Bag>
<rdf:li rdf:parseType="Resource"><mwg-rs:Area rdf:parseType="Resource">
<stArea:x>0.2</stArea:x><stArea:y>0.325</stArea:y>
<stArea:w>0.2</stArea:w><stArea:h>0.25</stArea:h></mwg-rs:Area><mwg-rs:Name>Anna</mwg-rs:Name></rdf:li>
<rdf:li><rdf:Description mwg-rs:Name="Rex" mwg-rs:Type="Pet"><mwg-rs:Area stArea:x=".5" stArea:y=".5" stArea:w=".1"
 stArea:h=".1"/></rdf:Description></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions></rdf:Description></rdf:RDF>
</x:xmpmeta>"""


@pytest.fixture
def faces(store: Store) -> list[int]:
    """Two faces in one photo, one in another."""
    store.apply([put("/photos/a.jpg"), put("/photos/b c.jpg")])
    ids = store.select(Everything())
    store.apply(
        [
            PutFaces(ids[0], FaceScan("A", (found_face("1"), found_face("2", left=0.6)))),
            PutFaces(ids[1], FaceScan("A", (found_face("3"),))),
        ]
    )
    with store.people.reading() as rows:
        return [face.id for face in rows.faces_in(ids)]


@pytest.fixture
def people(store: Store) -> People:
    return People(store.people)


def names_of(people: People, faces: list[int]) -> list[str | None]:
    known = {each.person.id: each.person.name for each in people.summaries(hidden=None)}
    return [known.get(people.face(face_id).person_id or 0) for face_id in faces]


class TestRegions:
    def test_what_is_written_is_read(self) -> None:
        regions = [NamedRegion('Zoë "Z" <&>', Box(0.1, 0.2, 0.3, 0.4)), NamedRegion("B\x00", Box(0, 0, 1, 1))]
        packet = region_packet(regions, 4000, 3000)
        [first, second] = read_regions(packet)
        assert (first.name, second.name) == ('Zoë "Z" <&>', "B\ufffd")
        assert first.box.overlap(regions[0].box) > 0.999
        assert "mwg-rs:Regions" in read_xmp(packet)

    def test_what_others_write_is_read(self) -> None:
        [found] = read_regions(OTHER_PROGRAM.encode())
        assert (found.name, found.box.overlap(Box(0.1, 0.2, 0.2, 0.25))) == ("Anna", pytest.approx(1))

    @pytest.mark.parametrize(
        "packet",
        [
            b"",
            b"<",
            b"\xff\xfe",
            OTHER_PROGRAM.replace("0.325", "nan").encode(),
            OTHER_PROGRAM.replace("0.2<", "7<").encode(),
            b'<!DOCTYPE x [<!ENTITY a "b">]>' + OTHER_PROGRAM.encode(),
        ],
    )
    def test_damaged_packets_have_none(self, packet: bytes) -> None:
        assert read_regions(packet) == []


def test_sidecars_go_out_and_come_back(store: Store, people: People, faces: list[int], tmp_path: Path) -> None:
    people.create("Anna", [faces[0], faces[2]])
    people.create("Ben", [faces[1]])
    out = tmp_path / "out"
    report = export_sidecars(store, people, out)
    assert (report.persons, report.images, report.faces) == (2, 2, 3)
    assert sorted(path.name for path in out.rglob("*") if path.is_file()) == ["a.jpg.xmp", "b c.jpg.xmp"]
    for _ in range(2):
        people.undo()
    assert people.names() == []
    assert import_sidecars(store, people, out) == ImportReport(named=3, persons=2)
    assert names_of(people, faces) == ["Anna", "Ben", "Anna"]
    people.undo()
    assert people.names() == [], "one import, one undo"


def test_the_users_word_goes_first(store: Store, people: People, faces: list[int], tmp_path: Path) -> None:
    target = tmp_path / "photos" / "a.jpg.xmp"
    target.parent.mkdir()
    target.write_text(OTHER_PROGRAM)
    people.create("Clara", [faces[0]])
    assert import_sidecars(store, people, tmp_path).refused == 1
    assert names_of(people, faces[:1]) == ["Clara"]


def test_faces_that_no_model_found_are_drawn(store: Store, people: People, faces: list[int], tmp_path: Path) -> None:
    target = tmp_path / "photos" / "a.jpg.xmp"
    target.parent.mkdir()
    target.write_bytes(region_packet([NamedRegion("Emil", Box(0.4, 0.7, 0.1, 0.2))], 10, 10))
    for drawn in (1, 0):
        assert import_sidecars(store, people, tmp_path).drawn == drawn
    assert [each.name for each in people.names()] == ["Emil"]


def test_json_goes_out_and_comes_back(store: Store, people: People, faces: list[int], tmp_path: Path) -> None:
    anna = people.create("Anna", [faces[0], faces[2]]).person.id
    people.change(anna, PersonChange(notes="aunt", favourite=True))
    path = tmp_path / "people.json"
    assert export_json(store, people, path).faces == 2
    with pytest.raises(UsageError, match="already"):
        export_json(store, people, path)
    store.people.erase()
    ids = store.select(Everything())
    store.apply([PutFaces(ids[0], FaceScan("A", (found_face("1"),)))])
    report = import_json(store, people, path)
    assert (report.named, report.drawn, report.persons) == (1, 1, 1)
    [summary] = people.summaries()
    assert (summary.person.name, summary.person.notes, summary.person.favourite) == ("Anna", "aunt", True)
    assert summary.faces == 2


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"smartsearch_people": 2}', '{"smartsearch_people": 1, "faces": [{"box": [2]}], "persons": []}'],
)
def test_other_files_are_refused(store: Store, people: People, tmp_path: Path, content: str) -> None:
    path = tmp_path / "people.json"
    path.write_text(content)
    with pytest.raises(UsageError):
        import_json(store, people, path)
    with pytest.raises(UsageError, match="cannot be read"):
        import_json(store, people, tmp_path)


def test_an_export_is_plain_json(store: Store, people: People, faces: list[int], tmp_path: Path) -> None:
    people.create("Zoë", [faces[0]])
    export_json(store, people, tmp_path / "people.json")
    content = json.loads((tmp_path / "people.json").read_text(encoding="utf-8"))
    assert content["faces"][0]["name"] == "Zoë"
    assert content["faces"][0]["path"] == "/photos/a.jpg"
