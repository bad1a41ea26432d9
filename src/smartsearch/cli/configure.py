"""`smartsearch config`."""

from __future__ import annotations

import typer

from smartsearch.cli.options import JsonOption, LibraryOption, echo_json, places_of


def register(app: typer.Typer) -> None:
    app.command("config", epilog="An example with every setting: config/smartsearch.example.toml")(config)


def config(context: typer.Context, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """Show every setting in force and where the settings are read from."""
    from smartsearch.config import as_dict, load_settings

    places = places_of(context, library)
    settings = as_dict(load_settings(places))
    files = [str(path) for path in places.config_files]
    if as_json:
        echo_json({"home": places.home, "library": places.library, "files": files, "settings": settings})
        return
    typer.echo(f"# home: {places.home}\n# library: {places.library}")
    for path in places.config_files:
        typer.echo(f"# settings from: {path}" + ("" if path.exists() else " (not there)"))
    sections = {key: value for key, value in settings.items() if isinstance(value, dict)}
    for key, value in settings.items():
        if key not in sections:
            typer.echo(f"{key} = {_toml(value)}")
    for name, values in sections.items():
        typer.echo(f"\n[{name}]")
        for key, value in values.items():
            typer.echo(f"{key} = {_toml(value)}")


def _toml(value: object) -> str:
    """A setting as TOML: JSON's spelling of text, numbers, booleans and lists is TOML's too."""
    import json

    return json.dumps(value)
