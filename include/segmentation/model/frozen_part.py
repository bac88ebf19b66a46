"""What everything in a model is made of."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A part of a model: unchangeable, without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)
