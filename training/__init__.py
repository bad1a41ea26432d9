"""Trains, measures and exports the packaged dual encoder "pocket". Needs the packages of training/requirements.txt."""

import sys
from pathlib import Path

# The program's own scoring and vocabulary, without installing it and all that it needs.
sys.path.append(str(Path(__file__).resolve().parent.parent / "src"))
