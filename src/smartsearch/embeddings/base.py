"""What all dual encoders share: the two ports on ONNX Runtime sessions, and the family that tells them apart."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import Embedding
from smartsearch.core.errors import WeightsCorruptError
from smartsearch.core.spaces import Calibration, EmbeddingSpace, Preprocessing
from smartsearch.embeddings.tokens import TextTokenizer, TokenRules
from smartsearch.onnx.descriptions import TextInput
from smartsearch.onnx.sessions import LazySession, TensorInfo


def _verbatim(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class EncoderFamily:
    """What sets one family of dual encoders apart from the others.

    ``pad_id`` and ``fixed_length`` as in `TokenRules`. ``prompt`` rewrites a query into the form the family was trained
    on. ``image_outputs`` and ``text_outputs`` name the embedding outputs that its exports carry, preferred first.
    """

    name: str
    pad_id: int
    fixed_length: bool = False
    lowercase: bool = False
    prompt: Callable[[str], str] = _verbatim
    image_outputs: tuple[str, ...] = ("image_embeds", "embedding", "image_features", "pooler_output")
    text_outputs: tuple[str, ...] = ("text_embeds", "embedding", "text_features", "pooler_output")

    def token_rules(self, text: TextInput) -> TokenRules:
        """The rules for one model of the family."""
        return TokenRules(
            context_length=text.context_length,
            pad_id=self.pad_id if text.pad_id is None else text.pad_id,
            lowercase=text.lowercase or self.lowercase,
            fixed_length=self.fixed_length,
        )


def photo_of(text: str) -> str:
    """ "dog" -> "a photo of dog": CLIP was trained on captions, a single word is far from any of them.

    Longer queries are left alone. (Radford et al. 2021, section 3.1.4.)
    """
    words = text.split()
    return f"a photo of {words[0]}" if len(words) == 1 else text


def normalise(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """L2-normalise rows, in float32. A zero row stays zero."""
    result = vectors.astype(np.float32)
    norms = np.linalg.norm(result, axis=1, keepdims=True)
    np.divide(result, norms, out=result, where=norms > 0)
    return result


def choose_output(outputs: Sequence[TensorInfo], preferred: Sequence[str], dim: int) -> str:
    """The output that holds the embedding: a preferred name, else the only (batch, dim) one. WeightsCorruptError."""
    fitting = [info.name for info in outputs if len(info.shape) == 2 and info.shape[1] in (None, dim)]
    for name in preferred:
        if name in fitting:
            return name
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(f"{info.name}{list(info.shape)}" for info in outputs)
    raise WeightsCorruptError(f"No output of the model is an embedding of {dim} dimensions; it has {names}.")


class PixelInput:
    """Turns uint8 pixels into the tensor that a graph asks for."""

    def __init__(self, info: TensorInfo, preprocessing: Preprocessing) -> None:
        self.info = info
        self.raw = info.dtype == np.uint8
        """The graph takes (n, size, size, 3) bytes and normalises by itself."""
        levels = np.arange(256, dtype=np.float64)[:, None] / 255.0
        table = (levels - np.array(preprocessing.mean)) / np.array(preprocessing.std)
        self._tables = np.ascontiguousarray(table.T.astype(info.dtype if not self.raw else np.float32))

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.generic]:
        """(n, h, w, 3) uint8 -> the graph's input. One table look-up per value: exact, and one pass over memory."""
        if self.raw:
            return pixels
        count, height, width, _ = pixels.shape
        tensor = np.empty((count, 3, height, width), self._tables.dtype)
        for picture, planes in zip(pixels, tensor, strict=True):  # one at a time: it stays in the cache
            for channel in range(3):
                np.take(self._tables[channel], picture[..., channel], out=planes[channel], mode="clip")
        return tensor


