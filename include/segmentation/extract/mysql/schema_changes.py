"""Compare the columns of a source with those of its change log, and adapt the log.

Columns may be added and widened: the new type must hold every value of the old one as the same number or text. Any
other change would give a column two meanings, and stops the extract.
"""

import logging
import re
from dataclasses import dataclass, replace

import pyarrow as pa

from include.segmentation.errors import SourceError, UnavailableError
from include.segmentation.extract.mysql.page.keyset import Relation
from include.segmentation.extract.mysql.row.mysql_columns import build_arrow_schema
from include.segmentation.lake.change_log import ChangeLog, LogState
from include.segmentation.profile.mysql_source import QueryExtract, TableExtract

DeclaredExtract = dict[str, str]
"""Column -> its declared type, such as ``int(11) unsigned``, with the collation of texts that order the rows."""

_log = logging.getLogger(__name__)

_COLLATE = " collate "
_INTEGER_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_TEXT_BYTES = {"tinytext": 2**8 - 1, "text": 2**16 - 1, "mediumtext": 2**24 - 1, "longtext": 2**32 - 1}
_BLOB_BYTES = {kind.replace("text", "blob"): size for kind, size in _TEXT_BYTES.items()}
_CHARACTER_BYTES, _ROW_BYTES = 4, 2**16 - 1
"""The most bytes of a character and of a VARCHAR."""


@dataclass(frozen=True)
class ColumnChanges:
    """The changes that a log has to adopt.

    Attributes:
        added: new columns.
        widened: columns with a larger type.
    """

    added: list[str]
    widened: list[str]


@dataclass(frozen=True)
class _Type:
    kind: str
    arguments: list[str]
    is_unsigned: bool

    @property
    def numbers(self) -> list[int]:
        return [int(argument) for argument in self.arguments]


class AlteredError(UnavailableError):
    """A table was altered while it was read; the next attempt sees its new columns."""


def check_unaltered(relation: Relation) -> None:
    """Check that the columns are still those with which reading began.

    Raises:
        AlteredError: they have changed.
    """
    if relation.is_altered():
        raise AlteredError(f"{relation.name} was altered while it was read")


def adapt_log(log: ChangeLog, state: LogState, declared: TableExtract | QueryExtract, relation: Relation) -> LogState:
    """Adapt a log to the current columns of its source; the caller holds the log's writer.

    New columns are added with the first rows that have them. A column of the lake that is too narrow is widened now.

    Args:
        log: it may not exist yet.
        state: the state of the log.
        declared: the extract; columns that it no longer names may be missing.
        relation: the source, with its current columns.

    Returns:
        The state to continue with. If a text that orders the rows has a new collation, the position is reset, and
        ``reordered`` in the cursor says that the log has rows after it.

    Raises:
        SourceError: the log cannot adopt the changes.
    """
    new = _declare_columns(relation)
    state, adopted = replace(state, columns=state.columns | new), state.columns
    log_schema, types = log.read_schema(), build_arrow_schema(relation.columns)
    if log_schema is None:
        return state
    # A log without declared types was computed in the lake.
    old = {one.name: adopted.get(one.name) or (new[one.name] if one in types else str(one.type)) for one in log_schema}
    selected = declared.columns if isinstance(declared, TableExtract) else None
    changes = compare_columns(old, new, left_out=set(old) - set(selected or old))
    for adjective, names in (("new", changes.added), ("wider", changes.widened)):
        if names:
            _log.info("%s: the log adopts %s columns %s", relation.name, adjective, ", ".join(names))
    if state.cursor and any(_parse_collation(old[name]) != _parse_collation(new[name]) for name in new if name in old):
        state = replace(state, cursor=state.cursor | {"position": None, "reordered": True})
    too_narrow = [one for one in types if one.name in log_schema.names and one not in log_schema]
    return log.change_types(pa.schema(too_narrow), state) if too_narrow else state


