"""A free online-course platform that can be generated at any size, and loaded into MySQL."""

from demo.learning.demo import DEMO
from demo.learning.platform import LEARNERS, SEED, Platform, generate
from demo.learning.thresholds import Threshold, clusters, thresholds

__all__ = ["DEMO", "LEARNERS", "SEED", "Platform", "Threshold", "clusters", "generate", "thresholds"]
