"""The frozen model of a macro segment, the timeline of models, and decision trees over KPIs."""

from pydantic import BaseModel, ConfigDict


class FrozenPart(BaseModel):
    """A part of a model: immutable, without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)
