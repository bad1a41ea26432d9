"""`smartsearch faces`: consent, looking for faces, grouping, reviewing, erasing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smartsearch.cli.audit import about, note
from smartsearch.cli.options import JsonOption, LibraryOption, echo_json, open_library
from smartsearch.cli.progress import progress_bar

if TYPE_CHECKING:
    from smartsearch.core.people import Face
    from smartsearch.library import Library
    from smartsearch.people.review import Question

app = typer.Typer(
    help="Faces: consent, find, group, review, assign, erase.", no_args_is_help=True, rich_markup_mode=None
)
FaceIds = Annotated[list[int], typer.Argument(metavar="FACES", help="Ids of faces.")]


@app.command("consent")
def consent(
    context: typer.Context,
    yes: Annotated[bool | None, typer.Option("--yes/--no", help="Look for faces from now on, or no longer.")] = None,
    library: LibraryOption = None,
) -> None:
    """Whether faces are looked for in this library. Off until you say yes once; nothing ever leaves this machine."""
    with open_library(context, library, read_only=yes is None) as opened:
        if yes is not None:
            opened.faces.set_enabled(yes)
        status = opened.faces.status()
    if status.enabled:
        typer.echo(
            f"Faces are looked for, by {status.model}. {status.waiting:,} photos wait for `smartsearch faces scan`."
        )
    else:
        typer.echo(f"Faces are not looked for. {status.faces:,} are known; `smartsearch faces erase` deletes them.")


@app.command("scan")
def scan(context: typer.Context, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """Look for faces in every photo not looked at yet, then group them. `index` does it for new photos by itself."""
    with open_library(context, library) as opened, progress_bar("faces") as show:
        report = opened.faces.scan(progress=show)
    progress = report.progress
    if as_json:
        echo_json({"state": report.state, "images": progress.done, "faces": progress.found, "errors": progress.errors})
        return
    typer.echo(
        f"{'Done' if report.state == 'done' else 'Stopped'}: {progress.found:,} faces in {progress.done:,} photos,"
        f" {progress.errors:,} photos could not be looked at."
    )


@app.command("cluster")
def cluster(
    context: typer.Context,
    review: Annotated[bool, typer.Option("--review", help="Then ask about what is doubtful, one by one.")] = False,
    anew: Annotated[bool, typer.Option("--all", help="Also what was grouped before; your own word stays.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Group the faces into people."""
    with open_library(context, library) as opened:
        report = opened.faces.group(anew=anew)
        questions = opened.faces.questions(50)
        if as_json:
            echo_json(
                {
                    "faces": report.faces,
                    "assigned": report.assigned,
                    "persons": report.groups,
                    "new": report.new_groups,
                    "questions": [_question(each) for each in questions],
                }
            )
            return
        typer.echo(
            f"{report.assigned:,} of {report.faces:,} faces belong to {report.groups:,} persons,"
            f" {report.new_groups:,} of them new."
        )
        if review:
            _review(opened, questions)


@app.command("unknown")
def unknown(
    context: typer.Context,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1)] = 20,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Faces that are nobody's, the best first."""
    with open_library(context, library, read_only=True) as opened:
        rows = _rows(opened, opened.people.unknown(limit))
    if as_json:
        echo_json({"faces": rows})
        return
    for row in rows:
        typer.echo(f"{row['id']:>8}  {row['path']}")


