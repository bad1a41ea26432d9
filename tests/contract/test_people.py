"""Faces and people: every store keeps them, also when files change, move and go."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pytest

from smartsearch.core.assets import CopyImage, MarkMissing, Metadata, MoveImage
from smartsearch.core.errors import AssetNotFoundError, PersonExistsError, PersonNotFoundError
from smartsearch.core.faces import Box, FaceScan, PutFaces
from smartsearch.core.people import Decision, Face, Grouping, PersonEvent
from smartsearch.core.ports import Store
from smartsearch.core.query import Everything, FaceCount, HasPerson, Shown
from tests.contract.making import NOW, found_face, identity, person, put


@pytest.fixture
def ids(store: Store) -> list[int]:
    """Three images: two faces, one face, none."""
    days = {"a": datetime(2020, 1, 2), "b": datetime(2021, 3, 4), "c": None}
    store.apply([put(f"/{name}.jpg", metadata=Metadata(taken_at=day)) for name, day in days.items()])
    found = store.select(Everything())
    scans = [
        FaceScan("A", (found_face("anna"), found_face("ben", left=0.6, quality=0.9))),
        FaceScan("A", (found_face("anna"),)),
        FaceScan("A", ()),
    ]
    store.apply([PutFaces(asset_id, scan) for asset_id, scan in zip(found, scans, strict=True)])
    return found


def faces_of(store: Store, image_id: int) -> list[Face]:
    with store.people.reading() as rows:
        return rows.faces_in([image_id])


def name_them(store: Store, ids: list[int]) -> tuple[int, int]:
    """Anna in the first two images, Ben in the first; Anna's first face said by the user."""
    first, ben_face = faces_of(store, ids[0])
    second = faces_of(store, ids[1])[0]
    with store.people.writing() as rows:
        anna, ben = rows.put_person(person("Anna")), rows.put_person(person("Ben"))
        groupings = [Grouping(first.id, anna, 1.0), Grouping(second.id, anna, 0.8), Grouping(ben_face.id, ben, 0.7)]
        rows.regroup(groupings)
        rows.put_decision(Decision(first.id, anna, True, NOW))
    return anna, ben


class TestScans:
    def test_faces_are_kept_with_their_image(self, store: Store, ids: list[int]) -> None:
        first, second = faces_of(store, ids[0])
        assert first.box == Box(0.1, 0.2, 0.2, 0.25)
        assert (first.score, first.quality, first.size, second.quality) == (0.9, 0.5, 80.0, 0.9)
        assert (first.person_id, first.verified, first.ignored) == (None, False, False)
        assert [asset.face_count for asset in store.assets(ids)] == [2, 1, 0]
        with store.people.reading() as rows:
            assert rows.thumbnail(first.id) == b"anna"
            assert rows.thumbnail(999) is None
            assert rows.counts() == (3, 3, 0)
            assert rows.newest_face() == faces_of(store, ids[1])[0].id
            table = rows.face_table("A")
        assert (len(table), table.vectors.shape) == (3, (3, 8))
        assert np.allclose(np.linalg.norm(table.vectors, axis=1), 1, atol=1e-5)
        assert table.image_ids.tolist() == [ids[0], ids[0], ids[1]]
        assert table.moments[0] == 18263.0, "days since 1970"

    def test_an_unknown_space_is_empty(self, store: Store, ids: list[int]) -> None:
        with store.people.reading() as rows:
            assert len(rows.face_table("other")) == 0

    def test_what_was_not_looked_at_is_known(self, store: Store, ids: list[int]) -> None:
        store.apply([put("/d.jpg")])
        new = store.asset_by_path("/d.jpg")
        assert new is not None
        assert new.face_count is None
        with store.people.reading() as rows:
            assert rows.unscanned("A") == [new.id]
            assert rows.unscanned("B") == [*ids, new.id]
        assert store.select(FaceCount(0, 0)) == ids[2:]
        store.apply([MarkMissing(new.id, NOW)])
        with store.people.reading() as rows:
            assert rows.unscanned("A") == []

    def test_another_model_keeps_faces_and_names(self, store: Store, ids: list[int]) -> None:
        anna, _ = name_them(store, ids)
        before = faces_of(store, ids[0])
        shifted = replace(found_face("other"), box=Box(0.12, 0.21, 0.2, 0.25))
        store.apply([PutFaces(ids[0], FaceScan("B", (shifted,)))])
        [kept] = faces_of(store, ids[0])
        assert (kept.id, kept.person_id, kept.verified) == (before[0].id, anna, True)
        with store.people.reading() as rows:
            assert rows.face_table("B").ids.tolist() == [kept.id]
            assert rows.thumbnail(kept.id) == b"other"

    def test_a_face_with_a_decision_stays_when_no_longer_found(self, store: Store, ids: list[int]) -> None:
        anna, _ = name_them(store, ids)
        store.apply([PutFaces(ids[0], FaceScan("A", ()))])
        assert [face.person_id for face in faces_of(store, ids[0])] == [anna]

    def test_new_bytes_are_looked_at_again(self, store: Store, ids: list[int]) -> None:
        anna, _ = name_them(store, ids)
        kept = faces_of(store, ids[0])[0]
        store.apply([put("/a.jpg", bytes_of="cropped")])
        assert [face.id for face in faces_of(store, ids[0])] == [kept.id]
        with store.people.reading() as rows:
            assert rows.unscanned("A") == ids[:1]
        moved = replace(found_face("anna"), box=Box(0.5, 0.5, 0.4, 0.4))
        store.apply([PutFaces(ids[0], FaceScan("A", (moved,)))])
        [found] = faces_of(store, ids[0])
        assert (found.id, found.box, found.person_id) == (kept.id, moved.box, anna), "known by its vector"

    def test_moves_and_copies_keep_people(self, store: Store, ids: list[int]) -> None:
        anna, ben = name_them(store, ids)
        store.apply([MoveImage(ids[0], "/moved.jpg", identity(7)), CopyImage(ids[0], "/copy.jpg", identity(8), NOW)])
        copy = store.asset_by_path("/copy.jpg")
        assert copy is not None
        assert (copy.people, copy.face_count) == ((anna, ben), 2)
        assert [face.verified for face in faces_of(store, copy.id)] == [True, False]
        assert store.select(HasPerson(ben)) == [ids[0], copy.id]

    def test_forgotten_images_leave_no_faces(self, store: Store, ids: list[int]) -> None:
        name_them(store, ids)
        store.forget(ids)
        with store.people.reading() as rows:
            assert rows.counts() == (0, 0, 2)
            assert rows.decisions() == []


