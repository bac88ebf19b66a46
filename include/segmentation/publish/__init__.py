"""The publish stage: from a run's artifacts to the tables that BI tools and marketing read.

``find_questions`` lists what a person has to answer first; ``reject_run`` records that the answer was no.
"""

from include.segmentation.publish.publish_stage import find_questions, publish, reject_run

__all__ = ["find_questions", "publish", "reject_run"]
