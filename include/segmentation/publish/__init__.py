"""The publish stage: from a run's artifacts to the tables that BI tools and marketing read.

``questions`` says what a person has to be asked before, ``turn_down`` notes that the answer was no.
"""

from include.segmentation.publish.publish_stage import find_questions, publish, reject_run

__all__ = ["find_questions", "publish", "reject_run"]
