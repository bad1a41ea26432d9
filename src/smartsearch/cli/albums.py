"""`smartsearch albums`: those put together by hand, and smart ones that hold what answers a query."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smartsearch.cli.audit import about
from smartsearch.cli.options import JsonOption, LibraryOption, echo_json, open_library

if TYPE_CHECKING:
    from smartsearch.search.albums import AlbumView

app = typer.Typer(
    help="Albums, by hand or smart. What is in one: smartsearch query 'album:NAME'.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The album's name.")]
Photos = Annotated[list[Path] | None, typer.Argument(help="Indexed photos.")]


@app.command("list")
def list_albums(context: typer.Context, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """All albums, with how many photos each holds now."""
    with open_library(context, library, read_only=True) as opened:
        found = opened.albums.all()
    if as_json:
        echo_json({"albums": [_row(view) for view in found]})
        return
    from rich.table import Table

    from smartsearch.cli.render import console, printable

    out = console()
    if not found:
        out.print("No albums.")
        return
    table = Table("album", box=None, pad_edge=False)
    table.add_column("images", justify="right")
    table.add_column("query", overflow="fold")
    for view in found:
        said = f"{view.album.query}  ({view.problem})" if view.problem else view.album.query or ""
        table.add_row(printable(view.album.name), "?" if view.problem else f"{view.album.images:,}", printable(said))
    out.print(table)


@app.command("save", epilog='Example: smartsearch albums save "Best dogs" "dog rating:>=4"')
def save(
    context: typer.Context,
    name: Name,
    query: Annotated[str, typer.Argument(help="As in `smartsearch query`.")],
    library: LibraryOption = None,
) -> None:
    """Make a smart album of a query, or give the smart album of that name another one. It stays current by itself."""
    with open_library(context, library) as opened:
        known = {view.album.name: view.album for view in opened.albums.all()}.get(name)
        view = opened.albums.change(known.id, query=query) if known else opened.albums.add(name, query=query)
        about(context, album=view.album.id)
    _tell(view)


@app.command("add", epilog="Example: smartsearch albums add Lisbon ~/Pictures/2021/*.jpg")
def add(context: typer.Context, name: Name, photos: Photos = None, library: LibraryOption = None) -> None:
    """Put photos into an album; it is made if it is not there."""
    with open_library(context, library) as opened:
        ids = [opened.asset_at(photo).id for photo in photos or ()]
        known = {view.album.name: view.album for view in opened.albums.all()}.get(name)
        view = opened.albums.change(known.id, add=ids) if known else opened.albums.add(name, ids)
        about(context, ids, album=view.album.id)
    _tell(view)


@app.command("remove")
def remove(context: typer.Context, name: Name, photos: Photos = None, library: LibraryOption = None) -> None:
    """Take photos out of an album; they stay in the library."""
    with open_library(context, library) as opened:
        album, ids = opened.albums.find(name).id, [opened.asset_at(photo).id for photo in photos or ()]
        about(context, ids, album=album)
        view = opened.albums.change(album, remove=ids)
    _tell(view)


@app.command("rename")
def rename(
    context: typer.Context,
    name: Name,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")],
    library: LibraryOption = None,
) -> None:
    """Give an album another name."""
    with open_library(context, library) as opened:
        album = opened.albums.find(name).id
        about(context, album=album)
        opened.albums.change(album, name=new)


@app.command("delete")
def delete(context: typer.Context, name: Name, library: LibraryOption = None) -> None:
    """Delete an album. Its photos stay."""
    with open_library(context, library) as opened:
        album = opened.albums.find(name).id
        about(context, album=album)
        opened.store.remove_album(album)


@app.command("propose", epilog="Example: smartsearch albums propose --keep trip-20210605T101500-12")
def propose(
    context: typer.Context,
    keep: Annotated[list[str] | None, typer.Option("--keep", help="Make the album of this key.")] = None,
    dismiss: Annotated[list[str] | None, typer.Option("--dismiss", help="Do not propose this key again.")] = None,
    restore: Annotated[list[str] | None, typer.Option("--restore", help="Propose a dismissed key again.")] = None,
    dismissed: Annotated[bool, typer.Option("--dismissed", help="List what was dismissed.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Albums that might be made: trips, events, people, this day in other years."""
    if keep or dismiss or restore:
        with open_library(context, library) as opened:
            for key in restore or ():
                opened.proposals.restore(key)
            for key in dismiss or ():
                name = opened.proposals.dismiss(key).name
                typer.echo(f"{name} is not proposed again; --restore {key} takes that back.")
            for key in keep or ():
                _tell(opened.proposals.keep(key))
        return
    with open_library(context, library, read_only=True) as opened:
        found = opened.proposals.dismissed() if dismissed else opened.proposals.all()
    if as_json:
        fields = ("key", "kind", "name", "images", "cover", "query", "start", "end")
        echo_json({"proposals": [{name: getattr(one, name) for name in fields} for one in found]})
        return
    from rich.table import Table

    from smartsearch.cli.render import console, printable

    table = Table("album", box=None, pad_edge=False)
    table.add_column("images", justify="right")
    table.add_column("key", no_wrap=True)
    for one in found:
        table.add_row(printable(one.name), f"{one.images:,}", one.key)
    nothing = "Nothing to propose: there are too few photos, or no pauses between them."
    console().print(table if found else "Nothing was dismissed." if dismissed else nothing)


def _tell(view: AlbumView) -> None:
    from smartsearch.cli.index import counted

    typer.echo(f"{view.album.name}: {counted(view.album.images, 'images')}.")


def _row(view: AlbumView) -> dict[str, object]:
    album = view.album
    return {
        "id": album.id,
        "name": album.name,
        "images": album.images,
        "query": album.query,
        "problem": view.problem or None,
        "created_at": album.created_at,
    }
