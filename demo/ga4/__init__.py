"""A stand-in for the Google Analytics 4 Data API; it serves the generated learners to the official client."""

from demo.ga4.facts import make_facts
from demo.ga4.server import PROPERTY, StandIn, StandInFaults, serve_facts

__all__ = ["PROPERTY", "StandIn", "StandInFaults", "make_facts", "serve_facts"]
