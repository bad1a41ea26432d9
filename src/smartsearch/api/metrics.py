"""Counting requests, and telling what was counted in the text format of Prometheus (version 0.0.4)."""

from __future__ import annotations

import bisect
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds of the latency histogram, seconds."""

SLOW_SECONDS = 1.0
"""An answer that took longer is in the log; others are at its most talkative level."""

log = logging.getLogger(__name__)

Labels = Mapping[str, str]
Sample = tuple[str, Labels, float]
"""Name, labels, value."""


class RequestMetrics:
    """Requests by method, route and status, and how long they took to their first byte."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str, int], int] = {}
        self._buckets: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        with self._lock:
            key = method, route, status
            self._counts[key] = self._counts.get(key, 0) + 1
            buckets = self._buckets.setdefault(route, [0] * (len(BUCKETS) + 1))
            buckets[bisect.bisect_left(BUCKETS, seconds)] += 1
            self._seconds[route] = self._seconds.get(route, 0.0) + seconds

    def lines(self) -> Iterable[str]:
        """Everything counted so far."""
        with self._lock:
            counts = dict(self._counts)
            buckets = {route: list(values) for route, values in self._buckets.items()}
            seconds = dict(self._seconds)
        name = "smartsearch_http_requests_total"
        requests: list[Sample] = [
            (name, {"method": method, "route": route, "status": str(status)}, count)
            for (method, route, status), count in sorted(counts.items())
        ]
        yield from family(name, "counter", "Requests answered.", requests)
        name = "smartsearch_http_request_seconds"
        samples: list[Sample] = []
        for route, values in sorted(buckets.items()):
            below = 0
            for bound, count in zip((*BUCKETS, float("inf")), values, strict=True):
                below += count
                samples.append((f"{name}_bucket", {"route": route, "le": _number(bound)}, below))
            samples += [(f"{name}_sum", {"route": route}, seconds[route]), (f"{name}_count", {"route": route}, below)]
        yield from family(name, "histogram", "Time to the first byte of the answer.", samples)


def family(name: str, kind: str, description: str, samples: Iterable[Sample]) -> Iterable[str]:
    """One metric with all its samples, as lines."""
    yield f"# HELP {name} {description}"
    yield f"# TYPE {name} {kind}"
    for sample, labels, value in samples:
        inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{sample}{{{inside}}} {_number(value)}" if inside else f"{sample} {_number(value)}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if value == float("inf"):
        return "+Inf"
    return str(int(value)) if value == int(value) else repr(value)


class Measured:
    """ASGI middleware: counts what the application answers. Routes are told apart by their template, so that there are
    no more of them than the API has."""

    def __init__(self, app: ASGIApp, metrics: RequestMetrics, clock: Callable[[], float] = time.perf_counter) -> None:
        self._app = app
        self._metrics = metrics
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self._clock()

        async def send_measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "other")
                method = scope["method"] if scope["method"] in _METHODS else "other"
                seconds = self._clock() - started
                self._metrics.observe(method, route, message["status"], seconds)
                level = logging.INFO if seconds > SLOW_SECONDS or message["status"] >= 500 else logging.DEBUG
                if log.isEnabledFor(level):
                    facts = {
                        "method": method,
                        "route": route,
                        "status": message["status"],
                        "seconds": round(seconds, 4),
                    }
                    log.log(level, "answered", extra={"facts": facts})
            await send(message)

        await self._app(scope, receive, send_measured)


def _tell(method: str, route: str, status: int, seconds: float) -> None:
    level = logging.INFO if seconds > SLOW_SECONDS or status >= 500 else logging.DEBUG
    if log.isEnabledFor(level):
        facts = {"method": method, "route": route, "status": status, "seconds": round(seconds, 4)}
        log.log(level, "answered", extra={"facts": facts})


_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
