"""For those who write a profile: propose one, check one, look at what it gives. It stands above the stages."""

from include.segmentation.authoring.check import check_profile
from include.segmentation.authoring.preview import preview
from include.segmentation.authoring.propose import new_profile

__all__ = ["check_profile", "new_profile", "preview"]
