"""A progress bar for tasks that count pictures."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


class Counted(Protocol):
    """How far a task is."""

    @property
    def done(self) -> int: ...

    @property
    def total(self) -> int: ...


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[Counted], None]]:
    """A bar on a terminal, on standard error; elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import Progress

    from smartsearch.cli.render import console

    with Progress(console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda state: bar.update(task, completed=state.done, total=state.total)
