"""`smartsearch models`: list, pull, import, export, use, remove."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smartsearch.cli.audit import note
from smartsearch.cli.options import JsonOption, LibraryOption, echo_json, open_library

if TYPE_CHECKING:
    from smartsearch.catalog import ModelCatalog
    from smartsearch.onnx.descriptions import ModelDescription
    from smartsearch.onnx.hub import Progress
    from smartsearch.onnx.weights import InstalledModel

app = typer.Typer(
    help="The models of this machine: list, pull, import, export, use, remove.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

NameArgument = Annotated[str, typer.Argument(help="A model's name; NAME:VARIANT for one variant.", metavar="NAME")]


def _catalog() -> ModelCatalog:
    """The models of this machine; no library is needed."""
    from smartsearch.catalog import ModelCatalog
    from smartsearch.config import find_places, load_settings

    places = find_places()
    return ModelCatalog(places.models, load_settings(places).runtime)


@app.command("list")
def list_models(as_json: JsonOption = False) -> None:
    """Every model that can be used or pulled, and what is on this machine."""
    catalog = _catalog()
    installed: dict[str, list[InstalledModel]] = {}
    for model in catalog.weights.installed():
        installed.setdefault(model.description.name, []).append(model)
    descriptions = {description.name: description for description in catalog.weights.registry}
    for name, models in installed.items():
        descriptions[name] = models[0].description
    rows = [_row(description, installed.get(name, [])) for name, description in sorted(descriptions.items())]
    if as_json:
        echo_json({"models": rows})
        return
    from rich.table import Table

    from smartsearch.cli.render import console

    table = Table(box=None, pad_edge=False)
    for heading in ("model", "on this machine", "dim", "languages", "licence", "what it is"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        here = ", ".join(row["installed"]) or f"no ({', '.join(row['variants'])})"
        licence = row["licence"] + ("" if row["commercial"] is not False else " (no commercial use)")
        table.add_row(row["name"], here, str(row["dim"]), ", ".join(row["languages"]), licence, row["summary"])
    console().print(table)


def _row(description: ModelDescription, installed: list[InstalledModel]) -> dict[str, Any]:
    return {
        "name": description.name,
        "family": description.family,
        "dim": description.dim,
        "image_size": description.preprocessing.size,
        "languages": list(description.languages),
        "licence": description.licence.name,
        "commercial": description.licence.commercial,
        "variants": list(description.variants),
        "installed": ["packaged" if model.packaged else model.variant for model in installed],
        "summary": description.summary,
        "sources": list(description.sources),
    }


@app.command("pull", epilog="The one command that uses the network. Example: smartsearch models pull clip-vit-b-32")
def pull(context: typer.Context, name: NameArgument) -> None:
    """Download a model from the Hugging Face Hub; an interrupted download goes on where it stopped."""
    from smartsearch.catalog import ModelChoice
    from smartsearch.embeddings.installing import Installer

    catalog = _catalog()
    choice = ModelChoice.parse(name)
    description = catalog.weights.registry.get(choice.name)
    typer.echo(f"{description.name}: licence {description.licence.name}. {description.licence.note}".strip(), err=True)
    with _download_bar() as show:
        model = Installer(catalog.weights, catalog.plugins.encoder_family).pull(
            choice.name, choice.variant, progress=show
        )
    note(context)
    typer.echo(f"{model.description.name} ({model.variant}) is ready: `smartsearch models use {name}`.")


@app.command("import", epilog="For machines without a network. Example: smartsearch models import /media/usb/clip")
def import_model(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="A folder with ONNX files and a tokenizer.")],
    name: Annotated[str | None, typer.Option("--name", help="What to call it. Default: the folder says.")] = None,
    variant: Annotated[str | None, typer.Option("--variant", help="fp32, fp16 or int8, if there are several.")] = None,
) -> None:
    """Install a model from a folder; it is tried out first."""
    from smartsearch.embeddings.installing import Installer

    catalog = _catalog()
    model = Installer(catalog.weights, catalog.plugins.encoder_family).import_folder(folder, name, variant)
    note(context)
    typer.echo(f"{model.description.name} ({model.variant}) is ready: smartsearch models use {model.description.name}")


@app.command("export", epilog="Needs: pip install 'smartsearch[train]'")
def export(
    checkpoint: Annotated[Path, typer.Argument(help="A transformers folder or an OpenCLIP checkpoint.")],
    out: Annotated[Path, typer.Argument(help="A new folder for the ONNX files.")],
) -> None:
    """Turn a checkpoint into ONNX files (fp32 and int8), checked against the original."""
    from smartsearch.embeddings.export import export_checkpoint

    report = export_checkpoint(checkpoint, out)
    typer.echo(f"Wrote {out}: {report}. Install it with: smartsearch models import {out}")


@app.command("use")
def use(context: typer.Context, name: NameArgument, library: LibraryOption = None) -> None:
    """Search a library by another model. Its images are embedded anew beside the old vectors, then it takes over."""
    from smartsearch.catalog import ModelChoice

    choice = ModelChoice.parse(name)
    with open_library(context, library, create=True) as opened:
        at_once = opened.use_model(choice)
    if at_once:
        typer.echo(f"The library is searched by {choice} from now on.")
    else:
        typer.echo(f"`smartsearch index` embeds every image by {choice}; until that is done the old model answers.")


@app.command("remove")
def remove(context: typer.Context, name: NameArgument) -> None:
    """Delete a model's files from this machine. Vectors made by it stay in the libraries."""
    from smartsearch.catalog import ModelChoice

    choice = ModelChoice.parse(name)
    removed = _catalog().weights.remove(choice.name, choice.variant)
    note(context)
    for model in removed:
        typer.echo(f"Removed {model.description.name} ({model.variant}).")


@contextmanager
def _download_bar() -> Iterator[Callable[[Progress], None]]:
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    from smartsearch.cli.render import console

    with Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=console(stderr=True),
    ) as bar:
        tasks: dict[str, Any] = {}

        def show(state: Progress) -> None:
            if state.file not in tasks:
                tasks[state.file] = bar.add_task(state.file, total=state.total)
            bar.update(tasks[state.file], completed=state.done, total=state.total)

        yield show
