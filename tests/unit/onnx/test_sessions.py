"""Sessions on a real graph: providers, errors, and the life of a lazy session. Time is injected."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smartsearch.core.errors import ModelError, WeightsCorruptError, WeightsMissingError
from smartsearch.core.settings import RuntimeSettings
from smartsearch.onnx import sessions, threads
from smartsearch.onnx.sessions import LazySession, available_providers, create_session

pytest.importorskip("onnx", reason="tiny models are made with the onnx package")

PIXELS = np.zeros((2, 32, 32, 3), np.uint8)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from smartsearch.testing_models import make_tiny_model

    return make_tiny_model(tmp_path_factory.mktemp("tiny")) / "image.onnx"


class Clock:
    """Seconds that pass only when told to, and the timers that wait for them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def __call__(self) -> float:
        return self.now

    def start_timer(self, seconds: float, action: Callable[[], None]) -> None:
        self.timers.append((self.now + seconds, action))

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while due := [timer for timer in self.timers if timer[0] <= end]:
            timer = min(due, key=lambda timer: timer[0])
            self.timers.remove(timer)
            self.now = timer[0]
            timer[1]()
        self.now = end


def lazy(graph: Path, clock: Clock, idle: float = 60) -> LazySession:
    settings = RuntimeSettings(idle_seconds=idle, threads=1)
    return LazySession(graph, settings, clock=clock, start_timer=clock.start_timer)


def test_loads_on_first_use_and_leaves_when_idle(graph: Path) -> None:
    clock = Clock()
    session = lazy(graph, clock)
    assert not session.loaded
    first = session.run("embedding", {"pixels": PIXELS})
    assert session.loaded
    clock.advance(59)
    assert session.loaded
    clock.advance(2)
    assert not session.loaded
    np.testing.assert_array_equal(session.run("embedding", {"pixels": PIXELS}), first)
    assert session.loaded


def test_each_use_starts_the_idle_time_anew(graph: Path) -> None:
    clock = Clock()
    session = lazy(graph, clock)
    for _ in range(5):
        session.run("embedding", {"pixels": PIXELS})
        clock.advance(40)
    assert session.loaded
    assert len(clock.timers) == 1, "one timer, however many uses"
    clock.advance(61)
    assert not session.loaded
    assert clock.timers == []