class OnnxImageEncoder:
    """`ImageEncoder` on one graph. Cheap to construct: the file is opened by the first `encode_images`."""

    def __init__(
        self,
        space: EmbeddingSpace,
        preprocessing: Preprocessing,
        session: LazySession,
        family: EncoderFamily,
        max_batch: int = 32,
    ) -> None:
        self._space = space
        self._preprocessing = preprocessing
        self.session = session
        self._family = family
        self._max_batch = max(1, max_batch)
        self._graph: tuple[PixelInput, str] | None = None

    @property
    def space(self) -> EmbeddingSpace:
        return self._space

    @property
    def preprocessing(self) -> Preprocessing:
        return self._preprocessing

    def encode_images(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, size, size, 3) uint8 RGB -> (n, dim) L2-normalised float32. Any n; split into batches."""
        size = self._preprocessing.size
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[1:] != (size, size, 3):
            raise ValueError(f"expected (n, {size}, {size}, 3) uint8, got {pixels.shape} {pixels.dtype}")
        vectors = np.empty((len(pixels), self._space.dim), np.float32)
        if len(pixels):
            prepare, output = self._graph or self._inspect()
            step = prepare.info.shape[0] or self._max_batch
            for start in range(0, len(pixels), step):
                batch = prepare(pixels[start : start + step])
                vectors[start : start + step] = self._infer(prepare.info, output, batch)
        return vectors

    def release(self) -> None:
        """Give the memory back; the next use loads again."""
        self.session.release()

    def _infer(self, info: TensorInfo, output: str, batch: NDArray[np.generic]) -> NDArray[np.float32]:
        count = len(batch)
        if info.shape[0] is not None and count < info.shape[0]:  # a graph of fixed batch size
            batch = np.concatenate([batch, np.zeros((info.shape[0] - count, *batch.shape[1:]), batch.dtype)])
        return checked(self.session.run(output, {info.name: batch})[:count], self._space)

    def _inspect(self) -> tuple[PixelInput, str]:
        inputs = self.session.inputs()
        if len(inputs) != 1:
            raise WeightsCorruptError(f"The image graph should have one input, it has {len(inputs)}.")
        output = choose_output(self.session.outputs(), self._family.image_outputs, self._space.dim)
        self._graph = PixelInput(inputs[0], self._preprocessing), output
        return self._graph


class OnnxTextEncoder:
    """`TextEncoder` on one graph and a tokenizer, with a cache of the latest texts.

    Cheap to construct: nothing is opened before the first `encode_texts`.
    """

    def __init__(
        self,
        space: EmbeddingSpace,
        session: LazySession,
        tokenizer: TextTokenizer,
        family: EncoderFamily,
        *,
        load_calibration: Callable[[], Calibration | None] = lambda: None,
        cache_size: int = 4096,
    ) -> None:
        self._space = space
        self.session = session
        self._tokenizer = self.tokenizer = tokenizer
        self._family = family
        self._load_calibration = load_calibration
        self._calibration: Calibration | None = None
        self._calibration_loaded = False
        self._cache: OrderedDict[str, Embedding] = OrderedDict()
        self._cache_size = cache_size
        self._cache_lock = threading.Lock()
        self._graph: tuple[dict[str, TensorInfo], str] | None = None

    @property
    def space(self) -> EmbeddingSpace:
        return self._space

    @property
    def calibration(self) -> Calibration | None:
        """Read from the model's folder on first use. None if the model has none."""
        if not self._calibration_loaded:
            self._calibration = self._load_calibration()
            self._calibration_loaded = True
        return self._calibration

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """n texts -> (n, dim) L2-normalised float32. A text met before comes from the cache."""
        vectors = np.empty((len(texts), self._space.dim), np.float32)
        missing: dict[str, list[int]] = {}
        with self._cache_lock:
            for index, text in enumerate(texts):
                known = self._cache.get(text)
                if known is None:
                    missing.setdefault(text, []).append(index)
                else:
                    self._cache.move_to_end(text)
                    vectors[index] = known
        for text, places in missing.items():
            vector = self._infer(text)
            vectors[places] = vector
            self._remember(text, vector)
        return vectors

    def release(self) -> None:
        """Give the memory back; the next use loads again. Cached texts stay."""
        self.session.release()

    def _remember(self, text: str, vector: Embedding) -> None:
        with self._cache_lock:
            self._cache[text] = vector
            while len(self._cache) > self._cache_size:
                self._cache.popitem(last=False)

    def _infer(self, text: str) -> Embedding:
        """One text at a time: in a batch, dynamic quantisation would make its vector depend on the others."""
        inputs, output = self._graph or self._inspect()
        info = inputs["ids"]
        ids, mask = self._tokenizer.encode([self._family.prompt(text)], info.shape[1])
        rows = info.shape[0] or 1  # a graph of fixed batch size gets the text several times
        feeds = {info.name: np.repeat(ids, rows, axis=0).astype(info.dtype)}
        if "mask" in inputs:
            feeds[inputs["mask"].name] = np.repeat(mask, rows, axis=0).astype(inputs["mask"].dtype)
        vector: Embedding = checked(self.session.run(output, feeds)[:1], self._space)[0]
        return vector

    def _inspect(self) -> tuple[dict[str, TensorInfo], str]:
        """Exports name their inputs in many ways; the mask is the one that says so."""
        inputs: dict[str, TensorInfo] = {}
        for info in self.session.inputs():
            inputs["mask" if "mask" in info.name else "ids"] = info
        if "ids" not in inputs or len(inputs) != len(self.session.inputs()) or len(inputs["ids"].shape) != 2:
            names = ", ".join(info.name for info in self.session.inputs())
            raise WeightsCorruptError(f"The text graph should take token ids and perhaps a mask; it takes {names}.")
        output = choose_output(self.session.outputs(), self._family.text_outputs, self._space.dim)
        self._graph = inputs, output
        return self._graph


def checked(vectors: NDArray[np.floating], space: EmbeddingSpace) -> NDArray[np.float32]:
    """Normalised vectors of the right width. WeightsCorruptError for another width or values that are no numbers."""
    if vectors.ndim != 2 or vectors.shape[1] != space.dim:
        raise WeightsCorruptError(f"{space.model} gave vectors of shape {vectors.shape}, expected (n, {space.dim}).")
    result = normalise(vectors)
    if not np.isfinite(result).all():
        raise WeightsCorruptError(f"{space.model} ({space.variant}) gave values that are not numbers.")
    return result
