"""Running ONNX graphs: provider, threads and memory chosen for the machine; loaded on first use, released when idle."""

from __future__ import annotations

import ctypes
import functools
import gc
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.errors import ModelError, WeightsCorruptError, WeightsMissingError
from smartsearch.core.settings import Provider, RuntimeSettings
from smartsearch.onnx.threads import usable_cores

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, SessionOptions

log = logging.getLogger(__name__)

EXECUTION_PROVIDERS: dict[Provider, str] = {
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""Our names for ONNX Runtime's, in the order in which "auto" tries them."""

RETURN_SECONDS, LARGE = 5.0, 1 << 20
"""How often what inferences of so many bytes of input have freed goes back to the system. Their tensors are of many
sizes, and leave holes that the next ones do not fit: within an hour of reading text a server held 1.9 GB
(`benchmarks/soak.py`). Blocks mapped one by one would leave none, at twice the processor time."""

_DTYPES: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One input or output of a graph. Dimensions that are free are None."""

    name: str
    dtype: type[np.generic]
    shape: tuple[int | None, ...]


def available_providers() -> list[Provider]:
    """The providers that this installation of ONNX Runtime offers, best first."""
    offered = set(_runtime().get_available_providers())
    return [name for name, provider in EXECUTION_PROVIDERS.items() if provider in offered]


def create_session(path: Path, settings: RuntimeSettings, *, mapped: bool = False) -> InferenceSession:
    """Load a graph. ``mapped``: see `LazySession`.

    With provider "auto" the best one that initialises is used, at worst the CPU; a provider asked for by name must
    work. Raises ModelError (provider), WeightsMissingError or WeightsCorruptError (file).
    """
    if not path.is_file():
        raise WeightsMissingError(f"The model file {path} is not there.")
    offered = available_providers()
    if settings.provider != "auto":
        return _create_forced(path, settings, offered, mapped)
    for provider in offered:
        if provider == "cpu":
            break
        try:
            return _create(path, settings, provider, mapped)
        except Exception as error:
            log.warning("%s does not work here, trying the next provider: %s", provider, error)
    return _create_cpu(path, settings, mapped)


def _create_forced(
    path: Path, settings: RuntimeSettings, offered: Sequence[Provider], mapped: bool
) -> InferenceSession:
    wanted = settings.provider
    if wanted not in offered:
        raise ModelError(
            f"The provider {wanted!r} is not available in this installation of ONNX Runtime.",
            hint=f"Available: {', '.join(offered)}. Set runtime.provider to one of these or to 'auto'.",
        )
    if wanted == "cpu":
        return _create_cpu(path, settings, mapped)
    try:
        return _create(path, settings, wanted, mapped)
    except Exception as error:
        raise ModelError(
            f"The provider {wanted!r} could not be started: {error}.", hint="Set runtime.provider to 'auto' or 'cpu'."
        ) from error


def _create_cpu(path: Path, settings: RuntimeSettings, mapped: bool) -> InferenceSession:
    try:
        return _create(path, settings, "cpu", mapped)
    except Exception as error:
        raise WeightsCorruptError(
            f"The model file {path} cannot be loaded: {_first_line(error)}.", hint="Pull or import the model again."
        ) from error


def _create(path: Path, settings: RuntimeSettings, provider: Provider, mapped: bool) -> InferenceSession:
    """ONNX Runtime only warns and goes on without a provider that fails to start; here that is an error."""
    chosen = EXECUTION_PROVIDERS[provider]
    fallback = [] if provider == "cpu" else [EXECUTION_PROVIDERS["cpu"]]
    session = _runtime().InferenceSession(str(path), _options(settings, mapped), providers=[chosen, *fallback])
    if chosen not in session.get_providers():
        raise ModelError(f"ONNX Runtime fell back from {chosen}")
    return session


def _options(settings: RuntimeSettings, mapped: bool) -> SessionOptions:
    """Measured reasons in docs/models.md.

    No spinning: idle compute threads would burn the cores that decode workers need. No arena: it never shrinks, and
    buys no speed for these models.
    """
    options = _runtime().SessionOptions()
    options.intra_op_num_threads = settings.threads or usable_cores()
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    if mapped:  # packing would copy every weight into memory of our own
        options.add_session_config_entry("session.disable_prepacking", "1")
    options.log_severity_level = 4  # errors are raised, they need no line on stderr
    return options


@functools.cache
def _runtime() -> Any:
    """onnxruntime, imported late (a tenth of a second) and with its telemetry off."""
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    return onnxruntime


class LazySession:
    """A session that loads on first use and leaves memory after ``idle_seconds`` without use (0: never).

    Thread-safe. A release while a run is under way takes effect when that run ends; the next run loads again.
    ``mapped`` leaves the weights where they are: those in a file of their own (see `smartsearch.onnx.mapping`) are then
    mapped, so that loading takes a tenth of the time and the memory belongs to the page cache; single inferences are
    somewhat slower. ``clock`` gives monotonic seconds.
    """

    def __init__(
        self,
        path: Path,
        settings: RuntimeSettings,
        *,
        mapped: bool = False,
        clock: Callable[[], float] = time.monotonic,
        start_timer: Callable[[float, Callable[[], None]], None] | None = None,
    ) -> None:
        self.path = path
        self._settings = settings
        self._mapped = mapped
        self._clock = clock
        self._start_timer = start_timer or _start_timer
        self._lock = threading.Lock()
        self._session: InferenceSession | None = None
        self._last_used = 0.0
        self._running = 0
        self._timer_armed = False
        self._returned = 0.0

    @property
    def loaded(self) -> bool:
        """Whether the weights are in memory now."""
        return self._session is not None

    def inputs(self) -> tuple[TensorInfo, ...]:
        """The graph's inputs; loads it if need be."""
        return tuple(_tensor_info(node) for node in self._acquire(running=0).get_inputs())

    def outputs(self) -> tuple[TensorInfo, ...]:
        """The graph's outputs; loads it if need be."""
        return tuple(_tensor_info(node) for node in self._acquire(running=0).get_outputs())

    def metadata(self) -> dict[str, str]:
        """What the file says about itself; loads it if need be."""
        return dict(self._acquire(running=0).get_modelmeta().custom_metadata_map)

    def run(self, output: str, feeds: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
        """One output of one inference. Raises as `create_session`, and ModelError if the inference fails."""
        return self.run_all(feeds, (output,))[output]

    def run_all(self, feeds: Mapping[str, NDArray[Any]], outputs: Sequence[str] = ()) -> dict[str, NDArray[Any]]:
        """These outputs of one inference by name, all of them if none are named. Raises as `run`."""
        session = self._acquire(running=1)
        try:
            names = list(outputs) or [node.name for node in session.get_outputs()]
            return dict(zip(names, session.run(names, dict(feeds)), strict=True))
        except Exception as error:
            raise ModelError(f"The model {self.path.name} failed: {_first_line(error)}.") from error
        finally:
            with self._lock:
                self._running -= 1
                self._last_used = now = self._clock()
                due = now - self._returned >= RETURN_SECONDS and sum(feed.nbytes for feed in feeds.values()) >= LARGE
                if due:
                    self._returned = now
            if due:
                _trim()

    def release(self) -> None:
        """Give the memory back now; the next use loads again."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            del session
            _return_memory()

    def release_if_idle(self) -> None:
        """Release if nothing ran for ``idle_seconds``; otherwise look again when that time may have come."""
        with self._lock:
            self._timer_armed = False
            if self._session is None:
                return
            rest = self._settings.idle_seconds - (self._clock() - self._last_used)
            if self._running or rest > 0:
                self._arm(max(rest, 1.0))
                return
        self.release()

    def _acquire(self, *, running: int) -> InferenceSession:
        with self._lock:
            if self._session is None:
                self._session = create_session(self.path, self._settings, mapped=self._mapped)
                _return_memory()  # the file's copy that ONNX Runtime has freed after loading
            self._last_used = self._clock()
            self._running += running
            if self._settings.idle_seconds > 0 and not self._timer_armed:
                self._arm(self._settings.idle_seconds)
            return self._session

    def _arm(self, seconds: float) -> None:
        self._timer_armed = True
        self._start_timer(seconds, self.release_if_idle)


def _start_timer(seconds: float, action: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()


def _return_memory() -> None:
    """Without this a released model would still count as used memory."""
    gc.collect()
    _trim()


def _trim() -> None:
    """Give freed blocks back: glibc keeps them."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):  # another C library
        return


def _tensor_info(node: Any) -> TensorInfo:
    dtype = _DTYPES.get(node.type)
    if dtype is None:
        raise WeightsCorruptError(f"The model has an input or output {node.name!r} of unexpected type {node.type}.")
    return TensorInfo(node.name, dtype, tuple(dim if isinstance(dim, int) else None for dim in node.shape))


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
