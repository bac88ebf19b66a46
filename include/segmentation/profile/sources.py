"""The kinds of source that a profile may name. A new kind is one line here; everything else is in its own files."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Annotated, Any, Union

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from include.segmentation.profile.ga4_reports import GA4Source
from include.segmentation.profile.mysql_source import MySQLSource
from include.segmentation.profile.profile_part import ProfilePart
from include.segmentation.profile.source_declaration import ExtractDeclaration, SourceDeclaration, read_kind

SOURCE_KINDS: list[type[SourceDeclaration]] = [MySQLSource, GA4Source]


def find_source_kind(extract_kind: str) -> type[SourceDeclaration]:
    """Return the kind of source that has a kind of extract."""
    return next(
        source for source in SOURCE_KINDS if extract_kind in [read_kind(extract) for extract in source.extracts]
    )


class _OneOf:
    """Validates a mapping as the model that its key ``kind`` selects, among those registered at that moment."""

    def __init__(self, list_models: Callable[[], Sequence[type[ProfilePart]]]) -> None:
        self._list_models = list_models

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(self._union.core_schema)

    def _validate(self, value: Any) -> Any:
        return self._union.validate_python(value)

    @property
    def _union(self) -> TypeAdapter[Any]:
        return _build_union(tuple(self._list_models()))


@cache
def _build_union(models: tuple[type[ProfilePart], ...]) -> TypeAdapter[Any]:
    union: Any = Annotated[Union[models], Field(discriminator="kind")]  # noqa: UP007
    return TypeAdapter(union)


Source = Annotated[SourceDeclaration, _OneOf(lambda: SOURCE_KINDS)]
Extract = Annotated[ExtractDeclaration, _OneOf(lambda: [kind for source in SOURCE_KINDS for kind in source.extracts])]
