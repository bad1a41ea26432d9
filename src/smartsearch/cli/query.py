"""`smartsearch query` and `smartsearch similar`."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smartsearch.cli import filters
from smartsearch.cli.options import LibraryOption, ModelOption, json_default, open_library

if TYPE_CHECKING:
    from smartsearch.core.assets import Asset
    from smartsearch.core.queryparse import ParsedQuery
    from smartsearch.hookspecs import Exporter
    from smartsearch.library import Library
    from smartsearch.search.explain import Evidence
    from smartsearch.search.service import SearchRequest, SearchResult


class Format(StrEnum):
    table = "table"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"
    paths = "paths"


class SortBy(StrEnum):
    relevance = "relevance"
    newest = "newest"
    oldest = "oldest"


TopOption = Annotated[int, typer.Option("--top", "-n", min=1, help="How many results at most.")]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to print the results.")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Short for --format json.")]
ExportOption = Annotated[
    Path | None,
    typer.Option(
        "--export", help="Also write the results to this .json, .jsonl or .csv file, or in a plugin's format."
    ),
]
ScoreOption = Annotated[
    float | None,
    typer.Option("--min-score", min=0, max=1, help="Least score shown; 0 shows all. Default: the model's cut-off."),
]
NullOption = Annotated[bool, typer.Option("-0", "--null", help="Print paths ended by NUL bytes, for xargs -0.")]
OpenOption = Annotated[bool, typer.Option("--open", help="Open the best result in the desktop's viewer.")]
ThumbsOption = Annotated[bool, typer.Option("--thumbnails", help="Draw small pictures in a true-colour terminal.")]

QUERY_EPILOG = (
    'Examples: smartsearch query "dog on a beach last summer without people" --top 5; '
    'smartsearch query "harbour camera:X100 rating:>=4" --sort newest; '
    'smartsearch query "sunset" --format paths -0 | xargs -0 ls -l; '
    'smartsearch query "in red" --image coat.jpg'
)

TAGS_FROM_WIDTH, TAGS_WIDTH = 100, 44
"""Columns: narrower terminals show no tags, so that paths stay readable."""


def register(app: typer.Typer) -> None:
    app.command("query", epilog=QUERY_EPILOG)(query)
    app.command("similar", epilog="Example: smartsearch similar ~/Pictures/cat.jpg --top 10")(similar)


def query(
    context: typer.Context,
    text: Annotated[list[str] | None, typer.Argument(help="What the photo shows, when, and what not.")] = None,
    image: Annotated[Path | None, typer.Option("--image", "-i", help="Also search by this example image.")] = None,
    image_weight: Annotated[float, typer.Option(min=0, max=1, help="The image's part of a mixed query.")] = 0.5,
    top: TopOption = 20,
    format: FormatOption = Format.table,
    as_json: JsonFlag = False,
    export: ExportOption = None,
    min_score: ScoreOption = None,
    after: filters.AfterOption = None,
    before: filters.BeforeOption = None,
    type: filters.TypeOption = None,
    min_size: filters.MinSizeOption = None,
    max_size: filters.MaxSizeOption = None,
    folder: filters.FolderOption = None,
    name: filters.NameOption = None,
    camera: filters.CameraOption = None,
    tag: filters.TagOption = None,
    near: filters.NearOption = None,
    region: filters.RegionOption = None,
    box: filters.BoxOption = None,
    words: filters.WordsOption = None,
    sort: Annotated[SortBy, typer.Option("--sort", help="By date: newest or oldest of what is relevant.")] = (
        SortBy.relevance
    ),
    collapse: Annotated[bool, typer.Option("--collapse", help="Show one of near-duplicates.")] = False,
    diversity: Annotated[float, typer.Option(help="0 to 0.5. Above 0: different photos first.")] = 0.0,
    explain: Annotated[bool, typer.Option("--explain", help="Say what each part of the query gave.")] = False,
    like: Annotated[
        list[int] | None, typer.Option("--like", metavar="ID", help="Results like this one, by its id; repeatable.")
    ] = None,
    unlike: Annotated[
        list[int] | None, typer.Option("--unlike", metavar="ID", help="Not like this one; repeatable.")
    ] = None,
    remember: Annotated[
        bool, typer.Option("--remember", help="Keep these likes as facts, for `smartsearch learn`.")
    ] = False,
    null: NullOption = False,
    open_best: OpenOption = False,
    thumbnails: ThumbsOption = False,
    model: ModelOption = None,
    library: LibraryOption = None,
) -> None:
    """Find photos by describing them: plain words, with dates, "without ...", and field:value to be exact.

    Fields: date, after, before, person, faces, near, region, box, in (folder), name, tag, album, camera, color, type,
    size, duration, rating, has:gps, has:motion, is:hidden, is:video. A minus negates, OR and parentheses combine,
    quotes take words as they are. A query that begins with a minus goes after --.
    """
    from smartsearch.search.service import SearchRequest

    where = filters.combine(after, before, type, min_size, max_size, folder, name, camera, tag)
    request = SearchRequest(
        image=image,
        where=where,
        full_text=words,
        top=top,
        min_score=min_score,
        image_weight=image_weight,
        sees_hidden=True,
        sort=sort.value,
        collapse=collapse,
        diversity=diversity,
        liked=tuple(like or ()),
        disliked=tuple(unlike or ()),
    )
    said = " ".join(text or ())
    if remember:
        with open_library(context, library) as opened:
            opened.feedback.keep(said, request.liked, request.disliked)
    output = Output(_chosen(format, as_json, null), export, open_best, thumbnails, explain)
    _run(context, library, model, request, output, said, (near, region, box))


def similar(
    context: typer.Context,
    image: Annotated[Path, typer.Argument(help="The example: any image file, indexed or not.")],
    top: TopOption = 20,
    format: FormatOption = Format.table,
    as_json: JsonFlag = False,
    export: ExportOption = None,
    min_score: ScoreOption = None,
    null: NullOption = False,
    open_best: OpenOption = False,
    thumbnails: ThumbsOption = False,
    model: ModelOption = None,
    library: LibraryOption = None,
) -> None:
    """Find photos that look like an example image."""
    from smartsearch.search.service import SearchRequest

    request = SearchRequest(image=image, top=top, min_score=min_score)
    _run(context, library, model, request, Output(_chosen(format, as_json, null), export, open_best, thumbnails))


def _chosen(format: Format, as_json: bool, null: bool) -> str:
    return "null" if null else "json" if as_json else format.value


@dataclass(frozen=True, slots=True)
class Output:
    """What becomes of the results."""

    format: str
    export: Path | None
    open_best: bool
    thumbnails: bool
    explain: bool = False

    @property
    def reasons(self) -> bool:
        """Whether somebody reads why a result is there: JSON always says so."""
        written = "" if self.export is None else self.export.suffix.lower()[1:]
        return self.explain or bool({self.format, written} & {"json", "jsonl"})


def _run(
    context: typer.Context,
    library: str | None,
    model: str | None,
    request: SearchRequest,
    output: Output,
    text: str = "",
    place: tuple[str | None, str | None, str | None] = (None, None, None),
) -> None:
    export = output.export
    from smartsearch.catalog import ModelChoice

    with open_library(context, library, read_only=True) as opened:
        exporter = _exporter(opened, export)
        understood = opened.queries.checked(text) if text.strip() else None
        if understood:
            report_problems(understood)
            request = replace(request, clauses=understood.clauses)
        where = filters.placed(request.where, opened.queries.context(), *place)
        request = replace(request, where=where, explain=output.reasons)
        result = opened.search(request, ModelChoice.parse(model) if model else None)
        if export is not None:
            # First: whoever reads standard output may leave early, as `head` does.
            if exporter is None:
                _write_export(export, as_text(result, export.suffix.lower()[1:], output.explain))
            else:
                _write_by_plugin(export, exporter, [hit.asset for hit in result.hits])
            _note_export(opened, export, [hit.asset.id for hit in result.hits])
        if output.format == "table":
            _print_table(result, request.top, opened.thumbnail if output.thumbnails else None, output.explain)
            _print_understood(understood)
        else:
            sys.stdout.buffer.write(as_text(result, output.format, output.explain).encode("utf-8", "surrogateescape"))
            sys.stdout.buffer.flush()
        if output.open_best and result.hits:
            typer.launch(result.hits[0].asset.path)


def _note_export(library: Library, export: Path, images: Sequence[int]) -> None:
    """In the audit log, as an export over HTTP is: which photos, not what was asked nor where they went."""
    from smartsearch.access.audit import noted
    from smartsearch.cli.audit import this_user

    library.audit.record(this_user(), "export", {"format": export.suffix.lower()[1:], **noted(images)})


def _exporter(library: Library, export: Path | None) -> Exporter | None:
    """The plugin's format for the file, None for the program's own."""
    if export is None or export.suffix.lower() in (".json", ".jsonl", ".csv"):
        return None
    exporters = library.catalog.plugins.exporters()
    if export.suffix.lower() not in exporters:
        known = ", ".join((".json", ".jsonl", ".csv", *exporters))
        raise typer.BadParameter(f"the name must end in one of {known}", param_hint="--export")
    return exporters[export.suffix.lower()]


def _write_by_plugin(path: Path, exporter: Exporter, images: Sequence[Asset]) -> None:
    """Whole or not at all: a plugin that fails leaves no half of a file."""
    import io

    buffer = io.BytesIO()
    exporter.write(images, buffer)
    try:
        path.write_bytes(buffer.getvalue())
    except OSError as error:
        from smartsearch.core.errors import UsageError

        raise UsageError(f"Cannot write {path}: {error.strerror}.") from error
    typer.echo(f"Wrote {path}.", err=True)


def _why(evidence: Sequence[Evidence]) -> str:
    """What each part gave, in one line."""
    from smartsearch.cli.render import printable

    said = {"looks": "looks like {}", "avoid": "not {}", "example": "example", "feedback": "feedback"}
    parts = []
    for part in evidence:
        if part.kind == "filter":
            parts.append(part.text)
        elif part.kind == "color":
            parts.append(f"{part.score:.0%} {part.text}")
        elif part.kind == "text":
            verb = "say" if len(part.where) != 1 or part.where == ("tags",) else "says"
            parts.append(f"{', '.join(part.where) or 'texts'} {verb} {part.text} {part.score:.2f}")
        else:
            parts.append(f"{said[part.kind].format(part.text)} {part.score:.2f}")
    return printable(", ".join(parts))


def report_problems(understood: ParsedQuery) -> None:
    """What was read as words is only pointed out; QueryError where a filter would be missing: results that were not
    narrowed down as asked are worse than none."""
    from smartsearch.core.errors import QueryError
    from smartsearch.core.queryparse import caret

    for problem in sorted(understood.problems, key=lambda problem: problem.harmless):
        place = caret(understood.text, problem)
        hint = f"\nDid you mean {problem.suggestion}?" if problem.suggestion else ""
        if not problem.harmless:
            raise QueryError(f"{problem.message}\n{place}{hint}")
        typer.echo(f"{problem.message}\n{place}", err=True)


def _print_understood(understood: ParsedQuery | None) -> None:
    """How the query was read, unless it is nothing but words."""
    from smartsearch.cli.render import console, printable

    chips = understood.chips if understood else ()
    translation = understood.translation if understood else None
    if translation is not None:
        meant = f"Searched for: {translation.text} ({translation.language}). In quotes words are taken as they are."
        console().print(printable(meant), style="dim")
    if all(chip.kind == "words" and not chip.negated for chip in chips):
        return
    said = [
        f"{'not ' if chip.negated else ''}{chip.text if chip.kind == 'words' else f'{chip.kind} {chip.text}'}"
        for chip in chips
    ]
    console().print(printable(f"Read as: {', '.join(said)}."), style="dim")


def as_text(result: SearchResult, format: str, explain: bool = False) -> str:
    """The results in one of the machine-readable formats: json, jsonl, csv, paths, null. JSON says the reasons, and
    with ``explain`` what each part of the query gave."""
    import json

    from smartsearch.cli.render import hit_as_dict
    from smartsearch.search.explain import reasons

    hits = result.hits
    if format in ("paths", "null"):
        end = "\0" if format == "null" else "\n"
        return "".join(hit.asset.path + end for hit in hits)
    rows = [hit_as_dict(hit) for hit in hits]
    for row, parts in zip(rows, result.evidence, strict=False):
        row["reasons"] = reasons(parts)
        if explain:
            row["evidence"] = [
                {"kind": part.kind, "text": part.text, "score": round(part.score, 6), "where": list(part.where)}
                for part in parts
            ]
    if format == "json":
        return json.dumps({"results": rows}, default=json_default, indent=2) + "\n"
    if format == "jsonl":
        return "".join(json.dumps(row, default=json_default) + "\n" for row in rows)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["id", "path", "score", "format", "width", "height", "taken_at"])
    for row in rows:
        facts = row["metadata"]
        taken = facts.get("taken_at")
        shape = (facts["format"], facts["width"], facts["height"])
        writer.writerow([row["id"], row["path"], row["score"], *shape, taken.isoformat() if taken else ""])
    return buffer.getvalue()


def _write_export(path: Path, text: str) -> None:
    from smartsearch.core.errors import UsageError

    try:
        path.write_text(text, "utf-8", errors="surrogateescape")
    except OSError as error:
        raise UsageError(f"Cannot write {path}: {error.strerror}.") from error
    typer.echo(f"Wrote {path}.", err=True)


def _print_table(result: SearchResult, top: int, thumbnail_of: object = None, explain: bool = False) -> None:
    from rich.table import Table

    from smartsearch.cli.render import clock, console, duration, place_in, printable, shorten, tag_line

    out = console()
    if not result.hits:
        out.print("No photo matches.")
        if result.best_withheld is not None:
            out.print(
                f"The nearest one scores {result.best_withheld:.2f}, under the cut-off of {result.cut_off:.2f}; "
                "--min-score 0 shows it."
            )
        return
    if callable(thumbnail_of):
        from smartsearch.cli.terminal import draw

        for hit in result.hits:
            out.print(f"{hit.score:.2f}  {printable(hit.asset.path)}{place_in(hit)}")
            draw(out, thumbnail_of(hit.asset))
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("score", justify="right")
    table.add_column("photo", overflow="fold")
    table.add_column("taken")
    table.add_column("size", justify="right")
    with_tags = out.width >= TAGS_FROM_WIDTH and any(hit.asset.tags for hit in result.hits)
    if with_tags:
        table.add_column("tags", overflow="fold")
    if explain:
        table.add_column("why", overflow="fold")
    taken_up = 40 + (TAGS_WIDTH if with_tags else 0) + (TAGS_WIDTH if explain else 0)
    for place, hit in enumerate(result.hits):
        taken = hit.asset.metadata.taken_at
        table.add_row(
            f"{hit.score:.2f}",
            (
                printable(hit.asset.path)
                if not out.is_terminal
                else shorten(hit.asset.path, max(20, out.width - taken_up - len(place_in(hit))))
            )
            + place_in(hit),
            taken.strftime("%Y-%m-%d") if taken else "",
            f"{hit.asset.width}x{hit.asset.height}"
            + ("" if hit.asset.duration is None else f" {clock(hit.asset.duration)}"),
            *((tag_line(hit.asset),) if with_tags else ()),
            *((_why(result.evidence[place]),) if explain else ()),
        )
    out.print(table)
    count, took = len(result.hits), duration(result.seconds)
    more = count == top  # perhaps: how many there are in all was not asked
    out.print(f"The first {count}, in {took}; --top shows more." if more else f"{count} found in {took}.", style="dim")
