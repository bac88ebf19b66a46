"""A stand-in for the Google Analytics 4 Data API that serves the generated learners to the official client."""

from demo.ga4.facts import facts
from demo.ga4.server import PROPERTY, Faults, StandIn, serving

__all__ = ["PROPERTY", "Faults", "StandIn", "facts", "serving"]
