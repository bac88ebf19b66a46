"""Find, read and check the file of a profile."""

import os
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from include.segmentation.errors import ProfileError
from include.segmentation.profile.identifiers import NAME_PATTERN
from include.segmentation.profile.mistakes import Mistake, explain_mistakes, list_allowed
from include.segmentation.profile.profile import SHIPPED_PROFILES, Profile
from include.segmentation.profile.yaml_errors import explain_yaml_error


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML that refuses a key written twice; plain YAML would keep the last silently.

    Keys are looked at as they are written: ``<<: *other`` brings along keys that those beside it replace.
    """

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: set[Any] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    raise yaml.composer.ComposerError(None, None, f"key '{key.value}' appears twice", key.start_mark)
                seen.add((key.tag, key.value))
        return node


def list_profile_dirs(extra: Path | None = None) -> list[Path]:
    """The folders that profiles are looked for in, the shipped one last."""
    outside = [extra] if extra else []
    outside += [Path(text) for text in os.environ.get("SEGMENTATION_PROFILES", "").split(os.pathsep) if text]
    return [*outside, SHIPPED_PROFILES]


def list_profile_names(extra: Path | None = None) -> list[str]:
    """The names of all profiles that can be loaded."""
    return sorted({path.stem for folder in list_profile_dirs(extra) for path in folder.glob("*.yaml")})


def load_profile(name: str, profiles_dir: Path | None = None) -> Profile:
    """Read and check a profile.

    Args:
        name: the profile's name, which is also its file's.
        profiles_dir: a folder outside to look in first.

    Raises:
        ProfileError: there is no such profile, or it says something that it may not say. The message names the file,
            the key, what was found and what is allowed.
    """
    path = find_profile_path(name, profiles_dir)
    value = read_yaml(path)
    found = find_name_mistakes(value, path)
    try:
        if not found:
            return Profile.model_validate(value | {"path": path})
    except ValidationError as error:
        found = list(explain_mistakes(Profile, value, error))
    raise ProfileError(f"{path}: " + "; ".join(map(str, found)))


def find_profile_path(name: str, profiles_dir: Path | None = None) -> Path:
    """The file of a profile.

    Raises:
        ProfileError: there is no such profile.
    """
    for folder in list_profile_dirs(profiles_dir):
        path = folder / f"{name}.yaml"
        if NAME_PATTERN.fullmatch(name) and path.is_file():
            return path.resolve()
    raise ProfileError(f"profile '{name}' does not exist; {list_allowed(name, list_profile_names(profiles_dir))}")


def read_yaml(path: Path) -> dict[str, Any]:
    """What a profile's file says, not yet checked.

    Raises:
        ProfileError: it is not valid YAML, or not a mapping.
    """
    try:
        with path.open(encoding="utf-8") as file:
            value = yaml.load(file, Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, RecursionError) as error:
        # PyYAML lets whatever goes wrong inside a value through, such as the ValueError of 2024-99-99.
        raise ProfileError(explain_yaml_error(path, error)) from None
    if not isinstance(value, dict):
        raise ProfileError(f"{path}: a profile is a mapping of keys; found {type(value).__name__}")
    return value


def find_name_mistakes(value: dict[str, Any], path: Path) -> list[Mistake]:
    """The mistake of a profile that is not called as its file, if it is one."""
    if value.get("profile") == path.stem:
        return []
    return [Mistake(("profile",), f"found {value.get('profile')!r}; allowed is the file's name, '{path.stem}'")]
