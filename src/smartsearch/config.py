"""Where things are and how they behave: read once from TOML and the environment, then handed in as frozen values.

Precedence, weakest first: defaults, ``$SMARTSEARCH_HOME/config.toml``, ``<library>/config.toml``, ``SMARTSEARCH_*``
variables, command-line options.
"""

from __future__ import annotations

import dataclasses
import os
import tomllib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smartsearch.core.errors import ConfigError
from smartsearch.core.settings import Settings

CONFIG_NAME = "config.toml"
ENVIRONMENT_PREFIX = "SMARTSEARCH_"


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one installation: ``home`` holds models and named libraries, ``library`` is the one in use."""

    home: Path
    library: Path

    @property
    def models(self) -> Path:
        return self.home / "models"

    @property
    def face_models(self) -> Path:
        return self.home / "face-models"

    @property
    def config_files(self) -> tuple[Path, Path]:
        """Both may be absent; the later wins."""
        return self.home / CONFIG_NAME, self.library / CONFIG_NAME


def find_places(library: str | None = None, environ: Mapping[str, str] = os.environ) -> Places:
    """Resolve the home and the library. ``library`` is a folder (anything with a separator) or a plain name.

    Without it ``SMARTSEARCH_LIBRARY`` counts, then the library called "default".
    """
    home = _home(environ)
    wanted = library or environ.get("SMARTSEARCH_LIBRARY") or "default"
    if any(separator in wanted for separator in (os.sep, os.altsep) if separator) or wanted.startswith(("~", ".")):
        folder = Path(wanted).expanduser().absolute()
    else:
        folder = home / "libraries" / wanted
    return Places(home, folder)


def full_path(path: str | os.PathLike[str]) -> str:
    """A path as the user typed it, absolute, with ``~`` and ``..`` resolved and symbolic links left alone."""
    return os.path.abspath(os.path.expanduser(path))


def _home(environ: Mapping[str, str]) -> Path:
    explicit = environ.get("SMARTSEARCH_HOME")
    if explicit:
        return Path(explicit).expanduser().absolute()
    import platformdirs  # not needed by those who say where

    return platformdirs.user_data_path("smartsearch", appauthor=False)


def load_settings(places: Places, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read every source and validate it. ConfigError names the file or variable, the key and what is wrong."""
    raw: dict[str, Any] = {}
    origins: list[str] = []
    for path in places.config_files:
        found = _read_toml(path)
        if found:
            _merge(raw, found)
            origins.append(str(path))
    variables = _from_environment(environ)
    if variables:
        _merge(raw, variables)
        origins.append("SMARTSEARCH_* variables")
    return _validate(raw, ", ".join(origins)) if raw else Settings()


