"""`smartsearch evaluate`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smartsearch.cli.options import JsonOption, LibraryOption, echo_json, places_of

if TYPE_CHECKING:
    from smartsearch.config import Places
    from smartsearch.core.settings import Settings
    from smartsearch.evaluation import Evaluation

UNREADABLE_SHOWN = 20
EPILOG = "Example: smartsearch evaluate captions.tsv ~/Pictures --model pocket --model clip-vit-b-32:int8"


def register(app: typer.Typer) -> None:
    app.command("evaluate", epilog=EPILOG)(evaluate)


def evaluate(
    context: typer.Context,
    captions: Annotated[Path, typer.Argument(help="Tab-separated lines: image, caption. Several captions an image.")],
    images: Annotated[Path, typer.Argument(help="The folder that the images' paths are relative to.")],
    models: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", help="Measure this model (NAME or NAME:VARIANT); repeatable. Default: in use."),
    ] = None,
    split: Annotated[str | None, typer.Option("--split", help="Only lines whose split column holds this.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="Only the first so many images.")] = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Measure how well models find your own photos by captions you wrote, to compare them. Needs no library."""
    from smartsearch.config import load_settings
    from smartsearch.evaluation import evaluate

    places = places_of(context, library)
    settings = load_settings(places)
    chosen = models or [_model_in_use(places, settings)]
    with _progress() as show:
        found = evaluate(captions, images, places, settings, models=chosen, split=split, limit=limit, progress=show)
    if as_json:
        echo_json({"models": [evaluation_as_dict(evaluation) for evaluation in found]})
    else:
        _print_table(found)
    if found[0].unreadable:
        from smartsearch.cli.index import counted

        typer.echo(f"smartsearch: {counted(len(found[0].unreadable), 'images')} could not be read.", err=True)


def _model_in_use(places: Places, settings: Settings) -> str:
    """The model the library is searched by; where there is no library, the configured one."""
    from smartsearch.library import DATABASE_NAME, Library

    if not (places.library / DATABASE_NAME).exists():
        return settings.model
    with Library.open(places, settings, read_only=True) as opened:
        return str(opened.model)


def evaluation_as_dict(evaluation: Evaluation) -> dict[str, Any]:
    """The JSON of one model's figures: shares are 0-1, times in milliseconds."""
    return {
        "model": evaluation.model,
        "space": evaluation.space,
        "images": evaluation.images,
        "captions": evaluation.captions,
        "captions_left_out": evaluation.left_out,
        "unreadable": [asdict(image) for image in evaluation.unreadable],
        **{f"recall@{k}": round(share, 6) for k, share in evaluation.recall.items()},
        "median_rank": evaluation.median_rank,
        "mean_image_ms": round(evaluation.mean_image_ms, 3),
        "mean_query_ms": round(evaluation.mean_query_ms, 3),
        "cut_off": None if evaluation.cut_off is None else asdict(evaluation.cut_off),
    }


def _print_table(found: Sequence[Evaluation]) -> None:
    from rich.table import Table

    from smartsearch.cli.index import counted
    from smartsearch.cli.render import console, printable

    table = Table(box=None, pad_edge=False)
    table.add_column("model")
    for heading in ("recall@1", "@5", "@10", "median rank", "ms/image", "ms/query", "shown", "empty"):
        table.add_column(heading, justify="right")
    for row in found:
        shares = [f"{share:.3f}" for share in row.recall.values()]
        times = [f"{row.mean_image_ms:.1f}", f"{row.mean_query_ms:.1f}"]
        cut = row.cut_off
        cut_off = ["-", "-"] if cut is None else [f"{cut.shown:.3f}", f"{cut.empty_without_match:.3f}"]
        table.add_row(row.model, *shares, f"{row.median_rank:,.1f}", *times, *cut_off)
    out, first = console(), found[0]
    out.print(table)
    out.print(f"{counted(first.captions, 'captions')} of {counted(first.images, 'images')}.")
    if any(row.cut_off for row in found):
        out.print(
            "Under the model's cut-off: shown, captions whose own image still is; empty, captions that show nothing "
            "once their own image is taken away.",
            style="dim",
        )
    if first.unreadable:
        out.print(
            f"Left out: {counted(first.left_out, 'captions')} of {counted(len(first.unreadable), 'images')} "
            "that could not be read:"
        )
    for image in first.unreadable[:UNREADABLE_SHOWN]:
        out.print(f"  {printable(image.image)}: {image.reason}")
    if len(first.unreadable) > UNREADABLE_SHOWN:
        out.print(f"  ... and {len(first.unreadable) - UNREADABLE_SHOWN:,} more; --json names them all.")


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A live bar on a terminal, on standard error."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from smartsearch.cli.render import console

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("images", total=None)

        def show(stage: str, done: int, total: int) -> None:
            if done == 0:
                bar.reset(task, description=stage)  # each stage has its own rate
            bar.update(task, completed=done, total=total)

        yield show
