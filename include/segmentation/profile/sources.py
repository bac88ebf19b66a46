"""The kinds of source that a profile may name. A new kind is one line here; everything else is in its own files."""

from collections.abc import Callable, Sequence
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
        return core_schema.no_info_plain_validator_function(lambda value: self._build_union().validate_python(value))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(self._build_union().core_schema)

    def _build_union(self) -> TypeAdapter[Any]:
        models = tuple(self._list_models())
        union: Any = Annotated[Union[models], Field(discriminator="kind")]  # noqa: UP007
        return TypeAdapter(union)


Source = Annotated[SourceDeclaration, _OneOf(lambda: SOURCE_KINDS)]
Extract = Annotated[ExtractDeclaration, _OneOf(lambda: [kind for source in SOURCE_KINDS for kind in source.extracts])]
