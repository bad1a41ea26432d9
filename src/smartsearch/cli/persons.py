"""`smartsearch persons`: who there is, and what you say about it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smartsearch.cli.audit import about
from smartsearch.cli.options import JsonOption, LibraryOption, echo_json, open_library

if TYPE_CHECKING:
    from smartsearch.core.people import PersonSummary
    from smartsearch.library import Library

app = typer.Typer(
    help="People: list, show, name, merge, split, search; every change can be undone.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Who = Annotated[str, typer.Argument(metavar="NAME", help="A name, whatever its case, or #ID.")]
FacesOption = Annotated[list[int] | None, typer.Option("--faces", "-f", help="A face's id; repeat for several.")]


@app.command("list")
def list_persons(
    context: typer.Context,
    hidden: Annotated[bool, typer.Option("--hidden", help="The hidden ones instead.")] = False,
    named: Annotated[bool, typer.Option("--named", help="Only those with a name.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Everybody: favourites first, then the named, then by number of photos."""
    with open_library(context, library, read_only=True) as opened:
        found = [each for each in opened.people.summaries(hidden=hidden) if each.person.name or not named]
    if as_json:
        echo_json({"persons": [_row(each) for each in found]})
        return
    _table(found)


@app.command("show")
def show(context: typer.Context, who: Who, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """One person: counts, first and last photo, with whom, by year."""
    with open_library(context, library, read_only=True) as opened:
        summary = opened.people.find(who)
        facts = _facts(opened, summary)
    if as_json:
        echo_json(facts)
        return
    for key, value in facts.items():
        if value not in (None, "", [], {}):
            typer.echo(f"{key.replace('_', ' '):14} {_shown(value)}")


@app.command("stats")
def stats(context: typer.Context, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """How many faces and people there are, and how many of them you have named and confirmed."""
    with open_library(context, library, read_only=True) as opened:
        status = opened.faces.status()
        people = opened.people.summaries(hidden=None)
    facts = {
        "images looked at": status.images,
        "images waiting": status.waiting,
        "faces": status.faces,
        "persons": status.persons,
        "named": sum(each.person.name is not None for each in people),
        "faces of named persons": sum(each.faces for each in people if each.person.name is not None),
        "confirmed faces": sum(each.verified for each in people),
    }
    if as_json:
        echo_json({key.replace(" ", "_"): value for key, value in facts.items()})
        return
    for key, value in facts.items():
        typer.echo(f"{key:24} {value:,}")


@app.command("search")
def search(
    context: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="NAMES", help="Everybody who must be in the photo.")],
    without: Annotated[list[str] | None, typer.Option("--without", help="Nobody of these.")] = None,
    library: LibraryOption = None,
) -> None:
    """Paths of the photos with these people, newest first. `query "person:Anna ..."` ranks by words too."""
    from smartsearch.cli.render import printable
    from smartsearch.core.query import And, HasPerson, Not, Query, Shown

    with open_library(context, library, read_only=True) as opened:
        wanted: list[Query] = [HasPerson(opened.people.find(name).person.id) for name in names]
        unwanted: list[Query] = [Not(HasPerson(opened.people.find(name).person.id)) for name in without or ()]
        ids = opened.store.select(And((Shown(), *wanted, *unwanted)), order="taken_at", descending=True)
        for asset in opened.store.assets(ids):
            typer.echo(printable(asset.path))


@app.command("create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Option("--name", help="What they are called.")],
    faces: FacesOption = None,
    library: LibraryOption = None,
) -> None:
    """Name somebody new, with these faces."""
    with open_library(context, library) as opened:
        made = opened.people.create(name, faces or ())
        about(context, person=made.person.id)
        typer.echo(_line(made))


@app.command("rename")
def rename(
    context: typer.Context,
    who: Who,
    name: Annotated[str, typer.Argument(metavar="NEW", help="The new name.")],
    library: LibraryOption = None,
) -> None:
    """Give a person, or a group (#ID), a name."""
    from smartsearch.people.directory import PersonChange

    with open_library(context, library) as opened:
        person = opened.people.find(who).person
        about(context, person=person.id)
        typer.echo(_line(opened.people.change(person.id, PersonChange(name=name))))


@app.command("edit")
def edit(
    context: typer.Context,
    who: Who,
    birth_date: Annotated[datetime | None, typer.Option("--born", formats=["%Y-%m-%d"], help="2001-12-31.")] = None,
    notes: Annotated[str | None, typer.Option("--notes")] = None,
    favourite: Annotated[bool | None, typer.Option("--favourite/--no-favourite")] = None,
    hidden: Annotated[bool | None, typer.Option("--hide/--show", help="Leave out of lists and suggestions.")] = None,
    cover: Annotated[int | None, typer.Option("--cover", help="The face to show; its id.")] = None,
    library: LibraryOption = None,
) -> None:
    """Birth date, notes, favourite, hidden, cover."""
    from smartsearch.people.directory import PersonChange

    born = None if birth_date is None else birth_date.date()
    with open_library(context, library) as opened:
        person = opened.people.find(who).person
        about(context, person=person.id)
        change = PersonChange(None, hidden, favourite, notes, born, cover)
        typer.echo(_line(opened.people.change(person.id, change)))


