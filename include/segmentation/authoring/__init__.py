"""For those who write a profile: propose one, check one, look at what it gives. It stands above the stages."""

from include.segmentation.authoring.profile_check import check_profile
from include.segmentation.authoring.profile_proposal import propose_profile
from include.segmentation.authoring.run_preview import preview_run

__all__ = ["check_profile", "preview_run", "propose_profile"]
