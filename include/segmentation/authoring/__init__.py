"""Tools for authors of profiles: propose a profile, check one, and preview its segments. They use the stages."""

from include.segmentation.authoring.profile_check import check_profile
from include.segmentation.authoring.profile_proposal import propose_profile
from include.segmentation.authoring.run_preview import preview_run

__all__ = ["check_profile", "preview_run", "propose_profile"]
