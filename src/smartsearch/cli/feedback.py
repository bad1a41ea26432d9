"""`smartsearch feedback` and `smartsearch learn`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smartsearch.cli.index import counted
from smartsearch.cli.options import JsonOption, LibraryOption, echo_json, open_library

if TYPE_CHECKING:
    from smartsearch.feedback_work import FeedbackWork, KnownVerdict
    from smartsearch.learning.run import LearnReport

app = typer.Typer(
    help="What you said of results: add, list, export, erase. It stays in the library.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

QueryArgument = Annotated[str, typer.Argument(metavar="QUERY", help="The words, as you search by them.")]
LikeOption = Annotated[list[int] | None, typer.Option("--like", metavar="ID", help="This is meant; repeatable.")]
UnlikeOption = Annotated[list[int] | None, typer.Option("--unlike", metavar="ID", help="This is not; repeatable.")]


def register(main: typer.Typer) -> None:
    main.command("learn", epilog="Try it, and go back with: smartsearch learn --revert")(learn)


@app.command("add", epilog='Example: smartsearch feedback add "Rex" --like 12 --like 15 --unlike 40')
def add(
    context: typer.Context,
    query: QueryArgument,
    like: LikeOption = None,
    unlike: UnlikeOption = None,
    library: LibraryOption = None,
) -> None:
    """Remember which photos a query means, and which not. `smartsearch query --json` has the ids."""
    with open_library(context, library) as opened:
        kept = opened.feedback.keep(query, like or (), unlike or ())
    typer.echo(f"{counted(kept, 'facts')} kept. `smartsearch learn` makes searches go by them.")


@app.command("list")
def list_feedback(
    context: typer.Context,
    query: Annotated[str | None, typer.Argument(metavar="[QUERY]", help="Only what was said of this query.")] = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """What was said, oldest first."""
    with open_library(context, library, read_only=True) as opened:
        known = opened.feedback.verdicts(query)
    if as_json:
        echo_json({"feedback": [_plain(fact) for fact in known]})
        return
    from rich.table import Table

    from smartsearch.cli.render import console, printable

    out = console()
    if not known:
        out.print("Nothing was said of any result.")
        return
    table = Table("query", "", "photo", "said", box=None, pad_edge=False)
    for fact in known:
        where = printable(fact.paths[0]) if fact.paths else "(not in the library)"
        said = "liked" if fact.verdict.liked else "not meant"
        table.add_row(printable(fact.verdict.query), said, where, fact.verdict.at.strftime("%Y-%m-%d"))
    out.print(table)


@app.command("export", epilog="Example: smartsearch feedback export feedback.jsonl")
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A new file: one JSON object a line.")],
    library: LibraryOption = None,
) -> None:
    """Write what was said to a file, with the SHA-256 of each photo."""
    import json

    from smartsearch.cli.options import json_default
    from smartsearch.core.errors import UsageError

    with open_library(context, library, read_only=True) as opened:
        known = opened.feedback.verdicts()
    try:
        with file.open("x", encoding="utf-8", errors="surrogateescape") as target:
            target.writelines(json.dumps(_plain(fact), default=json_default) + "\n" for fact in known)
    except FileExistsError as error:
        raise UsageError(f"{file} is there already.", hint="Name a new file.") from error
    except OSError as error:
        raise UsageError(f"Cannot write {file}: {error.strerror}.") from error
    typer.echo(f"Wrote {counted(len(known), 'facts')} to {file}.")


@app.command("erase")
def erase(
    context: typer.Context,
    query: Annotated[str | None, typer.Argument(metavar="[QUERY]", help="Only what was said of this query.")] = None,
    image: Annotated[list[int] | None, typer.Option("--image", metavar="ID", help="Only of this photo.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    library: LibraryOption = None,
) -> None:
    """Delete what was said for good. What was learned from it stays until `smartsearch learn --revert`."""
    with open_library(context, library) as opened:
        if query is None and not image and not yes:
            typer.confirm(f"Erase all {counted(len(opened.feedback.verdicts()), 'facts')}?", abort=True)
        erased = opened.feedback.erase(query, image or None)
    typer.echo(f"{counted(erased, 'facts')} erased.")


def learn(
    context: typer.Context,
    revert: Annotated[bool, typer.Option("--revert", help="Go back to how words were read before.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Only say what there is and what was learned.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Learn what you mean by your words from your feedback; no photo is embedded anew.

    In force only if photos held back from training are found better. The same feedback gives the same result. Stop it
    any time: nothing has changed then.
    """
    if revert and status:
        raise typer.BadParameter("--revert and --status exclude each other.")
    with open_library(context, library, read_only=status) as opened:
        if status:
            _print_status(opened.feedback, as_json)
            return
        if revert:
            removed = opened.feedback.revert()
            if as_json:
                echo_json({"reverted": removed.id})
            else:
                typer.echo(f"Words are read as they were before revision {removed.id}.")
            return
        with _progress() as show:
            report = opened.feedback.learn(progress=show)
    if as_json:
        import dataclasses

        echo_json(dataclasses.asdict(report))
    else:
        typer.echo(_summary(report))


def _summary(report: LearnReport) -> str:
    figures = (
        f"From {counted(report.likes, 'likes')} and {counted(report.dislikes, 'dislikes')} of "
        f"{_queries(report.queries)}. On {counted(report.held_back, 'liked photos')} held back: nDCG@10 "
        f"{report.ndcg_before:.2f} before, {report.ndcg_after:.2f} after; pairs in order {report.order_before:.1%} "
        f"before, {report.order_after:.1%} after. Everyday words keep {report.everyday:.1%} of their direction."
    )
    if report.accepted:
        return f"Learned, and in force from now on (revision {report.revision}). {figures}"
    return f"Refused, nothing has changed: {report.reason} {figures}"


def _queries(count: int) -> str:
    return "1 query" if count == 1 else f"{count:,} queries"


def _print_status(feedback: FeedbackWork, as_json: bool) -> None:
    counts, revisions = feedback.counts(), feedback.revisions()
    if as_json:
        made = [{"id": one.id, "learned_at": one.learned_at, **one.report} for one in revisions]
        echo_json(
            {
                "likes": counts.likes,
                "dislikes": counts.dislikes,
                "queries": counts.queries,
                "unusable": counts.unusable,
                "needed": counts.needed,
                "revisions": made,
            }
        )
        return
    typer.echo(
        f"{counted(counts.likes, 'likes')} and {counted(counts.dislikes, 'dislikes')} of "
        f"{_queries(counts.queries)} can be learned from; {counts.needed} likes are needed."
    )
    for one in revisions:
        what = "in force" if one is revisions[-1] else "before it"
        before, after = one.report["ndcg_before"], one.report["ndcg_after"]
        typer.echo(f"Revision {one.id} of {one.learned_at:%Y-%m-%d}, {what}: nDCG@10 {before:.2f} to {after:.2f}.")


def _plain(known: KnownVerdict) -> dict[str, Any]:
    fact = known.verdict
    return {
        "query": fact.query,
        "liked": fact.liked,
        "sha256": fact.file_hash,
        "image_ids": list(known.asset_ids),
        "paths": list(known.paths),
        "space": fact.space,
        "said_at": fact.at,
    }


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, on standard error; elsewhere nothing: it takes seconds."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.progress import Progress

    from smartsearch.cli.render import console

    with Progress(console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("learning", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