class TestPersons:
    def test_values_come_back(self, store: Store, ids: list[int]) -> None:
        made = person("Anna", hidden=True, favourite=True, notes="äöü", birth_date=date(1990, 2, 3), cover_face=1)
        before = store.generation
        with store.people.writing() as rows:
            anna = rows.put_person(made)
        with store.people.reading() as rows:
            assert rows.persons([anna, 99]) == [replace(made, id=anna)]
            assert rows.person_named("ANNA") == replace(made, id=anna)
            assert rows.person_named("Ben") is None
        assert store.generation > before

    def test_a_cover_in_a_hidden_image_gives_way(self, store: Store, ids: list[int]) -> None:
        anna, _ = name_them(store, ids)
        chosen, other = (next(face for face in faces_of(store, image) if face.person_id == anna) for image in ids[:2])
        with store.people.writing() as rows:
            rows.put_person(replace(rows.persons([anna])[0], cover_face=chosen.id))
            assert rows.summaries([anna])[0].cover == chosen.id
        store.set_hidden(ids[0], True)
        with store.people.reading() as rows:
            assert rows.summaries([anna])[0].cover == other.id
        store.set_hidden(ids[0], False)
        with store.people.reading() as rows:
            assert rows.summaries([anna])[0].cover == chosen.id

    def test_a_name_is_one_persons(self, store: Store) -> None:
        with store.people.writing() as rows:
            anna = rows.put_person(person("Anna"))
            unnamed = [rows.put_person(person()), rows.put_person(person())]
        assert len({anna, *unnamed}) == 3
        with store.people.writing() as rows, pytest.raises(PersonExistsError):
            rows.put_person(person("anna"))
        with store.people.writing() as rows:
            rows.put_person(replace(person("ANNA"), id=anna))

    def test_summaries_count_what_is_shown(self, store: Store, ids: list[int]) -> None:
        anna, ben = name_them(store, ids)
        with store.people.reading() as rows:
            first, second = rows.summaries()
            assert (first.faces, first.images, first.verified) == (2, 2, 1)
            assert (first.first_seen, first.last_seen) == (datetime(2020, 1, 2), datetime(2021, 3, 4))
            assert second.cover == faces_of(store, ids[0])[1].id
            assert rows.companions(anna) == [(ben, 1)]
            assert rows.images_of(anna) == [(ids[0], datetime(2020, 1, 2)), (ids[1], datetime(2021, 3, 4))]
            assert rows.summaries([ben]) == [second]
        store.set_hidden(ids[0], True)
        with store.people.reading() as rows:
            assert [each.faces for each in rows.summaries()] == [1, 0]
            assert rows.companions(anna) == []

    def test_people_are_searched(self, store: Store, ids: list[int]) -> None:
        anna, ben = name_them(store, ids)
        assert store.select(HasPerson(anna)) == ids[:2]
        assert [asset.people for asset in store.assets(ids)] == [(anna, ben), (anna,), ()]
        assert store.select(FaceCount(1, None)) == ids[:2]

    def test_a_deleted_person_leaves_the_faces(self, store: Store, ids: list[int]) -> None:
        anna, _ = name_them(store, ids)
        with store.people.writing() as rows:
            rows.delete_person(anna)
        assert [(face.person_id, face.confidence) for face in faces_of(store, ids[1])] == [(None, 0.0)]
        with store.people.reading() as rows:
            assert rows.decisions() == []
            assert [face.image_id for face in rows.nobodys_faces()] == ids[:2]
            assert rows.nobodys_faces(0) == []


