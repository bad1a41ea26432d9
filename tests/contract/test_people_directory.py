"""Operations on people, on every store: what they do, that they can be undone, and that wrong ones change nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pytest

from smartsearch.core.assets import Metadata
from smartsearch.core.clustering import Thresholds
from smartsearch.core.errors import (
    AssetNotFoundError,
    FaceNotFoundError,
    PersonExistsError,
    PersonNotFoundError,
    SmartsearchError,
    UsageError,
)
from smartsearch.core.faces import Box, FaceScan, FoundFace, PutFaces
from smartsearch.core.people import Grouping
from smartsearch.core.ports import Store
from smartsearch.core.query import Everything
from smartsearch.people.directory import People, PersonChange
from smartsearch.people.grouping import group_faces
from smartsearch.people.review import questions, suggestions
from tests.contract.making import NOW, person, put

THRESHOLDS = Thresholds(link=0.5, join=0.5, review=0.3)


def face_like(who: int, variant: int, *, left: float = 0.1, alike: float = 0.8) -> FoundFace:
    """Faces of one person have cosines of about ``alike`` squared; of two persons 0."""
    vector = np.zeros(64, np.float32)
    vector[who], vector[8 + (who * 7 + variant) % 56] = alike, np.sqrt(1 - alike**2)
    return FoundFace(Box(left, 0.2, 0.2, 0.25), 0.9, 0.5 + variant / 100, 80, 0.5, 0.1, vector, b"webp")


def id_of(store: Store, path: str) -> int:
    image = store.asset_by_path(path)
    assert image is not None
    return image.id


@pytest.fixture
def faces(store: Store) -> list[int]:
    """Six photos: Anna in 0, 1, 2 and 5; Ben in 2 (beside her), 3 and 4. Ids of the seven faces, Ben's in 2 the
    fourth."""
    store.apply([put(f"/{number}.jpg") for number in range(6)])
    ids = store.select(Everything())
    shown = [[0], [0], [0, 1], [1], [1], [0]]
    store.apply(
        [
            PutFaces(
                image_id,
                FaceScan("A", tuple(face_like(who, number, left=0.1 + 0.5 * who) for who in people)),
            )
            for number, (image_id, people) in enumerate(zip(ids, shown, strict=True))
        ]
    )
    with store.people.reading() as rows:
        return [face.id for face in rows.faces_in(ids)]


@pytest.fixture
def people(store: Store, faces: list[int]) -> People:
    group_faces(store.people, "A", THRESHOLDS, clock=lambda: NOW)
    return People(store.people, lambda: NOW)


def owners(store: Store, faces: list[int]) -> list[int | None]:
    with store.people.reading() as rows:
        return [face.person_id for face in rows.faces(faces)]


def everything(store: Store) -> tuple[Any, ...]:
    with store.people.reading() as rows:
        persons = rows.persons()
        held = rows.faces_of([each.id for each in persons]), rows.nobodys_faces(), rows.decisions()
        return persons, *held


class TestGrouping:
    def test_groups_are_made(self, store: Store, people: People, faces: list[int]) -> None:
        anna, ben = people.summaries()
        assert (anna.person.name, anna.faces, ben.faces) == (None, 4, 3)
        held = owners(store, faces)
        assert held[0] == held[1] == held[2] == held[6]
        assert held[3] == held[4] == held[5] != held[0]

    def test_a_second_run_changes_nothing(self, store: Store, people: People, faces: list[int]) -> None:
        before = everything(store)
        report = group_faces(store.people, "A", THRESHOLDS)
        assert (report.joined, report.new_groups) == (0, 0)
        assert everything(store) == before

    def test_new_faces_join_who_is_known(self, store: Store, people: People, faces: list[int]) -> None:
        anna = people.summaries()[0].person.id
        people.change(anna, PersonChange(name="Anna"))
        store.apply([put("/new.jpg")])
        new = store.asset_by_path("/new.jpg")
        assert new is not None
        store.apply([PutFaces(new.id, FaceScan("A", (face_like(0, 9),)))])
        assert group_faces(store.people, "A", THRESHOLDS).joined == 1
        assert [face.person_id for face in people.faces_in(new.id)] == [anna]

    def test_the_users_word_outlives_everything(self, store: Store, people: People, faces: list[int]) -> None:
        ben = people.assign([faces[0]], name="Ben").person.id
        anna = people.create("Anna", [faces[1]]).person.id
        people.verify(anna, [faces[6]], right=False)
        for _ in range(2):
            group_faces(store.people, "A", THRESHOLDS, anew=True)
            held = owners(store, faces)
            assert held[0] == ben, "though it looks like Anna"
            assert held[1] == anna
            assert held[6] != anna
            assert {each.name for each in people.names()} == {"Anna", "Ben"}

    def test_another_model_keeps_names(self, store: Store, people: People, faces: list[int]) -> None:
        anna = people.summaries()[0].person.id
        people.change(anna, PersonChange(name="Anna"))
        with store.people.reading() as rows:
            images = [face.image_id for face in rows.faces(faces)]
        for number, (face_id, image_id) in enumerate(zip(faces, images, strict=True)):
            if images.count(image_id) == 1:
                who = 0 if owners(store, [face_id]) == [anna] else 1
                found = face_like(who + 2, number, left=0.1 + 0.5 * who)
                store.apply([PutFaces(image_id, FaceScan("B", (found,)))])
        group_faces(store.people, "B", THRESHOLDS, anew=True)
        held = owners(store, faces)
        assert held[0] == held[1] == held[6] == anna
        assert people.names()[0].name == "Anna"

    def test_strangers_are_left_out(self, store: Store, people: People, faces: list[int]) -> None:
        people.ignore(faces[3:6])
        group_faces(store.people, "A", THRESHOLDS, anew=True)
        assert owners(store, faces)[3:6] == [None] * 3
        assert people.unknown() == []

    def test_faces_of_poor_quality_make_no_group(self, store: Store, people: People, faces: list[int]) -> None:
        group_faces(store.people, "A", replace(THRESHOLDS, quality=0.99), anew=True)
        assert owners(store, faces) == [None] * 7


class TestNaming:
    def test_create_and_find(self, people: People, faces: list[int]) -> None:
        anna = people.create("  Anna \n Maria ", faces[:1])
        assert (anna.person.name, anna.faces, anna.verified) == ("Anna Maria", 1, 1)
        assert people.find("anna maria") == people.find(f"#{anna.person.id}") == anna
        with pytest.raises(PersonNotFoundError, match="There are: Anna Maria"):
            people.find("Ben")
        with pytest.raises(PersonExistsError, match="Merge"):
            people.create("ANNA MARIA")

    def test_change(self, store: Store, people: People, faces: list[int]) -> None:
        anna = people.summaries()[0].person.id
        cover = people.faces_of(anna)[0].id
        changed = people.change(
            anna,
            PersonChange(
                "Anna", hidden=True, favourite=True, notes="aunt", birth_date=date(1990, 1, 2), cover_face=cover
            ),
        ).person
        assert (changed.name, changed.hidden, changed.favourite, changed.notes) == ("Anna", True, True, "aunt")
        assert (changed.birth_date, changed.cover_face) == (date(1990, 1, 2), cover)
        assert people.names() == [], "the hidden are not suggested"
        assert [each.person.id for each in people.summaries(hidden=True)] == [anna]
        cleared = people.change(anna, PersonChange(clear=frozenset({"name", "birth_date", "cover_face"}))).person
        assert (cleared.name, cleared.birth_date, cleared.cover_face, cleared.notes) == (None, None, None, "aunt")

    def test_the_order_of_people(self, people: People) -> None:
        first, second = (each.person.id for each in people.summaries())
        people.change(second, PersonChange(name="Ben"))
        assert [each.person.id for each in people.summaries()] == [second, first], "the named first"
        people.change(first, PersonChange(favourite=True))
        assert [each.person.id for each in people.summaries()] == [first, second]

    def test_companions_and_images(self, people: People) -> None:
        anna, ben = (each.person.id for each in people.summaries())
        assert [(who.id, count) for who, count in people.companions(anna)] == [(ben, 1)]
        assert len(people.images_of(anna)) == 4


class TestMergeAndSplit:
    def test_merge_keeps_the_name_there_is(self, store: Store, people: People, faces: list[int]) -> None:
        big, small = (each.person.id for each in people.summaries())
        people.change(small, PersonChange(name="Anna"))
        merged = people.merge(big, [small])
        assert (merged.person.name, merged.faces) == ("Anna", 6)
        assert None in owners(store, faces), "of two faces in one photo one is somebody else"
        group_faces(store.people, "A", THRESHOLDS, anew=True)
        assert owners(store, faces)[0] == owners(store, faces)[5] == big, "a merge is the user's word"

    def test_two_confirmed_faces_of_one_photo_cannot_be_one_person(self, people: People, faces: list[int]) -> None:
        anna, ben = people.create("Anna", [faces[2]]).person.id, people.create("Ben", [faces[3]]).person.id
        for refused in (
            lambda: people.merge(anna, [ben]),
            lambda: people.assign([faces[3]], person_id=anna),
        ):
            with pytest.raises(UsageError, match="photo"):
                refused()

    def test_a_guess_in_the_same_photo_yields_to_the_users_word(
        self, store: Store, people: People, faces: list[int]
    ) -> None:
        anna = people.summaries()[0].person.id
        people.assign([faces[3]], person_id=anna)
        assert owners(store, faces)[2:4] == [None, anna]

    def test_split(self, store: Store, people: People, faces: list[int]) -> None:
        anna = people.summaries()[0].person.id
        with pytest.raises(UsageError, match="not of person"):
            people.split(anna, [faces[4]])
        other = people.split(anna, faces[:2], "Clara")
        assert (other.person.name, other.faces) == ("Clara", 2)
        group_faces(store.people, "A", THRESHOLDS, anew=True)
        held = owners(store, faces)
        assert held[0] == held[1] == other.person.id


class TestWrongUse:
    def test_nothing_changes(self, store: Store, people: People, faces: list[int]) -> None:
        anna = people.create("Anna", faces[:1]).person.id
        before = everything(store)
        wrong: list[tuple[type[SmartsearchError], Callable[[], object]]] = [
            (PersonNotFoundError, lambda: people.summary(999)),
            (PersonNotFoundError, lambda: people.merge(999, [anna])),
            (PersonNotFoundError, lambda: people.merge(anna, [999])),
            (UsageError, lambda: people.merge(anna, [anna])),
            (UsageError, lambda: people.merge(anna, [])),
            (PersonNotFoundError, lambda: people.assign(faces[:1], person_id=999)),
            (FaceNotFoundError, lambda: people.assign([faces[1], 999], name="New")),
            (FaceNotFoundError, lambda: people.unassign([999])),
            (FaceNotFoundError, lambda: people.ignore([999])),
            (FaceNotFoundError, lambda: people.face(999)),
            (FaceNotFoundError, lambda: people.thumbnail(999)),
            (PersonNotFoundError, lambda: people.verify(999, faces[:1])),
            (PersonNotFoundError, lambda: people.ungroup(999)),
            (UsageError, lambda: people.split(anna, [])),
            (UsageError, lambda: people.create("")),
            (UsageError, lambda: people.create("#1")),
            (UsageError, lambda: people.create("x" * 201)),
            (UsageError, lambda: people.create("a\x07b")),
            (UsageError, lambda: people.change(anna, PersonChange(cover_face=faces[1]))),
            (UsageError, lambda: people.change(anna, PersonChange(notes="x" * 10_001))),
            (AssetNotFoundError, lambda: people.draw(999, Box(0, 0, 1, 1), "New")),
        ]
        for kind, call in wrong:
            with pytest.raises(kind):
                call()
        assert everything(store) == before
        assert [event.kind for event in people.history()] == ["create"]


class TestUndo:
    def test_every_operation_can_be_undone(self, store: Store, people: People, faces: list[int]) -> None:
        big, small = (each.person.id for each in people.summaries())
        image = people.face(faces[0]).image_id
        operations: list[Callable[[], object]] = [
            lambda: people.create("Anna", faces[:2]),
            lambda: people.change(big, PersonChange(name="Berta", birth_date=date(2000, 1, 1), favourite=True)),
            lambda: people.merge(big, [small]),
            lambda: people.merge(small, [big]),
            lambda: people.split(big, faces[:1], "Clara"),
            lambda: people.assign(faces[3:5], name="Dora"),
            lambda: people.unassign(faces[:1]),
            lambda: people.verify(big, faces[:1]),
            lambda: people.verify(big, faces[:1], right=False),
            lambda: people.ignore(faces[:3]),
            lambda: people.ungroup(big),
            lambda: people.draw(image, Box(0.8, 0.8, 0.1, 0.1), "Emil"),
        ]
        for operation in operations:
            before = everything(store)
            operation()
            assert everything(store) != before
            assert people.undo().kind == people.history(1)[0].kind
            assert everything(store) == before
        with pytest.raises(UsageError, match="nothing to undo"):
            people.undo()

    def test_back_to_the_first(self, store: Store, people: People, faces: list[int]) -> None:
        before = everything(store)
        anna = people.create("Anna", faces[:1]).person.id
        people.assign(faces[1:2], person_id=anna)
        people.change(anna, PersonChange(name="Anne"))
        people.ungroup(anna)
        for _ in range(4):
            people.undo()
        assert everything(store) == before
        assert all(event.undone for event in people.history())

    def test_what_is_gone_meanwhile_does_not_stop_it(self, store: Store, people: People, faces: list[int]) -> None:
        people.create("Anna", faces[:2])
        store.forget([people.face(faces[0]).image_id])
        people.undo()
        assert people.names() == []


class TestReview:
    def test_what_settles_most_comes_first(self, store: Store, people: People) -> None:
        first, second = questions(store.people)
        assert (first.kind, first.settles, second.settles, first.person) == ("who", 4, 3, None)
        assert first.group is not None
        assert len(questions(store.people, 1)) == 1

    def test_lookalikes_are_asked_about(self, store: Store, people: People, faces: list[int]) -> None:
        anna = people.summaries()[0].person.id
        people.change(anna, PersonChange(name="Anna"))
        store.apply([put("/doubt.jpg")])
        asset = store.asset_by_path("/doubt.jpg")
        assert asset is not None
        store.apply([PutFaces(asset.id, FaceScan("A", (face_like(0, 11, alike=0.45),)))])
        group_faces(store.people, "A", THRESHOLDS)
        [asked] = [each for each in questions(store.people) if each.kind == "is_this"]
        assert asked.person is not None
        assert (asked.person.person.id, asked.group, asked.settles) == (anna, None, 1)
        assert 0.5 < asked.confidence < 0.9
        [suggested] = suggestions(store.people, asked.face_ids[0], "A", THRESHOLDS)
        assert suggested.person.person.id == anna
        people.verify(anna, asked.face_ids, right=False)
        assert [each.kind for each in questions(store.people)] == ["who"]
        assert suggestions(store.people, asked.face_ids[0], "A", THRESHOLDS) == []
        group_faces(store.people, "A", THRESHOLDS)
        assert [each.kind for each in questions(store.people)] == ["who"], "a no is for good"

    @pytest.mark.parametrize(("born", "asked"), [(date(2011, 1, 1), True), (date(1970, 1, 1), False)])
    def test_a_child_of_years_later_is_asked_about(self, store: Store, people: People, born: date, asked: bool) -> None:
        """Alike enough for a grown-up; not for somebody who was one year old, and then nine."""
        shown = ((2012, 0, 0.98), (2012, 1, 0.98), (2020, 2, 0.58), (2020, 3, 0.58))
        for year, variant, alike in shown:
            path = f"/{year}-{variant}.jpg"
            store.apply([put(path, metadata=Metadata(taken_at=datetime(year, 6, 1)))])
            face = face_like(2, variant, alike=alike)
            if year == 2020:  # alike each other, and the child somewhat
                face.vector[8 + 2 * 7 + variant], face.vector[60] = 0.1, np.sqrt(1 - alike**2 - 0.01)
            store.apply([PutFaces(id_of(store, path), FaceScan("A", (face,)))])
        group_faces(store.people, "A", Thresholds(0.6, 0.6, 0.3))
        child = people.faces_in(id_of(store, "/2012-0.jpg"))[0].person_id
        assert child is not None
        people.change(child, PersonChange(name="Anna", birth_date=born))
        group_faces(store.people, "A", Thresholds(0.55, 0.55, 0.3))
        about = [each.settles for each in questions(store.people) if each.kind == "is_this"]
        assert about == ([2] if asked else [])
        assert people.find("Anna").faces == (2 if asked else 4)

    def test_unknown_faces_suggest_nobody(self, store: Store, people: People) -> None:
        assert suggestions(store.people, 999, "A", THRESHOLDS) == []

    def test_erasing_a_person_forgets_what_was_done(self, store: Store, people: People, faces: list[int]) -> None:
        anna = people.create("Anna", faces[:1]).person.id
        people.create("Ben", faces[3:4])
        store.people.erase(anna)
        assert [event.kind for event in people.history()] == ["create"]
        with store.people.writing() as rows:
            rows.put_person(person("Anna"))
            rows.regroup([Grouping(faces[1], None)])
