"""What every section of the configuration shares: frozen, strict, typed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Factor = Annotated[float, Field(gt=0.0, le=1.0)]
Quality = Annotated[int, Field(ge=1, le=100)]
NonNegative = Annotated[float, Field(ge=0.0)]
Weights = tuple[NonNegative, NonNegative, NonNegative]
Tap = Literal["shallow", "middle", "deep"]
Part = Literal["backbone", "semantic", "noise", "classifier"]
Loss = Literal["classification", "noise", "mask"]


class Section(BaseModel):
    """A frozen part of the configuration; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