class TestFaces:
    def test_faces_change(self, store: Store, ids: list[int]) -> None:
        anna, _ = name_them(store, ids)
        face = faces_of(store, ids[1])[0]
        changed = replace(face, person_id=None, confidence=0.0, ignored=True, suggested_id=anna)
        with store.people.writing() as rows:
            rows.put_face(changed)
            rows.put_face(replace(face, id=999))
        assert faces_of(store, ids[1]) == [changed]
        with store.people.writing() as rows:
            assert rows.nobodys_faces() == [], "a stranger asks for nothing"
            rows.put_face(replace(changed, person_id=12345))
        assert faces_of(store, ids[1])[0].person_id is None, "an unknown person is nobody"

    def test_drawn_faces(self, store: Store, ids: list[int]) -> None:
        with store.people.writing() as rows:
            drawn = rows.add_face(ids[2], Box(0.1, 0.1, 0.1, 0.1))
        [face] = faces_of(store, ids[2])
        assert (face.id, face.quality) == (drawn, 0.0)
        with store.people.writing() as rows, pytest.raises(AssetNotFoundError):
            rows.add_face(999, Box(0, 0, 1, 1))
        with store.people.writing() as rows:
            assert len(rows.face_table("A")) == 3
            rows.delete_faces([drawn])
        assert faces_of(store, ids[2]) == []

    def test_decisions(self, store: Store, ids: list[int]) -> None:
        anna, ben = name_them(store, ids)
        face = faces_of(store, ids[0])[0]
        with store.people.writing() as rows:
            rows.put_decision(Decision(face.id, ben, False, NOW))
            rows.put_decision(Decision(face.id, anna, False, NOW))
        with store.people.writing() as rows:
            assert [(each.person_id, each.same) for each in rows.decisions()] == [(anna, False), (ben, False)]
            rows.delete_decision(face.id, anna)
            assert [each.person_id for each in rows.decisions()] == [ben]

    def test_a_failed_transaction_changes_nothing(self, store: Store, ids: list[int]) -> None:
        def add_two() -> None:
            with store.people.writing() as rows:
                rows.put_person(person("Anna"))
                rows.put_person(person("Anna"))

        with pytest.raises(PersonExistsError):
            add_two()
        with store.people.reading() as rows:
            assert rows.persons() == []


class TestEvents:
    def test_they_are_kept_newest_first(self, store: Store) -> None:
        made = PersonEvent(0, NOW, "rename", {"name": "Anna"}, ({"person": 1},))
        with store.people.writing() as rows:
            first, second = rows.add_event(made), rows.add_event(replace(made, kind="merge"))
            rows.mark_undone(first)
        with store.people.writing() as rows:
            assert [(event.id, event.kind, event.undone) for event in rows.events()] == [
                (second, "merge", False),
                (first, "rename", True),
            ]
            assert rows.events(1)[0].journal == ({"person": 1},)
            rows.forget_events([first])
            assert [event.id for event in rows.events()] == [second]


class TestErasing:
    def test_everything(self, store: Store, ids: list[int]) -> None:
        name_them(store, ids)
        assert store.people.erase() == 3
        with store.people.reading() as rows:
            assert rows.counts() == (0, 0, 0)
            assert rows.unscanned("A") == ids
        assert store.select(Shown()) == ids

    def test_one_person(self, store: Store, ids: list[int]) -> None:
        anna, ben = name_them(store, ids)
        with store.people.writing() as rows:
            rows.add_event(PersonEvent(0, NOW, "rename", {}, ({"person": anna},)))
            rows.add_event(PersonEvent(0, NOW, "rename", {}, ({"person": ben},)))
        assert store.people.erase(anna) == 2
        with store.people.reading() as rows:
            assert [each.name for each in rows.persons()] == ["Ben"]
            assert [event.journal[0]["person"] for event in rows.events()] == [ben]
            assert rows.unscanned("A") == [], "they are not looked for again by the same model"
        with pytest.raises(PersonNotFoundError):
            store.people.erase(anna)
