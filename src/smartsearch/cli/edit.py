"""`smartsearch edit`: rating, hiding, tags and albums of all photos that answer a query, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smartsearch.cli.audit import about
from smartsearch.cli.facets import answering
from smartsearch.cli.index import counted
from smartsearch.cli.options import JsonOption, LibraryOption, echo_json, open_library

if TYPE_CHECKING:
    from smartsearch.core.edits import Edit, Edited
    from smartsearch.library import Library

AT_ONCE = 10_000
"""Images of one edit: what the API takes, so that it takes what this command wrote to undo."""
Rating = Annotated[
    str | None, typer.Option("--rating", metavar="N", help="0 to 5, -1 for rejected; `file`: the file's own again.")
]


def register(app: typer.Typer) -> None:
    example = 'smartsearch edit "in:Lisbon rating:>=4" --add-tag best --add-to Favourites'
    app.command("edit", epilog=f"Example: {example}; take it back: smartsearch edit --undo undo.json")(edit)


def edit(
    context: typer.Context,
    text: Annotated[list[str] | None, typer.Argument(help="As in `smartsearch query`; must not be empty.")] = None,
    rating: Rating = None,
    hide: Annotated[bool | None, typer.Option("--hide/--show", help="Leave out of searches, or no longer.")] = None,
    add_tag: Annotated[list[str] | None, typer.Option("--add-tag", help="Repeatable.")] = None,
    remove_tag: Annotated[
        list[str] | None, typer.Option("--remove-tag", help="Yours go, automatic ones do not come back; repeatable.")
    ] = None,
    add_to: Annotated[list[str] | None, typer.Option("--add-to", metavar="ALBUM", help="Made if not there.")] = None,
    remove_from: Annotated[list[str] | None, typer.Option("--remove-from", metavar="ALBUM")] = None,
    hidden: Annotated[bool, typer.Option("--hidden", help="Among the hidden photos, to show them again.")] = False,
    undo: Annotated[Path | None, typer.Option("--undo", metavar="FILE", help="Take back what this file says.")] = None,
    keep_undo: Annotated[
        Path | None, typer.Option("--keep-undo", metavar="FILE", help="Write what takes it back to this new file.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many photos it would be.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Change all photos that answer a query: all of it or nothing. Asks first; the files stay as they are.

    What takes it back is written by --keep-undo and by --json (`undo`), in the form that the API takes and gives.
    """
    if keep_undo is not None and keep_undo.exists():
        raise typer.BadParameter("this file is there already", param_hint="--keep-undo")
    with open_library(context, library, read_only=dry_run) as opened:
        if undo is not None:
            done = _made(context, opened, _read_undo(undo))
            _tell(done, keep_undo, as_json)
            return
        said = " ".join(text or ())
        if not said.strip():
            raise typer.BadParameter("say which photos; `name:*` are all", param_hint="QUERY")
        change = _change(rating, hide, add_tag, remove_tag)
        if change is None and not (add_to or remove_from):
            raise typer.BadParameter("there is nothing to change, see --help")
        ids = opened.store.select(answering(opened, said, hidden))
        if dry_run or not ids:
            _tell_count(len(ids), dry_run, as_json)
            return
        if not (yes or as_json):
            typer.confirm(f"Change {counted(len(ids), 'images')}?", abort=True)
        left = [_album(opened, name, make=False) for name in remove_from or ()]
        known = {name: _album(opened, name, make=True) for name in add_to or ()}
        albums = [opened.albums.add(name).album.id if album is None else album for name, album in known.items()]
        done = _made(context, opened, _edits(ids, change, albums, [album for album in left if album is not None]))
        _tell(done, keep_undo, as_json)


def _made(context: typer.Context, opened: Library, edits: Sequence[Edit]) -> Edited:
    about(context, sorted({asset_id for edit in edits for asset_id in edit.ids}))
    return opened.store.edit(edits)


def _change(
    rating: str | None, hide: bool | None, add: Sequence[str] | None, remove: Sequence[str] | None
) -> dict[str, Any] | None:
    """The fields of an edit that the options name."""
    fields: dict[str, Any] = {}
    if rating is not None:
        if rating not in ("file", *map(str, range(-1, 6))):
            raise typer.BadParameter("-1 to 5, or file", param_hint="--rating")
        fields["rating"] = None if rating == "file" else int(rating)
    if hide is not None:
        fields["hidden"] = hide
    for option, field, names in (("--add-tag", "add_tags", add), ("--remove-tag", "remove_tags", remove)):
        if names:
            if any(not name.strip() for name in names):
                raise typer.BadParameter("a tag has a name", param_hint=option)
            fields[field] = tuple(names)
    return fields or None


def _edits(ids: Sequence[int], change: dict[str, Any] | None, albums: Sequence[int], left: Sequence[int]) -> list[Edit]:
    from smartsearch.core.edits import Edit

    return [
        Edit(tuple(ids[start : start + AT_ONCE]), **(change or {}), add_to=tuple(albums), remove_from=tuple(left))
        for start in range(0, len(ids), AT_ONCE)
    ]


def _album(library: Library, name: str, *, make: bool) -> int | None:
    """The id of an album, None if it is to be made. AlbumNotFoundError, SmartAlbumError."""
    from smartsearch.core.errors import AlbumNotFoundError, SmartAlbumError

    try:
        album = library.albums.find(name)
    except AlbumNotFoundError:
        if not make:
            raise
        return None
    if album.query is not None:
        raise SmartAlbumError(f"{name!r} is a smart album: it holds what answers its query.")
    return album.id


def _read_undo(path: Path) -> list[Edit]:
    """UsageError for a file that is not what --keep-undo wrote."""
    from pydantic import TypeAdapter, ValidationError

    from smartsearch.api.routes.edits import Edit as Written
    from smartsearch.core.errors import UsageError

    try:
        edits = TypeAdapter(list[Written]).validate_python(json.loads(path.read_text("utf-8"))["edits"])
    except OSError as error:
        raise UsageError(f"Cannot read {path}: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise UsageError(f"{path} is no file of --keep-undo.") from error
    return [edit.to_edit() for edit in edits]


def _as_json(edits: Sequence[Edit]) -> list[dict[str, Any]]:
    from smartsearch.api.routes.edits import Edit as Written

    return [Written.of(edit).model_dump(mode="json", exclude_unset=True) for edit in edits]


def _tell_count(count: int, dry_run: bool, as_json: bool) -> None:
    if as_json:
        echo_json({"images": count, "undo": [], **({"dry_run": True} if dry_run else {})})
    elif dry_run:
        typer.echo(f"{counted(count, 'images')} would be changed.")
    else:
        typer.echo("No photo matches.")


def _tell(done: Edited, keep_undo: Path | None, as_json: bool) -> None:
    if keep_undo is not None:
        try:
            with keep_undo.open("x", encoding="utf-8") as target:
                json.dump({"edits": _as_json(done.undo)}, target)
        except OSError as error:  # it is done: what takes it back must not be lost
            typer.echo(f"Cannot write {keep_undo}: {error.strerror}. What takes it back:", err=True)
            typer.echo(json.dumps({"edits": _as_json(done.undo)}), err=True)
    if as_json:
        echo_json({"images": done.images, "undo": _as_json(done.undo)})
        return
    changed = len({asset_id for edit in done.undo for asset_id in edit.ids})
    typer.echo(f"{counted(done.images, 'images')}, {changed:,} changed.")