def write_settings(places: Places, changes: Mapping[str, Any]) -> None:
    """Change settings in the library's own file, whose comments and order stay.

    ``changes`` is nested as `as_dict` is; None takes a value out of the file. ConfigError, and nothing is written, when
    the result would not be valid.
    """
    import tomlkit

    path = places.config_files[1]
    _read_toml(path)  # says what is wrong with it in better words
    document = tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document()
    for name, value in changes.items():
        if isinstance(value, Mapping):
            table = document.setdefault(name, tomlkit.table())
            for key, inner in value.items():
                _put(table, key, inner)
        else:
            _put(document, name, value)
    text = tomlkit.dumps(document)
    _validate(tomllib.loads(text), str(path))
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_text(text, "utf-8")
        os.replace(temporary, path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.") from error


def changed(settings: Settings, changes: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings after `write_settings`: None stands for the default, and the environment wins. ConfigError."""
    raw, defaults = as_dict(settings), as_dict(Settings())
    for name, value in changes.items():
        if isinstance(value, Mapping):
            for key, inner in value.items():
                raw.setdefault(name, {})[key] = defaults.get(name, {}).get(key) if inner is None else inner
        else:
            raw[name] = defaults.get(name) if value is None else value
    _merge(raw, _from_environment(environ))
    return _validate(raw, "the change")


def differences(before: Settings, after: Settings) -> list[str]:
    """Names of the settings that differ, as "key" or "section.key", in their order."""
    old, new = as_dict(before), as_dict(after)
    names: list[str] = []
    for section, value in new.items():
        if isinstance(value, dict):
            names += [f"{section}.{key}" for key in value if value[key] != old[section][key]]
        elif value != old[section]:
            names.append(section)
    return names


def _put(table: MutableMapping[str, Any], key: str, value: Any) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.", hint="Correct it or move it away.") from error
    except OSError as error:
        if not os.access(path.parent, os.X_OK):
            return {}  # whoever opens the library says so in better words
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """SMARTSEARCH_MODEL and SMARTSEARCH_<SECTION>_<KEY>, for instance SMARTSEARCH_RUNTIME_THREADS=4."""
    raw: dict[str, Any] = {}
    for section in dataclasses.fields(Settings):
        name = ENVIRONMENT_PREFIX + section.name.upper()
        if environ.get(name):
            raw[section.name] = environ[name]
        default = getattr(Settings(), section.name)
        if not dataclasses.is_dataclass(default):
            continue
        for key in dataclasses.fields(default):
            value = environ.get(f"{name}_{key.name.upper()}")
            if value is not None:
                is_list = isinstance(getattr(default, key.name), tuple)
                raw.setdefault(section.name, {})[key.name] = value.split(os.pathsep) if is_list else value
    return raw


def _merge(base: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = value


def _validate(raw: Mapping[str, Any], origin: str) -> Settings:
    # pydantic costs a tenth of a second to import; those who run on defaults do not pay it.
    from pydantic import TypeAdapter, ValidationError

    unknown = _unknown_keys(raw)
    if unknown:
        raise ConfigError(f"Unknown setting {unknown[0]!r} in {origin}.", hint="`smartsearch config` lists them all.")
    try:
        settings = TypeAdapter(Settings).validate_python(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"Setting {place!r} in {origin}: {_plain(first['msg'])}.") from error
    _check_ranges(settings, origin)
    return settings


def _plain(message: str) -> str:
    """The validator's reason without its Python words."""
    words = message[0].lower() + message[1:]
    return words.replace("valid tuple", "list").replace("a dictionary or an instance of", "a table of settings for")


_RANGES: dict[str, tuple[float, float]] = {
    "discovery.min_bytes": (0, 2**63),
    "media.max_bytes": (1, 2**63),
    "media.max_pixels": (1, 2**40),
    "media.max_video_bytes": (1, 2**63),
    "media.max_video_seconds": (1, 1e6),
    "media.min_side": (1, 2**20),
    "media.seconds": (0.1, 86_400),
    "media.memory_bytes": (256 * 2**20, 2**63),
    "thumbnails.size": (16, 4096),
    "thumbnails.quality": (1, 100),
    "thumbnails.preview_size": (64, 16_384),
    "thumbnails.preview_quality": (1, 100),
    "thumbnails.preview_cache_bytes": (0, 2**63),
    # More threads or processes than this is a slip of the keyboard that would bring the machine down.
    "runtime.threads": (0, 512),
    "runtime.workers": (0, 256),
    "runtime.batch_size": (1, 4096),
    "runtime.idle_seconds": (0, 10 * 86_400),
    "tags.max_per_photo": (1, 100),
    "server.port": (0, 65_535),
    "server.max_upload_bytes": (1, 2**31),
    "audit.days": (0, 36_500),
    "log.max_bytes": (10_000, 2**31),
    "log.files": (1, 100),
}
"""The least and the greatest value of every number."""


def _check_ranges(settings: Settings, origin: str) -> None:
    for name, (least, most) in _RANGES.items():
        section, key = name.split(".")
        value = getattr(getattr(settings, section), key)
        if not least <= value <= most:  # also false for NaN
            raise ConfigError(f"Setting {name!r} in {origin} must be between {least:,} and {most:,}, not {value}.")


def _unknown_keys(raw: Mapping[str, Any]) -> list[str]:
    known = as_dict(Settings())
    unknown = [key for key in raw if key not in known]
    for section, values in raw.items():
        if isinstance(values, Mapping) and isinstance(known.get(section), Mapping):
            unknown += [f"{section}.{key}" for key in values if key not in known[section]]
    return unknown


def as_dict(settings: Settings) -> dict[str, Any]:
    """The settings as plain nested values, JSON-ready (tuples become lists)."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(inner) for key, inner in value.items()}
        return list(value) if isinstance(value, tuple) else value

    result: dict[str, Any] = plain(dataclasses.asdict(settings))
    return result
