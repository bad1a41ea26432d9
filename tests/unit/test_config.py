"""Settings: every source, its precedence, and what a wrong one gets."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from smartsearch.config import Places, as_dict, find_places, load_settings
from smartsearch.core.errors import ConfigError
from smartsearch.core.settings import Settings

EXAMPLE = Path(__file__).parents[2] / "config" / "smartsearch.example.toml"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "home").mkdir()
    (tmp_path / "library").mkdir()
    return Places(tmp_path / "home", tmp_path / "library")


def test_defaults_without_any_source(places: Places) -> None:
    assert load_settings(places, {}) == Settings()


def test_library_file_wins_over_home_file_and_environment_over_both(places: Places) -> None:
    (places.home / "config.toml").write_text("model = 'a'\n[runtime]\nthreads = 1\nworkers = 1\nbatch_size = 1\n")
    (places.library / "config.toml").write_text("[runtime]\nworkers = 2\nbatch_size = 2\n")
    settings = load_settings(places, {"SMARTSEARCH_RUNTIME_BATCH_SIZE": "3"})
    assert settings.model == "a"
    assert (settings.runtime.threads, settings.runtime.workers, settings.runtime.batch_size) == (1, 2, 3)


def test_lists_in_the_environment_are_split_like_a_search_path(places: Places) -> None:
    settings = load_settings(places, {"SMARTSEARCH_DISCOVERY_EXCLUDE": "*.gif:old/"})
    assert settings.discovery.exclude == ("*.gif", "old/")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("model = ", "is not valid TOML"),
        ("modell = 'x'", "'modell'"),
        ("[runtime]\nthread = 1", "'runtime.thread'"),
        ("[runtime]\nthreads = 'many'", "runtime.threads"),
        ("[runtime]\nthreads = -1", "between 0 and 512"),
        ("[runtime]\nthreads = 100000", "between 0 and 512"),
        ("[runtime]\nbatch_size = 0", "between 1 and"),
        ("[media]\nseconds = nan", "media.seconds"),
        ("[thumbnails]\nquality = 500", "between 1 and 100"),
        ("[runtime]\nprovider = 'abacus'", "runtime.provider"),
        ("runtime = 3", "runtime"),
    ],
)
def test_a_wrong_file_names_the_setting_and_the_file(places: Places, text: str, complaint: str) -> None:
    (places.home / "config.toml").write_text(text)
    with pytest.raises(ConfigError, match=complaint) as caught:
        load_settings(places, {})
    assert "config.toml" in str(caught.value)
    assert caught.value.exit_code == 2


def test_the_example_file_lists_every_setting_with_its_default() -> None:
    assert tomllib.loads(EXAMPLE.read_text()) == as_dict(Settings())


@pytest.mark.parametrize(
    ("given", "environ", "folder"),
    [
        (None, {}, "/h/libraries/default"),
        ("work", {}, "/h/libraries/work"),
        ("/photos/.smartsearch", {}, "/photos/.smartsearch"),
        (None, {"SMARTSEARCH_LIBRARY": "work"}, "/h/libraries/work"),
        ("other", {"SMARTSEARCH_LIBRARY": "work"}, "/h/libraries/other"),
    ],
)
def test_libraries_are_named_or_placed(given: str | None, environ: dict[str, str], folder: str) -> None:
    places = find_places(given, {"SMARTSEARCH_HOME": "/h", **environ})
    assert places.library == Path(folder)
    assert places.models == Path("/h/models")


def test_every_number_has_a_range() -> None:
    from smartsearch.config import _RANGES

    numbers = {
        f"{section}.{key}"
        for section, values in as_dict(Settings()).items()
        if isinstance(values, dict)
        for key, value in values.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    assert numbers == set(_RANGES)


def test_an_empty_variable_is_none(places: Places) -> None:
    assert load_settings(places, {"SMARTSEARCH_MODEL": ""}).model == "pocket"
