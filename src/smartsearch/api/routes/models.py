"""The models of this machine, and which one the library is searched by."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from smartsearch.api.deps import LibraryDep
from smartsearch.api.schemas import Strict, without_nul
from smartsearch.catalog import ModelChoice
from smartsearch.library import Library

router = APIRouter(tags=["models"])


class Model(BaseModel):
    """One model."""

    name: str = Field(examples=["pocket"])
    active: bool = Field(description="The library is searched by it.")
    next: bool = Field(description="The library is changing to it.")
    installed: list[str] = Field(description="Variants on this machine.", examples=[["int8"]])
    variants: list[str] = Field(description="Variants that exist.", examples=[["fp32", "int8"]])
    dim: int = Field(description="Dimensions of its vectors.", examples=[256])
    size_bytes: int | None = Field(description="On disk; null where it is not installed.")
    licence: str = Field(examples=["MIT"])
    commercial: bool | None = Field(description="Whether commercial use is allowed; null where nobody says.")
    languages: list[str] = Field(examples=[["en"]])
    summary: str


class Models(BaseModel):
    """By name."""

    models: list[Model]
    active: str = Field(description="With its variant, where it matters.", examples=["pocket"])
    next: str | None


class ActiveModel(Strict):
    """A model to search by."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(without_nul)] = Field(
        description="NAME or NAME:VARIANT, installed on this machine.", examples=["pocket"]
    )


class ModelSwitch(BaseModel):
    """What became of it."""

    active: str
    next: str | None = Field(description="Takes over when the next scan has given every image its vector.")
    at_once: bool


@router.get("/models")
def models(library: LibraryDep) -> Models:
    """Every model that is known, and what is installed. Models are added by `smartsearch models pull` or `import`."""
    weights = library.catalog.weights
    installed = weights.installed()
    descriptions = {description.name: description for description in weights.registry}
    descriptions |= {model.description.name: model.description for model in installed}
    active, coming = library.model, library.next_model
    found = []
    for name, description in sorted(descriptions.items()):
        here = [model for model in installed if model.description.name == name]
        found.append(
            Model(
                name=name,
                active=active.name == name,
                next=coming is not None and coming.name == name,
                installed=[model.variant for model in here],
                variants=list(description.variants),
                dim=description.dim,
                size_bytes=sum(model.size for model in here) if here else None,
                licence=description.licence.name,
                commercial=description.licence.commercial,
                languages=list(description.languages),
                summary=description.summary,
            )
        )
    return Models(models=found, active=str(active), next=_text(coming))


@router.post("/models/active")
def use_model(wanted: ActiveModel, library: LibraryDep) -> ModelSwitch:
    """Change to another installed model: at once where its vectors are there, else when a scan has made them."""
    at_once = library.use_model(ModelChoice.parse(wanted.name))
    return _switch(library, at_once)


def _switch(library: Library, at_once: bool) -> ModelSwitch:
    return ModelSwitch(active=str(library.model), next=_text(library.next_model), at_once=at_once)


def _text(choice: ModelChoice | None) -> str | None:
    return None if choice is None else str(choice)