def test_what_large_inferences_freed_goes_back_now_and_then(graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    returned: list[float] = []
    clock = Clock()
    session = lazy(graph, clock)
    session.run("embedding", {"pixels": PIXELS})
    monkeypatch.setattr(sessions, "_trim", lambda: returned.append(clock.now))
    large = np.zeros((400, 32, 32, 3), np.uint8)
    for pixels in (PIXELS, large):
        for _ in range(6):
            clock.advance(2)
            session.run("embedding", {"pixels": pixels})
    assert returned == [14, 20], "not after small ones, and not after each"


def test_zero_idle_time_means_never(graph: Path) -> None:
    clock = Clock()
    session = lazy(graph, clock, idle=0)
    session.run("embedding", {"pixels": PIXELS})
    clock.advance(1e6)
    assert session.loaded
    session.release()
    session.release()
    assert not session.loaded


def test_a_release_in_the_middle_of_runs_costs_nothing(graph: Path) -> None:
    session = lazy(graph, Clock())
    expected = session.run("embedding", {"pixels": PIXELS})
    stop = threading.Event()
    failures: list[object] = []

    def work() -> None:
        while not stop.is_set():
            if not np.array_equal(session.run("embedding", {"pixels": PIXELS}), expected):
                failures.append("other result")

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for _ in range(20):
        session.release()
    stop.set()
    for worker in workers:
        worker.join()
    assert failures == []


def test_the_real_timer_releases(graph: Path) -> None:
    started: list[float] = []
    released = threading.Event()
    session = LazySession(graph, RuntimeSettings(idle_seconds=0.01, threads=1))
    original = session.release_if_idle

    def notice() -> None:
        started.append(0)
        original()
        if not session.loaded:
            released.set()

    session.release_if_idle = notice  # type: ignore[method-assign]
    session.run("embedding", {"pixels": PIXELS})
    assert released.wait(timeout=10)


def test_says_what_the_graph_takes_and_gives(graph: Path) -> None:
    session = lazy(graph, Clock())
    (pixels,), (embedding,) = session.inputs(), session.outputs()
    assert (pixels.name, pixels.dtype, pixels.shape) == ("pixels", np.uint8, (None, 32, 32, 3))
    assert (embedding.name, embedding.shape) == ("embedding", (None, 12))


def test_a_failing_inference_is_a_model_error(graph: Path) -> None:
    with pytest.raises(ModelError, match=r"image\.onnx failed"):
        lazy(graph, Clock()).run("embedding", {"pixels": PIXELS[:, :5]})


def test_missing_and_damaged_files(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match="not there"):
        create_session(tmp_path / "none.onnx", RuntimeSettings())
    (tmp_path / "bad.onnx").write_bytes(b"\x00" * 100)
    with pytest.raises(WeightsCorruptError, match="cannot be loaded"):
        create_session(tmp_path / "bad.onnx", RuntimeSettings())


# -- providers ---------------------------------------------------------------------------------------------------------


class FakeRuntime:
    """Stands for an onnxruntime whose providers may be missing or broken; sessions are real CPU ones."""

    def __init__(self, offered: list[str], broken: tuple[str, ...] = (), silent: tuple[str, ...] = ()) -> None:
        import onnxruntime

        self._real: Any = onnxruntime
        self.offered, self.broken, self.silent = offered, broken, silent
        self.tried: list[str] = []
        self.SessionOptions = onnxruntime.SessionOptions

    def get_available_providers(self) -> list[str]:
        return self.offered

    def InferenceSession(self, path: str, options: Any, providers: list[str]) -> Any:  # noqa: N802
        self.tried.append(providers[0])
        if providers[0] in self.broken:
            raise RuntimeError("no driver")
        real = self._real.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        shown = ["CPUExecutionProvider"] if providers[0] in self.silent else providers
        return type("Session", (), {"get_providers": lambda _: shown, "run": real.run})()


def use(monkeypatch: pytest.MonkeyPatch, runtime: FakeRuntime) -> FakeRuntime:
    monkeypatch.setattr(sessions, "_runtime", lambda: runtime)
    return runtime


ALL = ["AzureExecutionProvider", "CPUExecutionProvider", "OpenVINOExecutionProvider", "CUDAExecutionProvider"]


def test_auto_takes_the_best_provider_that_works(graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = use(monkeypatch, FakeRuntime(ALL, broken=("CUDAExecutionProvider",)))
    assert available_providers() == ["cuda", "openvino", "cpu"]
    session = create_session(graph, RuntimeSettings())
    assert session.get_providers()[0] == "OpenVINOExecutionProvider"
    assert runtime.tried == ["CUDAExecutionProvider", "OpenVINOExecutionProvider"]


def test_auto_ends_on_the_cpu_even_after_a_silent_fallback(graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, silent = ("OpenVINOExecutionProvider",), ("CUDAExecutionProvider",)
    runtime = use(monkeypatch, FakeRuntime(ALL, broken=broken, silent=silent))
    assert create_session(graph, RuntimeSettings()).get_providers() == ["CPUExecutionProvider"]
    assert runtime.tried[-1] == "CPUExecutionProvider"


def test_a_forced_provider_must_be_there(graph: Path) -> None:
    with pytest.raises(ModelError, match="'coreml' is not available") as raised:
        create_session(graph, RuntimeSettings(provider="coreml"))
    assert "cpu" in raised.value.hint


@pytest.mark.parametrize("how", ["broken", "silent"])
def test_a_forced_provider_must_work(graph: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    use(monkeypatch, FakeRuntime(ALL, **{how: ("CUDAExecutionProvider",)}))
    with pytest.raises(ModelError, match="'cuda' could not be started"):
        create_session(graph, RuntimeSettings(provider="cuda"))
    assert create_session(graph, RuntimeSettings(provider="cpu")).get_providers() == ["CPUExecutionProvider"]


# -- threads -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cpus", "siblings", "cpu_max", "expected"),
    [
        ({0, 1, 2, 3}, {}, "max 100000", 4),
        ({0, 1, 2, 3}, {0: "0,2", 2: "0,2", 1: "1,3", 3: "1,3"}, "max 100000", 2),
        ({0, 2}, {0: "0,2", 2: "0,2"}, "max 100000", 1),
        ({0, 1, 2, 3}, {}, "150000 100000", 2),
        ({0, 1, 2, 3}, {}, "10000 100000", 1),
        ({0}, {}, "800000 100000", 1),
        ({0, 1}, {}, "nonsense", 2),
    ],
)
def test_cores_respect_affinity_siblings_and_quota(
    cpus: set[int],
    siblings: dict[int, str],
    cpu_max: str,
    expected: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "cpu.max").write_text(cpu_max)
    for cpu, text in siblings.items():
        (tmp_path / f"cpu{cpu}" / "topology").mkdir(parents=True)
        (tmp_path / f"cpu{cpu}" / "topology" / "thread_siblings_list").write_text(text)
    monkeypatch.setattr(threads, "_allowed_cpus", lambda: cpus)
    monkeypatch.setattr(threads, "_TOPOLOGY", tmp_path)
    monkeypatch.setattr(threads, "_CGROUP_V2", tmp_path / "cpu.max")
    monkeypatch.setattr(threads, "_CGROUP_V1", tmp_path / "none")
    assert threads.usable_cores() == expected
