"""Models as values: a frozen description says everything that is needed to fetch, check and run a dual encoder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from smartsearch.core.errors import UnknownModelError, WeightsCorruptError
from smartsearch.core.spaces import EmbeddingSpace, Preprocessing

Variant = Literal["fp32", "fp16", "int8"]
VARIANTS: tuple[Variant, ...] = ("fp32", "fp16", "int8")

DESCRIPTION_FILE = "model.json"
"""The file of a model folder that holds its description and checksums."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Licence:
    """Under what terms the weights may be used. ``commercial`` is None where the publisher does not say."""

    name: str
    commercial: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class TextInput:
    """How words become the input of the text tower.

    ``context_length`` in tokens, special tokens included. ``pad_id`` None means the family's own.
    ``tokenizer`` is the path of a `tokenizers` JSON file.
    """

    context_length: int
    tokenizer: str = "tokenizer.json"
    lowercase: bool = False
    pad_id: int | None = None


@dataclass(frozen=True, slots=True)
class Towers:
    """The files of one variant: two graphs, and the external-data files that they name. ``size`` in bytes."""

    variant: Variant
    image: str
    text: str
    extra: tuple[str, ...] = ()
    size: int | None = None


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """One dual encoder: an image tower and a text tower into one space of ``dim`` dimensions.

    File names are relative to the model's folder, or to the root of the hub ``repository`` at ``revision`` (a commit
    where one is known, so that the files cannot change under the name). ``towers`` are in order of preference.
    ``sha256`` maps file names to hex digests; a file without one is trusted on its first download and recorded.
    ``languages`` are ISO 639-1 codes, or "multi". ``sources`` say where weights and facts come from.
    """

    name: str
    family: str
    revision: str
    dim: int
    preprocessing: Preprocessing
    text: TextInput
    towers: tuple[Towers, ...]
    licence: Licence
    summary: str = ""
    repository: str | None = None
    languages: tuple[str, ...] = ("en",)
    sha256: Mapping[str, str] = field(default_factory=dict, hash=False)
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no model name: use a-z, 0-9, '.', '_' and '-', at most 64 characters")
        if not self.towers:
            raise ValueError(f"{self.name}: no files described")

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The variants that exist, preferred first."""
        return tuple(towers.variant for towers in self.towers)

    def towers_of(self, variant: str | None = None) -> Towers:
        """The files of a variant (the preferred one for None). UnknownModelError if there is no such variant."""
        for towers in self.towers:
            if variant is None or towers.variant == variant:
                return towers
        raise UnknownModelError(f"{self.name} has no variant {variant!r}.", hint=f"It has: {', '.join(self.variants)}.")

    def files(self, variant: str | None = None) -> tuple[str, ...]:
        """Everything that a variant needs, each once."""
        towers = self.towers_of(variant)
        return tuple(dict.fromkeys((towers.image, towers.text, *towers.extra, self.text.tokenizer)))

    def space(self, variant: str | None = None) -> EmbeddingSpace:
        """The space of the vectors that a variant makes."""
        return EmbeddingSpace(
            model=self.name,
            revision=self.revision[:12],
            preprocessing=self.preprocessing.fingerprint(),
            dim=self.dim,
            variant=self.towers_of(variant).variant,
        )


class Registry:
    """Descriptions by name; a later one of the same name replaces the earlier."""

    def __init__(self, descriptions: Iterable[ModelDescription] = ()) -> None:
        self._by_name = {description.name: description for description in descriptions}

    def names(self) -> list[str]:
        return sorted(self._by_name)

    def __iter__(self) -> Iterator[ModelDescription]:
        return iter(self._by_name.values())

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def get(self, name: str) -> ModelDescription:
        """UnknownModelError names what there is."""
        try:
            return self._by_name[name]
        except KeyError:
            known = ", ".join(self.names())
            raise UnknownModelError(f"There is no model called {name!r}.", hint=f"Known models: {known}.") from None


# -- model.json --------------------------------------------------------------------------------------------------------


def to_json(description: ModelDescription) -> dict[str, Any]:
    """The content of ``model.json`` for a folder that holds the (one) preferred variant."""
    towers = description.towers_of()
    pre = description.preprocessing
    return {
        "name": description.name,
        "family": description.family,
        "revision": description.revision,
        "dim": description.dim,
        "variant": towers.variant,
        "summary": description.summary,
        "licence": {
            "name": description.licence.name,
            "commercial": description.licence.commercial,
            "note": description.licence.note,
        },
        "languages": list(description.languages),
        "repository": description.repository,
        "image": {
            "file": towers.image,
            "size": pre.size,
            "resize": pre.resize,
            "interpolation": pre.interpolation,
            "mean": list(pre.mean),
            "std": list(pre.std),
            "fill": list(pre.fill),
        },
        "text": {
            "file": towers.text,
            "tokenizer": description.text.tokenizer,
            "context_length": description.text.context_length,
            "lowercase": description.text.lowercase,
            "pad_id": description.text.pad_id,
        },
        "extra": list(towers.extra),
        "sha256": dict(description.sha256),
        "sources": list(description.sources),
    }


def from_json(data: Mapping[str, Any]) -> ModelDescription:
    """The description in a ``model.json``. Only name, revision, family, dim, image and text are required.

    Raises WeightsCorruptError saying which field is missing or wrong.
    """
    try:
        image, text = data["image"], data["text"]
        licence = data.get("licence", "unknown")
        return ModelDescription(
            name=str(data["name"]),
            family=str(data["family"]),
            revision=str(data["revision"]),
            dim=int(data["dim"]),
            preprocessing=_preprocessing(image),
            text=TextInput(
                context_length=int(text["context_length"]),
                tokenizer=_relative(text.get("tokenizer", "tokenizer.json")),
                lowercase=bool(text.get("lowercase", False)),
                pad_id=None if text.get("pad_id") is None else int(text["pad_id"]),
            ),
            towers=(
                Towers(
                    variant=_variant(data.get("variant", "fp32")),
                    image=_relative(image["file"]),
                    text=_relative(text["file"]),
                    extra=tuple(_relative(name) for name in data.get("extra", ())),
                ),
            ),
            licence=Licence(**licence) if isinstance(licence, Mapping) else Licence(str(licence)),
            summary=str(data.get("summary", "")),
            repository=data.get("repository"),
            languages=tuple(data.get("languages", ("en",))),
            sha256={_relative(name): str(digest).lower() for name, digest in data.get("sha256", {}).items()},
            sources=tuple(_source(source) for source in data.get("sources", ())),
        )
    except KeyError as error:
        raise WeightsCorruptError(f"The model description lacks the field {error}.") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise WeightsCorruptError(f"The model description is wrong: {error}.") from error


def read_description(folder: Path) -> ModelDescription:
    """The description of an installed model. Raises WeightsCorruptError if it cannot be read."""
    path = folder / DESCRIPTION_FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsCorruptError(f"{path} cannot be read: {error}.") from error
    return from_json(data)


def write_description(folder: Path, description: ModelDescription) -> None:
    """Write ``model.json`` into a folder that is still being put together."""
    text = json.dumps(to_json(description), indent=2, ensure_ascii=False)
    (folder / DESCRIPTION_FILE).write_text(text + "\n", encoding="utf-8")


def with_variant(description: ModelDescription, variant: str | None) -> ModelDescription:
    """The same model with only the files of one variant."""
    return replace(description, towers=(description.towers_of(variant),))


def _preprocessing(image: Mapping[str, Any]) -> Preprocessing:
    """Mean and std are absent where the graph itself normalises."""
    r, g, b = image.get("mean") or (0.0, 0.0, 0.0)
    sr, sg, sb = image.get("std") or (1.0, 1.0, 1.0)
    fr, fg, fb = image.get("fill") or (0, 0, 0)
    resize, interpolation = image.get("resize", "crop"), image.get("interpolation", "bicubic")
    if resize not in ("crop", "squash", "pad") or interpolation not in ("bilinear", "bicubic", "lanczos"):
        raise ValueError(f"unknown resize {resize!r} or interpolation {interpolation!r}")
    return Preprocessing(
        size=int(image["size"]),
        resize=resize,
        interpolation=interpolation,
        mean=(float(r), float(g), float(b)),
        std=(float(sr), float(sg), float(sb)),
        fill=(int(fr), int(fg), int(fb)),
    )


def _source(value: object) -> str:
    """A source is a line of text, or {"what", "from", "licence"}."""
    if isinstance(value, Mapping):
        return f"{value.get('what', '')}: {value.get('from', '')} ({value.get('licence', 'licence unknown')})"
    return str(value)


def _variant(value: object) -> Variant:
    for variant in VARIANTS:
        if value == variant:
            return variant
    raise ValueError(f"unknown variant {value!r}")


def _relative(name: object) -> str:
    """A file name that stays inside the model's folder: descriptions come from the network too."""
    text = str(name)
    parts = text.replace("\\", "/").split("/")
    if not text or text.startswith("/") or ".." in parts or ":" in parts[0]:
        raise ValueError(f"{text!r} is no file inside the model's folder")
    return text