def compare_columns(old: DeclaredExtract, new: DeclaredExtract, left_out: set[str]) -> ColumnChanges:
    """Compare the columns of a log with the current ones of its source, in any order.

    Args:
        old: as the log has adopted them.
        new: as they are declared now.
        left_out: columns that the profile does not select (any more).

    Raises:
        SourceError: a column is missing, renamed, or of a type that does not hold the old values; it names all.
    """
    added = [name for name in new if name not in old]
    missing = [name for name in old if name not in new and name not in left_out]
    changed = [name for name in old if name in new and not _is_same(old[name], new[name])]
    widened = [name for name in changed if _can_hold(_parse_type(new[name]), _parse_type(old[name]))]
    conflicts = [f"'{name}' was {old[name]}, is absent{_suggest_renaming(old[name], new, added)}" for name in missing]
    conflicts += [f"'{name}' was {old[name]}, is {new[name]}" for name in changed if name not in widened]
    if conflicts:
        conflicts += [f"'{name}' was absent, is {new[name]}" for name in added]
        raise SourceError(f"the source's columns have changed: {'; '.join(conflicts)}; allowed: new and wider columns")
    return ColumnChanges(added, widened)


def _declare_columns(relation: Relation) -> DeclaredExtract:
    collations = {one.name: one.collation for one in (relation.cursor, *relation.key) if one.collation}
    return {
        one.name: f"{one.mysql}{_COLLATE}{collations[one.name]}" if one.name in collations else one.mysql
        for one in relation.columns
    }


def _parse_collation(declared: str) -> str:
    return declared.partition(_COLLATE)[2]


def _suggest_renaming(old: str, new: DeclaredExtract, added: list[str]) -> str:
    names = [f"'{name}'" for name in added if _is_same(old, new[name])]
    return f" (renamed to {' or '.join(names)}?)" if names else ""


def _is_same(old: str, new: str) -> bool:
    """Check whether two declarations mean the same type; an integer's display width, for example, does not matter."""
    return old == new or _parse_type(old) == _parse_type(new)


def _parse_type(declared: str) -> _Type:
    match = re.match(r"(\w+)(?:\((.*)\))?(.*)", declared, re.DOTALL)
    kind, inside, rest = match.groups() if match else (declared, None, "")
    arguments = re.findall(r"'(?:[^']|'')*'|[^,\s]+", inside or "")
    if kind in _INTEGER_BITS or kind == "year":
        arguments = []
    return _Type(kind, arguments, "unsigned" in rest.split())


def _can_hold(new: _Type, old: _Type) -> bool:
    """Check whether a type holds every value of another one, as the same number or text."""
    kinds = {new.kind, old.kind}
    if kinds <= _INTEGER_BITS.keys():
        return _find_largest(new) >= _find_largest(old)
    if kinds == {"decimal"}:
        (digits, scale), (old_digits, old_scale) = new.numbers, old.numbers
        return scale >= old_scale and digits - scale >= old_digits - old_scale
    if kinds <= {"float", "double"}:
        return not (new.kind == "float" and old.kind == "double") and new.arguments in ([], old.arguments)
    if kinds == {"bit"} or (len(kinds) == 1 and new.kind in ("datetime", "timestamp", "time")):
        return (new.numbers or [0]) >= (old.numbers or [0])
    if kinds == {"enum"}:
        return set(old.arguments) <= set(new.arguments)
    if kinds == {"set"}:  # its texts are in the order of the declaration
        return new.arguments[: len(old.arguments)] == old.arguments
    if kinds <= {"char", "varchar", *_TEXT_BYTES} and not (new.kind == "char" != old.kind):  # CHAR drops blanks
        return _has_room(new, old, _TEXT_BYTES, _CHARACTER_BYTES)
    if kinds <= {"binary", "varbinary", *_BLOB_BYTES} and new.kind != "binary":  # BINARY adds zeros
        return _has_room(new, old, _BLOB_BYTES, 1)
    return False


def _find_largest(integer: _Type) -> int:
    """Find the largest value. The smallest does not matter: no ALTER keeps a negative number in an unsigned column."""
    bits = _INTEGER_BITS[integer.kind]
    return (1 << (bits if integer.is_unsigned else bits - 1)) - 1


def _has_room(new: _Type, old: _Type, largest: dict[str, int], width: int) -> bool:
    """Check whether texts fit: CHAR(n) and VARCHAR(n) hold n characters, the others a number of bytes."""
    if new.kind not in largest and old.kind not in largest:
        return new.numbers >= old.numbers
    room = largest.get(new.kind) or new.numbers[0]
    return room >= (largest.get(old.kind) or min(width * old.numbers[0], _ROW_BYTES))