@app.command("show")
def show(
    context: typer.Context,
    photo: Annotated[Path, typer.Argument(help="An indexed photo.")],
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """The faces in a photo: id, whose, and where (fractions of the upright picture)."""
    with open_library(context, library, read_only=True) as opened:
        asset = opened.asset_at(photo)
        rows = _rows(opened, opened.people.faces_in(asset.id))
    if as_json:
        echo_json({"faces": rows})
        return
    for row in rows:
        place = " ".join(f"{value:.2f}" for value in row["box"])
        who = row["name"] or (f"#{row['person']}" if row["person"] else "?")
        age = "" if row["age"] is None else f", {row['age']}"
        typer.echo(f"{row['id']:>8}  {who + age:24} {place}")


@app.command("verify")
def verify(
    context: typer.Context,
    faces: FaceIds,
    person: Annotated[str, typer.Option("--person", help="A name or #ID.")],
    right: Annotated[bool, typer.Option("--right/--wrong", help="Whether they are this person.")] = True,
    library: LibraryOption = None,
) -> None:
    """Confirm that faces are somebody, or that they are not. It holds for good."""
    with open_library(context, library) as opened:
        person_id = opened.people.find(person).person.id
        about(context, person=person_id)
        summary = opened.people.verify(person_id, faces, right=right)
    typer.echo(f"{summary.person.name or '#' + str(summary.person.id)}: {summary.verified} confirmed faces")


@app.command("assign")
def assign(
    context: typer.Context,
    faces: FaceIds,
    to: Annotated[str, typer.Option("--to", help="A name, which makes a new person if nobody has it, or #ID.")],
    library: LibraryOption = None,
) -> None:
    """Say whose faces these are."""
    with open_library(context, library) as opened:
        if to.startswith("#"):
            summary = opened.people.assign(faces, person_id=opened.people.find(to).person.id)
        else:
            summary = opened.people.assign(faces, name=to)
        about(context, person=summary.person.id)
    typer.echo(f"{summary.person.name or '#' + str(summary.person.id)}: {summary.faces} faces")


@app.command("unassign")
def unassign(context: typer.Context, faces: FaceIds, library: LibraryOption = None) -> None:
    """These faces are not who they were taken for."""
    with open_library(context, library) as opened:
        opened.people.unassign(faces)


@app.command("ignore")
def ignore(
    context: typer.Context,
    faces: FaceIds,
    undo: Annotated[bool, typer.Option("--undo", help="No longer.")] = False,
    library: LibraryOption = None,
) -> None:
    """Strangers: left out of groups and questions."""
    with open_library(context, library) as opened:
        opened.people.ignore(faces, ignored=not undo)


@app.command("erase")
def erase(
    context: typer.Context,
    person: Annotated[str | None, typer.Option("--person", help="Only this person; a name or #ID.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    library: LibraryOption = None,
) -> None:
    """Delete all face data, or one person's, leaving no trace in any file of the library. Cannot be undone."""
    with open_library(context, library) as opened:
        person_id = None if person is None else opened.people.find(person).person.id
        what = "all faces and names" if person is None else f"every face of {person}"
        if not yes and not typer.confirm(f"Delete {what} for good?"):
            raise typer.Exit(1)
        if person_id is not None:
            about(context, person=person_id)
        erased = opened.faces.erase(person_id)
    typer.echo(f"{erased:,} faces erased." + ("" if person else " Faces are no longer looked for."))


@app.command("models")
def models(context: typer.Context, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """The models that look for faces, on this machine."""
    with open_library(context, library, create=True, read_only=True) as opened:
        found, active = opened.faces.models.installed(), opened.faces.model
        plugged = opened.faces.finders()
    rows = [
        {
            "name": each.name,
            "active": each.name == active,
            "licence": each.licence.name,
            "commercial": each.licence.commercial,
            "note": each.licence.note,
            "summary": each.summary,
        }
        for each in found
    ]
    rows += [
        {
            "name": each.name,
            "active": each.name == active,
            "licence": each.licence,
            "commercial": None,
            "note": "of a plugin",
            "summary": each.summary,
        }
        for each in plugged
    ]
    if as_json:
        echo_json({"models": rows})
        return
    for row in rows:
        typer.echo(f"{'*' if row['active'] else ' '} {row['name']:20} {row['licence']}: {row['summary']}")


@app.command("import-model")
def import_model(
    context: typer.Context,
    layout: Annotated[str, typer.Argument(help="yunet-sface, yunet-mobilefacenet or scrfd-arcface.")],
    detector: Annotated[Path, typer.Option("--detector", help="The ONNX file that finds faces.")],
    embedder: Annotated[Path, typer.Option("--embedder", help="The ONNX file that tells them apart.")],
) -> None:
    """Install a stronger model from files that you have; it is tried out first."""
    from smartsearch.config import find_places, load_settings
    from smartsearch.faces.models import FaceModels

    places = find_places()
    models = FaceModels(places.face_models, load_settings(places).runtime)
    model = models.import_files(layout, detector, embedder)
    note(context)
    typer.echo(f"{model.name}: licence {model.licence.name}. {model.licence.note}".strip(), err=True)
    typer.echo(f"{model.name} is ready: `smartsearch faces use-model {model.name}`, then `smartsearch faces scan`.")


@app.command("pull-model", epilog="Uses the network, as `models pull` does.")
def pull_model(
    context: typer.Context, layout: Annotated[str, typer.Argument(help="yunet-sface or scrfd-arcface.")]
) -> None:
    """Download a stronger model from the Hugging Face Hub; its licence is said first."""
    from smartsearch.config import find_places, load_settings
    from smartsearch.faces.models import PULLED, FaceModels
    from smartsearch.onnx.hub import Hub

    places = find_places()
    if layout in PULLED:
        licence = PULLED[layout].licence
        typer.echo(f"{layout}: licence {licence.name}. {licence.note}".strip(), err=True)
    model = FaceModels(places.face_models, load_settings(places).runtime).pull(layout, Hub())
    note(context)
    typer.echo(f"{model.name} is ready: `smartsearch faces use-model {model.name}`, then `smartsearch faces scan`.")


@app.command("use-model")
def use_model(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A model's name.")],
    library: LibraryOption = None,
) -> None:
    """Look for faces by another model from now on. Names and what you said stay."""
    with open_library(context, library) as opened:
        opened.faces.use_model(name)
        waiting = opened.faces.status().waiting
    typer.echo(f"{waiting:,} photos wait for `smartsearch faces scan`.")


def _rows(library: Library, faces: list[Face]) -> list[dict[str, Any]]:
    from smartsearch.cli.render import printable

    assets = {asset.id: asset for asset in library.store.assets(sorted({face.image_id for face in faces}))}
    with library.store.people.reading() as rows:
        persons = {person.id: person for person in rows.persons()}
    shown = [
        (face, assets[face.image_id], persons.get(face.person_id or 0)) for face in faces if face.image_id in assets
    ]
    return [
        {
            "id": face.id,
            "path": printable(asset.path),
            "person": face.person_id,
            "name": None if person is None else person.name,
            "age": None if person is None else person.age_at(asset.metadata.taken_at),
            "confidence": face.confidence,
            "verified": face.verified,
            "ignored": face.ignored,
            "box": [face.box.left, face.box.top, face.box.width, face.box.height],
        }
        for face, asset, person in shown
    ]


def _question(question: Question) -> dict[str, Any]:
    return {
        "kind": question.kind,
        "person": None if question.person is None else question.person.person.name,
        "group": None if question.group is None else question.group.person.id,
        "faces": list(question.face_ids),
        "settles": question.settles,
        "confidence": question.confidence,
    }


def _review(library: Library, questions: list[Question]) -> None:
    """Ask until there is nothing to ask, or the user has enough."""
    for question in questions:
        paths = [row["path"] for row in _rows(library, list(question.faces[:3]))]
        typer.echo("\n".join(f"  {path}" for path in paths))
        if question.kind == "is_this" and question.person is not None:
            answer = typer.prompt(
                f"Is this {question.person.person.name} ({question.confidence:.0%}, {question.settles} faces)?"
                " yes, no, skip, quit",
                default="skip",
            )
            _answer(library, question, answer)
        else:
            answer = typer.prompt(f"Who is this ({question.settles} faces)? A name, skip or quit", default="skip")
            if answer not in ("skip", "quit") and question.group is not None:
                _name_group(library, question.group.person.id, answer)
        if answer == "quit":
            return


def _answer(library: Library, question: Question, answer: str) -> None:
    assert question.person is not None
    person_id = question.person.person.id
    if answer in ("y", "yes"):
        if question.group is not None:
            library.people.merge(person_id, [question.group.person.id])
        else:
            library.people.verify(person_id, question.face_ids)
    elif answer in ("n", "no"):
        library.people.verify(person_id, question.face_ids, right=False)


def _name_group(library: Library, group_id: int, name: str) -> None:
    from smartsearch.core.errors import PersonNotFoundError
    from smartsearch.people.directory import PersonChange

    try:
        known = library.people.find(name).person.id
    except PersonNotFoundError:
        library.people.change(group_id, PersonChange(name=name))
    else:
        library.people.merge(known, [group_id])