@app.command("merge")
def merge(
    context: typer.Context,
    who: Who,
    others: Annotated[list[str], typer.Argument(metavar="OTHERS", help="Who is the same person; names or #ID.")],
    library: LibraryOption = None,
) -> None:
    """The others are this person too."""
    with open_library(context, library) as opened:
        person = opened.people.find(who).person.id
        about(context, person=person)
        typer.echo(_line(opened.people.merge(person, [opened.people.find(other).person.id for other in others])))


@app.command("split")
def split(
    context: typer.Context,
    who: Who,
    faces: Annotated[list[int], typer.Option("--faces", "-f", help="A face's id; repeat for several.")],
    name: Annotated[str | None, typer.Option("--name", help="Who these faces are.")] = None,
    library: LibraryOption = None,
) -> None:
    """These faces are somebody else."""
    with open_library(context, library) as opened:
        person = opened.people.find(who).person.id
        about(context, person=person)
        typer.echo(_line(opened.people.split(person, faces, name)))


@app.command("undo")
def undo(context: typer.Context, library: LibraryOption = None) -> None:
    """Take the last change of people back; again and again, back to the first."""
    with open_library(context, library) as opened:
        event = opened.people.undo()
    typer.echo(f"Taken back: {event.kind} of {event.at:%Y-%m-%d %H:%M} UTC.")


@app.command("history")
def history(context: typer.Context, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """What was done, newest first."""
    with open_library(context, library, read_only=True) as opened:
        events = opened.people.history(200)
    rows = [{"at": each.at, "kind": each.kind, "undone": each.undone, "detail": dict(each.detail)} for each in events]
    if as_json:
        echo_json({"events": rows})
        return
    for row in rows:
        typer.echo(
            f"{row['at']:%Y-%m-%d %H:%M}  {row['kind']}{' (taken back)' if row['undone'] else ''}  {row['detail']}"
        )


@app.command("export")
def export(
    context: typer.Context,
    destination: Annotated[Path, typer.Argument(help="A folder for XMP sidecars, or a new file ending in .json.")],
    library: LibraryOption = None,
) -> None:
    """Write names and faces as XMP sidecars (MWG regions) below a folder, or as one JSON file. Never beside photos."""
    from smartsearch.people.exchange import export_json, export_sidecars

    with open_library(context, library, read_only=True) as opened:
        write = export_json if destination.suffix.lower() == ".json" else export_sidecars
        report = write(opened.store, opened.people, destination)
    typer.echo(f"{report.faces:,} faces of {report.persons:,} persons in {report.images:,} photos: {destination}")


@app.command("import")
def import_people(
    context: typer.Context,
    source: Annotated[
        Path | None,
        typer.Argument(help="What `export` wrote. Without: the XMP sidecars beside your photos.", show_default=False),
    ] = None,
    library: LibraryOption = None,
) -> None:
    """Take over names from XMP sidecars or a JSON file. What you said yourself goes first; `undo` takes it back."""
    from smartsearch.core.errors import PathNotFoundError
    from smartsearch.people.exchange import import_json, import_sidecars

    if source is not None and not source.exists():
        raise PathNotFoundError(f"There is no {source}.")
    with open_library(context, library) as opened:
        if source is not None and source.is_file():
            report = import_json(opened.store, opened.people, source)
        else:
            report = import_sidecars(opened.store, opened.people, source)
    typer.echo(
        f"{report.named:,} faces named, {report.drawn:,} that were not found before, {report.persons:,} new persons;"
        f" {report.refused:,} refused, because you said otherwise."
    )


def _row(summary: PersonSummary) -> dict[str, Any]:
    person = summary.person
    return {
        "id": person.id,
        "name": person.name,
        "faces": summary.faces,
        "images": summary.images,
        "verified": summary.verified,
        "first_seen": summary.first_seen,
        "last_seen": summary.last_seen,
        "favourite": person.favourite,
        "hidden": person.hidden,
        "birth_date": person.birth_date,
        "notes": person.notes,
    }


def _facts(library: Library, summary: PersonSummary) -> dict[str, Any]:
    person_id = summary.person.id
    years: dict[str, int] = {}
    for _, moment in library.people.images_of(person_id):
        years[str(moment.year)] = years.get(str(moment.year), 0) + 1
    together = [
        {"id": other.id, "name": other.name, "images": count}
        for other, count in library.people.companions(person_id)[:10]
    ]
    return {**_row(summary), "with": together, "years": years}


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, list):
        return ", ".join(f"{each['name'] or '#' + str(each['id'])} ({each['images']})" for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {count}" for key, count in value.items())
    return str(value)


def _line(summary: PersonSummary) -> str:
    return (
        f"{summary.person.name or '(no name)'} #{summary.person.id}: {summary.faces} faces in {summary.images} photos"
    )


def _table(found: list[PersonSummary]) -> None:
    from rich.table import Table

    from smartsearch.cli.render import console

    table = Table(box=None, pad_edge=False)
    for heading in ("#", "name", "photos", "faces", "confirmed", "first", "last"):
        table.add_column(heading)
    for each in found:
        name = ("* " if each.person.favourite else "") + (each.person.name or "")
        seen = [f"{moment:%Y-%m-%d}" if moment else "" for moment in (each.first_seen, each.last_seen)]
        counts = (str(each.images), str(each.faces), str(each.verified))
        table.add_row(str(each.person.id), name, *counts, *seen)
    console().print(table)
