"""A free online-course platform, generated at any size and loaded into MySQL."""

from demo.learning.demo import DEMO
from demo.learning.platform import LEARNERS, SEED, Platform, generate_platform
from demo.learning.thresholds import Threshold, list_clusters, read_thresholds

__all__ = ["DEMO", "LEARNERS", "SEED", "Platform", "Threshold", "generate_platform", "list_clusters", "read_thresholds"]
