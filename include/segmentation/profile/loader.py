"""Find, read and check the file of a profile."""

import os
from pathlib import Path

from pydantic import ValidationError

from include.segmentation.errors import ProfileError
from include.segmentation.profile.identifiers import NAME_PATTERN
from include.segmentation.profile.mistakes import Mistake, explain_mistakes, list_allowed
from include.segmentation.profile.profile import SHIPPED_PROFILES, Profile
from include.segmentation.profile.yaml_file import YamlFile


def list_profile_dirs(extra: Path | None = None) -> list[Path]:
    """List the folders that hold profiles, in the order of search; the shipped one is last."""
    folders = [extra] if extra else []
    folders += [Path(text) for text in os.environ.get("SEGMENTATION_PROFILES", "").split(os.pathsep) if text]
    return [*folders, SHIPPED_PROFILES]


def list_profile_names(extra: Path | None = None) -> list[str]:
    """List the names of all profiles that can be loaded."""
    return sorted({path.stem for folder in list_profile_dirs(extra) for path in folder.glob("*.yaml")})


def load_profile(name: str, profiles_dir: Path | None = None) -> Profile:
    """Read and check a profile.

    Args:
        name: the name of the profile and of its file.
        profiles_dir: a folder outside to search first.

    Raises:
        ProfileError: there is no such profile, or it has mistakes. For each of them the message names the file, the
            line, the key, what was found and what is allowed.
    """
    file = YamlFile(find_profile_path(name, profiles_dir))
    mistakes = [*file.find_duplicate_keys(), *find_name_mistakes(file)]
    try:
        if not mistakes:
            return Profile.model_validate(file.value | {"path": file.path})
    except ValidationError as error:
        mistakes = list(explain_mistakes(Profile, file.value, error))
    raise ProfileError("; ".join(map(file.format_mistake, mistakes)))


def find_profile_path(name: str, profiles_dir: Path | None = None) -> Path:
    """Find the file of a profile.

    Raises:
        ProfileError: there is no such profile.
    """
    for folder in list_profile_dirs(profiles_dir):
        path = folder / f"{name}.yaml"
        if NAME_PATTERN.fullmatch(name) and path.is_file():
            return path.resolve()
    raise ProfileError(f"profile '{name}' does not exist; {list_allowed(name, list_profile_names(profiles_dir))}")


def find_name_mistakes(file: YamlFile) -> list[Mistake]:
    """Find the mistake of a profile whose name is not its file's."""
    name = file.value.get("profile")
    if name == file.path.stem:
        return []
    return [Mistake(("profile",), f"found {name!r}; allowed: the file's name, '{file.path.stem}'")]
