"""Draw docs/demo.svg: the demo's own commands and what they really print, as a terminal picture.

Run after `make demo`: .venv/bin/python scripts/readme_picture.py
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

DEMO = Path(".demo").absolute()
COMMANDS = (
    ["query", "a cat", "--top", "3"],
    ["query", "a motorcycle", "--top", "3"],
    ["query", "a cup of coffee on a table", "--top", "3"],
    ["query", "two penguins playing chess"],
)


def main() -> None:
    program = Path(sys.executable).with_name("smartsearch")
    environment = os.environ | {"SMARTSEARCH_HOME": str(DEMO / "smartsearch"), "COLUMNS": "84"}
    console = Console(record=True, width=88, file=io.StringIO())
    for arguments in COMMANDS:
        shown = " ".join(f'"{word}"' if " " in word else word for word in arguments)
        console.print(Text(f"$ smartsearch {shown}", style="bold green"))
        done = subprocess.run(
            [program, "--library", DEMO / "library", *arguments], env=environment, capture_output=True, text=True
        )
        folder, short = str(DEMO / "photos"), "~/Pictures"
        narrower = "photo" + " " * (len(folder) - len(short)), "photo"  # the column's head goes with its paths
        console.print(Text(done.stdout.replace(folder, short).replace(*narrower)))
    svg = console.export_svg(title="smartsearch")
    # Rich points at fonts on a CDN; the reader's own monospace font does as well and asks nobody.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    Path("docs/demo.svg").write_text(svg, "utf-8")


if __name__ == "__main__":
    main()
