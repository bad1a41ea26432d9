"""Files for systemd, launchd and Docker: well formed, and of a program that has these commands."""

from __future__ import annotations

import configparser
import plistlib
import re
import shlex
from pathlib import Path

import pytest
import yaml

PACKAGING = Path(__file__).parents[2] / "packaging"
ROOT = PACKAGING.parent


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((PACKAGING / name).read_text())
    return parser


def commands() -> set[str]:
    from typer.main import get_command

    from smartsearch.cli.main import app

    return set(get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["smartsearch.service", "smartsearch-index.service"])
def test_units_start_commands_that_there_are(name: str) -> None:
    program, command = shlex.split(unit(name)["Service"]["ExecStart"])
    assert program == "%h/.local/bin/smartsearch"
    assert command in commands()


def test_the_server_reaches_this_machine_only_and_writes_its_library_only() -> None:
    service = unit("smartsearch.service")["Service"]
    assert (service["IPAddressDeny"], service["IPAddressAllow"]) == ("any", "localhost")
    assert (service["ProtectHome"], service["ReadWritePaths"]) == ("read-only", "%h/.local/share/smartsearch")
    assert service["ExecReload"].endswith("-HUP $MAINPID")


def test_a_timer_starts_the_unit_of_its_name() -> None:
    assert unit("smartsearch-index.timer")["Timer"]["OnCalendar"] == "hourly"
    assert (PACKAGING / "smartsearch-index.service").exists()


def test_the_launch_agent() -> None:
    agent = plistlib.loads((PACKAGING / "local.smartsearch.serve.plist").read_bytes())
    assert agent["Label"] == "local.smartsearch.serve"
    assert agent["ProgramArguments"][1:] == ["serve"]
    assert agent["RunAtLoad"] is True


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n\s*", " ", (PACKAGING / "Dockerfile").read_text())
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, rest in lines]


def test_the_image_is_pinned_small_and_not_root() -> None:
    steps = instructions()
    bases = [rest.split()[0] for word, rest in steps if word == "FROM"]
    assert all(re.fullmatch(r"[\w-]+:\d+\.\d+(\.\d+)?-[\w-]*slim[\w-]*", base) for base in bases), bases
    assert next(rest for word, rest in reversed(steps) if word == "USER") == "smartsearch"
    assert any(word == "HEALTHCHECK" and "/api/v1/health" in rest for word, rest in steps)
    assert not [rest for word, rest in steps if word == "ADD" or "curl" in rest or "wget" in rest]
    assert ("ENTRYPOINT", '["smartsearch"]') in steps


def test_what_the_image_copies_is_there() -> None:
    copied = [rest.split() for word, rest in instructions() if word == "COPY" and not rest.startswith("--from")]
    assert copied
    assert [source for *sources, _ in copied for source in sources if not (ROOT / source).exists()] == []


def test_the_container_sees_the_photos_read_only_and_is_published_here_only() -> None:
    service = yaml.safe_load((PACKAGING / "compose.yaml").read_text())["services"]["smartsearch"]
    assert (PACKAGING / service["build"]["context"] / service["build"]["dockerfile"]).exists()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert [port for port in service["ports"] if not port.startswith("127.0.0.1:")] == []
    assert [volume for volume in service["volumes"] if volume.endswith(":/photos:ro")]
